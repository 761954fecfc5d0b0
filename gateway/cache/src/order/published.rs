//! What a segment tells the others: what it holds, and the stamps of what it would give up next.
//!
//! Only who holds the segment's lock writes, so plain stores are enough. The sums of all segments are kept in
//! the same form: there whoever summed last is heard, and what two mix is late and no worse.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Part;

/// Where no stamp is published.
const NOTHING: u64 = u64::MAX;

pub(crate) struct Published {
    correlation: Queued,
    probation: Queued,
    protected: Queued,
    entries: AtomicU64,
    correlated: AtomicU64,
}

struct Queued {
    stamp: AtomicU64,
    bytes: AtomicU64,
}

/// The stamps of the next entries of each part, if it has one.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tails {
    pub(crate) correlation: Option<u32>,
    pub(crate) probation: Option<u32>,
    pub(crate) protected: Option<u32>,
}

/// The bytes of each part, and how many entries there are.
#[derive(Clone, Copy, Default)]
pub(crate) struct Holdings {
    pub(crate) correlation: u64,
    pub(crate) probation: u64,
    pub(crate) protected: u64,
    /// In all parts.
    pub(crate) entries: u64,
    /// In the correlation queue.
    pub(crate) correlated: u64,
}

impl Published {
    pub(super) const fn nothing() -> Self {
        Self {
            correlation: Queued::nothing(),
            probation: Queued::nothing(),
            protected: Queued::nothing(),
            entries: AtomicU64::new(0),
            correlated: AtomicU64::new(0),
        }
    }

    pub(super) fn set(&self, tails: Tails, holdings: Holdings) {
        self.correlation
            .set(tails.correlation, holdings.correlation);
        self.probation.set(tails.probation, holdings.probation);
        self.protected.set(tails.protected, holdings.protected);
        self.entries.store(holdings.entries, Relaxed);
        self.correlated.store(holdings.correlated, Relaxed);
    }

    pub(super) fn stamp(&self, part: Part) -> Option<u32> {
        u32::try_from(self.of(part).stamp.load(Relaxed)).ok()
    }

    pub(super) fn holdings(&self) -> Holdings {
        Holdings {
            correlation: self.correlation.bytes.load(Relaxed),
            probation: self.probation.bytes.load(Relaxed),
            protected: self.protected.bytes.load(Relaxed),
            entries: self.entries.load(Relaxed),
            correlated: self.correlated.load(Relaxed),
        }
    }

    const fn of(&self, part: Part) -> &Queued {
        match part {
            Part::Correlation => &self.correlation,
            Part::Probation => &self.probation,
            Part::Protected => &self.protected,
        }
    }
}

impl Queued {
    const fn nothing() -> Self {
        Self {
            stamp: AtomicU64::new(NOTHING),
            bytes: AtomicU64::new(0),
        }
    }

    fn set(&self, stamp: Option<u32>, bytes: u64) {
        self.stamp.store(stamp.map_or(NOTHING, u64::from), Relaxed);
        self.bytes.store(bytes, Relaxed);
    }
}

impl Holdings {
    pub(crate) const fn bytes(self) -> u64 {
        self.window() + self.protected
    }

    pub(crate) const fn window(self) -> u64 {
        self.correlation + self.probation
    }

    pub(crate) fn enter(&mut self, part: Part, weight: u64) {
        *self.of(part) += weight;
        self.correlated += u64::from(part == Part::Correlation);
    }

    pub(crate) fn leave(&mut self, part: Part, weight: u64) {
        let bytes = self.of(part);
        *bytes = bytes.saturating_sub(weight);
        let correlated = u64::from(part == Part::Correlation);
        self.correlated = self.correlated.saturating_sub(correlated);
    }

    const fn of(&mut self, part: Part) -> &mut u64 {
        match part {
            Part::Correlation => &mut self.correlation,
            Part::Probation => &mut self.probation,
            Part::Protected => &mut self.protected,
        }
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            correlation: self.correlation + other.correlation,
            probation: self.probation + other.probation,
            protected: self.protected + other.protected,
            entries: self.entries + other.entries,
            correlated: self.correlated + other.correlated,
        }
    }
}
