//! Leaves a plugin out while it keeps failing.
//!
//! ```text
//! closed --N failures in a row--> open --cool-down--> trying --success--> closed
//!                                   ^------failure------'
//! ```
//! Pure apart from its atomics: time is an argument. Counting for the operator is in `stats`.

use crate::limits::{BREAKER_COOL_DOWN, BREAKER_FAILURES};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// One plugin's breaker, shared by all threads.
#[derive(Debug)]
pub(crate) struct Breaker {
    epoch: Instant,
    failures: AtomicU32,
    /// Nanoseconds after `epoch` until which calls are refused; zero when closed.
    open_until: AtomicU64,
}

/// Whether a call may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Run,
    Refuse { retry_in: Duration },
}

/// What a failure did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    StaysClosed,
    Opened,
}

impl Breaker {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            failures: AtomicU32::new(0),
            open_until: AtomicU64::new(0),
        }
    }

    pub(crate) fn admit(&self, now: Instant) -> Admission {
        let until = self.open_until.load(Relaxed);
        let now = self.nanos(now);
        if now >= until {
            Admission::Run
        } else {
            Admission::Refuse {
                retry_in: Duration::from_nanos(until - now),
            }
        }
    }

    pub(crate) fn succeeded(&self) {
        // The common case writes nothing, so that threads do not fight for the line.
        if self.failures.load(Relaxed) != 0 {
            self.failures.store(0, Relaxed);
            self.open_until.store(0, Relaxed);
        }
    }

    pub(crate) fn failed(&self, now: Instant) -> AfterFailure {
        let failures = self.failures.fetch_add(1, Relaxed).saturating_add(1);
        if failures < BREAKER_FAILURES {
            return AfterFailure::StaysClosed;
        }
        self.open_until
            .store(self.nanos(now + BREAKER_COOL_DOWN), Relaxed);
        AfterFailure::Opened
    }

    /// Failures in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures.load(Relaxed)
    }

    fn nanos(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.epoch).as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_plugin_is_left_out_tried_again_and_taken_back() {
        let start = Instant::now();
        let breaker = Breaker::new(start);
        for _ in 1..BREAKER_FAILURES {
            assert_eq!(breaker.failed(start), AfterFailure::StaysClosed);
        }
        assert_eq!(breaker.admit(start), Admission::Run);
        assert_eq!(breaker.failed(start), AfterFailure::Opened);
        assert_eq!(
            breaker.admit(start),
            Admission::Refuse {
                retry_in: BREAKER_COOL_DOWN
            }
        );

        let later = start + BREAKER_COOL_DOWN;
        assert_eq!(breaker.admit(later), Admission::Run);
        assert_eq!(
            breaker.failed(later),
            AfterFailure::Opened,
            "one failed try opens it again"
        );
        assert!(matches!(breaker.admit(later), Admission::Refuse { .. }));

        breaker.succeeded();
        assert_eq!(breaker.admit(later), Admission::Run);
        assert_eq!(breaker.failed(later), AfterFailure::StaysClosed);
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let start = Instant::now();
        let breaker = Breaker::new(start);
        for _ in 0..BREAKER_FAILURES * 3 {
            breaker.succeeded();
            assert_eq!(breaker.failed(start), AfterFailure::StaysClosed);
        }
    }
}
