//! How a fill goes, told by the storage to the request that makes it.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// How a fill goes, for the request that makes it.
#[derive(Debug, Default)]
pub struct Progress {
    state: AtomicU8,
    written: AtomicU64,
    read: AtomicU64,
}

impl Progress {
    const OUTGROWN: u8 = 1;
    const REFUSED: u8 = 2;

    /// The body outgrew what may be stored.
    pub fn set_outgrown(&self) {
        self.state.store(Self::OUTGROWN, Relaxed);
    }

    /// The engine refused it.
    pub fn set_refused(&self) {
        self.state.store(Self::REFUSED, Relaxed);
    }

    /// Whether it outgrew what may be stored.
    pub fn outgrown(&self) -> bool {
        self.state.load(Relaxed) == Self::OUTGROWN
    }

    /// Whether the engine refused it.
    pub fn refused(&self) -> bool {
        self.state.load(Relaxed) == Self::REFUSED
    }

    /// So many bytes came from the origin.
    pub fn wrote(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Relaxed);
    }

    /// The request's own client took so many.
    pub fn read(&self, bytes: usize) {
        self.read.fetch_add(bytes as u64, Relaxed);
    }

    /// How many bytes the request's own client is behind the origin.
    pub fn behind(&self) -> u64 {
        let read = self.read.load(Relaxed);
        self.written.load(Relaxed).saturating_sub(read)
    }
}
