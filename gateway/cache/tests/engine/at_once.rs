//! What is stored in one step, because its body is there already.

use bytes::Bytes;
use shoal_cache::{FillSpec, Moment, Refusal, Target};

use crate::vocabulary::*;

#[test]
fn it_is_found_with_its_trailers_and_charged_as_a_fill_would_be() {
    let store = store(1 << 20);
    let stored = store.put(
        page(&store, 1),
        Bytes::from_static(b"body"),
        Some(b"status"),
    );
    let entry = hit(&store, 1).unwrap().entry;
    assert_eq!(body_of(&entry), b"body");
    assert_eq!(entry.trailers(), Some(&b"status"[..]));
    let stats = store.stats();
    assert_eq!(
        (stats.used, stats.total.inserts),
        (stored.unwrap().weight, 1)
    );
    put(&store, 2, b"body").unwrap();
    assert!(
        store.stats().used <= 2 * stats.used,
        "no fill is left on the account"
    );
}

#[test]
fn a_large_body_is_laid_out_as_any_other() {
    let store = store(4 << 20);
    let spec = FillSpec {
        max_body: 1 << 20,
        ..page(&store, 1)
    };
    let body = Bytes::from(vec![7; 150 << 10]);
    store.put(spec, body.clone(), None).unwrap();
    let entry = hit(&store, 1).unwrap().entry;
    assert_eq!(body_of(&entry), body);
    assert_ne!(entry.body().chunks()[0].as_ptr(), body.as_ptr());
}

#[test]
fn it_takes_the_place_of_a_fill_under_way_which_goes_on_unseen() {
    let store = store(1 << 20);
    let mut fill = begin(&store, 1);
    fill.write(Bytes::from_static(b"slow"));
    let mut reader = follow(&store, 1).unwrap();
    store
        .put(page(&store, 1), Bytes::from_static(b"quick"), None)
        .unwrap();
    assert_eq!(body_of(&hit(&store, 1).unwrap().entry), b"quick");
    let _superseded_or_not = fill.finish(None);
    assert_eq!(drain(&mut reader).0, b"slow");
}

#[test]
fn what_a_fill_would_be_refused_for_is_refused() {
    let store = store(1 << 20);
    let late = page(&store, 1);
    let newer = FillSpec {
        requested: Moment(late.requested.0 + 1),
        ..late.clone()
    };
    store.put(newer, Bytes::new(), None).unwrap();
    let refused = |spec| {
        store
            .put(spec, Bytes::from_static(b"body"), None)
            .unwrap_err()
    };
    assert_eq!(refused(late.clone()), Refusal::Superseded);
    let short = FillSpec {
        max_body: 3,
        ..page(&store, 2)
    };
    assert_eq!(refused(short), Refusal::TooLarge);
    hard(&store, Target::Key(key(3).hash));
    let early = FillSpec {
        key: key(3),
        ..late.clone()
    };
    assert_eq!(refused(early), Refusal::Invalidated);
    let huge = FillSpec {
        meta: Bytes::from(vec![0; 17 << 20]),
        ..page(&store, 4)
    };
    assert_eq!(refused(huge), Refusal::TooLarge);
    assert_eq!(store.stats().total.entries, 1);
}
