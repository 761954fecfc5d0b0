//! One independently locked part of the store: a table, the eviction policy, fills under way.
//!
//! It finds, links and unlinks. It never frees a value under its lock: whatever comes out is given
//! to the caller. Which entry leaves is `segmented_lru`; who pays is `ledger`.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use hashbrown::HashTable;

use crate::{
    Algorithm, CacheEntry, EntryId, Grace, Key, KeyHash, Moment, Order, Outcome, Part, Rank,
    Refusal, Resident, SegmentedLru, Slot,
    in_flight::InFlight,
    live_counts::LiveCounts,
    sync::{RwLock, RwLockReadGuard, RwLockWriteGuard},
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
    /// The entries themselves, so that a hit goes straight to its entry; each knows its slot.
    table: HashTable<CacheEntry>,
    pub(crate) lru: SegmentedLru<CacheEntry>,
    timers: Timers,
    /// Of the entries in the table.
    pub(crate) live: LiveCounts,
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
            live: LiveCounts::default(),
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

    /// For their bytes. Only who holds the segment's lock counts these, so plain stores are enough.
    pub(crate) fn evicted(&self, entries: u64) {
        add(&self.evicted_for_space, entries);
    }

    /// For bytes of another segment, as well.
    pub(crate) fn evicted_abroad(&self, entries: u64) {
        add(&self.evicted_abroad, entries);
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
    pub(crate) fn find(&self, key: &Key, touch: Touch) -> Option<CacheEntry> {
        let entry = self.stored(key)?;
        if touch == Touch::Use {
            entry.hit();
        }
        Some(entry.clone())
    }

    /// The same without a use and without a reference of its own.
    pub(crate) fn stored(&self, key: &Key) -> Option<&CacheEntry> {
        let is = |entry: &CacheEntry| entry.is_of(key);
        self.table.find(self.place(key.hash), is)
    }

    /// A use that only an order by last use wants to know of.
    pub(crate) fn renew(&mut self, key: &Key, order: &Order) {
        if let Some(slot) = self.stored(key).map(slot) {
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
    pub(crate) fn find_hash(&self, hash: KeyHash) -> Vec<CacheEntry> {
        let entries = self.table.iter_hash(self.place(hash));
        entries
            .filter(|entry| entry.hash() == hash)
            .cloned()
            .collect()
    }

    /// Links an entry in place of the one of the same key, which is given back. `Err` when no
    /// slot is left.
    pub(crate) fn link(
        &mut self,
        entry: CacheEntry,
        order: &Order,
    ) -> Result<Option<CacheEntry>, Full> {
        let (end, requested) = (entry.useful_until(), entry.requested());
        let placed = place(entry.low(), self.seed);
        if let Some(stored) = self.table.find_mut(placed, |other| other.is_like(&entry)) {
            let slot = slot(stored);
            entry.set_slot(slot.number());
            if stored.sets() != entry.sets() {
                self.live.subtract(stored.sets());
                self.live.add(entry.sets());
            }
            *stored = entry.clone();
            self.timers.set(slot, end, requested);
            return Ok(self.lru.replace(slot, entry, order));
        }
        let slot = self.lru.insert(entry.clone(), placed, order).ok_or(Full)?;
        self.timers.set(slot, end, requested);
        self.tabulate(entry, slot);
        Ok(None)
    }

    /// Links an entry of a snapshot, unless there is one of the same key.
    pub(crate) fn restore(
        &mut self,
        entry: CacheEntry,
        rank: Rank,
        order: &Order,
    ) -> Result<(), Refusal> {
        let (end, requested) = (entry.useful_until(), entry.requested());
        let placed = place(entry.low(), self.seed);
        if self
            .table
            .find(placed, |other| other.is_like(&entry))
            .is_some()
        {
            return Err(Refusal::Superseded);
        }
        let slot = self.lru.restore(entry.clone(), rank, order);
        let slot = slot.ok_or(Refusal::NoSlot)?;
        self.timers.set(slot, end, requested);
        self.tabulate(entry, slot);
        Ok(())
    }

    /// Puts the same response in another form in its place, and gives back the other; nothing when it is not
    /// there any more.
    pub(crate) fn exchange(&mut self, other: &CacheEntry, order: &Order) -> Option<CacheEntry> {
        let is = |entry: &CacheEntry| entry.id() == other.id();
        let stored = self.table.find_mut(place(other.low(), self.seed), is)?;
        let slot = slot(stored);
        other.set_slot(slot.number());
        *stored = other.clone();
        self.lru.replace(slot, other.clone(), order)
    }

    /// Unlinks this very entry.
    pub(crate) fn unlink(
        &mut self,
        hash: KeyHash,
        id: EntryId,
        order: &Order,
    ) -> Option<CacheEntry> {
        let is = |entry: &CacheEntry| entry.id() == id;
        let slot = self.table.find(self.place(hash), is).map(slot)?;
        let entry = self.lru.remove(slot, order)?;
        self.forget(&entry);
        Some(entry)
    }

    /// Bytes of complete entries.
    pub(crate) const fn bytes(&self) -> u64 {
        self.lru.probation_bytes() + self.lru.protected_bytes()
    }

    /// Gives up the next entry of a part, or keeps it if it was used.
    pub(crate) fn evict(&mut self, part: Part, grace: Grace, order: &Order) -> Outcome<CacheEntry> {
        let seed = self.seed;
        let hash = |entry: &CacheEntry| place(entry.low(), seed);
        let outcome = self.lru.evict(part, grace, order, hash);
        if let Outcome::Out(entry) = &outcome {
            self.forget(entry);
        }
        outcome
    }

    /// Unlinks what has ended, with at most as many steps as `ended` has room for: it was allocated
    /// without the lock and is dropped without it.
    pub(crate) fn expire(
        &mut self,
        now: Moment,
        order: &Order,
        ended: &mut Vec<CacheEntry>,
    ) -> Progress {
        let Self {
            table,
            lru,
            timers,
            live,
            seed,
            ..
        } = self;
        let steps = ended.capacity() - ended.len();
        let progress = timers.advance(now, steps, |slot| {
            if let Some(entry) = lru.take(slot) {
                live.subtract(entry.sets());
                untabulate(table, *seed, &entry);
                ended.push(entry);
            }
        });
        lru.publish(order);
        progress
    }

    /// Links a fill in place of another of the same key, which is given back: it goes on unseen.
    pub(crate) fn link_fill(&mut self, flight: Arc<InFlight>) -> Option<Arc<InFlight>> {
        let hash = self.place(flight.key.hash);
        let before = self.hide_fill(&flight.key);
        let seed = self.seed;
        self.fills
            .insert_unique(hash, flight, |flight| place(flight.key.hash.low(), seed));
        before
    }

    /// Unlinks the fill of a key: it goes on unseen.
    pub(crate) fn hide_fill(&mut self, key: &Key) -> Option<Arc<InFlight>> {
        if self.fills.is_empty() {
            return None;
        }
        let hash = self.place(key.hash);
        let found = self.fills.find_entry(hash, |other| other.key == *key);
        Some(found.ok()?.remove().0)
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

    fn tabulate(&mut self, entry: CacheEntry, slot: Slot) {
        entry.set_slot(slot.number());
        self.live.add(entry.sets());
        let seed = self.seed;
        let placed = place(entry.low(), seed);
        self.table
            .insert_unique(placed, entry, |entry| place(entry.low(), seed));
    }

    /// Takes an entry out of the table and off its timer.
    fn forget(&mut self, entry: &CacheEntry) {
        self.timers.clear(slot(entry));
        self.live.subtract(entry.sets());
        untabulate(&mut self.table, self.seed, entry);
    }

    const fn place(&self, hash: KeyHash) -> u64 {
        place(hash.low(), self.seed)
    }
}

fn slot(entry: &CacheEntry) -> Slot {
    Slot::of(entry.slot())
}

fn untabulate(table: &mut HashTable<CacheEntry>, seed: u64, entry: &CacheEntry) {
    let found = table.find_entry(place(entry.low(), seed), |other| other.is(entry));
    if let Ok(found) = found {
        // The caller has a reference: nothing is freed under the lock.
        found.remove();
    }
}

fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed) + more, Relaxed);
}

/// No slot is left.
pub(crate) struct Full;

/// The hash by which the tables place a key. Key hashes are good already; the seed makes the
/// places differ between processes.
const fn place(low: u64, seed: u64) -> u64 {
    let mixed = (low ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 32)
}
