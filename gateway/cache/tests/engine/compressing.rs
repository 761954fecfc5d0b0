//! Compressed bodies: what is compressed and what not, and that nobody but the memory notices.

use std::thread;

use shoal_cache::{Budget, Compression, Ending, Moment, Optimize, Store, Target, Usability, Why};

use crate::{chance::Chance, vocabulary::*};

const ROOM: u64 = 1 << 20;
const BODY: usize = 4096;

/// A page that shrinks well; each differs from its first byte on.
fn text(n: u64) -> Vec<u8> {
    let item = format!("{{\"page\":{n},\"name\":\"a page with number {n}\"}},");
    item.into_bytes().into_iter().cycle().take(BODY).collect()
}

fn noise(n: u64) -> Vec<u8> {
    let mut chance = Chance::new(n);
    (0..BODY)
        .map(|_| chance.below(256).to_le_bytes()[0])
        .collect()
}

/// Fills three quarters of the room and a little more.
fn nearly_full(mode: Compression, page_of: fn(u64) -> Vec<u8>) -> (Store, u64) {
    let store = store(ROOM);
    store.set_compression(mode);
    let mut n = 0;
    while store.stats().used < ROOM * 3 / 4 {
        put(&store, n, &page_of(n)).unwrap();
        n += 1;
    }
    (store, n)
}

/// The pass until nothing more happens: the second pass sees no uses.
fn compressed(store: &Store) -> u64 {
    for _ in 0..3 {
        store.compress();
    }
    store.stats().compressed.entries
}

fn assert_balanced(store: &Store) {
    let mut weight = 0;
    store.iterate(|entry| {
        weight += entry.weight();
        std::ops::ControlFlow::Continue(())
    });
    let stats = store.stats();
    assert_eq!((stats.used, stats.total.bytes), (weight, weight));
}

#[test]
fn pages_that_shrink_take_less_room_and_read_as_before() {
    for mode in [Compression::Adaptive, Compression::Lz4, Compression::Zstd] {
        let (store, pages) = nearly_full(mode, text);
        let before = store.stats().used;
        assert_eq!(compressed(&store), pages, "{mode:?}");
        let stats = store.stats();
        assert!(
            stats.used < before / 3,
            "{mode:?}: {} of {before}",
            stats.used
        );
        assert!(stats.compressed.saved > before / 2 && stats.compressed.bytes < before / 4);
        assert_balanced(&store);
        for n in 0..pages {
            let entry = hit(&store, n).unwrap().entry;
            assert_eq!(
                (entry.body().len(), body_of(&entry)),
                (BODY as u64, text(n))
            );
            let middle: Vec<_> = entry.body().slice(100..200).collect();
            assert_eq!(middle.concat(), text(n)[100..200]);
        }
    }
}

#[test]
fn the_room_is_for_more_pages() {
    let held = |mode| {
        let store = store(ROOM);
        store.optimize(Optimize::Balanced);
        store.set_compression(mode);
        for n in 0..1000 {
            put(&store, n, &text(n)).unwrap();
            if n % 20 == 0 {
                store.compress();
            }
        }
        assert_balanced(&store);
        store.stats().total.entries
    };
    let (none, adaptive) = (held(Compression::Off), held(Compression::Adaptive));
    assert!(adaptive >= 2 * none, "{adaptive} for {none}");
}

#[test]
fn noise_and_small_bodies_stay_as_they_came() {
    let (store, _pages) = nearly_full(Compression::Adaptive, noise);
    let before = store.stats().used;
    assert_eq!((compressed(&store), store.stats().used), (0, before));
    let (store, _pages) = nearly_full(Compression::Adaptive, |n| text(n)[..511].to_vec());
    assert_eq!(compressed(&store), 0);
}

#[test]
fn what_its_owner_calls_incompressible_is_not_tried() {
    let store = Store::new(shoal_cache::StoreConfig {
        algorithm: shoal_cache::Algorithm::SegmentedLru,
        max_memory: ROOM,
        segments: 4,
        uri_of: |meta| meta,
        compressible: |meta| !meta.ends_with(b"/7 v1"),
    });
    store.set_compression(Compression::Lz4);
    for n in [7, 8] {
        put(&store, n, &text(n)).unwrap();
    }
    assert_eq!(compressed(&store), 1);
}

#[test]
fn while_there_is_room_adaptive_compresses_nothing() {
    let store = store(ROOM);
    store.set_compression(Compression::Adaptive);
    put(&store, 1, &text(1)).unwrap();
    assert_eq!(compressed(&store), 0);
    store.set_compression(Compression::Zstd);
    assert_eq!(compressed(&store), 1);
}

#[test]
fn what_is_used_often_is_given_back_as_it_came() {
    let (store, pages) = nearly_full(Compression::Adaptive, text);
    assert_eq!(compressed(&store), pages);
    for _ in 0..20 {
        assert_eq!(body_of(&hit(&store, 3).unwrap().entry), text(3));
    }
    store.compress(); // Unpacks it, and has counted it before.
    // Used often again, so that it stays.
    (0..20).for_each(|_| drop(hit(&store, 3)));
    store.compress();
    assert_eq!(store.stats().compressed.entries, pages - 1);
    assert_eq!(
        hit(&store, 3).unwrap().entry.body().chunks().concat(),
        text(3)
    );
    assert_balanced(&store);
}

#[test]
fn switched_off_everything_comes_back_as_it_came() {
    let (store, pages) = nearly_full(Compression::Zstd, text);
    let before = store.stats().used;
    assert_eq!(compressed(&store), pages);
    store.set_compression(Compression::Off);
    assert_eq!((compressed(&store), store.stats().used), (0, before));
}

#[test]
fn invalidations_validations_and_snapshots_meet_compressed_pages_too() {
    let (store, pages) = nearly_full(Compression::Lz4, text);
    soft(&store, Target::Key(key(3).hash));
    assert_eq!(compressed(&store), pages);
    hard(&store, Target::Key(key(1).hash));
    soft(&store, Target::Key(key(2).hash));
    assert!(hit(&store, 1).is_none());
    for n in [2, 3] {
        let usability = hit(&store, n).unwrap().usability;
        assert_eq!(usability, Usability::MustValidate(Why::SoftPurge), "{n}");
    }
    let current = hit(&store, 2).unwrap().entry.id();
    store
        .freshen(&key(2), current, freshened(&store, 2))
        .unwrap();
    let fresh = hit(&store, 2).unwrap();
    assert_eq!(
        (fresh.usability, body_of(&fresh.entry)),
        (Usability::Usable, text(2))
    );
    let mut bytes = Vec::new();
    store.save(&mut bytes, NOW).unwrap();
    let again = segmented_store(4 * ROOM, 2);
    let loaded = again.load(&bytes[..], again.epoch(), NOW).unwrap();
    assert_eq!(loaded.entries, pages - 1);
    assert_eq!(body_of(&hit(&again, 2).unwrap().entry), text(2));
    assert_balanced(&store);
    hard(&store, Target::All);
    store.maintain(Moment(NOW.0 + 1), Budget::default());
    assert_eq!(store.stats().used, 0);
}

#[test]
fn a_full_store_has_as_many_pages_after_a_restart() {
    let store = store(ROOM);
    store.set_compression(Compression::Adaptive);
    for n in 0..1000 {
        put(&store, n, &text(n)).unwrap();
        if n % 20 == 0 {
            store.compress();
        }
    }
    let mut bytes = Vec::new();
    store.save(&mut bytes, NOW).unwrap();
    let again = segmented_store(ROOM, 4);
    let loaded = again.load(&bytes[..], again.epoch(), NOW).unwrap();
    let (before, after) = (store.stats(), again.stats());
    assert_eq!(loaded.ending, Ending::Complete);
    assert_eq!(
        (after.total.entries, after.used),
        (before.total.entries, before.used)
    );
    again.set_compression(Compression::Off);
    again.compress();
    assert_balanced(&again);
}

#[test]
fn while_others_read_write_and_purge_the_accounts_stay_right() {
    let store = store(ROOM);
    store.set_compression(Compression::Lz4);
    thread::scope(|scope| {
        for seed in 0..3 {
            let store = &store;
            scope.spawn(move || {
                let mut chance = Chance::new(seed);
                for _ in 0..4000 {
                    let n = chance.below(600);
                    match chance.below(8) {
                        0 => drop(hard(store, Target::Key(key(n).hash))),
                        1..4 => drop(put(store, n, &text(n))),
                        _ => {
                            if let Some(found) = hit(store, n) {
                                assert_eq!(body_of(&found.entry), text(n));
                            }
                        }
                    }
                }
            });
        }
        let modes = [Compression::Lz4, Compression::Off, Compression::Adaptive];
        for mode in modes.iter().cycle().take(120) {
            store.set_compression(*mode);
            store.compress();
        }
    });
    store.maintain(NOW, Budget::default());
    assert_balanced(&store);
}
