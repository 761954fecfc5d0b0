//! How bytes are made free: by one count for the whole store, at the cost of all segments.
//!
//! Which entry of a segment leaves is `segmented_lru`. One segment is locked at a time, and what
//! left is dropped after the lock is released.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use parking_lot::MutexGuard;

use super::Shared;
use crate::{
    CacheEntry, KeyHash,
    segment::{Cause, Inside, Segment},
};

/// Entries evicted under one hold of the own segment's lock: some tens of microseconds.
const OWN_STEP: usize = 64;

/// Entries evicted from another segment before it is the next one's turn: few, so that all pay.
const TURN_STEP: usize = 8;

/// A fill pays for itself and for this much more, so that a store that was made smaller reaches
/// its new size though no single request waits for all of it.
const ARREARS_FACTOR: u64 = 4;
const ARREARS_BYTES: u64 = 64 << 10;

/// What was evicted.
#[derive(Clone, Copy, Default)]
pub(crate) struct Freed {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// How much to evict at most.
#[derive(Clone, Copy)]
struct Goal {
    bytes: u64,
    entries: u64,
}

/// What one segment gives under one lock.
#[derive(Clone, Copy)]
struct Step {
    entries: usize,
    /// Bytes that it keeps.
    leave: u64,
}

/// What to do when a segment is locked by another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Busy {
    PassOver,
    Wait,
}

impl Shared {
    /// Makes room for bytes that have been charged already.
    pub(crate) fn make_room(&self, hash: KeyHash, incoming: u64) {
        if self.ledger.excess() == 0 {
            return;
        }
        let bytes = incoming
            .saturating_mul(ARREARS_FACTOR)
            .saturating_add(ARREARS_BYTES);
        let goal = Goal {
            bytes,
            entries: u64::MAX,
        };
        let mut freed = Freed::default();
        // A segment that gave half of its share to one large object keeps the rest: the others
        // pay too.
        let own = self.segment(hash);
        let step = Step {
            entries: OWN_STEP,
            leave: self.share() / 2,
        };
        while self.wanted(goal, freed) && self.evict_step(own, own.lock(), step, &mut freed) {}
        self.evict_in_turn(goal, &mut freed);
    }

    /// Evicts what is over the limit, at most so many entries.
    pub(crate) fn shrink(&self, entries: u64) -> Freed {
        let mut freed = Freed::default();
        self.evict_in_turn(
            Goal {
                bytes: u64::MAX,
                entries,
            },
            &mut freed,
        );
        freed
    }

    fn evict_in_turn(&self, goal: Goal, freed: &mut Freed) {
        let step = Step {
            entries: TURN_STEP,
            leave: 0,
        };
        for busy in [Busy::PassOver, Busy::Wait] {
            let mut found = true;
            while found && self.wanted(goal, *freed) {
                found = false;
                for _ in 0..self.segments.len() {
                    if !self.wanted(goal, *freed) {
                        return;
                    }
                    let turn = self.next_victim.fetch_add(1, Relaxed) % self.segments.len();
                    let Some(segment) = self.segments.get(turn) else {
                        continue;
                    };
                    let inside = match busy {
                        Busy::PassOver => segment.try_lock(),
                        Busy::Wait => Some(segment.lock()),
                    };
                    let Some(inside) = inside else { continue };
                    found |= self.evict_step(segment, inside, step, freed);
                }
            }
        }
    }

    fn wanted(&self, goal: Goal, freed: Freed) -> bool {
        self.ledger.excess() > 0 && freed.bytes < goal.bytes && freed.entries < goal.entries
    }

    /// Evicts a few entries, but leaves some bytes. Says whether there was one.
    fn evict_step(
        &self,
        segment: &Segment,
        mut inside: MutexGuard<'_, Inside>,
        step: Step,
        freed: &mut Freed,
    ) -> bool {
        let mut evicted: Vec<Arc<CacheEntry>> = Vec::new();
        while evicted.len() < step.entries
            && inside.bytes() > step.leave
            && self.ledger.excess() > 0
        {
            let Some(entry) = inside.evict() else { break };
            // Under the lock, so that two who make room do not both count it as missing.
            self.ledger.remove_entry(entry.weight());
            freed.entries += 1;
            freed.bytes = freed.bytes.saturating_add(entry.weight());
            evicted.push(entry);
        }
        drop(inside);
        segment.counters.left(Cause::Space, evicted.len() as u64);
        evicted
            .iter()
            .for_each(|entry| self.live.subtract(entry.scopes()));
        !evicted.is_empty()
    }
}
