//! Numbers about the store, for metrics and the admin interface.
//!
//! Taken segment by segment: each is right for its moment, the sum is not one moment's.

use std::sync::atomic::Ordering::Relaxed;

use crate::{
    Compressed, Epoch,
    segment::{Cause, Segment},
};

/// The whole store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The sum over the segments.
    pub total: SegmentStats,
    /// One for each segment.
    pub segments: Vec<SegmentStats>,
    /// Bytes charged, entries and fills together.
    pub used: u64,
    /// The limit of `used`.
    pub max_memory: u64,
    /// The share of the bytes that the window has now, in thousandths.
    pub window: u32,
    /// Entries that were asked for again soon after they had left, and were protected at once.
    pub returned: u64,
    /// Fills in flight.
    pub fills: u64,
    /// Bytes that fills hold, those included that readers still hold after the end.
    pub fill_bytes: u64,
    /// Invalidations applied.
    pub epoch: Epoch,
    /// Fills older than this are refused.
    pub floor: Epoch,
    /// Sets and keys whose invalidation is remembered.
    pub generations: usize,
    /// Bans in the list.
    pub bans: usize,
    /// Bans that became soft invalidations of everything because the list was full.
    pub bans_overflowed: u64,
    /// Compressed bodies, as the last whole pass found them.
    pub compressed: Compressed,
}

/// One segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentStats {
    /// Complete entries.
    pub entries: u64,
    /// Bytes of complete entries.
    pub bytes: u64,
    /// Of these, in the window: the correlation queue and probation.
    pub probation_bytes: u64,
    /// Of these, protected.
    pub protected_bytes: u64,
    /// Look-ups that found something.
    pub hits: u64,
    /// Look-ups that found nothing.
    pub misses: u64,
    /// Entries stored.
    pub inserts: u64,
    /// Entries that left.
    pub evictions: Evictions,
}

/// Entries that left, by reason. Entries that were replaced are not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evictions {
    /// The bytes were needed.
    pub space: u64,
    /// Of these, for an entry of another segment.
    pub abroad: u64,
    /// They were of no use any more.
    pub expired: u64,
    /// They were invalidated or removed.
    pub invalidated: u64,
}

impl SegmentStats {
    pub(crate) fn of(segment: &Segment) -> Self {
        let counters = &segment.counters;
        let evictions = Evictions {
            space: counters.of(Cause::Space).load(Relaxed),
            abroad: counters.evicted_abroad.load(Relaxed),
            expired: counters.of(Cause::Expired).load(Relaxed),
            invalidated: counters.of(Cause::Invalidated).load(Relaxed),
        };
        let inside = segment.share();
        let lru = &inside.lru;
        Self {
            entries: lru.entries(),
            bytes: inside.bytes(),
            probation_bytes: lru.probation_bytes(),
            protected_bytes: lru.protected_bytes(),
            hits: counters.hits.load(Relaxed),
            misses: counters.misses.load(Relaxed),
            inserts: counters.inserts.load(Relaxed),
            evictions,
        }
    }

    pub(crate) const fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.bytes += other.bytes;
        self.probation_bytes += other.probation_bytes;
        self.protected_bytes += other.protected_bytes;
        self.hits += other.hits;
        self.misses += other.misses;
        self.inserts += other.inserts;
        self.evictions.space += other.evictions.space;
        self.evictions.abroad += other.evictions.abroad;
        self.evictions.expired += other.evictions.expired;
        self.evictions.invalidated += other.evictions.invalidated;
    }
}
