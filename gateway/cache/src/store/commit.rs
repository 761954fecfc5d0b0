//! How a response gets into the store: the begin, the end and the freshening of an entry.
//!
//! The order of steps here is half of the proof in `generations`: count, test, link; test and link
//! under one lock.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use bytes::Bytes;

use super::{Shared, look_up::Stage};
use crate::{
    Body, CacheEntry, EntryId, FillSpec, Freshened, Key, Refusal, Stored,
    entry::EntryParts,
    generations::Verdict,
    in_flight::InFlight,
    provenance::Provenance,
    segment::{Full, Inside, Touch},
};

impl Shared {
    pub(super) fn begin(&self, mut spec: FillSpec) -> Result<Arc<InFlight>, Refusal> {
        let announced = spec.size_hint.unwrap_or(0);
        if announced > spec.max_body.min(self.ledger.fills_max()) {
            return Err(Refusal::TooLarge);
        }
        // An epoch from elsewhere could lie in the future and escape the next invalidations.
        spec.epoch = spec.epoch.min(self.generations.epoch());
        let flight = InFlight::begin(self.next_id(), spec, &self.ledger);
        let flight = Arc::new(flight.map_err(|_over_share| Refusal::TooLarge)?);
        let verdict = self.trust(
            flight.key.hash,
            &flight.meta,
            &flight.provenance,
            Stage::Filling,
        );
        admit(verdict).inspect_err(|_| flight.abort())?;
        let record = (flight.key.bytes.len() + flight.meta.len()) as u64;
        self.make_room(flight.key.hash, record);
        let replaced = self
            .segment(flight.key.hash)
            .lock()
            .link_fill(Arc::clone(&flight));
        drop(replaced); // Outside the lock.
        Ok(flight)
    }

    pub(super) fn admits(&self, spec: &FillSpec) -> bool {
        let provenance = Provenance::new(spec.scopes.clone(), spec.epoch);
        let verdict = self.trust(spec.key.hash, &spec.meta, &provenance, Stage::Filling);
        matches!(verdict, Verdict::Untouched)
    }

    /// Look-ups do not find this fill any more.
    pub(crate) fn unlink_fill(&self, flight: &Arc<InFlight>) {
        let unlinked = self.segment(flight.key.hash).lock().unlink_fill(flight);
        drop(unlinked); // Outside the lock.
    }

    pub(crate) fn commit(
        &self,
        flight: &Arc<InFlight>,
        body: Body,
        trailers: Option<Bytes>,
    ) -> Result<Stored, Refusal> {
        let entry = Arc::new(CacheEntry::new(EntryParts {
            id: flight.id,
            key: flight.key.clone(),
            meta: flight.meta.clone(),
            body,
            trailers,
            stamp: flight.stamp,
            requested: flight.requested,
            useful_until: flight.useful_until,
            provenance: flight.provenance.carry(),
        }));
        let weight = entry.weight();
        self.admit_counted(&entry, || {
            if weight > self.ledger.fills_max() {
                return Err(Refusal::TooLarge);
            }
            flight.hand_over_charge();
            self.put(&entry, |inside| {
                if flight.revoked.load(Relaxed) {
                    return Err(Refusal::Invalidated);
                }
                let stored = inside.stored(&flight.key);
                if stored.is_some_and(|stored| stored.requested() > entry.requested()) {
                    return Err(Refusal::Superseded);
                }
                // Under the same hold: look-ups find the one or the other. The caller has a reference,
                // so nothing is freed here.
                inside.unlink_fill(flight);
                Ok(())
            })
        })?;
        self.segment(flight.key.hash)
            .counters
            .inserts
            .fetch_add(1, Relaxed);
        Ok(Stored { weight })
    }

    pub(super) fn freshen(
        &self,
        key: &Key,
        current: EntryId,
        mut new: Freshened,
    ) -> Result<(), Refusal> {
        new.epoch = new.epoch.min(self.generations.epoch());
        let segment = self.segment(key.hash);
        let stored = segment
            .share()
            .find(key, Touch::Peek)
            .filter(|entry| entry.id() == current);
        let stored = stored.ok_or(Refusal::NotCurrent)?;
        match self.stands(&stored) {
            Verdict::Untouched | Verdict::Softened => {}
            Verdict::Gone | Verdict::TooOld => return Err(Refusal::NotCurrent),
        }
        let entry = Arc::new(stored.freshened(self.next_id(), new));
        self.admit_counted(&entry, || {
            self.put(&entry, |inside| {
                let now_stored = inside.stored(key);
                let unchanged = now_stored.is_some_and(|entry| entry.id() == current);
                // Its old sets are tested once more: the body must not outlive an invalidation that
                // the new metadata no longer shows.
                if unchanged && self.stands(&stored) != Verdict::Gone {
                    Ok(())
                } else {
                    Err(Refusal::NotCurrent)
                }
            })
        })
    }

    /// Counts an entry before its first test, and takes it back if it does not get in. The first
    /// test is without the lock, as patterns may be slow; the one under the lock then finds
    /// little or nothing new.
    pub(super) fn admit_counted(
        &self,
        entry: &CacheEntry,
        put: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.live.add(entry.scopes());
        admit(self.trust_incoming(entry))
            .and_then(|()| put())
            .inspect_err(|_| self.live.subtract(entry.scopes()))
    }

    /// Makes room, tests and links.
    fn put(
        &self,
        entry: &Arc<CacheEntry>,
        permitted: impl FnOnce(&mut Inside) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.ledger.add_entry(entry.weight());
        self.make_room(entry.hash(), entry.weight());
        let linked = {
            let mut inside = self.segment(entry.hash()).lock();
            admit(self.trust_incoming(entry))
                .and_then(|()| permitted(&mut inside))
                .and_then(|()| {
                    inside
                        .link(Arc::clone(entry), &self.order)
                        .map_err(|Full| Refusal::NoSlot)
                })
        };
        match linked {
            Ok(replaced) => {
                replaced.iter().for_each(|entry| self.settle(entry));
                Ok(())
            }
            Err(refusal) => {
                self.ledger.remove_entry(entry.weight());
                Err(refusal)
            }
        }
    }

    pub(super) fn trust_incoming(&self, entry: &CacheEntry) -> Verdict {
        self.trust(
            entry.hash(),
            entry.meta(),
            entry.provenance(),
            Stage::Filling,
        )
    }
}

/// A softened response is stored: it is validated before it is used.
pub(super) const fn admit(verdict: Verdict) -> Result<(), Refusal> {
    match verdict {
        Verdict::Untouched | Verdict::Softened => Ok(()),
        Verdict::Gone => Err(Refusal::Invalidated),
        Verdict::TooOld => Err(Refusal::TooOld),
    }
}
