//! The one reader of the wall clock, for dates that an origin writes.
//!
//! Not a way to wait: for that see `patience`.

use std::time::{Duration, SystemTime};

/// The date `seconds` from now (negative: ago), as HTTP writes it.
#[must_use]
pub fn http_date(seconds: i64) -> String {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let moment = if seconds < 0 {
        now() - distance
    } else {
        now() + distance
    };
    httpdate::fmt_http_date(moment)
}

#[expect(clippy::disallowed_methods, reason = "the one reader of the clock")]
fn now() -> SystemTime {
    SystemTime::now()
}
