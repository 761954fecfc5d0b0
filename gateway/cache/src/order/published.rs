//! What a segment tells the others: the stamps of the entries that it would give up next.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Part;

/// Where nothing is published.
const NOTHING: u64 = u64::MAX;

/// The stamps of what a segment gives up next.
pub(crate) struct Published {
    correlation: AtomicU64,
    probation: AtomicU64,
    protected: AtomicU64,
}

/// The stamps of the next entries of each part, if it has one.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tails {
    pub(crate) correlation: Option<u32>,
    pub(crate) probation: Option<u32>,
    pub(crate) protected: Option<u32>,
}

impl Published {
    pub(super) const fn nothing() -> Self {
        Self {
            correlation: AtomicU64::new(NOTHING),
            probation: AtomicU64::new(NOTHING),
            protected: AtomicU64::new(NOTHING),
        }
    }

    pub(super) fn set(&self, tails: Tails) {
        let number = |stamp: Option<u32>| stamp.map_or(NOTHING, u64::from);
        self.correlation.store(number(tails.correlation), Relaxed);
        self.probation.store(number(tails.probation), Relaxed);
        self.protected.store(number(tails.protected), Relaxed);
    }

    pub(super) fn stamp(&self, part: Part) -> Option<u32> {
        u32::try_from(self.of(part).load(Relaxed)).ok()
    }

    const fn of(&self, part: Part) -> &AtomicU64 {
        match part {
            Part::Correlation => &self.correlation,
            Part::Probation => &self.probation,
            Part::Protected => &self.protected,
        }
    }
}
