//! Where a response comes from, as far as invalidation must know: its sets and its epoch.
//!
//! Entries and fills carry one each. It remembers up to which invalidation it was tested, so that
//! a hit compares two numbers; the test itself is in `generations`.

use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::{Epoch, Scopes};

pub(crate) struct Provenance {
    pub(crate) scopes: Scopes,
    /// The store's epoch when the origin request began.
    epoch: Epoch,
    /// No invalidation up to this one made it vanish. At least `epoch`.
    tested: AtomicU64,
    /// A soft invalidation met it. Never taken back: a freshened entry is a new one.
    softened: AtomicBool,
}

impl Provenance {
    pub(crate) const fn new(scopes: Scopes, epoch: Epoch) -> Self {
        Self {
            scopes,
            epoch,
            tested: AtomicU64::new(epoch.0),
            softened: AtomicBool::new(false),
        }
    }

    pub(crate) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Acquire, so that whoever sees the number also sees what the test found.
    pub(crate) fn tested(&self) -> Epoch {
        Epoch(self.tested.load(Acquire))
    }

    pub(crate) fn passed(&self, up_to: Epoch) {
        self.tested.fetch_max(up_to.0, Release);
    }

    pub(crate) fn softened(&self) -> bool {
        self.softened.load(Relaxed)
    }

    pub(crate) fn soften(&self) {
        self.softened.store(true, Relaxed);
    }

    /// The same response, for the entry that a fill becomes.
    pub(crate) fn carry(&self) -> Self {
        Self {
            scopes: self.scopes.clone(),
            epoch: self.epoch,
            tested: AtomicU64::new(self.tested().0),
            softened: AtomicBool::new(self.softened()),
        }
    }
}
