//! What is saved and what comes back, as plain values.

use std::{collections::BTreeMap, ops::ControlFlow};

use bytes::Bytes;
use shoal_cache::{
    Algorithm, CacheEntry, Compression, FillSpec, Found, Key, KeyHash, Listed, Moment, Scope,
    Scopes, Stamp, Store, StoreConfig,
};

use crate::{chance::Chance, file::NOW};

pub(crate) const PAGES: u64 = 12;
/// With bodies that shrink, of one piece and of many.
const COMPRESSED: [(Compression, u64, usize); 4] = [
    (Compression::Lz4, 100, 600),
    (Compression::Lz4, 101, 40_000),
    (Compression::Zstd, 102, 600),
    (Compression::Zstd, 103, 200_000),
];

/// All that an entry is, but for its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    body: Vec<u8>,
    /// Its length, as the entry says.
    length: u64,
    form: Form,
    meta: Bytes,
    trailers: Option<Bytes>,
    scopes: Scopes,
    stamp: Stamp,
    times: (Moment, Moment),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    AsItCame,
    Compressed,
}

/// By key and hash: forged entries may have the one without the other.
pub(crate) type Shelf = BTreeMap<(Vec<u8>, KeyHash), Content>;

pub(crate) fn store(max_memory: u64) -> Store {
    Store::new(StoreConfig {
        algorithm: Algorithm::SegmentedLru,
        max_memory,
        segments: 2,
        uri_of: |meta| meta,
        compressible: |_meta| true,
    })
}

/// A store with pages of several sizes, with and without tags and trailers, as they came and compressed.
pub(crate) fn filled(edition: u8) -> Store {
    let store = store(64 << 20);
    for n in 0..PAGES {
        // One of them longer than one buffer of a body that is read, and nothing shrinks it.
        let length = if n == 3 { 300 << 10 } else { 40 * n };
        let mut chance = Chance::new(n << 8 | u64::from(edition));
        let noise = (0..length).map(|_| chance.next().to_le_bytes()[0]);
        put(&store, n, edition, noise.collect());
    }
    for (mode, n, length) in COMPRESSED {
        let text = format!("page {n} of edition {edition}, ").into_bytes();
        let text = text.into_iter().cycle().take(length).collect();
        put(&store, n, edition, text);
        store.set_compression(mode);
        store.compress();
    }
    store
}

fn put(store: &Store, n: u64, edition: u8, body: Vec<u8>) {
    let bytes = Bytes::from(format!("key {n}"));
    let spread = u128::from(n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    let spec = FillSpec {
        key: Key {
            hash: KeyHash(spread),
            bytes,
        },
        meta: Bytes::from(format!("https://host/{n} {edition}")),
        scopes: Scopes {
            uri: Scope(n),
            host: Scope(7),
            tags: (0..n % 4).map(Scope).collect(),
            listed: if n % 5 == 4 {
                Listed::Silent
            } else {
                Listed::Counted
            },
        },
        epoch: store.epoch(),
        stamp: Stamp([edition; 8]),
        requested: Moment(NOW.0 - n),
        useful_until: Moment(NOW.0 + 1000 * (n + 1)),
        max_body: 1 << 20,
        size_hint: None,
    };
    let mut fill = store.begin_fill(spec).unwrap();
    fill.write(Bytes::from(body));
    let trailers = (n % 3 == 2).then(|| Bytes::from(format!("trailer {edition}")));
    fill.finish(trailers).unwrap();
}

pub(crate) fn contents(store: &Store) -> Shelf {
    let mut contents = Shelf::new();
    store.iterate(|entry| {
        contents.insert((entry.key().to_vec(), entry.hash()), content(entry));
        ControlFlow::Continue(())
    });
    contents
}

/// What a look-up of the same key hands out now.
pub(crate) fn served(store: &Store, key: &[u8], hash: KeyHash) -> Option<Content> {
    let bytes = Bytes::copy_from_slice(key);
    match store.get(&Key { hash, bytes }, NOW)? {
        Found::Complete(hit) => Some(content(&hit.entry)),
        Found::Filling(_) => None,
    }
}

fn content(entry: &CacheEntry) -> Content {
    let body = entry.body();
    let compressed = body.chunks().is_empty() && body.len() > 0;
    Content {
        body: body.slice(0..u64::MAX).flatten().collect(),
        length: body.len(),
        form: if compressed {
            Form::Compressed
        } else {
            Form::AsItCame
        },
        meta: Bytes::copy_from_slice(entry.meta()),
        trailers: entry.trailers().map(Bytes::copy_from_slice),
        scopes: entry.scopes().clone(),
        stamp: entry.stamp(),
        times: (entry.requested(), entry.useful_until()),
    }
}

impl Content {
    /// Nothing of its body is missing, whoever wrote the file.
    pub(crate) fn is_whole(&self) -> bool {
        self.body.len() as u64 == self.length
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.form == Form::Compressed
    }

    /// What a receipt counts.
    pub(crate) fn counted(&self) -> u64 {
        u64::from(self.scopes.listed == Listed::Counted)
    }
}
