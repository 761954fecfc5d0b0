//! The words that the tests are told in: numbered pages, a clock that is a number, manual wakers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

use bytes::Bytes;
use shoal_cache::{
    Algorithm, Applied, CacheEntry, Fill, FillSpec, Found, Freshened, Hit, Invalidation, Key,
    KeyHash, Listed, Moment, Piece, Reader, Refusal, Scope, Scopes, Stamp, Store, StoreConfig,
    Stored, Strength, Target,
};

pub(crate) const NOW: Moment = Moment(1_000_000);
pub(crate) const HOST: Scope = Scope(77);

pub(crate) fn store(max_memory: u64) -> Store {
    segmented_store(max_memory, 4)
}

pub(crate) fn segmented_store(max_memory: u64, segments: usize) -> Store {
    let algorithm = Algorithm::SegmentedLru;
    Store::new(StoreConfig {
        algorithm,
        max_memory,
        segments,
        uri_of,
        compressible: |_meta| true,
    })
}

/// The metadata of a page is its target URI, a space, and what the owner likes.
fn uri_of(meta: &[u8]) -> &[u8] {
    meta.split(|byte| *byte == b' ').next().unwrap_or_default()
}

pub(crate) fn key(n: u64) -> Key {
    // Spread over the segments, as a real hash is.
    let hash = u128::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    Key {
        hash: KeyHash(hash),
        bytes: Bytes::from(format!("key {n}")),
    }
}

pub(crate) fn uri(n: u64) -> String {
    format!(
        "https://host/{}/{n}",
        if n.is_multiple_of(2) { "even" } else { "odd" }
    )
}

/// Page `n` has the tag `n % 3`.
pub(crate) fn scopes(n: u64) -> Scopes {
    Scopes {
        uri: Scope(n),
        host: HOST,
        tags: [Scope(n % 3)].into(),
        listed: Listed::Counted,
    }
}

/// A page that is requested now and useful for a long time.
pub(crate) fn page(store: &Store, n: u64) -> FillSpec {
    FillSpec {
        key: key(n),
        meta: Bytes::from(format!("{} v1", uri(n))),
        scopes: scopes(n),
        epoch: store.epoch(),
        stamp: Stamp([7; 8]),
        requested: NOW,
        useful_until: Moment::MAX,
        max_body: 1 << 20,
        size_hint: None,
    }
}

pub(crate) fn begin(store: &Store, n: u64) -> Fill {
    store.begin_fill(page(store, n)).unwrap()
}

pub(crate) fn put(store: &Store, n: u64, body: &[u8]) -> Result<Stored, Refusal> {
    put_page(store, page(store, n), body)
}

pub(crate) fn put_page(store: &Store, spec: FillSpec, body: &[u8]) -> Result<Stored, Refusal> {
    let mut fill = store.begin_fill(spec)?;
    fill.write(Bytes::copy_from_slice(body));
    fill.finish(None)
}

pub(crate) fn freshened(store: &Store, n: u64) -> Freshened {
    Freshened {
        meta: Bytes::from(format!("{} v2", uri(n))),
        scopes: scopes(n),
        epoch: store.epoch(),
        stamp: Stamp([8; 8]),
        requested: NOW,
        useful_until: Moment::MAX,
    }
}

pub(crate) fn hit(store: &Store, n: u64) -> Option<Hit> {
    hit_at(store, n, NOW)
}

pub(crate) fn hit_at(store: &Store, n: u64, now: Moment) -> Option<Hit> {
    match store.get(&key(n), now) {
        Some(Found::Complete(hit)) => Some(hit),
        Some(Found::Filling(_)) | None => None,
    }
}

pub(crate) fn follow(store: &Store, n: u64) -> Option<Reader> {
    match store.get(&key(n), NOW) {
        Some(Found::Filling(reader)) => Some(reader),
        Some(Found::Complete(_)) | None => None,
    }
}

pub(crate) fn body_of(entry: &CacheEntry) -> Vec<u8> {
    let pieces: Vec<Bytes> = entry.body().slice(0..u64::MAX).collect();
    pieces.concat()
}

pub(crate) fn hard(store: &Store, target: Target) -> Applied {
    apply(store, target, Strength::Hard)
}

pub(crate) fn soft(store: &Store, target: Target) -> Applied {
    apply(store, target, Strength::Soft)
}

pub(crate) fn apply(store: &Store, target: Target, strength: Strength) -> Applied {
    store
        .apply(&Invalidation { target, strength }, NOW)
        .unwrap()
}

/// Counts how often it is woken.
#[derive(Default)]
pub(crate) struct Bell(AtomicUsize);

impl Bell {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self::default());
        (Arc::clone(&bell), Waker::from(bell))
    }

    pub(crate) fn rung(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// What a reader has now, with nobody waiting.
pub(crate) fn next(reader: &mut Reader) -> Poll<Piece> {
    reader.poll_next(&Context::from_waker(Waker::noop()))
}

/// Everything that a reader can read now.
pub(crate) fn drain(reader: &mut Reader) -> (Vec<u8>, Poll<Piece>) {
    let mut bytes = Vec::new();
    loop {
        match next(reader) {
            Poll::Ready(Piece::Data(data)) => bytes.extend_from_slice(&data),
            end @ (Poll::Ready(_) | Poll::Pending) => return (bytes, end),
        }
    }
}
