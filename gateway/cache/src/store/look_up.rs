//! How a response is found, and whether it may still be trusted.
//!
//! Invalidations and expiry are tested here, on read; freshness is the owner's. How a response
//! gets in is `commit`.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::{Found, Hit, Shared, Usability, Why};
use crate::{
    Algorithm, CacheEntry, EntryId, Epoch, Key, KeyHash, Moment, Reader,
    generations::{Subject, Verdict},
    in_flight::InFlight,
    provenance::{Provenance, Tested},
    segment::{Cause, Segment, Touch},
    sets::Sets,
    sync::planted,
};

/// What a provenance belongs to: only fills are held to the floor, entries were tested before it
/// rose.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Filling,
    Stored,
}

/// What an invalidation may have met.
pub(super) struct Suspect<'a> {
    key: KeyHash,
    meta: &'a [u8],
    sets: Sets<'a>,
    tested: &'a Tested,
}

impl<'a> Suspect<'a> {
    pub(super) fn of(entry: &'a CacheEntry) -> Self {
        Self {
            key: entry.hash(),
            meta: entry.meta(),
            sets: entry.sets(),
            tested: entry.tested(),
        }
    }

    pub(super) fn in_flight(flight: &'a InFlight) -> Self {
        Self::new(flight.key.hash, &flight.meta, &flight.provenance)
    }

    pub(super) const fn new(key: KeyHash, meta: &'a [u8], provenance: &'a Provenance) -> Self {
        Self {
            key,
            meta,
            sets: provenance.scopes.sets(),
            tested: &provenance.tested,
        }
    }
}

impl Shared {
    pub(super) fn get(&self, key: &Key, now: Moment) -> Option<Found> {
        let segment = self.segment(key.hash);
        let found = self.look_up(segment, key, now, Touch::Use);
        let counters = &segment.counters;
        let counter = if found.is_some() {
            &counters.hits
        } else {
            &counters.misses
        };
        counter.fetch_add(1, Relaxed);
        found
    }

    pub(super) fn peek(&self, key: &Key, now: Moment) -> Option<Found> {
        self.look_up(self.segment(key.hash), key, now, Touch::Peek)
    }

    pub(super) fn remove(&self, key: &Key, id: Option<EntryId>) -> bool {
        let segment = self.segment(key.hash);
        let meant = |found: EntryId| id.is_none_or(|id| id == found);
        let (entry, flight) = {
            let mut inside = segment.lock();
            let flight = inside.find_fill(key).filter(|flight| meant(flight.id));
            if let Some(flight) = &flight {
                flight.revoke(); // Under the lock, which its commit takes too.
                inside.unlink_fill(flight);
            }
            let entry = inside
                .find(key, Touch::Peek)
                .filter(|entry| meant(entry.id()));
            (
                entry.and_then(|entry| inside.unlink(key.hash, entry.id(), &self.order)),
                flight,
            )
        };
        if let Some(entry) = &entry {
            self.gone(segment, entry, Cause::Invalidated);
        }
        entry.is_some() || flight.is_some()
    }

    /// Takes an entry out, if it is still there.
    pub(crate) fn discard(&self, segment: &Segment, entry: &CacheEntry, cause: Cause) -> bool {
        let unlinked = {
            let mut inside = segment.lock();
            inside.unlink(entry.hash(), entry.id(), &self.order)
        };
        planted!(SettlesTwice => if unlinked.is_none() {
            self.ledger.remove_entry(entry.weight());
        });
        if let Some(entry) = &unlinked {
            self.gone(segment, entry, cause);
        }
        unlinked.is_some()
    }

    /// Whether the invalidations so far leave an entry in place.
    pub(crate) fn stands(&self, entry: &CacheEntry) -> Verdict {
        self.trust(&Suspect::of(entry), Stage::Stored)
    }

    /// Tests what was not tested yet, and remembers the result. Without a new invalidation it
    /// is one comparison.
    pub(super) fn trust(&self, suspect: &Suspect<'_>, stage: Stage) -> Verdict {
        let since = suspect.tested.up_to();
        if since < self.generations.epoch() {
            let subject = Subject {
                key: suspect.key,
                sets: suspect.sets,
                uri: (self.uri_of)(suspect.meta),
                since,
            };
            let (verdict, up_to): (Verdict, Epoch) = match stage {
                Stage::Filling => self.generations.judge_fill(&subject),
                Stage::Stored => self.generations.judge(&subject),
            };
            match verdict {
                Verdict::Untouched => {}
                Verdict::Softened => suspect.tested.soften(),
                Verdict::Gone | Verdict::TooOld => return verdict,
            }
            suspect.tested.passed(up_to);
        }
        if suspect.tested.softened() {
            Verdict::Softened
        } else {
            Verdict::Untouched
        }
    }

    fn look_up(&self, segment: &Segment, key: &Key, now: Moment, touch: Touch) -> Option<Found> {
        let (flight, mut entry) = {
            let inside = segment.share();
            match inside.find_fill(key) {
                Some(flight) => (Some(flight), None),
                None => (None, inside.find(key, touch)),
            }
        };
        planted!(FindsInTwoHolds => {
            let slot = segment.share().stored(key).map(|entry| crate::Slot::of(entry.slot()));
            entry = slot.and_then(|slot| segment.share().lru.get(slot).cloned());
        });
        if let Some(flight) = flight {
            if let Some(reader) = self.follow(&flight, now) {
                return Some(Found::Filling(reader));
            }
            entry = segment.share().find(key, touch);
        }
        let hit = self.hit(segment, entry?, now, touch)?;
        if touch == Touch::Use && self.algorithm == Algorithm::Lru {
            segment.lock().renew(key, &self.order);
        }
        Some(Found::Complete(hit))
    }

    fn follow(&self, flight: &Arc<InFlight>, now: Moment) -> Option<Reader> {
        match self.trust(&Suspect::in_flight(flight), Stage::Filling) {
            Verdict::Untouched => {}
            // It may be stored and validated later; a follower has no chance to validate.
            Verdict::Softened => return None,
            Verdict::Gone | Verdict::TooOld => {
                self.unlink_fill(flight);
                return None;
            }
        }
        if now >= flight.useful_until || !self.fence.usable(flight.requested, now) {
            return None;
        }
        Reader::follow(flight)
    }

    fn hit(&self, segment: &Segment, entry: CacheEntry, now: Moment, touch: Touch) -> Option<Hit> {
        let cause = if now >= entry.useful_until() {
            Some(Cause::Expired)
        } else {
            match self.stands(&entry) {
                Verdict::Untouched | Verdict::Softened => None,
                Verdict::Gone | Verdict::TooOld => Some(Cause::Invalidated),
            }
        };
        if let Some(cause) = cause {
            if touch == Touch::Use {
                self.discard(segment, &entry, cause);
            }
            return None;
        }
        if touch == Touch::Use {
            entry.count_hit();
        }
        let usability = if entry.tested().softened() {
            Usability::MustValidate(Why::SoftPurge)
        } else if !self.fence.usable(entry.requested(), now) {
            Usability::MustValidate(Why::Fenced)
        } else {
            Usability::Usable
        };
        Some(Hit { entry, usability })
    }

    /// Settles the accounts of an entry that was taken out.
    pub(crate) fn gone(&self, segment: &Segment, entry: &CacheEntry, cause: Cause) {
        segment.counters.left(cause, 1);
        self.ledger.remove_entry(entry.weight());
    }
}
