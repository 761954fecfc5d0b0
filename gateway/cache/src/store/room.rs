//! How bytes are made free: by one count and one order for the whole store.
//!
//! Whose turn it is to give something up is `order`, what it gives up is `segmented_lru`. One segment
//! is locked at a time, and what left is dropped after the lock is released.

use smallvec::SmallVec;

use super::Shared;
use crate::{
    CacheEntry, Grace, KeyHash, Outcome, Turn,
    segment::{Inside, Segment},
    sync::RwLockWriteGuard,
};

/// Entries looked at under one hold of a lock: some tens of microseconds.
const HOLD_STEP: usize = 64;

/// Entries that may stay, one after the other, because they were used. Then the next leaves all the
/// same: whoever waits for room waits for a bounded time.
const KEPT_MAX: usize = 32;

/// Turns at which nothing was there, because another took it first: then the caller gives up. The
/// next fill goes on.
const EMPTY_MAX: usize = 64;

/// A fill pays for itself and for this much more, so that a store that was made smaller reaches
/// its new size though no single request waits for all of it.
const ARREARS_FACTOR: u64 = 4;
const ARREARS_BYTES: u64 = 64 << 10;

/// Entries that left, which most often is one.
pub(crate) type Evicted = SmallVec<[CacheEntry; 4]>;

/// What was evicted.
#[derive(Clone, Copy, Default)]
pub(crate) struct Freed {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// How much to evict at most, and what was.
struct Work {
    bytes: u64,
    entries: u64,
    /// The segment that is preferred.
    own: Option<usize>,
    freed: Freed,
    /// Entries that stayed since the last that left.
    kept: usize,
    /// Turns for nothing.
    empty: usize,
}

impl Shared {
    /// Makes room for bytes that have been charged already.
    pub(crate) fn make_room(&self, hash: KeyHash, incoming: u64) {
        if self.ledger.excess() == 0 {
            return;
        }
        let own = Some(self.number(hash));
        self.evict(Work::new(arrears(incoming), u64::MAX, own));
    }

    /// The same for a segment that is locked already, as long as it is its own turn; `left` is to be
    /// dropped when the lock is released. Says whether there is room.
    pub(crate) fn make_room_at_home(
        &self,
        inside: &mut Inside,
        own: usize,
        incoming: u64,
        left: &mut Evicted,
    ) -> bool {
        if self.ledger.excess() == 0 {
            return true;
        }
        let mut work = Work::new(arrears(incoming), u64::MAX, Some(own));
        let turn = self.order.turn(Some(own));
        let Some((turn, segment)) = turn.zip(self.segments.get(own)) else {
            return false;
        };
        self.evict_from(segment, inside, turn, own, &mut work, left);
        !self.wanted(&work)
    }

    /// Evicts what is over the limit, at most so many entries.
    pub(crate) fn shrink(&self, entries: u64) -> Freed {
        self.evict(Work::new(u64::MAX, entries, None))
    }

    fn evict(&self, mut work: Work) -> Freed {
        while self.wanted(&work) && work.empty < EMPTY_MAX {
            let Some(turn) = self.order.turn(work.own) else {
                break;
            };
            let Some((turn, segment, inside)) = self.take_turn(turn, &work) else {
                break;
            };
            self.hold(segment, inside, turn, &mut work);
        }
        work.freed
    }

    /// Locks the segment whose turn it is. When another holds it, the own one takes its place: the
    /// order matters less than not to wait.
    fn take_turn(
        &self,
        turn: Turn,
        work: &Work,
    ) -> Option<(Turn, &Segment, RwLockWriteGuard<'_, Inside>)> {
        let segment = self.segments.get(turn.segment)?;
        if let Some(inside) = segment.try_lock() {
            return Some((turn, segment, inside));
        }
        let own = work.own.and_then(|own| self.order.turn_of(own));
        let turn = own.unwrap_or(turn);
        let segment = self.segments.get(turn.segment)?;
        Some((turn, segment, segment.lock()))
    }

    /// Evicts from one segment as long as it is its turn.
    fn hold(
        &self,
        segment: &Segment,
        mut inside: RwLockWriteGuard<'_, Inside>,
        turn: Turn,
        work: &mut Work,
    ) {
        let mut left = Evicted::new();
        self.evict_from(segment, &mut inside, turn, turn.segment, work, &mut left);
        drop(inside);
    }

    fn evict_from(
        &self,
        segment: &Segment,
        inside: &mut Inside,
        turn: Turn,
        here: usize,
        work: &mut Work,
        left: &mut Evicted,
    ) {
        let before = left.len();
        let mut told = Some(turn);
        for _ in 0..HOLD_STEP {
            // Another may have made the room while this one waited for the lock.
            if !self.wanted(work) {
                break;
            }
            let next = told.take().or_else(|| self.order.turn(work.own));
            let Some(now) = next.filter(|next| next.segment == here) else {
                break;
            };
            match inside.evict(now.part, work.grace(), &self.order) {
                Outcome::Empty => {
                    work.empty += 1;
                    break;
                }
                Outcome::Kept => work.kept += 1,
                Outcome::Out(entry) => {
                    // Under the lock, so that two who make room do not both count it as missing.
                    self.ledger.remove_entry(entry.weight());
                    work.count(&entry);
                    left.push(entry);
                }
            }
        }
        let evicted = (left.len() - before) as u64;
        segment.counters.evicted(evicted);
        if work.own.is_some_and(|own| own != here) {
            segment.counters.evicted_abroad(evicted);
        }
    }

    fn wanted(&self, work: &Work) -> bool {
        self.ledger.excess() > 0
            && work.freed.bytes < work.bytes
            && work.freed.entries < work.entries
    }
}

impl Work {
    const fn new(bytes: u64, entries: u64, own: Option<usize>) -> Self {
        Self {
            bytes,
            entries,
            own,
            freed: Freed {
                entries: 0,
                bytes: 0,
            },
            kept: 0,
            empty: 0,
        }
    }

    const fn grace(&self) -> Grace {
        if self.kept < KEPT_MAX {
            Grace::Granted
        } else {
            Grace::Ended
        }
    }

    fn count(&mut self, entry: &CacheEntry) {
        self.kept = 0;
        self.freed.entries += 1;
        self.freed.bytes = self.freed.bytes.saturating_add(entry.weight());
    }
}

/// What a fill frees at most.
const fn arrears(incoming: u64) -> u64 {
    let bytes = incoming.saturating_mul(ARREARS_FACTOR);
    bytes.saturating_add(ARREARS_BYTES)
}

#[cfg(test)]
mod tests;
