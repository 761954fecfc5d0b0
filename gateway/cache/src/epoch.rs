//! How many invalidations the store has applied.
//!
//! It is the logical clock by which a late fill is refused; `generations` advances it.

/// A count of applied invalidations. Take it when the origin request starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub(crate) u64);

impl Epoch {
    /// Before the first invalidation.
    pub const ZERO: Self = Self(0);

    /// The count itself, for logs and receipts.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.0
    }

    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
