//! How readers follow a fill.

use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use shoal_cache::{FillSpec, Piece, Refusal, Written};

use crate::vocabulary::*;

fn data(text: &'static str) -> Poll<Piece> {
    Poll::Ready(Piece::Data(Bytes::from_static(text.as_bytes())))
}

#[test]
fn a_reader_follows_from_the_first_byte_and_is_woken_for_each_piece() {
    let store = store(1 << 20);
    let mut fill = begin(&store, 1);
    fill.write(Bytes::from_static(b"one"));
    let mut reader = follow(&store, 1).unwrap();
    let (bell, waker) = Bell::new();
    let cx = Context::from_waker(&waker);

    assert_eq!(reader.poll_next(&cx), data("one"));
    assert_eq!(reader.poll_next(&cx), Poll::Pending);
    assert_eq!(bell.rung(), 0);
    fill.write(Bytes::from_static(b"two"));
    assert_eq!(bell.rung(), 1);
    assert_eq!(reader.poll_next(&cx), data("two"));
    assert_eq!(reader.poll_next(&cx), Poll::Pending);
    fill.finish(Some(Bytes::from_static(b"status"))).unwrap();
    assert_eq!(bell.rung(), 2);
    let trailers = Piece::Trailers(Bytes::from_static(b"status"));
    assert_eq!(reader.poll_next(&cx), Poll::Ready(trailers));
    assert_eq!(reader.poll_next(&cx), Poll::Ready(Piece::End));
    assert_eq!(reader.poll_next(&cx), Poll::Ready(Piece::End));
}

#[test]
fn a_reader_that_comes_late_or_stays_long_reads_everything() {
    let store = store(1 << 20);
    let mut fill = begin(&store, 1);
    let mut early = fill.reader();
    for piece in ["a", "bc", "def"] {
        fill.write(Bytes::from_static(piece.as_bytes()));
    }
    assert_eq!(next(&mut early), data("a"));
    let mut late = follow(&store, 1).unwrap();
    fill.finish(None).unwrap();
    hard(&store, shoal_cache::Target::All);
    assert_eq!(
        drain(&mut early),
        (b"bcdef".to_vec(), Poll::Ready(Piece::End))
    );
    assert_eq!(
        drain(&mut late),
        (b"abcdef".to_vec(), Poll::Ready(Piece::End))
    );
}

#[test]
fn a_dropped_fill_fails_its_readers_and_stores_nothing() {
    let store = store(1 << 20);
    let mut fill = begin(&store, 1);
    fill.write(Bytes::from_static(b"half"));
    let mut reader = fill.reader();
    let (bell, waker) = Bell::new();
    let cx = Context::from_waker(&waker);
    assert_eq!(reader.poll_next(&cx), data("half"));
    assert_eq!(reader.poll_next(&cx), Poll::Pending);
    drop(fill);
    assert_eq!(bell.rung(), 1);
    assert_eq!(reader.poll_next(&cx), Poll::Ready(Piece::Failed));
    assert!(store.get(&key(1), NOW).is_none());
    drop(reader);
    let stats = store.stats();
    assert_eq!((stats.used, stats.fills, stats.fill_bytes), (0, 0, 0));
}

#[test]
fn a_fill_that_breaks_off_gives_back_what_came() {
    let store = store(1 << 20);
    let mut fill = begin(&store, 1);
    for piece in ["ha", "lf"] {
        fill.write(Bytes::from_static(piece.as_bytes()));
    }
    let mut reader = fill.reader();
    let body = fill.break_off().unwrap();
    assert_eq!(body.slice(0..4).collect::<Vec<_>>().concat(), b"half");
    let cx = Context::from_waker(Waker::noop());
    assert_eq!(reader.poll_next(&cx), Poll::Ready(Piece::Failed));
    assert!(store.get(&key(1), NOW).is_none());
    drop(reader);
    let stats = store.stats();
    assert_eq!((stats.used, stats.fills, stats.fill_bytes), (0, 0, 0));
}

#[test]
fn what_came_of_a_key_that_was_removed_is_not_given_back() {
    let store = store(1 << 20);
    let mut fill = begin(&store, 1);
    fill.write(Bytes::from_static(b"half"));
    store.remove(&key(1), None);
    assert!(fill.break_off().is_none());
}

#[test]
fn a_fill_wins_over_an_older_complete_page() {
    let store = store(1 << 20);
    put(&store, 1, b"old").unwrap();
    let mut fill = begin(&store, 1);
    fill.write(Bytes::from_static(b"new"));
    assert_eq!(drain(&mut follow(&store, 1).unwrap()).0, b"new");
    drop(fill);
    assert_eq!(body_of(&hit(&store, 1).unwrap().entry), b"old");
}

#[test]
fn of_two_fills_the_later_is_followed_and_both_can_finish() {
    let store = store(1 << 20);
    let mut first = begin(&store, 1);
    let mut second = begin(&store, 1);
    first.write(Bytes::from_static(b"first"));
    second.write(Bytes::from_static(b"second"));
    first.finish(None).unwrap();
    assert_eq!(drain(&mut follow(&store, 1).unwrap()).0, b"second");
    second.finish(None).unwrap();
    assert_eq!(body_of(&hit(&store, 1).unwrap().entry), b"second");
}

#[test]
fn a_removed_key_takes_its_fill_along() {
    let store = store(1 << 20);
    let fill = begin(&store, 1);
    assert!(store.remove(&key(1), None));
    assert!(store.get(&key(1), NOW).is_none());
    assert_eq!(fill.finish(None), Err(Refusal::Invalidated));
}

#[test]
fn an_announced_size_over_the_limit_is_refused_at_once() {
    let store = store(1 << 20);
    for (max_body, announced) in [(100, 101), (u64::MAX, 600 << 10)] {
        let spec = FillSpec {
            max_body,
            size_hint: Some(announced),
            ..page(&store, 1)
        };
        assert!(matches!(store.begin_fill(spec), Err(Refusal::TooLarge)));
    }
}

#[test]
fn what_a_fill_keeps_is_its_own_copy() {
    let store = store(1 << 20);
    let network_buffer = Bytes::from(vec![1; 64 << 10]);
    let mut fill = begin(&store, 1);
    assert_eq!(fill.write(network_buffer.slice(10..20)), Written::Kept);
    fill.finish(None).unwrap();
    assert!(network_buffer.is_unique());
}

#[test]
fn all_fills_together_are_charged_and_released() {
    let store = store(1 << 20);
    let mut fills: Vec<_> = (0..4).map(|n| begin(&store, n)).collect();
    for fill in &mut fills {
        fill.write(Bytes::from(vec![0; 10_000]));
    }
    let stats = store.stats();
    assert_eq!(stats.fills, 4);
    assert!(stats.fill_bytes > 40_000 && stats.used == stats.fill_bytes);
    let weights: u64 = fills
        .into_iter()
        .map(|fill| fill.finish(None).unwrap().weight)
        .sum();
    assert_eq!((store.stats().used, store.stats().fill_bytes), (weights, 0));
}
