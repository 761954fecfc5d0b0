//! Who holds how many bytes: one account for entries and fills together.
//!
//! It only counts. `store/room` compares with the limit and evicts.

use std::sync::atomic::Ordering::Relaxed;

use crate::sync::{AtomicU64, planted};

/// The share of `max_memory` that all fills in flight may hold together, as a divisor. It is also
/// the size of the largest object that can be stored.
pub(crate) const FILLS_DIVISOR: u64 = 2;

/// The share of `max_memory` that is not filled, as a divisor: what the allocator holds between a free
/// and the next use of the same page. Measured with entries of many sizes that come and go, beside busy
/// neighbours: up to a tenth of what is filled.
const CHURN_DIVISOR: u64 = 20;

/// The store's account. Relaxed throughout: each number stands alone.
pub(crate) struct Ledger {
    max_memory: AtomicU64,
    used: AtomicU64,
    fills: AtomicU64,
    fill_bytes: AtomicU64,
}

impl Ledger {
    pub(crate) const fn new(max_memory: u64) -> Self {
        Self {
            max_memory: AtomicU64::new(max_memory),
            used: AtomicU64::new(0),
            fills: AtomicU64::new(0),
            fill_bytes: AtomicU64::new(0),
        }
    }

    pub(crate) fn max_memory(&self) -> u64 {
        self.max_memory.load(Relaxed)
    }

    pub(crate) fn set_max_memory(&self, bytes: u64) {
        self.max_memory.store(bytes, Relaxed);
    }

    /// What all fills together may hold.
    pub(crate) fn fills_max(&self) -> u64 {
        self.max_memory() / FILLS_DIVISOR
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// What is filled at most.
    pub(crate) fn filled(&self) -> u64 {
        planted!(ReadsLimitTwice => return self.max_memory() - self.max_memory() / CHURN_DIVISOR);
        // Read once, as it may change meanwhile.
        let max_memory = self.max_memory();
        max_memory - max_memory / CHURN_DIVISOR
    }

    /// Bytes over the limit.
    pub(crate) fn excess(&self) -> u64 {
        self.used().saturating_sub(self.filled())
    }

    /// Whether at least so many hundredths of what may be filled are.
    pub(crate) fn is_filled_by(&self, hundredths: u64) -> bool {
        self.used().saturating_mul(100) >= self.filled().saturating_mul(hundredths)
    }

    /// Whether so many bytes more would be over the limit.
    pub(crate) fn lacks(&self, bytes: u64) -> bool {
        self.used().saturating_add(bytes) > self.filled()
    }

    pub(crate) fn add_entry(&self, weight: u64) {
        planted!(AddsInTwoSteps => return self.used.store(self.used() + weight, Relaxed));
        self.used.fetch_add(weight, Relaxed);
    }

    pub(crate) fn remove_entry(&self, weight: u64) {
        self.used.fetch_sub(weight, Relaxed);
    }

    pub(crate) fn fills(&self) -> u64 {
        self.fills.load(Relaxed)
    }

    pub(crate) fn fill_bytes(&self) -> u64 {
        self.fill_bytes.load(Relaxed)
    }

    pub(crate) fn open_fill(&self) {
        self.fills.fetch_add(1, Relaxed);
    }

    pub(crate) fn close_fill(&self) {
        self.fills.fetch_sub(1, Relaxed);
    }

    /// Charges a fill, unless all fills together would hold more than their share.
    pub(crate) fn try_charge_fill(&self, bytes: u64) -> Result<(), OverShare> {
        let before = self.fill_bytes.fetch_add(bytes, Relaxed);
        if before.saturating_add(bytes) > self.fills_max() {
            self.fill_bytes.fetch_sub(bytes, Relaxed);
            return Err(OverShare);
        }
        self.used.fetch_add(bytes, Relaxed);
        Ok(())
    }

    /// Charges a fill that is not stored any more; its window bounds it.
    pub(crate) fn charge_fill(&self, bytes: u64) {
        self.fill_bytes.fetch_add(bytes, Relaxed);
        self.used.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn release_fill(&self, bytes: u64) {
        self.fill_bytes.fetch_sub(bytes, Relaxed);
        self.used.fetch_sub(bytes, Relaxed);
    }
}

/// All fills together would hold more than their share.
#[derive(Debug)]
pub(crate) struct OverShare;
