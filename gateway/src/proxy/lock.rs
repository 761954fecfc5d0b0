//! The engine's collapse table, as Pingora's cache lock.
//!
//! One table for HTTP and, later, gRPC: a key is filled once, whoever asks for it. Waiting itself is
//! Pingora's lock core, which wakes its readers.
//!
//! The lease is kept by the request that leads, in its [`Asked`], so that it ends with that request
//! whatever happens. Pingora's permit carries a weak reference to it: a background refresh, which
//! inherits the permit, finds the lease there and keeps it in its turn.

use super::asked::{Asked, Asker, LeaseCell};
use crate::metrics::CacheMetrics;
use http::Extensions;
use pingora_cache::CacheKey;
use pingora_cache::lock::{CacheKeyLock, LockStatus, LockStub, Locked, WritePermit};
use shoal_cache::{Collapse, Joined, KeyHash};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// A writer that holds a key for longer is no longer waited for. Waiting readers give up sooner, by
/// their route's `collapse_timeout`.
const WRITER_AGE_MAX: Duration = Duration::from_secs(60);

pub(super) struct Lock {
    table: Collapse<LockStub>,
    metrics: Arc<CacheMetrics>,
}

impl Lock {
    pub(super) fn new(metrics: Arc<CacheMetrics>) -> Self {
        Self {
            table: Collapse::new(),
            metrics,
        }
    }
}

/// Why Pingora does not store a response that was kept as a part.
pub(super) const KEPT_AS_PART: &str = "kept-as-part";

impl CacheKeyLock for Lock {
    /// Those who wait look again: they find the part, though Pingora stored nothing.
    fn custom_lock_status(&self, reason: &'static str) -> LockStatus {
        if reason == KEPT_AS_PART {
            LockStatus::Done
        } else {
            LockStatus::GiveUp
        }
    }

    fn lock(&self, key: &CacheKey, stale_writer: bool) -> Locked {
        let cell = Arc::new(LeaseCell::default());
        let mut permit = None;
        let make = || {
            let mut extensions = Extensions::new();
            extensions.insert(Arc::downgrade(&cell));
            let (writer, stub) = WritePermit::new(WRITER_AGE_MAX, stale_writer, extensions);
            permit = Some(writer);
            stub
        };
        let over = |stub: &LockStub| {
            matches!(
                stub.0.lock_status(),
                LockStatus::Dangling | LockStatus::AgeTimeout
            )
        };
        let asked = key.extensions.get::<Asked>();
        let hash = asked.map_or(KeyHash(0), Asked::effective);
        let stub = match (self.table.replace_if(hash, over, make), permit) {
            (Joined::Leader(lease), Some(permit)) => {
                *cell.lock() = Some(lease);
                if let Some(asked) = asked {
                    asked.hold(cell);
                }
                return Locked::Write(permit);
            }
            (Joined::Leader(lease), None) => Arc::clone(&lease),
            (Joined::Follower(stub), _) => stub,
        };
        match asked.map(|asked| asked.asker) {
            Some(Asker::Refresh) => {
                let lease = stub
                    .extensions()
                    .get::<Weak<LeaseCell>>()
                    .and_then(Weak::upgrade);
                if let (Some(asked), Some(lease)) = (asked, lease) {
                    asked.hold(lease);
                }
            }
            Some(Asker::Client) | None => self.metrics.collapsed(),
        }
        Locked::Read(stub.read_lock())
    }

    fn release(&self, _key: &CacheKey, mut permit: WritePermit, reason: LockStatus) {
        // Before the readers wake: those who look again must not find this fill's lock.
        let cell = permit
            .extensions()
            .get::<Weak<LeaseCell>>()
            .and_then(Weak::upgrade);
        let lease = cell.and_then(|cell| cell.lock().take());
        drop(lease);
        let expired = permit.lock_status() == LockStatus::AgeTimeout;
        permit.unlock(if expired {
            LockStatus::AgeTimeout
        } else {
            reason
        });
    }
}
