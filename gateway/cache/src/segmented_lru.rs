//! Which entry leaves first: two lists by last use, probation and protected, weighted by bytes.
//!
//! A new entry enters probation; a hit there moves it to protected, which holds at most four
//! fifths of the bytes and gives its oldest back to probation. It finds no keys and holds no
//! lock: that is `segment`.

use crate::arena::{Arena, NONE};

/// The share of the bytes that protected may hold, in percent.
const PROTECTED_PERCENT: u64 = 80;

/// How entries are chosen for eviction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Probation and protected lists: a scan passes through without driving out what is used.
    SegmentedLru,
    /// One list by last use.
    Lru,
}

/// The number of an entry's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(u32);

impl Slot {
    /// The first place.
    pub const FIRST: Self = Self(0);
}

/// The eviction policy of one segment.
pub struct SegmentedLru<T> {
    nodes: Arena<Node<T>>,
    probation: List,
    protected: List,
    algorithm: Algorithm,
    protected_max: u64,
}

struct Node<T> {
    value: T,
    weight: u64,
    /// Towards the most recently used.
    newer: u32,
    older: u32,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    Probation,
    Protected,
}

struct List {
    newest: u32,
    oldest: u32,
    bytes: u64,
    entries: u64,
}

impl<T> SegmentedLru<T> {
    /// A policy for `capacity` bytes. The capacity only divides the parts; it is the caller that
    /// evicts.
    #[must_use]
    pub const fn new(algorithm: Algorithm, capacity: u64) -> Self {
        let mut lru = Self {
            nodes: Arena::new(),
            probation: List::EMPTY,
            protected: List::EMPTY,
            algorithm,
            protected_max: 0,
        };
        lru.resize(capacity);
        lru
    }

    /// Enters as the newest of probation. `None` when no slot is left.
    pub fn insert(&mut self, value: T, weight: u64) -> Option<Slot> {
        let node = Node {
            value,
            weight,
            newer: NONE,
            older: NONE,
            part: Part::Probation,
        };
        let slot = self.nodes.insert(node)?;
        self.link(slot, Part::Probation);
        Some(Slot(slot))
    }

    /// A use: the entry becomes the newest, of protected if it proved itself.
    pub fn hit(&mut self, Slot(slot): Slot) {
        let part = match self.algorithm {
            Algorithm::SegmentedLru => Part::Protected,
            Algorithm::Lru => Part::Probation,
        };
        if self.unlink(slot).is_some() {
            self.link(slot, part);
            self.demote();
        }
    }

    /// Puts `value` in the place of another, which keeps its rank. Gives back the other.
    pub fn replace(&mut self, Slot(slot): Slot, value: T, weight: u64) -> Option<T> {
        let node = self.nodes.get_mut(slot)?;
        let before = std::mem::replace(&mut node.weight, weight);
        let value = std::mem::replace(&mut node.value, value);
        let part = node.part;
        let list = self.list_mut(part);
        list.bytes = list.bytes.saturating_sub(before).saturating_add(weight);
        self.demote();
        Some(value)
    }

    /// Takes an entry out.
    pub fn remove(&mut self, Slot(slot): Slot) -> Option<T> {
        self.unlink(slot)?;
        self.nodes.remove(slot).map(|node| node.value)
    }

    /// The entry to evict next: the oldest of probation, else of protected.
    #[must_use]
    pub fn victim(&self) -> Option<Slot> {
        [self.probation.oldest, self.protected.oldest]
            .into_iter()
            .find(|s| *s != NONE)
            .map(Slot)
    }

    /// The entry in a slot.
    #[must_use]
    pub fn get(&self, Slot(slot): Slot) -> Option<&T> {
        self.nodes.get(slot).map(|node| &node.value)
    }

    /// Looks at `count` slots from `from` on, in no useful order, and says where to go on. `None`
    /// after the last.
    pub fn scan(&self, from: Slot, count: usize, mut see: impl FnMut(&T)) -> Option<Slot> {
        let last = self.nodes.end();
        let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
        let end = from.0.saturating_add(count).min(last);
        for slot in from.0..end {
            if let Some(node) = self.nodes.get(slot) {
                see(&node.value);
            }
        }
        (end < last).then_some(Slot(end))
    }

    /// Divides the parts for another capacity.
    pub const fn resize(&mut self, capacity: u64) {
        self.protected_max = capacity / 100 * PROTECTED_PERCENT;
    }

    /// Entries in both parts.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.probation.entries + self.protected.entries
    }

    /// Bytes in probation.
    #[must_use]
    pub const fn probation_bytes(&self) -> u64 {
        self.probation.bytes
    }

    /// Bytes in protected.
    #[must_use]
    pub const fn protected_bytes(&self) -> u64 {
        self.protected.bytes
    }

    /// Gives the oldest of protected back while it holds too much. The newest may stay alone: an
    /// object larger than the part is still an object in use.
    fn demote(&mut self) {
        while self.protected.bytes > self.protected_max && self.protected.entries > 1 {
            let slot = self.protected.oldest;
            if self.unlink(slot).is_none() {
                return;
            }
            self.link(slot, Part::Probation);
        }
    }

    fn link(&mut self, slot: u32, part: Part) {
        let older = self.list_mut(part).newest;
        let Some(node) = self.nodes.get_mut(slot) else {
            return;
        };
        (node.part, node.newer, node.older) = (part, NONE, older);
        let weight = node.weight;
        if let Some(below) = self.nodes.get_mut(older) {
            below.newer = slot;
        }
        let list = self.list_mut(part);
        list.newest = slot;
        if list.oldest == NONE {
            list.oldest = slot;
        }
        list.bytes = list.bytes.saturating_add(weight);
        list.entries += 1;
    }

    fn unlink(&mut self, slot: u32) -> Option<()> {
        let Node {
            newer,
            older,
            part,
            weight,
            ..
        } = *self.nodes.get(slot)?;
        if let Some(above) = self.nodes.get_mut(newer) {
            above.older = older;
        }
        if let Some(below) = self.nodes.get_mut(older) {
            below.newer = newer;
        }
        let list = self.list_mut(part);
        if list.newest == slot {
            list.newest = older;
        }
        if list.oldest == slot {
            list.oldest = newer;
        }
        list.bytes = list.bytes.saturating_sub(weight);
        list.entries = list.entries.saturating_sub(1);
        Some(())
    }

    const fn list_mut(&mut self, part: Part) -> &mut List {
        match part {
            Part::Probation => &mut self.probation,
            Part::Protected => &mut self.protected,
        }
    }
}

impl List {
    const EMPTY: Self = Self {
        newest: NONE,
        oldest: NONE,
        bytes: 0,
        entries: 0,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave_in_order(lru: &mut SegmentedLru<char>) -> String {
        std::iter::from_fn(|| lru.victim().and_then(|slot| lru.remove(slot))).collect()
    }

    #[test]
    fn a_scan_does_not_drive_out_what_was_used() {
        let mut lru = SegmentedLru::new(Algorithm::SegmentedLru, 1000);
        let used = lru.insert('u', 10).unwrap();
        lru.hit(used);
        for c in "scan".chars() {
            lru.insert(c, 10).unwrap();
        }
        assert_eq!((lru.probation_bytes(), lru.protected_bytes()), (40, 10));
        assert_eq!(leave_in_order(&mut lru), "scanu");
    }

    #[test]
    fn one_list_orders_by_last_use_alone() {
        let mut lru = SegmentedLru::new(Algorithm::Lru, 1000);
        let first = lru.insert('a', 10).unwrap();
        for c in "bc".chars() {
            lru.insert(c, 10).unwrap();
        }
        lru.hit(first);
        assert_eq!(leave_in_order(&mut lru), "bca");
    }

    #[test]
    fn protected_gives_its_oldest_back_when_it_holds_too_much() {
        let mut lru = SegmentedLru::new(Algorithm::SegmentedLru, 100);
        let slots: Vec<Slot> = "abc".chars().filter_map(|c| lru.insert(c, 40)).collect();
        for slot in slots {
            lru.hit(slot);
        }
        assert_eq!((lru.probation_bytes(), lru.protected_bytes()), (40, 80));
        assert_eq!(leave_in_order(&mut lru), "abc");
        assert_eq!(
            (lru.probation_bytes(), lru.protected_bytes(), lru.entries()),
            (0, 0, 0)
        );
    }

    #[test]
    fn a_replaced_value_keeps_its_rank_and_changes_the_weight() {
        let mut lru = SegmentedLru::new(Algorithm::SegmentedLru, 1000);
        let slot = lru.insert('a', 10).unwrap();
        lru.insert('b', 10).unwrap();
        assert_eq!(lru.replace(slot, 'A', 30), Some('a'));
        assert_eq!(lru.probation_bytes(), 40);
        assert_eq!(leave_in_order(&mut lru), "Ab");
    }

    #[test]
    fn a_scan_by_steps_sees_every_entry_once() {
        let mut lru = SegmentedLru::new(Algorithm::Lru, 1000);
        for c in "abcdefg".chars() {
            lru.insert(c, 1).unwrap();
        }
        let mut seen = String::new();
        let mut at = Some(Slot::FIRST);
        while let Some(from) = at {
            at = lru.scan(from, 3, |c| seen.push(*c));
        }
        assert_eq!(seen, "abcdefg");
    }
}
