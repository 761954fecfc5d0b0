//! How a response gets into the store: the begin, the end and the freshening of an entry.
//!
//! The order of steps here is half of the proof in `generations`: test, count and link under one
//! lock.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use bytes::Bytes;

use super::{
    Shared,
    look_up::{Stage, Suspect},
    room::Evicted,
};
use crate::{
    Body, CacheEntry, EntryId, FillSpec, Freshened, Key, KeyHash, Refusal, Stored,
    entry::EntryParts,
    generations::Verdict,
    in_flight::InFlight,
    provenance::{Provenance, Tested},
    segment::{Full, Inside, Touch},
    sync::planted,
    warmth::Warmth,
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
        let verdict = self.trust(&Suspect::in_flight(&flight), Stage::Filling);
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
        let suspect = Suspect::new(spec.key.hash, &spec.meta, &provenance);
        let verdict = self.trust(&suspect, Stage::Filling);
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
        let entry = CacheEntry::new(EntryParts {
            id: flight.id,
            hash: flight.key.hash,
            key: &flight.key.bytes,
            meta: &flight.meta,
            body,
            trailers: trailers.as_deref(),
            stamp: flight.stamp,
            requested: flight.requested,
            useful_until: flight.useful_until,
            scopes: &flight.provenance.scopes,
            tested: flight.provenance.tested.carry(),
            warmth: Warmth::default(),
        })?;
        let weight = entry.weight();
        if weight > self.ledger.fills_max() {
            return Err(Refusal::TooLarge);
        }
        self.link(
            &entry,
            || flight.hand_over_charge(),
            |inside| {
                if flight.revoked.load(Relaxed) {
                    return Err(Refusal::Invalidated);
                }
                supersedes(&entry, inside.stored(&flight.key))?;
                // Under the same hold: look-ups find the one or the other. The caller has a reference,
                // so nothing is freed here.
                inside.unlink_fill(flight);
                Ok(())
            },
        )?;
        self.count_insert(flight.key.hash);
        Ok(Stored { weight })
    }

    /// A fill whose body is there from the beginning: what nobody has to wait for.
    pub(super) fn put(
        &self,
        mut spec: FillSpec,
        body: Bytes,
        trailers: Option<&[u8]>,
    ) -> Result<Stored, Refusal> {
        if body.len() as u64 > spec.max_body {
            return Err(Refusal::TooLarge);
        }
        spec.epoch = spec.epoch.min(self.generations.epoch());
        let entry = CacheEntry::new(EntryParts {
            id: self.next_id(),
            hash: spec.key.hash,
            key: &spec.key.bytes,
            meta: &spec.meta,
            body: Body::of_one(body),
            trailers,
            stamp: spec.stamp,
            requested: spec.requested,
            useful_until: spec.useful_until,
            scopes: &spec.scopes,
            tested: Tested::since(spec.epoch),
            warmth: Warmth::default(),
        })?;
        let weight = entry.weight();
        if weight > self.ledger.fills_max() {
            return Err(Refusal::TooLarge);
        }
        let mut hidden = None;
        self.link(
            &entry,
            || (),
            |inside| {
                supersedes(&entry, inside.stored(&spec.key))?;
                hidden = inside.hide_fill(&spec.key);
                Ok(())
            },
        )?;
        drop(hidden); // Outside the lock.
        self.count_insert(entry.hash());
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
        let entry = stored.freshened(self.next_id(), &new)?;
        self.link(
            &entry,
            || (),
            |inside| {
                let now_stored = inside.stored(key);
                let unchanged = now_stored.is_some_and(|entry| entry.id() == current);
                // Its old sets are tested once more: the body must not outlive an invalidation that
                // the new metadata no longer shows.
                if unchanged && self.stands(&stored) != Verdict::Gone {
                    Ok(())
                } else {
                    Err(Refusal::NotCurrent)
                }
            },
        )
    }

    fn count_insert(&self, hash: KeyHash) {
        self.segment(hash).counters.inserts.fetch_add(1, Relaxed);
    }

    /// Tests, makes room, tests again and links. The first test is without the lock, as patterns may
    /// be slow; the one under the lock then finds little or nothing new.
    fn link(
        &self,
        entry: &CacheEntry,
        admitted: impl FnOnce(),
        permitted: impl FnOnce(&mut Inside) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        admit(self.trust_incoming(entry))?;
        admitted();
        let (weight, number) = (entry.weight(), self.number(entry.hash()));
        self.ledger.add_entry(weight);
        let segment = self.segment(entry.hash());
        // Dropped after the lock is released.
        let mut left = Evicted::new();
        let linked = {
            let mut inside = segment.lock();
            if !self.make_room_at_home(&mut inside, number, weight, &mut left) {
                drop(inside);
                self.make_room(entry.hash(), weight);
                inside = segment.lock();
            }
            planted!(ChargesAfterLink => self.ledger.remove_entry(weight));
            admit(self.trust_incoming(entry))
                .and_then(|()| permitted(&mut inside))
                .and_then(|()| {
                    planted!(LinksAfterTest => {
                        drop(inside);
                        inside = segment.lock();
                    });
                    let replaced = inside.link(entry.clone(), &self.order);
                    planted!(CountsAfterLink => {
                        inside.live.subtract(entry.sets());
                        drop(inside);
                        inside = segment.lock();
                        inside.live.add(entry.sets());
                    });
                    replaced.map_err(|Full| Refusal::NoSlot)
                })
        };
        planted!(ChargesAfterLink => self.ledger.add_entry(weight));
        match linked {
            Ok(replaced) => {
                replaced
                    .iter()
                    .for_each(|entry| self.ledger.remove_entry(entry.weight()));
                Ok(())
            }
            Err(refusal) => {
                self.ledger.remove_entry(weight);
                Err(refusal)
            }
        }
    }

    pub(super) fn trust_incoming(&self, entry: &CacheEntry) -> Verdict {
        self.trust(&Suspect::of(entry), Stage::Filling)
    }
}

/// A response to a later request stays.
fn supersedes(entry: &CacheEntry, stored: Option<&CacheEntry>) -> Result<(), Refusal> {
    if stored.is_some_and(|stored| stored.requested() > entry.requested()) {
        return Err(Refusal::Superseded);
    }
    Ok(())
}

/// A softened response is stored: it is validated before it is used.
pub(super) const fn admit(verdict: Verdict) -> Result<(), Refusal> {
    match verdict {
        Verdict::Untouched | Verdict::Softened => Ok(()),
        Verdict::Gone => Err(Refusal::Invalidated),
        Verdict::TooOld => Err(Refusal::TooOld),
    }
}
