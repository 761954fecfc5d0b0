//! Plays a workload through a cache and counts what an origin would have had to send.
//!
//! Which caches there are is `simulated` and `peers`; what they are asked for is `workloads`.

use crate::workloads::{Request, Workload};

/// A cache in front of an origin that stores what it missed.
pub trait Played {
    /// Says whether the object was there; it is stored if it was not.
    fn ask(&mut self, request: Request) -> bool;
}

/// What an origin had to send.
#[derive(Debug, Clone, Copy, Default)]
pub struct Misses {
    requests: u64,
    missed: u64,
    bytes: u64,
    missed_bytes: u64,
}

impl Misses {
    /// Of a cache that starts empty.
    pub fn of(cache: &mut dyn Played, workload: &Workload) -> Self {
        let mut misses = Self::default();
        for request in &workload.requests {
            let size = u64::from(request.size);
            let hit = cache.ask(*request);
            misses.requests += 1;
            misses.bytes += size;
            if !hit {
                misses.missed += 1;
                misses.missed_bytes += size;
            }
        }
        misses
    }

    /// Requests that were missed, in percent.
    pub fn percent(self) -> f64 {
        100.0 * self.missed as f64 / self.requests as f64
    }

    /// Bytes that were missed, in percent.
    pub fn byte_percent(self) -> f64 {
        100.0 * self.missed_bytes as f64 / self.bytes as f64
    }

    /// The part of another's missed requests that was avoided, in percent.
    pub fn cut(self, base: Self) -> f64 {
        100.0 * (1.0 - self.percent() / base.percent())
    }

    /// The part of another's missed bytes that was avoided, in percent.
    pub fn byte_cut(self, base: Self) -> f64 {
        100.0 * (1.0 - self.byte_percent() / base.byte_percent())
    }
}
