//! One operation at a time on the store and on the model, and what must hold afterwards.
//!
//! Look-ups, invalidations, freshening, time and the cleaner are here; fills and their readers are
//! `fills`, the books are `accounts`.

use std::{collections::HashMap, time::Duration};

use shoal_cache::{
    Algorithm, Budget, CacheEntry, EntryId, Epoch, Found, Hit, Invalidation, Moment, Refusal,
    Stats, Store, StoreConfig, Strength, Target, Usability, Why,
};

use crate::{
    accounts::{audit, contents, meant, nothing_is_left_over},
    chance::Chance,
    fills::{Flight, OpenFill},
    operation::{Draft, Operation, SOURCE},
    origin::{freshened, same},
    readers::OpenReader,
    reference::{Applied, Fate, Reference},
    subject::{Fault, Subject},
    tally::Tally,
};

/// What a test says of a store that is not as it should be.
pub(crate) type Wrong = String;

const MAX_MEMORY: u64 = 1 << 20;
const BEGAN: Moment = Moment(10_000_000);
/// Operations between two audits.
const AUDITED_EVERY: u64 = 64;
/// As documented: how long an invalidation is remembered for fills, and how many without entries are.
const TOMBSTONE_TIME: Duration = Duration::from_secs(600);
const TOMBSTONES_MAX: usize = 4096;

pub(crate) struct World {
    pub(crate) subject: Subject,
    pub(crate) reference: Reference,
    pub(crate) now: Moment,
    pub(crate) max_memory: u64,
    pub(crate) fills: Vec<OpenFill>,
    pub(crate) readers: Vec<OpenReader>,
    pub(crate) flights: HashMap<EntryId, Flight>,
    pub(crate) source: Vec<u8>,
    pub(crate) tally: Tally,
    /// When each invalidation came: epochs and moments at which origin requests may have begun.
    pub(crate) asked: Vec<(Epoch, Moment)>,
    /// A store that has seen more invalidations than ours.
    pub(crate) elsewhere: Store,
    pub(crate) versions: u64,
    operations: u64,
    /// Entries that look-ups missed though nothing forbade them.
    forgotten: u64,
    pub(crate) floor: Epoch,
}

#[expect(clippy::fn_params_excessive_bools, reason = "an assertion")]
pub(crate) fn ensure(holds: bool, wrong: impl FnOnce() -> Wrong) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(wrong()) }
}

/// The page of an entry, from its key.
pub(crate) fn page_of(entry: &CacheEntry) -> u64 {
    let text = std::str::from_utf8(entry.key()).unwrap();
    text.trim_start_matches("key ").parse().unwrap()
}

impl World {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        let mut chance = Chance::new(1);
        let elsewhere = StoreConfig {
            algorithm: Algorithm::Lru,
            max_memory: 0,
            segments: 1,
            uri_of: |meta| meta,
            compressible: |_meta| true,
        };
        Self {
            subject: Subject::new(MAX_MEMORY, fault),
            reference: Reference::default(),
            now: BEGAN,
            max_memory: MAX_MEMORY,
            fills: Vec::new(),
            readers: Vec::new(),
            flights: HashMap::new(),
            source: (0..SOURCE / 8)
                .flat_map(|_| chance.next().to_le_bytes())
                .collect(),
            tally: Tally::default(),
            asked: vec![(Epoch::ZERO, BEGAN)],
            elsewhere: Store::new(elsewhere),
            versions: 0,
            operations: 0,
            forgotten: 0,
            floor: Epoch::ZERO,
        }
    }

    pub(crate) fn take(&mut self, operation: &Operation) -> Result<(), Wrong> {
        match operation {
            Operation::Get { page } => self.look_up(*page, Subject::get),
            Operation::Peek { page } => self.look_up(*page, Subject::peek),
            Operation::Put(draft) => self.put(draft),
            Operation::Begin(draft) => self.begin(draft),
            Operation::Write { fill, bytes } => self.write(*fill, *bytes),
            Operation::Finish { fill } => self.finish(*fill),
            Operation::Abandon { fill } => {
                self.abandon(*fill);
                Ok(())
            }
            Operation::Follow { fill, leading } => {
                self.follow(*fill, *leading);
                Ok(())
            }
            Operation::Read { reader } => self.read(*reader),
            Operation::Leave { reader } => {
                self.leave(*reader);
                Ok(())
            }
            Operation::Freshen { draft, what } => {
                let current = self.named(*what, draft.page).unwrap_or(EntryId(0));
                self.freshen(draft, current)
            }
            Operation::Remove { page, what } => {
                let named = self.named(*what, *page);
                self.remove(*page, named)
            }
            Operation::Invalidate { target, strength } => self.invalidate(target, *strength),
            Operation::Wait { millis } => {
                self.now = self.now.after(Duration::from_millis(*millis));
                Ok(())
            }
            Operation::Clean { entries, holds } => self.clean(*entries, *holds),
            Operation::CleanAll => self.clean_all(),
            Operation::Resize { max_memory } => {
                self.max_memory = *max_memory;
                self.subject.resize(*max_memory);
                self.clean(1 << 10, 1 << 10)
            }
            Operation::Bound { millis } => {
                self.reference.bound = *millis;
                let bound = millis.map(Duration::from_millis);
                self.subject.store.fence().set_bound(bound);
                Ok(())
            }
            Operation::Prove { behind } => {
                let proof = Moment(self.now.0 - behind);
                self.reference.proof = self.reference.proof.max(proof);
                self.subject.store.fence().prove(proof);
                Ok(())
            }
        }?;
        self.operations += 1;
        if self.operations.is_multiple_of(AUDITED_EVERY) {
            audit(&self.subject, &self.reference)?;
        }
        self.within_bounds()
    }

    /// Nothing is under way any more: nothing is charged but what is stored.
    pub(crate) fn end(&mut self) -> Result<(), Wrong> {
        self.readers.clear();
        while !self.fills.is_empty() {
            self.abandon(0);
        }
        self.clean_all()?;
        audit(&self.subject, &self.reference)?;
        let stats = self.subject.store.stats();
        self.tally.add("evicted", stats.total.evictions.space);
        self.tally.add("ban overflowed", stats.bans_overflowed);
        self.tally.add("floor", stats.floor.count());
        ensure((stats.fills, stats.fill_bytes) == (0, 0), || {
            format!("{} fills hold {} bytes", stats.fills, stats.fill_bytes)
        })
    }

    /// Memory, and the epoch below which fills are refused.
    fn within_bounds(&mut self) -> Result<(), Wrong> {
        let Stats {
            used,
            fill_bytes,
            total,
            floor,
            generations,
            ..
        } = self.subject.store.stats();
        // What fills let through unstored may take more than the share of fills.
        let unstored = fill_bytes.saturating_sub(self.max_memory / 2);
        ensure(used <= self.max_memory + unstored, || {
            format!("{used} bytes used of {}, {total:?}", self.max_memory)
        })?;
        if floor > self.floor {
            self.floor = floor;
            let newest = usize::try_from(floor.count()).unwrap();
            let at = self.reference.applied[newest - 1].at;
            let due = self.now.since(at) >= TOMBSTONE_TIME || generations >= TOMBSTONES_MAX;
            ensure(due, || {
                let at = self.reference.applied[newest - 1].at;
                format!(
                    "{floor:?} of {at:?} was forgotten at {:?}, {generations} generations",
                    self.now
                )
            })?;
        }
        Ok(())
    }

    fn look_up(
        &mut self,
        page: u64,
        look: impl Fn(&Subject, u64, Moment) -> Option<Found>,
    ) -> Result<(), Wrong> {
        let expected = self.expected_fill(page);
        let found = look(&self.subject, page, self.now);
        if let Some(Found::Filling(reader)) = found {
            ensure(expected == Some(reader.id()), || {
                format!("page {page}: {:?} for the fill {expected:?}", reader.id())
            })?;
            self.tally.count("followed");
            return self.admit_reader(reader);
        }
        if let Some(id) = expected {
            let too_old = self.flights[&id].version.epoch < self.floor;
            ensure(too_old, || format!("the fill {id:?} is not followed"))?;
            self.reference.followed.remove(&page);
        }
        match found {
            Some(Found::Complete(hit)) => self.check_hit(page, &hit),
            Some(Found::Filling(_)) | None => self.check_miss(page),
        }
    }

    pub(crate) fn check_hit(&mut self, page: u64, hit: &Hit) -> Result<(), Wrong> {
        let (now, fenced) = (
            self.now,
            self.reference.fenced(hit.entry.requested(), self.now),
        );
        let Some((version, fate)) = self.reference.servable(page, now) else {
            return Err(format!("page {page} is served and must not be"));
        };
        same(&hit.entry, version, &self.source)?;
        let expected = if fate == Fate::Softened {
            Usability::MustValidate(Why::SoftPurge)
        } else if fenced {
            Usability::MustValidate(Why::Fenced)
        } else {
            Usability::Usable
        };
        ensure(hit.usability == expected, || {
            format!("page {page}: {:?}, not {expected:?}", hit.usability)
        })?;
        self.tally.count(match expected {
            Usability::Usable => "hit",
            Usability::MustValidate(Why::SoftPurge) => "hit softened",
            Usability::MustValidate(Why::Fenced) => "hit fenced",
        });
        Ok(())
    }

    /// The store may forget, but for space alone.
    fn check_miss(&mut self, page: u64) -> Result<(), Wrong> {
        self.tally.count("miss");
        if self.reference.servable(page, self.now).is_some() {
            self.reference.stored.remove(&page);
            self.forgotten += 1;
        }
        let evicted = self.subject.store.stats().total.evictions.space;
        ensure(self.forgotten <= evicted, || {
            format!("{} forgotten, {evicted} evicted", self.forgotten)
        })
    }

    fn freshen(&mut self, draft: &Draft, current: EntryId) -> Result<(), Wrong> {
        let page = draft.page;
        let mut new = self.version(draft);
        let old = self.reference.stored.get_mut(&page);
        let old = old.filter(|old| old.id == current).map(|old| {
            let fate = old.fate(&self.reference.applied);
            (old.clone(), fate)
        });
        let there = self.there(page).map(|entry| entry.id()) == Some(current);
        let fate = new.fate(&self.reference.applied);
        let evicted = self.subject.store.stats().total.evictions.space;
        let result = self.subject.freshen(page, current, freshened(&new));
        let permitted = match result {
            Ok(()) => {
                fate != Fate::Gone && old.as_ref().is_some_and(|(_, fate)| *fate != Fate::Gone)
            }
            Err(Refusal::NotCurrent) => {
                let left = self.subject.store.stats().total.evictions.space > evicted;
                !there || left || old.as_ref().is_none_or(|(_, fate)| *fate == Fate::Gone)
            }
            Err(Refusal::Invalidated) => fate == Fate::Gone,
            Err(Refusal::TooOld) => new.epoch < self.floor,
            Err(Refusal::TooLarge | Refusal::Outgrown | Refusal::Superseded | Refusal::NoSlot) => {
                false
            }
        };
        ensure(permitted, || format!("page {page} freshened: {result:?}"))?;
        if let (Ok(()), Some((old, _))) = (result, old) {
            self.tally.count("freshened");
            let Some(entry) = self.there(page) else {
                return Err(format!("page {page} was freshened and is gone"));
            };
            new.id = entry.id();
            (new.offset, new.length) = (old.offset, old.length);
            new.trailers = old.trailers;
            same(&entry, &new, &self.source)?;
            self.reference.stored.insert(page, new);
        }
        Ok(())
    }

    fn remove(&mut self, page: u64, named: Option<EntryId>) -> Result<(), Wrong> {
        let meant = |id: EntryId| named.is_none_or(|named| named == id);
        let entry = self.there(page).is_some_and(|entry| meant(entry.id()));
        let fill = self.reference.followed.get(&page).copied();
        let fill = fill.filter(|id| meant(*id));
        let removed = self.subject.remove(page, named, fill);
        ensure(removed == (entry || fill.is_some()), || {
            format!("page {page}: removed says {removed}")
        })?;
        if let Some(id) = fill {
            self.reference.followed.remove(&page);
            self.flights.get_mut(&id).expect("a fill under way").revoked = true;
        }
        if entry {
            self.reference.stored.remove(&page);
        }
        Ok(())
    }

    fn invalidate(&mut self, target: &Target, strength: Strength) -> Result<(), Wrong> {
        let expected = meant(&contents(&self.subject), &self.reference, target);
        let before = self.subject.store.stats().bans_overflowed;
        self.asked.push((self.subject.store.epoch(), self.now));
        let invalidation = Invalidation {
            target: target.clone(),
            strength,
        };
        let applied = self.subject.apply(&invalidation, self.now);
        let key = matches!(target, Target::Key(_)) && strength == Strength::Hard;
        let left = meant(&contents(&self.subject), &self.reference, target);
        ensure(!key || left == Some(0), || "a purged key is left".into())?;
        ensure(applied.objects == expected, || {
            format!("{:?} entries were meant, not {expected:?}", applied.objects)
        })?;
        // As documented: a ban too many softens everything.
        let (target, strength) = if self.subject.store.stats().bans_overflowed > before {
            (Target::All, Strength::Soft)
        } else {
            (target.clone(), strength)
        };
        let at = self.now;
        self.reference.applied.push(Applied {
            target,
            strength,
            at,
        });
        let count = self.reference.applied.len() as u64;
        ensure(applied.epoch.count() == count, || {
            format!("{:?} after {count} invalidations", applied.epoch)
        })
    }

    fn clean(&mut self, entries: usize, holds: usize) -> Result<(), Wrong> {
        let before = self.subject.store.stats().total;
        let done = self
            .subject
            .store
            .maintain(self.now, Budget { entries, holds });
        let after = self.subject.store.stats().total;
        let (was, is) = (before.evictions, after.evictions);
        let right = done.evicted == is.space - was.space
            && done.expired == is.expired - was.expired
            && done.invalidated == is.invalidated - was.invalidated
            && done.bytes == before.bytes - after.bytes
            && done.evicted + done.expired + done.invalidated == before.entries - after.entries;
        ensure(right, || format!("{done:?} from {before:?} to {after:?}"))
    }

    fn clean_all(&mut self) -> Result<(), Wrong> {
        // The first call ends the pass that is under way.
        self.clean(1 << 20, 1 << 10)?;
        self.clean(1 << 20, 1 << 10)?;
        nothing_is_left_over(&self.subject, &mut self.reference, self.now)?;
        let latest = self.reference.applied.last().map(|last| last.at);
        let all_old = latest.is_none_or(|at| self.now.since(at) >= TOMBSTONE_TIME);
        let stats = self.subject.store.stats();
        ensure(
            !all_old || (stats.generations, stats.bans) == (0, 0),
            || {
                format!(
                    "{} generations, {} bans are kept",
                    stats.generations, stats.bans
                )
            },
        )
    }
}
