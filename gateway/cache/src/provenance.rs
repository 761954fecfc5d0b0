//! Where a response comes from, as far as invalidation must know.
//!
//! Entries and fills remember up to which invalidation they were tested, so that a hit compares two
//! numbers; the test itself is in `generations`.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use crate::{Epoch, Scopes, sync::AtomicU64};

/// Up to which invalidation a response was tested, and whether a soft one met it. That is never taken
/// back: a freshened entry is a new one.
pub(crate) struct Tested(
    /// Twice the epoch; odd when a soft invalidation met it.
    AtomicU64,
);

/// The sets of a fill. An entry keeps the same in its head.
pub(crate) struct Provenance {
    pub(crate) tested: Tested,
    pub(crate) scopes: Scopes,
}

impl Provenance {
    pub(crate) const fn new(scopes: Scopes, epoch: Epoch) -> Self {
        Self {
            tested: Tested::since(epoch),
            scopes,
        }
    }
}

impl Tested {
    pub(crate) const fn since(epoch: Epoch) -> Self {
        Self(AtomicU64::new(epoch.0 << 1))
    }

    /// Acquire, so that whoever sees the number also sees what the test found.
    pub(crate) fn up_to(&self) -> Epoch {
        Epoch(self.0.load(Acquire) >> 1)
    }

    pub(crate) fn passed(&self, up_to: Epoch) {
        let raised = |tested: u64| (tested >> 1 < up_to.0).then_some(up_to.0 << 1 | tested & 1);
        // Nothing to do when another test got further.
        let _further = self.0.fetch_update(Release, Relaxed, raised);
    }

    pub(crate) fn softened(&self) -> bool {
        self.0.load(Relaxed) & 1 == 1
    }

    pub(crate) fn soften(&self) {
        self.0.fetch_or(1, AcqRel);
    }

    /// The same response, for the entry that a fill becomes.
    pub(crate) fn carry(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Acquire)))
    }
}
