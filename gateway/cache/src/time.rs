//! A point in time on the clock of the store's owner.
//!
//! The engine reads no clock: every call that depends on time takes a [`Moment`].

use std::time::Duration;

/// Milliseconds on the owner's clock. Only differences mean something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// Later than every other moment.
    pub const MAX: Self = Self(u64::MAX);

    /// This moment plus `wait`, or [`Moment::MAX`].
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// How long ago `earlier` was; zero when it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}
