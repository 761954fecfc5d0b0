//! How good a store is after a restart: the hit ratio over a trace that goes on.

use bytes::Bytes;
use shoal_cache::{Found, Store};

use crate::{chance::Chance, vocabulary::*, zipf::Zipf};

const KEYS: u64 = 20_000;
/// Room for some two thousand pages.
const ROOM: u64 = 1 << 20;
const BEFORE: usize = 200_000;
const AFTER: usize = BEFORE / 10;

#[test]
fn the_hit_ratio_is_back_within_a_tenth_of_the_trace() {
    let (zipf, mut chance) = (Zipf::new(KEYS, 0.9), Chance::new(1));
    let mut drawn = |requests| -> Vec<u64> {
        let draw = |_| zipf.draw(&mut chance);
        (0..requests).map(draw).collect()
    };
    let (before, after) = (drawn(BEFORE), drawn(AFTER));
    let store = segmented_store(ROOM, 4);
    play(&store, &before);
    let mut bytes = Vec::new();
    store.save(&mut bytes, NOW).unwrap();
    let (same, other) = (segmented_store(ROOM, 4), segmented_store(ROOM, 16));
    for again in [&same, &other] {
        again.load(&bytes[..], again.epoch(), NOW).unwrap();
    }
    let cold = segmented_store(ROOM, 4);
    let [of_old, of_same, of_other, of_cold] =
        [&store, &same, &other, &cold].map(|store| play(store, &after));
    println!("old {of_old:.3}, loaded {of_same:.3} and {of_other:.3}, cold {of_cold:.3}");
    assert!(of_same >= 0.95 * of_old, "{of_same} after {of_old}");
    assert!(of_other >= 0.95 * of_old, "{of_other} after {of_old}");
    // Else the others prove nothing.
    assert!(of_cold < 0.95 * of_old, "{of_cold} after {of_old}");
}

/// Plays requests and says which part of them were hits.
fn play(store: &Store, requests: &[u64]) -> f64 {
    let mut hits = 0;
    for n in requests {
        match store.get(&key(*n), NOW) {
            Some(Found::Complete(_)) => hits += 1,
            Some(Found::Filling(_)) | None => {
                let mut fill = begin(store, *n);
                fill.write(Bytes::from_static(&[7; 100]));
                fill.finish(None).unwrap();
            }
        }
    }
    f64::from(hits) / requests.len() as f64
}
