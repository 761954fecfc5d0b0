//! How a fill goes, told by the storage to the request that makes it.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// How a fill goes, for the request that makes it.
#[derive(Debug, Default)]
pub struct Progress(AtomicU8);

impl Progress {
    const OUTGROWN: u8 = 1;
    const REFUSED: u8 = 2;

    /// The body outgrew what may be stored.
    pub fn set_outgrown(&self) {
        self.0.store(Self::OUTGROWN, Relaxed);
    }

    /// The engine refused it.
    pub fn set_refused(&self) {
        self.0.store(Self::REFUSED, Relaxed);
    }

    /// Whether it outgrew what may be stored.
    pub fn outgrown(&self) -> bool {
        self.0.load(Relaxed) == Self::OUTGROWN
    }

    /// Whether the engine refused it.
    pub fn refused(&self) -> bool {
        self.0.load(Relaxed) == Self::REFUSED
    }
}
