//! Does `max_memory` bound what the process really holds? With the allocator of the gateway.

#![expect(clippy::unwrap_used, reason = "a test may fail this way")]

use bytes::Bytes;
use mimalloc::MiMalloc;
use shoal_cache::{
    Algorithm, FillSpec, Key, KeyHash, Listed, Moment, Scope, Scopes, Stamp, Store, StoreConfig,
};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Large enough that what the allocator keeps for itself, some 10 MB, is not what is measured.
const MAX_MEMORY: u64 = 512 << 20;

#[test]
fn resident_memory_stays_within_five_percent_of_the_limit() {
    let before = resident();
    let store = Store::new(StoreConfig {
        algorithm: Algorithm::SegmentedLru,
        max_memory: MAX_MEMORY,
        segments: 16,
        uri_of: |meta| meta,
    });
    // Three times what fits, so that the allocator lives through eviction.
    let mut n = 0_u64;
    while store.stats().total.evictions.space <= 2 * store.stats().total.entries {
        for _ in 0..1000 {
            n += 1;
            put(&store, n);
        }
    }
    let held = resident() - before;
    let entries = store.stats().total.entries;
    println!(
        "{entries} entries, {held} bytes held, {} charged",
        store.stats().used
    );
    assert!(held <= MAX_MEMORY + MAX_MEMORY / 20, "{held} bytes held");
    assert!(
        held >= MAX_MEMORY / 10 * 8,
        "{held} bytes held: too much is charged"
    );
}

fn put(store: &Store, n: u64) {
    let hash = u128::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    let spec = FillSpec {
        key: Key {
            hash: KeyHash(hash),
            bytes: Bytes::from(format!("https://host/item/{n}")),
        },
        meta: Bytes::from(vec![b'm'; 300]),
        scopes: Scopes {
            uri: Scope(n),
            host: Scope(1),
            tags: [Scope(n % 100)].into(),
            listed: Listed::Counted,
        },
        epoch: store.epoch(),
        stamp: Stamp::default(),
        requested: Moment(0),
        useful_until: Moment::MAX,
        max_body: 1 << 20,
        size_hint: Some(1024),
    };
    let mut fill = store.begin_fill(spec).unwrap();
    fill.write(Bytes::from(vec![b'b'; 1024]));
    fill.finish(None).unwrap();
}

/// Bytes of this process in memory, by the second number of `/proc/self/statm`, in pages.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
