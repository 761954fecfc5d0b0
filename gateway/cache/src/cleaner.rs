//! The cleaner: takes out what is of no use, a few entries at a time.
//!
//! What has ended is found by `timers`; what an invalidation met, by a pass over all entries after
//! it. Reads never depend on it: they test both themselves. It gives bytes back, and its whole passes
//! let `generations` forget. Eviction for space is `store/room`.

use crate::{
    CacheEntry, Epoch, Moment, Slot, Store, generations::Verdict, segment::Cause, store::Shared,
    timers::Progress,
};

/// How much one call may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Entries looked at or taken out under one hold of a lock.
    pub entries: usize,
    /// Such steps in one call, for what has ended and for the pass each; more when there are more
    /// segments.
    pub holds: usize,
}

impl Default for Budget {
    /// 16 entries that the processor's cache has none of take fifteen microseconds, freeing included,
    /// and one time in a thousand fifty; 1024 steps go over 16 thousand entries.
    fn default() -> Self {
        Self {
            entries: 16,
            holds: 1024,
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

/// What is to be done, and where it stopped.
pub struct IncrementalCleaner {
    /// The segment whose timers come next.
    timed: usize,
    pass: Pass,
    /// A whole pass began at this epoch.
    passed: Epoch,
}

/// A pass over all entries.
#[derive(Clone, Copy)]
struct Pass {
    segment: usize,
    slot: Slot,
    /// The store's epoch when it began; set by the first step.
    began: Epoch,
}

impl IncrementalCleaner {
    /// At the start of its first pass.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            timed: 0,
            pass: Pass::unbegun(),
            passed: Epoch::ZERO,
        }
    }

    /// Goes on; a call ends with its pass at the latest.
    pub fn clean(&mut self, store: &Store, now: Moment, budget: Budget) -> Maintained {
        let shared = &store.shared;
        let mut done = Maintained::default();
        self.expire(shared, now, budget, &mut done);
        if self.passed < store.epoch() {
            if self.pass.slot == Slot::FIRST && self.pass.segment == 0 {
                self.pass.began = store.epoch();
            }
            for _ in 0..budget.holds {
                if self.pass.step(shared, now, budget.entries, &mut done) == Progress::Arrived {
                    self.passed = self.pass.began;
                    self.pass = Pass::unbegun();
                    break;
                }
            }
        }
        shared.generations.swept(self.passed, now);
        let freed = shared.shrink((budget.entries as u64).saturating_mul(budget.holds as u64));
        done.evicted += freed.entries;
        done.bytes = done.bytes.saturating_add(freed.bytes);
        done
    }

    /// Takes out what has ended, segment by segment; one that is not done comes first next time.
    fn expire(&mut self, shared: &Shared, now: Moment, budget: Budget, done: &mut Maintained) {
        let mut holds = budget.holds.max(shared.segments.len());
        let mut ended: Vec<CacheEntry> = Vec::with_capacity(budget.entries.max(1));
        for _ in 0..shared.segments.len() {
            let Some(segment) = shared.segments.get(self.timed) else {
                self.timed = 0;
                continue;
            };
            let mut progress = Progress::Underway;
            while progress == Progress::Underway {
                if holds == 0 {
                    return;
                }
                holds -= 1;
                progress = segment.lock().expire(now, &shared.order, &mut ended);
                for entry in ended.drain(..) {
                    shared.gone(segment, &entry, Cause::Expired);
                    done.count(Cause::Expired, entry.weight());
                }
            }
            self.timed = (self.timed + 1) % shared.segments.len();
        }
    }
}

impl Pass {
    const fn unbegun() -> Self {
        Self {
            segment: 0,
            slot: Slot::FIRST,
            began: Epoch::ZERO,
        }
    }

    /// Looks at so many entries, and says whether they were the last.
    fn step(
        &mut self,
        shared: &Shared,
        now: Moment,
        entries: usize,
        done: &mut Maintained,
    ) -> Progress {
        let Some(segment) = shared.segments.get(self.segment) else {
            return Progress::Arrived;
        };
        let epoch = shared.generations.epoch();
        let mut suspects: Vec<CacheEntry> = Vec::new();
        let next = segment.share().lru.scan(self.slot, entries, |entry| {
            if now >= entry.useful_until() || entry.tested().up_to() < epoch {
                suspects.push(entry.clone());
            }
        });
        // Tested without the lock, as patterns may be slow.
        for entry in suspects {
            let cause = if now >= entry.useful_until() {
                Cause::Expired
            } else {
                match shared.stands(&entry) {
                    Verdict::Untouched | Verdict::Softened => continue,
                    Verdict::Gone | Verdict::TooOld => Cause::Invalidated,
                }
            };
            if shared.discard(segment, &entry, cause) {
                done.count(cause, entry.weight());
            }
        }
        (self.segment, self.slot) = match next {
            Some(slot) => (self.segment, slot),
            None => (self.segment + 1, Slot::FIRST),
        };
        if self.segment < shared.segments.len() {
            Progress::Underway
        } else {
            Progress::Arrived
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
