//! What an invalidation reaches, and which late fills it refuses.

use shoal_cache::{
    BadPattern, Budget, Invalidation, Refusal, Scope, Strength, Target, Usability, Why,
};

use crate::vocabulary::*;

#[track_caller]
fn check(target: Target, objects: Option<u64>, gone: &[u64]) {
    for strength in [Strength::Hard, Strength::Soft] {
        let store = store(1 << 20);
        for n in 0..6 {
            put(&store, n, b"x").unwrap();
        }
        let applied = apply(&store, target.clone(), strength);
        assert_eq!(
            (applied.epoch, applied.objects),
            (store.epoch(), objects),
            "{target:?}"
        );
        for n in 0..6 {
            let expected = match (gone.contains(&n), strength) {
                (false, _) => Some(Usability::Usable),
                (true, Strength::Soft) => Some(Usability::MustValidate(Why::SoftPurge)),
                (true, Strength::Hard) => None,
            };
            let found = hit(&store, n).map(|hit| hit.usability);
            assert_eq!(found, expected, "page {n} after {strength:?} {target:?}");
            // What is stored after the invalidation is not touched.
            put(&store, n, b"new").unwrap();
            assert_eq!(hit(&store, n).unwrap().usability, Usability::Usable);
        }
    }
}

#[test]
fn each_target_reaches_its_pages_and_no_other() {
    check(Target::Key(key(3).hash), Some(1), &[3]);
    check(Target::Key(key(9).hash), Some(0), &[]);
    check(Target::Uri(Scope(4)), Some(1), &[4]);
    check(Target::Host(HOST), Some(6), &[0, 1, 2, 3, 4, 5]);
    check(Target::Tag(Scope(1)), Some(2), &[1, 4]);
    check(Target::Tag(Scope(50)), Some(0), &[]);
    check(
        Target::Prefix("https://host/even/".into()),
        None,
        &[0, 2, 4],
    );
    check(Target::Ban("/odd/[13]$".into()), None, &[1, 3]);
    check(Target::All, Some(6), &[0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_bad_pattern_changes_nothing() {
    let store = store(1 << 20);
    let ban = Invalidation {
        target: Target::Ban("(".into()),
        strength: Strength::Hard,
    };
    assert!(matches!(store.apply(&ban, NOW), Err(BadPattern::Syntax(_))));
    assert_eq!(store.epoch().count(), 0);
}

#[test]
fn a_fill_that_began_before_an_invalidation_is_refused() {
    for target in [
        Target::Key(key(1).hash),
        Target::Uri(Scope(1)),
        Target::Host(HOST),
        Target::Tag(Scope(1)),
        Target::Prefix("https://host/".into()),
        Target::Ban("host".into()),
        Target::All,
    ] {
        let store = store(1 << 20);
        let early = page(&store, 1);
        let mut under_way = begin(&store, 1);
        let mut reader = under_way.reader();
        hard(&store, target.clone());

        assert!(store.get(&key(1), NOW).is_none(), "{target:?}");
        assert_eq!(
            put_page(&store, early, b"x"),
            Err(Refusal::Invalidated),
            "{target:?}"
        );
        under_way.write(bytes::Bytes::from_static(b"old"));
        assert_eq!(
            under_way.finish(None),
            Err(Refusal::Invalidated),
            "{target:?}"
        );
        assert!(hit(&store, 1).is_none());
        // Who read it already may read on: its request began before the invalidation.
        assert_eq!(drain(&mut reader).0, b"old");
        put(&store, 1, b"new").unwrap();
    }
}

#[test]
fn a_fill_that_a_soft_invalidation_meets_is_stored_and_must_be_validated() {
    let store = store(1 << 20);
    let fill = begin(&store, 1);
    soft(&store, Target::Tag(Scope(1)));
    assert!(store.get(&key(1), NOW).is_none());
    fill.finish(None).unwrap();
    assert_eq!(
        hit(&store, 1).unwrap().usability,
        Usability::MustValidate(Why::SoftPurge)
    );
}

#[test]
fn a_killed_fill_does_not_hide_an_entry_that_stands() {
    let store = store(1 << 20);
    let old = begin(&store, 1);
    hard(&store, Target::Uri(Scope(1)));
    put(&store, 1, b"new").unwrap();
    let _another = {
        let spec = page(&store, 1);
        store.begin_fill(spec).unwrap()
    };
    drop(old);
    assert!(follow(&store, 1).is_some());
}

#[test]
fn a_fill_older_than_what_is_remembered_is_refused() {
    let store = store(1 << 20);
    let early = page(&store, 1);
    for n in 0..5000 {
        hard(&store, Target::Key(key(1000 + n).hash));
    }
    assert!(store.stats().floor.count() > 0);
    assert_eq!(put_page(&store, early, b"x"), Err(Refusal::TooOld));
    put(&store, 1, b"x").unwrap();
}

#[test]
fn an_entry_outlives_the_memory_of_invalidations_that_did_not_meet_it() {
    let store = store(1 << 20);
    put(&store, 1, b"x").unwrap();
    put(&store, 2, b"x").unwrap();
    hard(&store, Target::Tag(Scope(2)));
    hard(&store, Target::Ban("nowhere".into()));
    let late = NOW.after(std::time::Duration::from_secs(3600));
    store.maintain(late, Budget::default());
    store.maintain(late, Budget::default());
    let stats = store.stats();
    assert_eq!(
        (stats.generations, stats.bans, stats.total.entries),
        (0, 0, 1)
    );
    assert!(hit(&store, 1).is_some());
    assert!(hit(&store, 2).is_none());
}

#[test]
fn an_invalidation_in_the_middle_of_a_pass_is_kept_until_the_next() {
    let store = segmented_store(1 << 20, 1);
    put(&store, 3, b"x").unwrap();
    put(&store, 6, b"x").unwrap();
    hard(&store, Target::Tag(Scope(9))); // What a pass is begun for.
    store.maintain(
        NOW,
        Budget {
            entries: 1,
            holds: 1,
        },
    ); // Past page 3.
    hard(&store, Target::Tag(Scope(0)));
    let late = NOW.after(std::time::Duration::from_secs(3600));
    assert_eq!(store.maintain(late, Budget::default()).invalidated, 1);
    assert_eq!(store.stats().generations, 1);
    assert!(hit(&store, 3).is_none());
}
