//! Does a hit allocate? The allocator counts, for each thread.

#![expect(clippy::unwrap_used, reason = "a test may fail this way")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use bytes::Bytes;
use shoal_cache::{
    Algorithm, FillSpec, Found, Key, KeyHash, Listed, Moment, Scope, Scopes, Stamp, Store,
    StoreConfig,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[test]
fn a_hit_allocates_nothing() {
    let store = Store::new(StoreConfig {
        algorithm: Algorithm::SegmentedLru,
        max_memory: 1 << 20,
        segments: 2,
        uri_of: |meta| meta,
        compressible: |_meta| true,
    });
    let stored = allocations(|| put(&store));
    assert!(stored > 0, "the count does not work");
    let key = key();
    let hits = allocations(|| {
        for _ in 0..1000 {
            let Some(Found::Complete(hit)) = store.get(&key, Moment(0)) else {
                panic!("it was stored")
            };
            drop(hit);
        }
    });
    assert_eq!(hits, 0);
}

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

fn put(store: &Store) {
    let spec = FillSpec {
        key: key(),
        meta: Bytes::from_static(b"https://host/"),
        scopes: Scopes {
            uri: Scope(1),
            host: Scope(2),
            tags: [Scope(3)].into(),
            listed: Listed::Counted,
        },
        epoch: store.epoch(),
        stamp: Stamp::default(),
        requested: Moment(0),
        useful_until: Moment::MAX,
        max_body: 1 << 10,
        size_hint: None,
    };
    let mut fill = store.begin_fill(spec).unwrap();
    fill.write(Bytes::from_static(b"body"));
    fill.finish(None).unwrap();
}

fn key() -> Key {
    Key {
        hash: KeyHash(1 << 100 | 7),
        bytes: Bytes::from_static(b"key"),
    }
}

struct Counting;

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: both calls go to the system's allocator as they came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: `place` came from `alloc` above with this layout.
        unsafe { System.dealloc(place, layout) }
    }
}
