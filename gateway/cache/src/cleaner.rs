//! The cleaner: passes over all entries, a few at a time, and takes out what is of no use.
//!
//! Reads never depend on it: they test expiry and invalidations themselves. It gives bytes back,
//! and its whole passes let `generations` forget. Eviction for space is `store/room`.

use std::sync::Arc;

use crate::{
    CacheEntry, Epoch, Moment, Slot, Store,
    generations::Verdict,
    segment::{Cause, Segment},
};

/// How much one call may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Entries looked at or taken out under one hold of a lock.
    pub entries: usize,
    /// Such steps in one call.
    pub holds: usize,
}

impl Default for Budget {
    /// 256 entries take some tens of microseconds; 64 steps go over 16 thousand entries.
    fn default() -> Self {
        Self {
            entries: 256,
            holds: 64,
        }
    }
}

/// What one call did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Entries that were of no use any more.
    pub expired: u64,
    /// Entries that an invalidation had met.
    pub invalidated: u64,
    /// Entries that left because the store was over its limit.
    pub evicted: u64,
    /// The bytes of them all.
    pub bytes: u64,
}

/// A pass over the entries that remembers where it stopped.
pub struct IncrementalCleaner {
    segment: usize,
    slot: Slot,
    /// The store's epoch when this pass began.
    began: Epoch,
}

impl IncrementalCleaner {
    /// At the start of its first pass.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            segment: 0,
            slot: Slot::FIRST,
            began: Epoch::ZERO,
        }
    }

    /// Goes on with the pass; a call ends with its pass at the latest.
    pub fn clean(&mut self, store: &Store, now: Moment, budget: Budget) -> Maintained {
        let mut done = Maintained::default();
        for _ in 0..budget.holds {
            let Some(segment) = store.shared.segments.get(self.segment) else {
                break;
            };
            self.step(store, segment, now, budget.entries, &mut done);
            if self.segment >= store.shared.segments.len() {
                store.shared.generations.swept(self.began, now);
                *self = Self {
                    segment: 0,
                    slot: Slot::FIRST,
                    began: store.epoch(),
                };
                break;
            }
        }
        let freed = store
            .shared
            .shrink((budget.entries as u64).saturating_mul(budget.holds as u64));
        done.evicted += freed.entries;
        done.bytes = done.bytes.saturating_add(freed.bytes);
        done
    }

    fn step(
        &mut self,
        store: &Store,
        segment: &Segment,
        now: Moment,
        entries: usize,
        done: &mut Maintained,
    ) {
        let epoch = store.epoch();
        let mut suspects: Vec<Arc<CacheEntry>> = Vec::new();
        let next = segment.share().lru.scan(self.slot, entries, |entry| {
            if now >= entry.useful_until() || entry.provenance().tested() < epoch {
                suspects.push(Arc::clone(entry));
            }
        });
        // Tested without the lock, as patterns may be slow.
        for entry in suspects {
            let cause = if now >= entry.useful_until() {
                Cause::Expired
            } else {
                match store.shared.stands(&entry) {
                    Verdict::Untouched | Verdict::Softened => continue,
                    Verdict::Gone | Verdict::TooOld => Cause::Invalidated,
                }
            };
            if store.shared.discard(segment, &entry, cause) {
                done.count(cause, entry.weight());
            }
        }
        match next {
            Some(slot) => self.slot = slot,
            None => (self.segment, self.slot) = (self.segment + 1, Slot::FIRST),
        }
    }
}

impl Default for IncrementalCleaner {
    fn default() -> Self {
        Self::new()
    }
}

impl Maintained {
    const fn count(&mut self, cause: Cause, weight: u64) {
        match cause {
            Cause::Space => self.evicted += 1,
            Cause::Expired => self.expired += 1,
            Cause::Invalidated => self.invalidated += 1,
        }
        self.bytes = self.bytes.saturating_add(weight);
    }
}
