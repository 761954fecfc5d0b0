//! Bytes: what is evicted, what the cleaner takes out, and that the limit holds.

use std::time::Duration;

use shoal_cache::{Algorithm, Budget, FillSpec, Scope, Store, StoreConfig, Target};

use crate::vocabulary::*;

const MIB: u64 = 1 << 20;

#[test]
fn the_limit_holds_and_what_was_used_stays() {
    let store = store(MIB);
    put(&store, 0, &[0; 1000]).unwrap();
    for n in 1..5000 {
        put(&store, n, &[0; 1000]).unwrap();
        assert!(store.stats().used <= MIB);
        if n % 100 == 0 {
            assert!(hit(&store, 0).is_some(), "after {n} pages");
        }
    }
    let stats = store.stats();
    assert_eq!(stats.used, stats.total.bytes);
    assert_eq!(stats.total.entries + stats.total.evictions.space, 5000);
    assert!(stats.used > MIB * 9 / 10, "{}", stats.used);
}

#[test]
fn an_object_larger_than_a_segments_share_is_stored() {
    let store = segmented_store(MIB, 16);
    for n in 1..2000 {
        put(&store, n, &[0; 1000]).unwrap();
    }
    let large = vec![1; 300 << 10];
    put(&store, 0, &large).unwrap();
    assert!(store.stats().used <= MIB);
    assert_eq!(body_of(&hit(&store, 0).unwrap().entry), large);
    // It was paid for by all segments.
    assert!(
        store
            .stats()
            .segments
            .iter()
            .all(|segment| segment.entries > 0)
    );
}

#[test]
fn one_list_evicts_by_last_use() {
    let config = |algorithm| StoreConfig {
        algorithm,
        max_memory: 64 << 10,
        segments: 1,
        uri_of: |meta| meta,
        compressible: |_meta| true,
    };
    let scan = |algorithm| {
        let store = Store::new(config(algorithm));
        put(&store, 0, &[0; 1000]).unwrap();
        hit(&store, 0).unwrap();
        for n in 1..500 {
            put(&store, n, &[0; 1000]).unwrap();
        }
        hit(&store, 0).is_some()
    };
    assert!(scan(Algorithm::SegmentedLru));
    assert!(!scan(Algorithm::Lru));
}

#[test]
fn a_smaller_limit_is_reached_step_by_step() {
    let store = store(4 * MIB);
    for n in 0..2000 {
        put(&store, n, &[0; 1000]).unwrap();
    }
    let before = store.stats().used;
    store.resize(MIB);
    assert_eq!(store.stats().used, before);
    let budget = Budget {
        entries: 50,
        holds: 4,
    };
    let step = store.maintain(NOW, budget);
    assert!(step.evicted > 0 && step.evicted <= 264, "{step:?}");
    put(&store, 3000, &[0; 1000]).unwrap();
    assert!(store.stats().used > MIB);
    while store.stats().used > MIB {
        assert!(store.maintain(NOW, budget).evicted > 0);
    }
    assert!(store.stats().used > MIB / 2);
}

#[test]
fn the_cleaner_takes_out_what_expired_or_was_invalidated() {
    let store = store(16 * MIB);
    let end = NOW.after(Duration::from_secs(1));
    for n in 0..3000 {
        let useful_until = if n % 2 == 0 {
            end
        } else {
            NOW.after(Duration::from_secs(60))
        };
        put_page(
            &store,
            FillSpec {
                useful_until,
                ..page(&store, n)
            },
            b"x",
        )
        .unwrap();
    }
    assert_eq!(hard(&store, Target::Tag(Scope(0))).objects, Some(1000));
    let mut sum = (0, 0);
    for _ in 0..20 {
        let done = store.maintain(
            end.after(Duration::from_millis(128)),
            Budget {
                entries: 100,
                holds: 10,
            },
        );
        sum = (sum.0 + done.expired, sum.1 + done.invalidated);
    }
    assert_eq!(sum, (1500, 500));
    let stats = store.stats();
    assert_eq!((stats.total.entries, stats.used), (1000, stats.total.bytes));
    assert_eq!(stats.total.evictions.expired, 1500);
    assert_eq!(hard(&store, Target::Tag(Scope(0))).objects, Some(0));
}

#[test]
fn a_dropped_store_leaves_no_fill_behind() {
    let store = store(MIB);
    let mut fill = begin(&store, 1);
    let mut reader = fill.reader();
    drop(store);
    fill.write(bytes::Bytes::from_static(b"x"));
    fill.finish(None).unwrap();
    assert_eq!(drain(&mut reader).0, b"x");
}
