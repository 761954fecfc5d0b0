//! What the compressing pass remembers of an entry: how often it was used, and that there is no more to
//! gain. Four bytes.
//!
//! Relaxed throughout: one pass at a time writes, and nobody else reads.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Warmth(AtomicU32);

/// There is nothing to gain.
const SETTLED: u32 = 1 << 31;

impl Warmth {
    /// Uses since the last call, of so many in all.
    pub(crate) fn uses_since(&self, hits: u32) -> u32 {
        let before = self.0.load(Relaxed);
        self.0.store(before & SETTLED | hits & !SETTLED, Relaxed);
        (hits & !SETTLED).saturating_sub(before & !SETTLED)
    }

    /// Whether compressing it was tried in vain.
    pub(crate) fn is_settled(&self) -> bool {
        self.0.load(Relaxed) & SETTLED != 0
    }

    pub(crate) fn settle(&self) {
        self.0.fetch_or(SETTLED, Relaxed);
    }

    /// For the same response in another form.
    pub(crate) fn carry(&self) -> Self {
        Self(AtomicU32::new(self.0.load(Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_from_look_to_look_and_stays_settled() {
        let warmth = Warmth::default();
        assert_eq!(warmth.uses_since(3), 3);
        warmth.settle();
        assert_eq!(warmth.uses_since(5), 2);
        assert_eq!(warmth.uses_since(5), 0);
        assert!(warmth.is_settled() && warmth.carry().is_settled());
    }
}
