//! What is saved and what comes back, as plain values.

use std::{collections::BTreeMap, ops::ControlFlow};

use bytes::Bytes;
use shoal_cache::{
    Algorithm, CacheEntry, FillSpec, Found, Key, KeyHash, Listed, Moment, Scope, Scopes, Stamp,
    Store, StoreConfig,
};

use crate::file::NOW;

pub(crate) const PAGES: u64 = 12;

/// All that an entry is, but for its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    body: Vec<u8>,
    meta: Bytes,
    trailers: Option<Bytes>,
    scopes: Scopes,
    stamp: Stamp,
    times: (Moment, Moment),
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

/// A store with pages of several sizes, with and without tags and trailers.
pub(crate) fn filled(edition: u8) -> Store {
    let store = store(64 << 20);
    for n in 0..PAGES {
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
        // One of them longer than one buffer of a body that is read.
        let length = if n == 3 { 300 << 10 } else { 40 * n };
        let byte = edition.wrapping_add(n.to_le_bytes()[0]);
        fill.write(Bytes::from(vec![byte; usize::try_from(length).unwrap()]));
        let trailers = (n % 3 == 2).then(|| Bytes::from(format!("trailer {edition}")));
        fill.finish(trailers).unwrap();
    }
    store
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
    Content {
        body: entry.body().chunks().concat(),
        meta: Bytes::copy_from_slice(entry.meta()),
        trailers: entry.trailers().map(Bytes::copy_from_slice),
        scopes: entry.scopes().clone(),
        stamp: entry.stamp(),
        times: (entry.requested(), entry.useful_until()),
    }
}

impl Content {
    /// What a receipt counts.
    pub(crate) fn counted(&self) -> u64 {
        u64::from(self.scopes.listed == Listed::Counted)
    }
}
