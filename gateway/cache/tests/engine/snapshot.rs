//! A snapshot: what comes back, what does not, and what damage does.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shoal_cache::{
    CacheEntry, Compression, Ending, Epoch, FillSpec, Loaded, Moment, Scope, Scopes, Stamp, Store,
    Target, Unloadable, Usability, Why,
};

use crate::vocabulary::*;

const MIB: u64 = 1 << 20;
/// Bytes of the header: magic, version, key, checksum.
const HEADER: usize = 8 + 4 + 32 + 16;

#[test]
fn every_entry_comes_back_as_it_was() {
    let store = filled(MIB, 20);
    let mut trailing = begin(&store, 100);
    // Two buffers, in the store and in the snapshot.
    trailing.write(vec![7; 8 << 10].into());
    trailing.write(vec![8; 1 << 10].into());
    trailing.finish(Some("trailer".into())).unwrap();
    let again = segmented_store(MIB, 2);
    assert_eq!(load(&again, &save(&store)), complete(21));
    assert_eq!(contents(&again), contents(&store));
    let (before, after) = (store.stats(), again.stats());
    assert_eq!(
        (after.used, after.total.entries),
        (before.used, before.total.entries)
    );
    assert_eq!(hard(&again, Target::Host(HOST)).objects, Some(21));
    assert!(hit(&again, 100).is_none());
}

#[test]
fn what_is_compressed_comes_back_compressed() {
    for mode in [Compression::Lz4, Compression::Zstd] {
        // Of the larger ones each has several pieces.
        for (pages, length) in [(20, 2000), (3, 300_000)] {
            let store = filled(4 * MIB, 5);
            for n in 100..100 + pages {
                let text = format!("page {n}, ").repeat(length / 10);
                put(&store, n, text.as_bytes()).unwrap();
            }
            let (raw, whole) = (save(&store).len(), contents(&store));
            compress(&store, mode);
            let (bytes, used) = (save(&store), store.stats().used);
            assert!(bytes.len() < raw / 2, "{mode:?}: {} of {raw}", bytes.len());
            // No more room than they take compressed.
            let again = segmented_store(used * 20 / 19 + 20, 2);
            assert_eq!(load(&again, &bytes), complete(5 + pages), "{mode:?}");
            assert_eq!(again.stats().used, used, "{mode:?}");
            assert_eq!(contents(&again), whole, "{mode:?}");
        }
    }
}

#[test]
fn what_was_invalidated_meanwhile_does_not_come_back() {
    let store = filled(MIB, 9);
    let bytes = save(&store);
    let again = segmented_store(MIB, 4);
    let since = again.epoch();
    hard(&again, Target::Tag(Scope(1)));
    soft(&again, Target::Tag(Scope(2)));
    hard(&again, Target::Prefix(uri(6).into()));
    let loaded = again.load(&bytes[..], since, NOW).unwrap();
    assert_eq!((loaded.entries, loaded.left_out), (5, 4));
    assert!([1, 4, 7, 6].iter().all(|n| hit(&again, *n).is_none()));
    let usability = |n| hit(&again, n).unwrap().usability;
    assert_eq!(usability(2), Usability::MustValidate(Why::SoftPurge));
    assert_eq!(usability(3), Usability::Usable);
}

#[test]
fn an_epoch_from_another_store_does_not_reach_into_the_future() {
    let store = filled(MIB, 3);
    for n in 100..110 {
        hard(&store, Target::Uri(Scope(n)));
    }
    let again = segmented_store(MIB, 4);
    let loaded = again.load(&save(&store)[..], store.epoch(), NOW).unwrap();
    assert_eq!(loaded.entries, 3);
    hard(&again, Target::Tag(Scope(1)));
    assert!(hit(&again, 1).is_none() && hit(&again, 2).is_some());
}

#[test]
fn what_was_invalid_or_over_is_not_written() {
    let store = filled(MIB, 9);
    let over = FillSpec {
        useful_until: Moment(NOW.0 + 1),
        ..page(&store, 50)
    };
    put_page(&store, over, b"x").unwrap();
    hard(&store, Target::Tag(Scope(0)));
    soft(&store, Target::Uri(Scope(1)));
    let mut bytes = Vec::new();
    let saved = store.save(&mut bytes, Moment(NOW.0 + 1)).unwrap();
    assert_eq!((saved.entries, saved.epoch), (6, store.epoch()));
    let again = segmented_store(MIB, 4);
    assert_eq!(load(&again, &bytes), complete(6));
    let usability = hit(&again, 1).unwrap().usability;
    assert_eq!(usability, Usability::MustValidate(Why::SoftPurge));
}

#[test]
fn what_is_stored_already_stays() {
    let store = filled(MIB, 5);
    let again = segmented_store(MIB, 4);
    put(&again, 2, b"newer").unwrap();
    let loaded = load(&again, &save(&store));
    assert_eq!((loaded.entries, loaded.left_out), (4, 1));
    assert_eq!(body_of(&hit(&again, 2).unwrap().entry), b"newer");
}

#[test]
fn a_smaller_store_takes_in_what_is_worth_most() {
    let store = filled(4 * MIB, 2000);
    for n in (0..2000).step_by(20) {
        for _ in 0..3 {
            hit(&store, n).unwrap();
        }
    }
    // Pressure, under which what was used becomes protected.
    for n in 2000..12_000 {
        put(&store, n, &[0; 500]).unwrap();
    }
    let used: Vec<u64> = (0..2000).step_by(20).filter(|n| peek(&store, *n)).collect();
    assert!(used.len() > 90, "{}", used.len());
    let again = segmented_store(MIB / 2, 4);
    let loaded = load(&again, &save(&store));
    assert_eq!(loaded.ending, Ending::Full);
    assert!(again.stats().used <= MIB / 2);
    let kept = used.iter().filter(|n| peek(&again, **n)).count();
    assert!(kept * 10 >= used.len() * 9, "{kept} of {}", used.len());
}

#[test]
fn an_object_over_the_limit_of_a_record_is_left_out() {
    let store = filled(128 * MIB, 1);
    let large = FillSpec {
        max_body: 64 * MIB,
        ..page(&store, 9)
    };
    put_page(&store, large, &vec![0; 17 << 20]).unwrap();
    let again = segmented_store(128 * MIB, 4);
    assert_eq!(load(&again, &save(&store)), complete(1));
}

#[test]
fn another_version_is_refused_by_name() {
    let mut bytes = save(&filled(MIB, 1));
    bytes[8] = 1;
    let refused = segmented_store(MIB, 1).load(&bytes[..], Epoch::ZERO, NOW);
    assert!(matches!(refused, Err(Unloadable::OtherVersion(1))));
}

#[test]
fn whatever_is_cut_off_leaves_what_came_before() {
    let store = filled(MIB, 6);
    let (bytes, whole) = (save(&store), contents(&store));
    for length in 0..bytes.len() {
        let again = segmented_store(MIB, 1);
        match again.load(&bytes[..length], Epoch::ZERO, NOW) {
            Err(refused) => assert!(
                length < HEADER && matches!(refused, Unloadable::NotASnapshot),
                "{length}: {refused}"
            ),
            Ok(loaded) => {
                assert_eq!(loaded.ending, Ending::Damaged, "{length}");
                assert_is_part(&again, &whole);
            }
        }
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let store = filled(MIB, 4);
    put(&store, 9, &b"shrinks ".repeat(64)).unwrap();
    compress(&store, Compression::Lz4);
    let (bytes, whole) = (save(&store), contents(&store));
    for place in 0..bytes.len() {
        for bit in [1, 16, 255] {
            let mut damaged = bytes.clone();
            damaged[place] ^= bit;
            let again = segmented_store(MIB, 1);
            let loaded = again.load(&damaged[..], Epoch::ZERO, NOW);
            match loaded {
                Err(_) => assert!(place < HEADER, "{place}"),
                Ok(loaded) => assert_eq!(loaded.ending, Ending::Damaged, "{place}"),
            }
            assert_is_part(&again, &whole);
        }
    }
}

#[test]
fn a_record_of_an_older_snapshot_does_not_pass() {
    let store = filled(MIB, 4);
    let (older, mut newer) = (save(&store), save(&store));
    assert_eq!(older.len(), newer.len());
    // As a file that was overwritten half.
    let half = newer.len() / 2;
    newer[half..].copy_from_slice(&older[half..]);
    let loaded = load(&segmented_store(MIB, 1), &newer);
    assert_eq!(loaded.ending, Ending::Damaged);
    assert!(loaded.entries < 4);
}

proptest! {
    #[test]
    fn no_damage_brings_anything_else_back(
        pages in 0_u64..8,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let store = filled(MIB, pages);
        let (mut bytes, whole) = (save(&store), contents(&store));
        bytes.truncate(cut.index(bytes.len()) + 1);
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let again = segmented_store(MIB, 1);
        let _ending = again.load(&bytes[..], Epoch::ZERO, NOW);
        assert_is_part(&again, &whole);
    }

    #[test]
    fn noise_behind_a_true_header_loads_nothing(
        noise in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut bytes = save(&filled(MIB, 0));
        bytes.truncate(HEADER);
        bytes.extend(noise);
        let again = segmented_store(MIB, 1);
        let loaded = load(&again, &bytes);
        prop_assert_eq!((loaded.entries, loaded.ending), (0, Ending::Damaged));
    }
}

fn filled(max_memory: u64, pages: u64) -> Store {
    let store = segmented_store(max_memory, 2);
    for n in 0..pages {
        let body = vec![n.to_le_bytes()[0]; 20 + usize::try_from(n % 7).unwrap()];
        put(&store, n, &body).unwrap();
    }
    store
}

fn compress(store: &Store, mode: Compression) {
    store.set_compression(mode);
    store.compress();
}

fn save(store: &Store) -> Vec<u8> {
    let mut bytes = Vec::new();
    store.save(&mut bytes, NOW).unwrap();
    bytes
}

fn load(store: &Store, bytes: &[u8]) -> Loaded {
    store.load(bytes, store.epoch(), NOW).unwrap()
}

const fn complete(entries: u64) -> Loaded {
    Loaded {
        entries,
        left_out: 0,
        ending: Ending::Complete,
    }
}

fn peek(store: &Store, n: u64) -> bool {
    store.peek(&key(n), NOW).is_some()
}

/// All that an entry is, but for its identity.
#[derive(Clone, Debug, PartialEq)]
struct Content {
    body: Vec<u8>,
    meta: Vec<u8>,
    trailers: Option<Vec<u8>>,
    scopes: Scopes,
    stamp: Stamp,
    times: (Moment, Moment),
}

fn contents(store: &Store) -> BTreeMap<Vec<u8>, Content> {
    let mut contents = BTreeMap::new();
    store.iterate(|entry| {
        contents.insert(entry.key().to_vec(), content(entry));
        std::ops::ControlFlow::Continue(())
    });
    contents
}

fn content(entry: &CacheEntry) -> Content {
    Content {
        body: body_of(entry),
        meta: entry.meta().to_vec(),
        trailers: entry.trailers().map(|trailers| trailers.to_vec()),
        scopes: entry.scopes(),
        stamp: entry.stamp(),
        times: (entry.requested(), entry.useful_until()),
    }
}

#[track_caller]
fn assert_is_part(store: &Store, whole: &BTreeMap<Vec<u8>, Content>) {
    for (key, content) in contents(store) {
        assert_eq!(whole.get(&key), Some(&content));
    }
}
