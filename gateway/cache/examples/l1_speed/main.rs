//! What does an operation on the store cost, and how long does the cleaner hold a lock?
//!
//! Zipf 0.99 over a million keys with room for a tenth of them; tags, expiry and receipts are on. The
//! hit ratio stands beside the nanoseconds, as a faster store that misses more is slower.
//! `cargo run --profile dist -p shoal-cache --example l1_speed`.

#![expect(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a program that prints times"
)]

#[path = "../hit_ratio/chance.rs"]
#[expect(dead_code, reason = "the other program needs more of it")]
mod chance;

use std::{
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use mimalloc::MiMalloc;
use shoal_cache::{
    Algorithm, Budget, FillSpec, Key, KeyHash, Listed, Moment, Scope, Scopes, Stamp, Store,
    StoreConfig,
};

use crate::chance::{Chance, Zipf};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const KEYS: u64 = 1_000_000;
const ROOM: u64 = 100_000;
const OPERATIONS: u64 = 1_000_000;
const ROUNDS: usize = 5;
const ENDING: u64 = 1_000_000;

fn main() {
    println!("{ROUNDS} rounds of {OPERATIONS} operations for each thread, the fastest");
    for threads in [1, 2] {
        for (name, reads) in [("95/5", 95), ("50/50", 50), ("read-through", 100)] {
            speed(name, reads, threads);
        }
    }
    cleaner_pause();
}

/// So many reads in a hundred operations; with all of them, a miss is stored.
fn speed(name: &str, reads: u64, threads: u64) {
    let store = Store::new(StoreConfig {
        algorithm: Algorithm::SegmentedLru,
        max_memory: weight_of_one() * ROOM,
        segments: 16,
        uri_of: |meta| meta,
    });
    let keys: Vec<Vec<u64>> = (0..threads).map(drawn).collect();
    let mut fastest = Duration::MAX;
    let mut ratio = 0.0;
    for _ in 0..=ROUNDS {
        let before = store.stats().total;
        let began = Instant::now();
        thread::scope(|scope| {
            for keys in &keys {
                scope.spawn(|| play(&store, keys, reads));
            }
        });
        fastest = fastest.min(began.elapsed());
        let after = store.stats().total;
        let (hits, misses) = (after.hits - before.hits, after.misses - before.misses);
        ratio = hits as f64 / (hits + misses) as f64;
    }
    println!(
        "{name:12} {threads} threads: {:5} ns an operation, {:.1} % hits",
        fastest.as_nanos() as u64 / OPERATIONS,
        100.0 * ratio
    );
}

fn play(store: &Store, keys: &[u64], reads: u64) {
    for (n, key) in keys.iter().enumerate() {
        let is_read = (n as u64 * 37) % 100 < reads;
        let missed = is_read && store.get(&name(*key), Moment(0)).is_none();
        if !is_read || (missed && reads == 100) {
            put(store, *key, Moment::MAX);
        }
    }
}

fn drawn(thread: u64) -> Vec<u64> {
    let (zipf, mut chance) = (Zipf::new(KEYS, 0.99), Chance::new(thread));
    (0..OPERATIONS).map(|_| zipf.draw(&mut chance)).collect()
}

/// A million entries end within a minute: how long each call of the cleaner with one hold takes.
fn cleaner_pause() {
    let store = Store::new(StoreConfig {
        algorithm: Algorithm::SegmentedLru,
        max_memory: 1 << 32,
        // One, so that a call of the cleaner with one hold is one hold.
        segments: 1,
        uri_of: |meta| meta,
    });
    for key in 0..ENDING {
        put(&store, key, Moment(1 + key * 60_000 / ENDING));
    }
    let budget = Budget {
        holds: 1,
        ..Budget::default()
    };
    let mut holds: Vec<Duration> = Vec::new();
    let mut expired = 0;
    while expired < ENDING {
        let began = Instant::now();
        expired += store.maintain(Moment(70_000), budget).expired;
        holds.push(began.elapsed());
    }
    holds.sort_unstable();
    let at = |part: f64| {
        let place = (holds.len() as f64 * part) as usize;
        holds
            .get(place.min(holds.len() - 1))
            .copied()
            .unwrap_or_default()
    };
    println!(
        "cleaner: {ENDING} entries, a step of {} entries takes {:?}, p99.9 {:?}, freeing included",
        budget.entries,
        at(0.5),
        at(0.999)
    );
}

fn name(key: u64) -> Key {
    let hash = u128::from(key + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    Key {
        hash: KeyHash(hash),
        bytes: Bytes::copy_from_slice(&key.to_le_bytes()),
    }
}

fn put(store: &Store, key: u64, useful_until: Moment) -> u64 {
    let spec = FillSpec {
        key: name(key),
        meta: Bytes::from_static(b"https://host/"),
        scopes: Scopes {
            uri: Scope(key),
            host: Scope(1),
            tags: [Scope(key % 100)].into(),
            listed: Listed::Counted,
        },
        epoch: store.epoch(),
        stamp: Stamp::default(),
        requested: Moment(0),
        useful_until,
        max_body: 1 << 20,
        size_hint: None,
    };
    let Ok(mut fill) = store.begin_fill(spec) else {
        return 0;
    };
    fill.write(Bytes::from_static(&[7; 100]));
    fill.finish(None).map_or(0, |stored| stored.weight)
}

fn weight_of_one() -> u64 {
    let store = Store::new(StoreConfig {
        algorithm: Algorithm::Lru,
        max_memory: 1 << 20,
        segments: 1,
        uri_of: |meta| meta,
    });
    put(&store, 1, Moment::MAX)
}
