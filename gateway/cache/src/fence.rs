//! The staleness bound of the cluster: how long stored responses may be trusted unproven.
//!
//! Only the comparison. Where proofs come from is the cluster's; what happens to a response that
//! must be validated is the gateway's.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use crate::{Moment, sync::Mutex};

/// A stored response is usable when `now - max(proof, start of its origin request) <= bound`.
///
/// If every purge before `proof` is known to be applied, a response that passes is stale by at
/// most `bound`. Unbounded until told otherwise.
pub struct Fence {
    /// `proof + bound`: the last moment at which everything stored is usable. The one value that
    /// a hit reads as a rule.
    covered: AtomicU64,
    /// Milliseconds; `u64::MAX` is unbounded.
    bound: AtomicU64,
    /// The latest proof. Covers the writing of the two fields above.
    proof: Mutex<Moment>,
}

impl Fence {
    pub(crate) const fn unbounded() -> Self {
        Self {
            covered: AtomicU64::new(u64::MAX),
            bound: AtomicU64::new(u64::MAX),
            proof: Mutex::new(Moment(0)),
        }
    }

    /// Whether a response whose origin request began at `requested` may be used without asking.
    #[must_use]
    pub fn usable(&self, requested: Moment, now: Moment) -> bool {
        now.0 <= self.covered.load(Relaxed)
            || now.0 <= requested.0.saturating_add(self.bound.load(Relaxed))
    }

    /// Every invalidation issued anywhere before `proof` has been applied here. An earlier proof
    /// than the last one changes nothing.
    pub fn prove(&self, proof: Moment) {
        let mut latest = self.proof.lock();
        *latest = proof.max(*latest);
        self.cover(*latest);
    }

    /// Sets the bound; `None` trusts everything.
    pub fn set_bound(&self, bound: Option<Duration>) {
        let latest = self.proof.lock();
        let millis = bound.map_or(u64::MAX, |b| {
            u64::try_from(b.as_millis()).unwrap_or(u64::MAX)
        });
        self.bound.store(millis, Relaxed);
        self.cover(*latest);
    }

    fn cover(&self, proof: Moment) {
        self.covered
            .store(proof.0.saturating_add(self.bound.load(Relaxed)), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_usable_until_a_bound_is_set() {
        let fence = Fence::unbounded();
        assert!(fence.usable(Moment(0), Moment(u64::MAX)));
        fence.prove(Moment(5));
        assert!(fence.usable(Moment(0), Moment(u64::MAX)));
    }

    #[test]
    fn the_later_of_proof_and_request_counts() {
        let fence = Fence::unbounded();
        fence.set_bound(Some(Duration::from_secs(30)));
        fence.prove(Moment(10_000));
        fence.prove(Moment(2_000)); // An old proof takes nothing back.
        assert!(fence.usable(Moment(0), Moment(40_000)));
        assert!(!fence.usable(Moment(0), Moment(40_001)));
        assert!(fence.usable(Moment(20_000), Moment(50_000)));
        assert!(!fence.usable(Moment(20_000), Moment(50_001)));
    }

    #[test]
    fn a_bound_can_be_lifted() {
        let fence = Fence::unbounded();
        fence.set_bound(Some(Duration::ZERO));
        assert!(!fence.usable(Moment(0), Moment(1)));
        fence.set_bound(None);
        assert!(fence.usable(Moment(0), Moment(1)));
    }
}
