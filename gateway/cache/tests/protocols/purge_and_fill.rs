//! An invalidation and what was asked for before it: once it is answered, none of that is found, however
//! late it is stored and however soon the invalidation is forgotten.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use shoal_cache::{Budget, Fault, FillSpec, Scope, Store, Target};
use shuttle::thread;

use crate::{search::holds_but_for, vocabulary::*};

const TAG: Target = Target::Tag(Scope(1));
/// After so long an invalidation is forgotten, if nothing needs it.
const FORGOTTEN: Duration = Duration::from_secs(700);

#[test]
fn a_fill_that_began_before_a_purge_is_not_found_after_it() {
    holds_but_for(&[Fault::RaisesEpochEarly], || {
        late_fill(TAG, expect_nothing)
    });
}

#[test]
fn nor_when_a_pass_over_all_entries_lets_the_purge_be_forgotten() {
    holds_but_for(&[Fault::LinksAfterTest], || {
        late_fill(TAG, |store| forget(store, 4));
    });
}

#[test]
fn nor_when_it_is_forgotten_at_once_because_nothing_was_counted() {
    let faults = [
        Fault::CountsAfterLink,
        Fault::CountsBeforeMark,
        Fault::RaisesEpochLate,
    ];
    holds_but_for(&faults, || {
        late_fill(TAG, |store| forget(store, 0));
    });
}

#[test]
fn nor_when_it_is_of_a_key_whose_entry_it_takes_out_itself() {
    holds_but_for(&[Fault::LinksAfterTest], || {
        late_fill(Target::Key(key(1).hash), |store| forget(store, 0));
    });
}

#[test]
fn a_look_up_beside_a_purge_does_not_vouch_for_what_it_met() {
    let faults = [Fault::ReadsEpochLate, Fault::RaisesEpochEarly];
    holds_but_for(&faults, || {
        let store = Arc::new(segmented_store(1 << 20, 1));
        put(&store, 1, b"old").unwrap();
        // Another one, so that there is something to test.
        hard(&store, Target::Uri(Scope(99)));
        let reader = thread::spawn({
            let store = Arc::clone(&store);
            move || drop(store.get(&key(1), NOW))
        });
        hard(&store, TAG);
        expect_nothing(&store);
        reader.join().unwrap();
        expect_nothing(&store);
        assert_eq!(store.stats().used, 0);
    });
}

#[test]
fn a_fill_that_began_before_its_key_was_removed_is_not_stored_after_it() {
    holds_but_for(&[Fault::LinksAfterTest], || {
        let store = Arc::new(segmented_store(1 << 20, 1));
        let fill = begin(&store, 1);
        let filler = thread::spawn(move || fill.finish(None).is_ok());
        store.remove(&key(1), None);
        expect_nothing(&store);
        filler.join().unwrap();
        expect_nothing(&store);
        assert_eq!(store.stats().used, 0);
    });
}

fn late_fill(purged: Target, after_the_purge: fn(&Store)) {
    let store = Arc::new(segmented_store(1 << 20, 1));
    let asked = page(&store, 1); // Its epoch is from before the purge.
    let filler = thread::spawn({
        let store = Arc::clone(&store);
        move || fill(&store, asked)
    });
    hard(&store, purged);
    after_the_purge(&store);
    expect_nothing(&store);
    filler.join().unwrap();
    expect_nothing(&store);
    let stats = store.stats();
    assert_eq!((stats.used, stats.total.entries), (0, 0));
}

/// Lets the store forget what nothing needs, after a pass of so many steps.
fn forget(store: &Store, holds: usize) {
    let budget = Budget { entries: 4, holds };
    store.maintain(NOW.after(FORGOTTEN), budget);
}

/// Stores it, if that is permitted.
fn fill(store: &Store, asked: FillSpec) {
    let Ok(mut fill) = store.begin_fill(asked) else {
        return;
    };
    fill.write(Bytes::from_static(b"late"));
    let _refused_if_purged = fill.finish(None);
}

#[track_caller]
fn expect_nothing(store: &Store) {
    assert!(store.get(&key(1), NOW).is_none(), "found after its purge");
}
