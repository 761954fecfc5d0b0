//! Many threads make room at once: the bound holds and no byte is lost on the way.

use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    thread,
};

use bytes::Bytes;

use super::Work;
use crate::{
    Algorithm, Budget, FillSpec, Invalidation, Key, KeyHash, Listed, Moment, Optimize, Scope,
    Scopes, Stamp, Store, StoreConfig, Strength, Target,
};

const MAX_MEMORY: u64 = 256 << 10;
const THREADS: u64 = 4;
const ROUNDS: u64 = 5_000;

fn key(n: u64) -> Key {
    let hash = u128::from(n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    Key {
        hash: KeyHash(hash),
        bytes: Bytes::from(n.to_string()),
    }
}

fn put(store: &Store, n: u64) {
    let spec = FillSpec {
        key: key(n),
        meta: Bytes::from_static(b"https://host/"),
        scopes: Scopes {
            uri: Scope(n),
            host: Scope(1),
            tags: [].into(),
            listed: Listed::Counted,
        },
        epoch: store.epoch(),
        stamp: Stamp::default(),
        requested: Moment(0),
        useful_until: Moment(if n.is_multiple_of(3) { 1000 } else { u64::MAX }),
        max_body: 1 << 20,
        size_hint: None,
    };
    let mut fill = store.begin_fill(spec).unwrap();
    let size = if n.is_multiple_of(50) { 20_000 } else { 300 };
    fill.write(Bytes::from(vec![0; size]));
    fill.finish(None).unwrap();
}

fn store(algorithm: Algorithm) -> Store {
    Store::new(StoreConfig {
        algorithm,
        max_memory: MAX_MEMORY,
        segments: 4,
        uri_of: |meta| meta,
        compressible: |_meta| true,
    })
}

#[track_caller]
fn check(algorithm: Algorithm, optimize: Optimize) {
    let store = store(algorithm);
    store.optimize(optimize);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let n = (round * (2 * number + 3)) % 700;
                    if store.get(&key(n), Moment(0)).is_none() {
                        put(store, n);
                    }
                    // Each may be ahead of the others by what it stores at the moment.
                    assert!(store.stats().used <= MAX_MEMORY + THREADS * 50_000);
                }
            });
        }
    });
    let stats = store.stats();
    assert!(stats.used <= MAX_MEMORY, "{stats:?}");
    assert_eq!(stats.used, stats.total.bytes);
    assert_eq!(store.shared.order.bytes(), stats.total.bytes);
    assert!(stats.total.evictions.abroad > 0, "{stats:?}");
    let all = Invalidation {
        target: Target::All,
        strength: Strength::Hard,
    };
    store.apply(&all, Moment(0)).unwrap();
    store.maintain(Moment(2000), Budget::default());
    let order = &store.shared.order;
    assert_eq!((store.stats().used, store.stats().total.entries), (0, 0));
    assert_eq!((order.bytes(), order.turn(None)), (0, None));
    assert_eq!(order.sum().window(), 0);
}

#[test]
fn the_bound_holds_and_no_byte_is_lost() {
    check(Algorithm::SegmentedLru, Optimize::Bytes);
    check(Algorithm::SegmentedLru, Optimize::Objects);
    check(Algorithm::Lru, Optimize::Bytes);
}

#[test]
fn who_waited_for_a_lock_evicts_nothing_when_the_room_is_there_by_then() {
    let store = store(Algorithm::SegmentedLru);
    put(&store, 1);
    let shared = &store.shared;
    let turn = shared.order.turn(None).unwrap();
    let segment = &shared.segments[turn.segment];
    let mut work = Work::new(u64::MAX, u64::MAX, None);
    shared.hold(segment, segment.lock(), turn, &mut work);
    assert_eq!((work.freed.entries, store.stats().total.entries), (0, 1));
}

#[test]
fn of_two_who_resize_at_once_one_is_heard_everywhere() {
    let store = store(Algorithm::SegmentedLru);
    let (shared, arrived) = (&store.shared, AtomicU64::new(0));
    // All three begin a step of a round together: two that resize, or one that looks.
    let together = |step| {
        arrived.fetch_add(1, SeqCst);
        while arrived.load(SeqCst) < 3 * step {
            thread::yield_now();
        }
    };
    let rounds = || (1..=20 * ROUNDS).map(|round| 2 * round);
    thread::scope(|scope| {
        for factor in [1, 2] {
            let (store, together) = (&store, &together);
            scope.spawn(move || {
                for step in rounds() {
                    together(step - 1);
                    store.resize(factor * MAX_MEMORY);
                    together(step);
                }
            });
        }
        let mut apart = 0;
        for step in rounds() {
            together(step - 1);
            together(step);
            // The next round waits for this thread.
            apart += u64::from(shared.order.capacity() != shared.ledger.filled());
        }
        assert_eq!(apart, 0);
    });
}
