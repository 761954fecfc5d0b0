//! The entries of one segment in the parts that decide which leaves first.
//!
//! A new entry enters the window: a correlation queue, whose hits are not counted, and probation.
//! What was used in probation is protected, in one queue for each class of value; what left and came
//! back soon is protected at once. A hit only raises a count, so that it needs no exclusive lock: all
//! order is made when something has to leave. Whose turn that is among the segments is `order`; keys
//! and locks are `segment`.

mod lists;
mod rank;
mod resident;
mod turn;

use self::lists::{Lists, Queue};
pub(crate) use self::rank::Rank;
pub use self::resident::Resident;
pub use self::turn::{Grace, Outcome};
use crate::{
    arena::{Arena, NONE},
    ghost::{Ghosts, Past},
    optimize::FREQUENCY_MAX,
    order::{Holdings, Order, Part, Tails},
};

/// Hits that are counted between two looks at an entry.
pub const HITS_MAX: u8 = 3;

/// How entries are chosen for eviction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Window and protected classes: a scan passes through without driving out what is used.
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

    pub(crate) const fn of(number: u32) -> Self {
        Self(number)
    }

    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}

/// The eviction policy of one segment.
pub struct SegmentedLru<T> {
    nodes: Arena<Node<T>>,
    lists: Lists,
    ghosts: Ghosts,
    algorithm: Algorithm,
    /// Its own number in the order.
    segment: usize,
    holdings: Holdings,
}

/// 24 bytes with a pointer as value.
pub(crate) struct Node<T> {
    value: T,
    /// Towards the end where entries come in.
    newer: u32,
    older: u32,
    /// In the window the number of its arrival, in protected the clock plus its value.
    stamp: u32,
    queue: Queue,
    /// Hits before the last look.
    frequency: u8,
}

impl<T: Resident> SegmentedLru<T> {
    /// The policy of the segment with this number in the order.
    #[must_use]
    pub fn new(algorithm: Algorithm, segment: usize) -> Self {
        Self {
            nodes: Arena::new(),
            lists: Lists::new(),
            ghosts: Ghosts::default(),
            algorithm,
            segment,
            holdings: Holdings::default(),
        }
    }

    /// Takes an entry in; `hash` finds its ghost. `None` when no slot is left.
    pub fn insert(&mut self, value: T, hash: u64, order: &Order) -> Option<Slot> {
        let slot = self.place(value)?;
        let queue = match self.algorithm {
            Algorithm::Lru => Queue::PROBATION,
            Algorithm::SegmentedLru => self.returning(slot, hash, order),
        };
        self.enter(slot, queue, order);
        Some(Slot(slot))
    }

    /// A use that [`Algorithm::Lru`] sees: the entry becomes the newest.
    pub fn renew(&mut self, Slot(slot): Slot, order: &Order) {
        if let Some(queue) = self.unlink(slot) {
            if let Some(node) = self.nodes.get_mut(slot) {
                node.stamp = order.arrive();
            }
            self.link(slot, queue);
            self.publish(order);
        }
    }

    /// Puts `value` in the place of another, whose rank it takes. Gives back the other.
    pub fn replace(&mut self, Slot(slot): Slot, value: T, order: &Order) -> Option<T> {
        let node = self.nodes.get_mut(slot)?;
        value.set_recent(node.value.recent());
        let weight = value.weight();
        let value = std::mem::replace(&mut node.value, value);
        let before = value.weight();
        let part = node.queue.part();
        self.holdings.leave(part, before);
        self.holdings.enter(part, weight);
        self.publish(order);
        Some(value)
    }

    /// Takes an entry out.
    pub fn remove(&mut self, slot: Slot, order: &Order) -> Option<T> {
        let value = self.take(slot);
        self.publish(order);
        value
    }

    /// Gives up the next entry of a part, or keeps it if it was used. `hash` is that of
    /// [`SegmentedLru::insert`].
    pub fn evict(
        &mut self,
        part: Part,
        grace: Grace,
        order: &Order,
        hash: impl Fn(&T) -> u64,
    ) -> Outcome<T> {
        let outcome = self.evict_unpublished(part, grace, order, hash);
        self.publish(order);
        outcome
    }

    /// The slot of the entry that a part gives up next.
    #[must_use]
    pub fn next(&self, part: Part) -> Option<Slot> {
        self.lists.next(part).map(Slot)
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

    /// Entries in all parts.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.holdings.entries
    }

    /// Bytes in the window.
    #[must_use]
    pub const fn probation_bytes(&self) -> u64 {
        self.holdings.window()
    }

    /// Bytes in protected.
    #[must_use]
    pub const fn protected_bytes(&self) -> u64 {
        self.holdings.protected
    }

    fn place(&mut self, value: T) -> Option<u32> {
        self.nodes.insert(Node {
            value,
            newer: NONE,
            older: NONE,
            stamp: 0,
            queue: Queue::CORRELATION,
            frequency: 0,
        })
    }

    fn enter(&mut self, slot: u32, queue: Queue, order: &Order) {
        if queue.part() != Part::Protected
            && let Some(node) = self.nodes.get_mut(slot)
        {
            node.stamp = order.arrive();
        }
        self.holdings.entries += 1;
        self.link(slot, queue);
        self.settle_correlation(order);
        self.publish(order);
    }

    /// Where a new entry belongs: protected, with what is known of it, when it left too soon.
    fn returning(&mut self, slot: u32, hash: u64, order: &Order) -> Queue {
        let Some(found) = self.ghosts.take(hash, order.ghost_time()) else {
            return Queue::CORRELATION;
        };
        if order.found(&found) {
            self.rate(slot, found.frequency, order)
        } else {
            Queue::CORRELATION
        }
    }

    /// Moves what has been in the correlation queue long enough on to probation.
    fn settle_correlation(&mut self, order: &Order) {
        while let Some(slot) = self.lists.oldest(Queue::CORRELATION)
            && let Some(stamp) = self.lists.stamp(Queue::CORRELATION)
            && order.is_settled(stamp)
        {
            self.unlink(slot);
            let Some(node) = self.nodes.get_mut(slot) else {
                return;
            };
            // What came in one burst is no sign of more to come, unless nothing has to leave yet.
            if order.is_pressed() {
                node.value.set_recent(0);
            }
            self.link(slot, Queue::PROBATION);
        }
    }

    fn evict_unpublished(
        &mut self,
        part: Part,
        grace: Grace,
        order: &Order,
        hash: impl Fn(&T) -> u64,
    ) -> Outcome<T> {
        let Some(slot) = self.lists.next(part) else {
            return Outcome::Empty;
        };
        let Some(node) = self.nodes.get(slot) else {
            return Outcome::Empty;
        };
        if part == Part::Protected {
            order.advance(node.stamp);
        }
        let hash = hash(&node.value);
        let frequency = node.frequency;
        if self.algorithm == Algorithm::SegmentedLru {
            if let Some(frequency) = self.deserved(part, grace, node, order) {
                self.unlink(slot);
                let queue = self.rate(slot, frequency, order);
                self.link(slot, queue);
                return Outcome::Kept;
            }
            let past = match part {
                Part::Correlation | Part::Probation => Past::Window,
                Part::Protected => Past::Protected,
            };
            let now = order.ghost_time();
            self.ghosts
                .put(hash, past, frequency, now, self.holdings.entries);
            order.remember(past);
        }
        self.take(Slot(slot)).map_or(Outcome::Empty, Outcome::Out)
    }

    /// The frequency with which an entry stays, if it does.
    fn deserved(&self, part: Part, grace: Grace, node: &Node<T>, order: &Order) -> Option<u8> {
        let hits = match grace {
            Grace::Granted => node.value.recent(),
            Grace::Ended => 0,
        };
        match part {
            Part::Protected => (hits > 0).then(|| node.frequency.saturating_add(hits)),
            // The first hit is what makes it worth keeping at all.
            Part::Correlation | Part::Probation => hits.checked_sub(1).or_else(|| {
                let optimize = order.optimized();
                let bonus = optimize.admission()?;
                let lowest = self.lists.lowest()?.power();
                let value = optimize.value(0, node.value.weight(), order.mean()) + bonus.log2();
                (grace == Grace::Granted && value > lowest).then_some(0)
            }),
        }
    }

    /// Gives an entry its value and says which queue that is.
    fn rate(&mut self, slot: u32, frequency: u8, order: &Order) -> Queue {
        let Some(node) = self.nodes.get_mut(slot) else {
            return Queue::CORRELATION;
        };
        node.frequency = frequency.min(FREQUENCY_MAX);
        node.value.set_recent(0);
        let class = order
            .optimized()
            .class(node.frequency, node.value.weight(), order.mean());
        node.stamp = order.clock().wrapping_add(class.value());
        Queue::of(class)
    }

    /// Takes an entry out; its segment has to publish.
    pub(crate) fn take(&mut self, Slot(slot): Slot) -> Option<T> {
        self.unlink(slot)?;
        let node = self.nodes.remove(slot)?;
        self.holdings.entries = self.holdings.entries.saturating_sub(1);
        Some(node.value)
    }

    pub(crate) fn publish(&self, order: &Order) {
        let tails = Tails {
            correlation: self.lists.stamp(Queue::CORRELATION),
            probation: self.lists.stamp(Queue::PROBATION),
            protected: self.lists.lowest_stamp(),
        };
        order.publish(self.segment, tails, self.holdings);
    }

    fn link(&mut self, slot: u32, queue: Queue) {
        let older = self.lists.newest(queue);
        let Some(node) = self.nodes.get_mut(slot) else {
            return;
        };
        (node.queue, node.newer, node.older) = (queue, NONE, older);
        let (weight, stamp) = (node.value.weight(), node.stamp);
        if let Some(below) = self.nodes.get_mut(older) {
            below.newer = slot;
        }
        self.lists.push(queue, slot, stamp);
        self.holdings.enter(queue.part(), weight);
    }

    fn unlink(&mut self, slot: u32) -> Option<Queue> {
        let node = self.nodes.get(slot)?;
        let (newer, older, queue, weight) =
            (node.newer, node.older, node.queue, node.value.weight());
        let mut stamp = 0;
        if let Some(above) = self.nodes.get_mut(newer) {
            above.older = older;
            stamp = above.stamp;
        }
        if let Some(below) = self.nodes.get_mut(older) {
            below.newer = newer;
        }
        self.lists.cut(queue, slot, (newer, stamp), older);
        self.holdings.leave(queue.part(), weight);
        Some(queue)
    }
}

#[cfg(test)]
mod tests;
