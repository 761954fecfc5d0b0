//! What a plugin did, counted: calls, errors and time per phase, and its breaker.
//!
//! Shared by all threads; nothing here decides.

use crate::phase::Phase;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// A copy of a plugin's counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginStats {
    /// Per hook, in the order of [`Phase::HOOKS`].
    pub phases: Vec<PhaseStats>,
    /// Whether the plugin is left out at this moment.
    pub breaker: BreakerState,
    /// How often the breaker opened.
    pub breaker_opened: u64,
    /// Calls refused while it was open.
    pub breaker_refused: u64,
    /// VMs built on worker threads.
    pub vms_built: u64,
}

/// The counters of one hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseStats {
    /// The hook.
    pub phase: Phase,
    /// Calls that ran, well or not.
    pub calls: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Wall time of all calls.
    pub time: Duration,
}

/// Whether a plugin is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// In use.
    Closed,
    /// Left out until the cool-down ends.
    Open {
        /// Time until the next try.
        retry_in: Duration,
    },
}

/// The live counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    on_request: PhaseCounters,
    cache_key: PhaseCounters,
    on_response: PhaseCounters,
    pub(crate) breaker_opened: AtomicU64,
    pub(crate) breaker_refused: AtomicU64,
    pub(crate) vms_built: AtomicU64,
}

#[derive(Debug, Default)]
struct PhaseCounters {
    calls: AtomicU64,
    errors: AtomicU64,
    nanos: AtomicU64,
}

impl Counters {
    pub(crate) fn called(&self, phase: Phase, time: Duration) {
        if let Some(counters) = self.of(phase) {
            counters.calls.fetch_add(1, Relaxed);
            let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            counters.nanos.fetch_add(nanos, Relaxed);
        }
    }

    pub(crate) fn failed(&self, phase: Phase) {
        if let Some(counters) = self.of(phase) {
            counters.errors.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn snapshot(&self, breaker: BreakerState) -> PluginStats {
        let phases = Phase::HOOKS
            .into_iter()
            .filter_map(|phase| {
                let counters = self.of(phase)?;
                Some(PhaseStats {
                    phase,
                    calls: counters.calls.load(Relaxed),
                    errors: counters.errors.load(Relaxed),
                    time: Duration::from_nanos(counters.nanos.load(Relaxed)),
                })
            })
            .collect();
        PluginStats {
            phases,
            breaker,
            breaker_opened: self.breaker_opened.load(Relaxed),
            breaker_refused: self.breaker_refused.load(Relaxed),
            vms_built: self.vms_built.load(Relaxed),
        }
    }

    fn of(&self, phase: Phase) -> Option<&PhaseCounters> {
        match phase {
            Phase::Load => None,
            Phase::OnRequest => Some(&self.on_request),
            Phase::CacheKey => Some(&self.cache_key),
            Phase::OnResponse => Some(&self.on_response),
        }
    }
}
