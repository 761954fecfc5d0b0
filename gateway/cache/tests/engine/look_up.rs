//! What a look-up finds: keys, expiry, the staleness bound, freshening, removal.

use std::{ops::ControlFlow, time::Duration};

use bytes::Bytes;
use shoal_cache::{EntryId, Found, Key, Moment, Refusal, Stamp, Usability, Why};

use crate::vocabulary::*;

#[test]
fn a_stored_page_is_found_with_all_its_parts() {
    let store = store(1 << 20);
    assert!(hit(&store, 1).is_none());
    let mut fill = begin(&store, 1);
    fill.write(Bytes::from_static(b"hello "));
    fill.write(Bytes::from_static(b"world"));
    let (id, stored) = (
        fill.id(),
        fill.finish(Some(Bytes::from_static(b"trailer"))).unwrap(),
    );

    let found = hit(&store, 1).unwrap();
    let entry = &found.entry;
    assert_eq!(found.usability, Usability::Usable);
    assert_eq!((entry.id(), entry.weight()), (id, stored.weight));
    assert_eq!(
        (entry.hash(), entry.key()),
        (key(1).hash, &key(1).bytes[..])
    );
    assert_eq!(body_of(entry), b"hello world");
    assert_eq!(entry.trailers().unwrap(), &b"trailer"[..]);
    assert_eq!(entry.stamp(), Stamp([7; 8]));
    let stats = store.stats();
    assert_eq!(
        (stats.total.hits, stats.total.misses, stats.total.inserts),
        (1, 1, 1)
    );
    assert_eq!(
        (stats.used, stats.fills, stats.fill_bytes),
        (stored.weight, 0, 0)
    );
}

#[test]
fn a_key_with_the_same_hash_is_another_page() {
    let store = store(1 << 20);
    put(&store, 1, b"mine").unwrap();
    let other = Key {
        hash: key(1).hash,
        bytes: Bytes::from_static(b"another key"),
    };
    assert!(store.get(&other, NOW).is_none());
}

#[test]
fn a_page_is_never_found_at_its_end_or_after() {
    let store = store(1 << 20);
    let end = NOW.after(Duration::from_secs(1));
    put_page(
        &store,
        shoal_cache::FillSpec {
            useful_until: end,
            ..page(&store, 1)
        },
        b"x",
    )
    .unwrap();
    assert!(hit_at(&store, 1, Moment(end.0 - 1)).is_some());
    assert!(hit_at(&store, 1, end).is_none());
    assert_eq!((store.stats().total.entries, store.stats().used), (0, 0));
}

#[test]
fn a_peek_counts_nothing() {
    let store = store(1 << 20);
    put(&store, 1, b"x").unwrap();
    assert!(matches!(store.peek(&key(1), NOW), Some(Found::Complete(_))));
    assert!(store.peek(&key(2), NOW).is_none());
    let total = store.stats().total;
    assert_eq!((total.hits, total.misses), (0, 0));
    assert_eq!(hit(&store, 1).unwrap().entry.hits(), 1);
    assert_eq!(store.stats().total.hits, 1);
}

#[test]
fn a_page_beyond_the_staleness_bound_must_be_validated() {
    let store = store(1 << 20);
    put(&store, 1, b"x").unwrap();
    store.fence().set_bound(Some(Duration::from_secs(30)));
    let late = NOW.after(Duration::from_secs(31));
    let usability = |now| hit_at(&store, 1, now).unwrap().usability;
    assert_eq!(
        usability(NOW.after(Duration::from_secs(30))),
        Usability::Usable
    );
    assert_eq!(usability(late), Usability::MustValidate(Why::Fenced));
    store.fence().prove(NOW.after(Duration::from_secs(2)));
    assert_eq!(usability(late), Usability::Usable);
}

#[test]
fn a_freshened_page_keeps_its_body_and_gets_new_metadata() {
    let store = store(1 << 20);
    put(&store, 1, b"body").unwrap();
    soft(&store, shoal_cache::Target::All);
    let old = hit(&store, 1).unwrap();
    assert_eq!(old.usability, Usability::MustValidate(Why::SoftPurge));

    store
        .freshen(&key(1), old.entry.id(), freshened(&store, 1))
        .unwrap();
    let new = hit(&store, 1).unwrap();
    assert_eq!(new.usability, Usability::Usable);
    assert!(new.entry.meta().ends_with(b"v2"));
    assert_ne!(new.entry.id(), old.entry.id());
    assert_eq!(
        new.entry.body().chunks()[0].as_ptr(),
        old.entry.body().chunks()[0].as_ptr()
    );
    assert_eq!(new.entry.hits(), 2);
    assert_eq!(store.stats().used, new.entry.weight());
    // Who validated the old one comes too late.
    let late = store.freshen(&key(1), old.entry.id(), freshened(&store, 1));
    assert_eq!(late, Err(Refusal::NotCurrent));
}

#[test]
fn a_validation_that_began_before_a_purge_is_refused() {
    let store = store(1 << 20);
    put(&store, 1, b"body").unwrap();
    let old = hit(&store, 1).unwrap().entry.id();
    let validation = freshened(&store, 1);
    hard(&store, shoal_cache::Target::Tag(scopes(1).tags[0]));
    assert_eq!(
        store.freshen(&key(1), old, validation),
        Err(Refusal::NotCurrent)
    );
    assert!(hit(&store, 1).is_none());
}

#[test]
fn a_page_can_be_removed_by_key_or_by_identity() {
    let store = store(1 << 20);
    put(&store, 1, b"x").unwrap();
    let id = hit(&store, 1).unwrap().entry.id();
    assert!(!store.remove(&key(1), Some(EntryId(id.0 + 1))));
    assert!(store.remove(&key(1), Some(id)));
    assert!(!store.remove(&key(1), None));
    assert!(hit(&store, 1).is_none());
}

#[test]
fn a_response_to_a_later_request_is_not_replaced_by_an_earlier_one() {
    let store = store(1 << 20);
    let earlier = shoal_cache::FillSpec {
        requested: Moment(NOW.0 - 1),
        ..page(&store, 1)
    };
    put(&store, 1, b"later").unwrap();
    assert_eq!(
        put_page(&store, earlier, b"earlier"),
        Err(Refusal::Superseded)
    );
    assert_eq!(body_of(&hit(&store, 1).unwrap().entry), b"later");
}

#[test]
fn every_page_is_visited_once_and_the_visitor_may_stop() {
    let store = store(16 << 20);
    for n in 0..2000 {
        put(&store, n, b"x").unwrap();
    }
    let mut seen = std::collections::HashSet::new();
    store.iterate(|entry| {
        seen.insert(entry.id());
        ControlFlow::Continue(())
    });
    assert_eq!(seen.len(), 2000);
    let mut visits = 0;
    store.iterate(|_| {
        visits += 1;
        if visits == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(visits, 3);
}
