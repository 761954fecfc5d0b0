//! The one place where time is read.
//!
//! Everything else takes a moment as an argument, so that a test can choose it. HTTP's rules count in
//! wall time, because `Date` does; the engine counts in milliseconds of the same clock.

use shoal_cache::Moment;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment of the gateway's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one reader of the clock"
)]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// `time` as the engine counts it.
pub fn moment(time: SystemTime) -> Moment {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// `moment` as HTTP counts it.
pub fn wall(moment: Moment) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(moment.0)
}
