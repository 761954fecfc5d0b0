//! The policy alone, with letters for entries.

use std::cell::Cell;

use super::*;
use crate::{Optimize, Turn};

const CAPACITY: u64 = 1000;

struct Segments {
    segments: Vec<SegmentedLru<Letter>>,
    order: Order,
}

struct Letter {
    letter: char,
    weight: u64,
    recent: Cell<u8>,
}

impl Resident for Letter {
    fn weight(&self) -> u64 {
        self.weight
    }

    fn recent(&self) -> u8 {
        self.recent.get()
    }

    fn set_recent(&self, hits: u8) {
        self.recent.set(hits);
    }
}

impl Segments {
    fn new(algorithm: Algorithm, segments: usize) -> Self {
        Self {
            segments: (0..segments)
                .map(|segment| SegmentedLru::new(algorithm, segment))
                .collect(),
            order: Order::new(segments, CAPACITY, Optimize::Bytes),
        }
    }

    fn insert(&mut self, segment: usize, value: char, weight: u64) -> Slot {
        self.segments[segment]
            .insert(letter(value, weight), hash(value), &self.order)
            .unwrap()
    }

    /// As the store does it, until one has left.
    fn evict(&mut self) -> Option<char> {
        loop {
            let Turn { segment, part } = self.order.turn(None)?;
            let turn = &mut self.segments[segment];
            match turn.evict(part, Grace::Granted, &self.order, |l| hash(l.letter)) {
                Outcome::Empty => return None,
                Outcome::Kept => {}
                Outcome::Out(value) => return Some(value.letter),
            }
        }
    }

    fn leave_in_order(&mut self) -> String {
        std::iter::from_fn(|| self.evict()).collect()
    }
}

fn letter(letter: char, weight: u64) -> Letter {
    Letter {
        letter,
        weight,
        recent: Cell::new(0),
    }
}

fn hash(value: char) -> u64 {
    u64::from(u32::from(value)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[test]
fn a_node_with_a_pointer_takes_24_bytes() {
    assert_eq!(size_of::<Node<std::sync::Arc<u8>>>(), 24);
}

#[test]
fn a_scan_does_not_drive_out_what_was_used() {
    let mut all = Segments::new(Algorithm::SegmentedLru, 1);
    let used = all.insert(0, 'u', 100);
    all.segments[0].get(used).unwrap().hit();
    for c in "scan".chars() {
        all.insert(0, c, 100);
    }
    assert_eq!(all.leave_in_order(), "scanu");
}

#[test]
fn one_list_orders_by_last_use_over_all_segments() {
    let mut all = Segments::new(Algorithm::Lru, 2);
    let first = all.insert(0, 'a', 10);
    all.insert(1, 'b', 10);
    all.insert(0, 'c', 10);
    all.segments[0].renew(first, &all.order);
    assert_eq!(all.leave_in_order(), "bca");
}

#[test]
fn hits_in_the_correlation_queue_count_only_while_there_is_room() {
    let mut all = Segments::new(Algorithm::SegmentedLru, 1);
    all.insert(0, 'f', 950); // Under pressure from now on.
    let burst = all.insert(0, 'b', 40);
    all.segments[0].get(burst).unwrap().hit();
    all.insert(0, 'x', 40); // Moves the burst on.
    assert_eq!(all.evict(), Some('f'));
    assert_eq!(all.evict(), Some('b'));
}

#[test]
fn what_comes_back_soon_is_protected() {
    let mut all = Segments::new(Algorithm::SegmentedLru, 1);
    for c in 'a'..'k' {
        all.insert(0, c, 100);
    }
    assert_eq!(all.evict(), Some('a'));
    all.insert(0, 'a', 100);
    assert_eq!(all.segments[0].protected_bytes(), 100);
    for c in 'k'..'z' {
        assert_ne!(all.evict(), Some('a'));
        all.insert(0, c, 100);
    }
}

#[test]
fn protected_gives_up_the_least_value_of_all_segments_first() {
    let mut all = Segments::new(Algorithm::SegmentedLru, 2);
    let slots: Vec<(usize, Slot)> = "abcd"
        .chars()
        .enumerate()
        .map(|(n, c)| (n % 2, all.insert(n % 2, c, 100)))
        .collect();
    for (hits, (segment, slot)) in [3, 1, 2, 1].into_iter().zip(slots) {
        (0..hits).for_each(|_| all.segments[segment].get(slot).unwrap().hit());
    }
    assert_eq!(all.leave_in_order(), "bdca");
    let bytes = |n: usize| all.segments[n].probation_bytes() + all.segments[n].protected_bytes();
    assert_eq!((bytes(0), bytes(1), all.order.bytes()), (0, 0, 0));
}

#[test]
fn a_replaced_value_keeps_its_rank_and_changes_the_weight() {
    let mut all = Segments::new(Algorithm::SegmentedLru, 1);
    let slot = all.insert(0, 'a', 10);
    all.insert(0, 'b', 10);
    let replaced = all.segments[0].replace(slot, letter('A', 30), &all.order);
    assert_eq!(replaced.map(|l| l.letter), Some('a'));
    assert_eq!(
        (all.segments[0].probation_bytes(), all.order.bytes()),
        (40, 40)
    );
    assert_eq!(all.leave_in_order(), "Ab");
}

#[test]
fn a_scan_by_steps_sees_every_entry_once() {
    let mut all = Segments::new(Algorithm::Lru, 1);
    for c in "abcdefg".chars() {
        all.insert(0, c, 1);
    }
    let mut seen = String::new();
    let mut at = Some(Slot::FIRST);
    while let Some(from) = at {
        at = all.segments[0].scan(from, 3, |l| seen.push(l.letter));
    }
    assert_eq!(seen, "abcdefg");
}
