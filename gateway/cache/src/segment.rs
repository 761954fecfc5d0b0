//! One independently locked part of the store: a table, the eviction policy, fills under way.
//!
//! It finds, links and unlinks. It never frees a value under its lock: whatever comes out is given
//! to the caller. Which entry leaves is `segmented_lru`; who pays is `ledger`.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use hashbrown::HashTable;
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{
    Algorithm, CacheEntry, EntryId, Grace, Key, KeyHash, Moment, Order, Outcome, Part, Rank,
    Refusal, SegmentedLru, Slot,
    in_flight::InFlight,
    timers::{Progress, Timers},
};

/// Aligned so that the lock of one segment shares no cache line with another's.
#[repr(align(128))]
pub(crate) struct Segment {
    /// Covers all links to entries and fills. A hit shares it.
    inside: RwLock<Inside>,
    pub(crate) counters: Counters,
}

/// On lines of their own: every hit writes here, and reads what stands before.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Counters {
    pub(crate) hits: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) inserts: AtomicU64,
    /// For an entry of another segment.
    pub(crate) evicted_abroad: AtomicU64,
    evicted_for_space: AtomicU64,
    expired: AtomicU64,
    invalidated: AtomicU64,
}

/// Why an entry left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Space,
    Expired,
    Invalidated,
}

pub(crate) struct Inside {
    table: HashTable<Slot>,
    pub(crate) lru: SegmentedLru<Arc<CacheEntry>>,
    timers: Timers,
    fills: HashTable<Arc<InFlight>>,
    /// Of this process, so that nobody outside can aim at one place of the table.
    seed: u64,
}

/// Whether a look-up counts as a use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    Use,
    Peek,
}

impl Segment {
    /// The segment with this number in the order.
    pub(crate) fn new(algorithm: Algorithm, number: usize, seed: u64) -> Self {
        let inside = Inside {
            table: HashTable::new(),
            lru: SegmentedLru::new(algorithm, number),
            timers: Timers::new(),
            fills: HashTable::new(),
            seed,
        };
        Self {
            inside: RwLock::new(inside),
            counters: Counters::default(),
        }
    }

    pub(crate) fn share(&self) -> RwLockReadGuard<'_, Inside> {
        self.inside.read()
    }

    pub(crate) fn lock(&self) -> RwLockWriteGuard<'_, Inside> {
        self.inside.write()
    }

    pub(crate) fn try_lock(&self) -> Option<RwLockWriteGuard<'_, Inside>> {
        self.inside.try_write()
    }
}

impl Counters {
    pub(crate) fn left(&self, cause: Cause, entries: u64) {
        self.of(cause).fetch_add(entries, Relaxed);
    }

    pub(crate) const fn of(&self, cause: Cause) -> &AtomicU64 {
        match cause {
            Cause::Space => &self.evicted_for_space,
            Cause::Expired => &self.expired,
            Cause::Invalidated => &self.invalidated,
        }
    }
}

impl Inside {
    /// The complete entry of a key.
    pub(crate) fn find(&self, key: &Key, touch: Touch) -> Option<Arc<CacheEntry>> {
        let slot = self.slot(key)?;
        if touch == Touch::Use {
            self.lru.hit(slot);
        }
        self.lru.get(slot).cloned()
    }

    /// The same without a use and without a reference of its own.
    pub(crate) fn stored(&self, key: &Key) -> Option<&CacheEntry> {
        self.lru.get(self.slot(key)?).map(|entry| &**entry)
    }

    /// A use that only an order by last use wants to know of.
    pub(crate) fn renew(&mut self, key: &Key, order: &Order) {
        if let Some(slot) = self.slot(key) {
            self.lru.renew(slot, order);
        }
    }

    /// The fill under way of a key.
    pub(crate) fn find_fill(&self, key: &Key) -> Option<Arc<InFlight>> {
        if self.fills.is_empty() {
            return None;
        }
        self.fills
            .find(self.place(key.hash), |flight| flight.key == *key)
            .cloned()
    }

    /// All entries under a hash: at most one, but for a collision.
    pub(crate) fn find_hash(&self, hash: KeyHash) -> Vec<Arc<CacheEntry>> {
        let entries = self
            .table
            .iter_hash(self.place(hash))
            .filter_map(|slot| self.lru.get(*slot));
        entries
            .filter(|entry| entry.hash() == hash)
            .cloned()
            .collect()
    }

    /// Links an entry in place of the one of the same key, which is given back. `Err` when no
    /// slot is left.
    pub(crate) fn link(
        &mut self,
        entry: Arc<CacheEntry>,
        order: &Order,
    ) -> Result<Option<Arc<CacheEntry>>, Full> {
        let weight = entry.weight();
        let (end, requested) = (entry.useful_until(), entry.requested());
        if let Some(slot) = self.slot_where(entry.hash(), |other| other.is_like(&entry)) {
            self.timers.set(slot, end, requested);
            return Ok(self.lru.replace(slot, entry, weight, order));
        }
        let (hash, placed) = (entry.hash(), self.place(entry.hash()));
        let slot = self.lru.insert(entry, weight, placed, order).ok_or(Full)?;
        self.timers.set(slot, end, requested);
        self.tabulate(hash, slot);
        Ok(None)
    }

    /// Links an entry of a snapshot, unless there is one of the same key.
    pub(crate) fn restore(
        &mut self,
        entry: Arc<CacheEntry>,
        rank: Rank,
        order: &Order,
    ) -> Result<(), Refusal> {
        let (weight, hash) = (entry.weight(), entry.hash());
        let (end, requested) = (entry.useful_until(), entry.requested());
        if self
            .slot_where(hash, |other| other.is_like(&entry))
            .is_some()
        {
            return Err(Refusal::Superseded);
        }
        let slot = self.lru.restore(entry, weight, rank, order);
        let slot = slot.ok_or(Refusal::NoSlot)?;
        self.timers.set(slot, end, requested);
        self.tabulate(hash, slot);
        Ok(())
    }

    /// Unlinks this very entry.
    pub(crate) fn unlink(
        &mut self,
        hash: KeyHash,
        id: EntryId,
        order: &Order,
    ) -> Option<Arc<CacheEntry>> {
        let slot = self.slot_where(hash, |entry| entry.id() == id)?;
        self.forget(hash, slot);
        self.lru.remove(slot, order)
    }

    /// Bytes of complete entries.
    pub(crate) const fn bytes(&self) -> u64 {
        self.lru.probation_bytes() + self.lru.protected_bytes()
    }

    /// Gives up the next entry of a part, or keeps it if it was used.
    pub(crate) fn evict(
        &mut self,
        part: Part,
        grace: Grace,
        order: &Order,
    ) -> Outcome<Arc<CacheEntry>> {
        let seed = self.seed;
        let hash = |entry: &Arc<CacheEntry>| place(entry.hash(), seed);
        let next = self.lru.next(part);
        let outcome = self.lru.evict(part, grace, order, hash);
        if let (Outcome::Out(entry), Some(slot)) = (&outcome, next) {
            self.forget(entry.hash(), slot);
        }
        outcome
    }

    /// Unlinks what has ended, with at most as many steps as `ended` has room for: it was allocated
    /// without the lock and is dropped without it.
    pub(crate) fn expire(
        &mut self,
        now: Moment,
        order: &Order,
        ended: &mut Vec<Arc<CacheEntry>>,
    ) -> Progress {
        let Self {
            table,
            lru,
            timers,
            seed,
            ..
        } = self;
        let steps = ended.capacity() - ended.len();
        let progress = timers.advance(now, steps, |slot| {
            if let Some(entry) = lru.take(slot, order) {
                let found = table.find_entry(place(entry.hash(), *seed), |s| *s == slot);
                if let Ok(found) = found {
                    found.remove();
                }
                ended.push(entry);
            }
        });
        lru.publish(order);
        progress
    }

    /// Links a fill in place of another of the same key, which is given back: it goes on unseen.
    pub(crate) fn link_fill(&mut self, flight: Arc<InFlight>) -> Option<Arc<InFlight>> {
        let hash = self.place(flight.key.hash);
        let before = self
            .fills
            .find_entry(hash, |other| other.key == flight.key)
            .ok()
            .map(|found| found.remove().0);
        let seed = self.seed;
        self.fills
            .insert_unique(hash, flight, |flight| place(flight.key.hash, seed));
        before
    }

    /// Unlinks this very fill.
    pub(crate) fn unlink_fill(&mut self, flight: &Arc<InFlight>) -> Option<Arc<InFlight>> {
        let hash = self.place(flight.key.hash);
        let found = self
            .fills
            .find_entry(hash, |other| Arc::ptr_eq(other, flight))
            .ok()?;
        Some(found.remove().0)
    }

    fn tabulate(&mut self, hash: KeyHash, slot: Slot) {
        let Self {
            table, lru, seed, ..
        } = self;
        table.insert_unique(place(hash, *seed), slot, |slot| {
            lru.get(*slot).map_or(0, |entry| place(entry.hash(), *seed))
        });
    }

    /// Takes a slot out of the table and off its timer.
    fn forget(&mut self, hash: KeyHash, slot: Slot) {
        self.timers.clear(slot);
        if let Ok(found) = self.table.find_entry(self.place(hash), |s| *s == slot) {
            found.remove();
        }
    }

    fn slot(&self, key: &Key) -> Option<Slot> {
        self.slot_where(key.hash, |entry| entry.is_of(key))
    }

    fn slot_where(&self, hash: KeyHash, is: impl Fn(&CacheEntry) -> bool) -> Option<Slot> {
        let found = |slot: &Slot| self.lru.get(*slot).is_some_and(|entry| is(entry));
        self.table.find(self.place(hash), found).copied()
    }

    const fn place(&self, hash: KeyHash) -> u64 {
        place(hash, self.seed)
    }
}

/// No slot is left.
pub(crate) struct Full;

/// The hash by which the tables place a key. Key hashes are good already; the seed makes the
/// places differ between processes.
const fn place(hash: KeyHash, seed: u64) -> u64 {
    let mixed = (hash.low() ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 32)
}
