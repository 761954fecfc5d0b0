//! Where a response comes from, as far as invalidation must know: its sets and its epoch.
//!
//! Entries and fills carry one each. It remembers up to which invalidation it was tested, so that
//! a hit compares two numbers; the test itself is in `generations`.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use crate::{Epoch, Scopes};

/// In this order, so that what a hit reads is the neighbour of what it read before.
#[repr(C)]
pub(crate) struct Provenance {
    /// Twice the epoch up to which no invalidation made it vanish, at least `epoch`; odd when a soft
    /// one met it. That is never taken back: a freshened entry is a new one.
    tested: AtomicU64,
    /// The store's epoch when the origin request began.
    epoch: Epoch,
    pub(crate) scopes: Scopes,
}

impl Provenance {
    pub(crate) const fn new(scopes: Scopes, epoch: Epoch) -> Self {
        Self {
            tested: AtomicU64::new(epoch.0 << 1),
            epoch,
            scopes,
        }
    }

    pub(crate) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Acquire, so that whoever sees the number also sees what the test found.
    pub(crate) fn tested(&self) -> Epoch {
        Epoch(self.tested.load(Acquire) >> 1)
    }

    pub(crate) fn passed(&self, up_to: Epoch) {
        let raised = |tested: u64| (tested >> 1 < up_to.0).then_some(up_to.0 << 1 | tested & 1);
        // Nothing to do when another test got further.
        let _further = self.tested.fetch_update(Release, Relaxed, raised);
    }

    pub(crate) fn softened(&self) -> bool {
        self.tested.load(Relaxed) & 1 == 1
    }

    pub(crate) fn soften(&self) {
        self.tested.fetch_or(1, AcqRel);
    }

    /// The same response, for the entry that a fill becomes.
    pub(crate) fn carry(&self) -> Self {
        Self {
            tested: AtomicU64::new(self.tested.load(Acquire)),
            epoch: self.epoch,
            scopes: self.scopes.clone(),
        }
    }
}
