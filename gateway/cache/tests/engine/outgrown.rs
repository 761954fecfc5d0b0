//! A body that outgrows its limit: not stored, still delivered, through a bounded window.

use std::task::{Context, Poll};

use bytes::Bytes;
use shoal_cache::{Fill, FillSpec, OUTGROWN_WINDOW, Piece, Refusal, Store, Written};

use crate::vocabulary::*;

/// Not a divisor of the window, so that a few bytes never decide.
const PIECE: usize = 60 << 10;

fn small_limit(store: &Store) -> Fill {
    store
        .begin_fill(FillSpec {
            max_body: 1000,
            ..page(store, 1)
        })
        .unwrap()
}

fn piece() -> Bytes {
    Bytes::from(vec![9; PIECE])
}

#[test]
fn the_writer_waits_for_the_slowest_reader_and_is_woken_by_it() {
    let store = store(8 << 20);
    let mut fill = small_limit(&store);
    let (mut fast, mut slow) = (fill.reader(), fill.reader());
    let (bell, waker) = Bell::new();
    let cx = Context::from_waker(&waker);

    assert_eq!(fill.write(Bytes::from_static(b"ok")), Written::Kept);
    assert_eq!(fill.poll_room(&cx), Poll::Ready(()));
    while fill.poll_room(&cx).is_ready() {
        assert_eq!(fill.write(piece()), Written::Outgrown);
        assert_eq!(drain(&mut fast).1, Poll::Pending);
    }
    let held = store.stats().fill_bytes;
    assert!(
        held > OUTGROWN_WINDOW && held < OUTGROWN_WINDOW + 2 * PIECE as u64,
        "{held}"
    );
    assert_eq!(bell.rung(), 0);

    assert_eq!(
        next(&mut slow),
        Poll::Ready(Piece::Data(Bytes::from_static(b"ok")))
    );
    assert_eq!(bell.rung(), 0); // Two bytes make no room.
    assert_eq!(next(&mut slow), Poll::Ready(Piece::Data(piece())));
    assert_eq!(bell.rung(), 1);
    assert_eq!(fill.poll_room(&cx), Poll::Ready(()));
    assert_eq!(fill.finish(None), Err(Refusal::Outgrown));
    let (rest, end) = drain(&mut slow);
    assert_eq!((rest.len() % PIECE, end), (0, Poll::Ready(Piece::End)));
    assert_eq!(drain(&mut fast).1, Poll::Ready(Piece::End));
}

#[test]
fn a_reader_that_leaves_holds_nobody_back() {
    let store = store(8 << 20);
    let mut fill = small_limit(&store);
    let reader = fill.reader();
    let (bell, waker) = Bell::new();
    let cx = Context::from_waker(&waker);
    while fill.poll_room(&cx).is_ready() {
        fill.write(piece());
    }
    drop(reader);
    assert_eq!(bell.rung(), 1);
    assert_eq!(fill.poll_room(&cx), Poll::Ready(()));
    // Without readers nothing is kept.
    for _ in 0..100 {
        fill.write(piece());
    }
    assert!(store.stats().fill_bytes < PIECE as u64);
}

#[test]
fn look_ups_miss_an_outgrown_fill_and_new_readers_fail() {
    let store = store(8 << 20);
    put(&store, 1, b"old").unwrap();
    let mut fill = small_limit(&store);
    fill.write(piece());
    assert_eq!(body_of(&hit(&store, 1).unwrap().entry), b"old");
    assert_eq!(next(&mut fill.reader()), Poll::Ready(Piece::Failed));
}

#[test]
fn a_fill_outgrows_when_all_together_hold_their_share() {
    let store = store(1 << 20);
    let mut fills: Vec<_> = (0..20).map(|n| begin(&store, n)).collect();
    let outgrown = fills
        .iter_mut()
        .filter(|f| f.reader().id() == f.id())
        .map(|fill| {
            let written = fill.write(piece());
            assert!(store.stats().used <= 1 << 20);
            written
        });
    let outgrown = outgrown
        .filter(|written| *written == Written::Outgrown)
        .count();
    assert!((12..=14).contains(&outgrown), "{outgrown}");
    let stored = fills
        .into_iter()
        .filter_map(|fill| fill.finish(None).ok())
        .count();
    assert_eq!(stored, 20 - outgrown);
}

#[test]
fn a_dropped_outgrown_fill_fails_its_readers() {
    let store = store(8 << 20);
    let mut fill = small_limit(&store);
    let mut reader = fill.reader();
    fill.write(piece());
    drop(fill);
    assert_eq!(next(&mut reader), Poll::Ready(Piece::Failed));
    assert_eq!(store.stats().fill_bytes, 0);
}

#[test]
fn the_writer_does_not_wait_for_a_reader_in_its_own_task() {
    let store = store(8 << 20);
    let mut fill = small_limit(&store);
    let (mut own, other) = (fill.leading_reader(), fill.reader());
    let cx = Context::from_waker(std::task::Waker::noop());
    for _ in 0..10 {
        fill.write(piece());
    }
    assert_eq!(fill.poll_room(&cx), Poll::Pending);
    drop(other);
    assert_eq!(fill.poll_room(&cx), Poll::Ready(()));
    assert_eq!(drain(&mut own).0.len(), 10 * PIECE);
}
