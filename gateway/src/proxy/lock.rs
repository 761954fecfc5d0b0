//! The engine's collapse table, as Pingora's cache lock.
//!
//! One table for HTTP and, later, gRPC: a key is filled once, whoever asks for it. Waiting itself is
//! Pingora's lock core, which wakes its readers.

use super::storage::Asked;
use pingora_cache::CacheKey;
use pingora_cache::lock::{CacheKeyLock, LockStatus, LockStub, Locked, WritePermit};
use shoal_cache::{Collapse, Joined, KeyHash};
use std::time::Duration;

/// A writer that holds a key for longer is no longer waited for. Waiting readers give up sooner, by
/// their route's `collapse_timeout`.
const WRITER_AGE_MAX: Duration = Duration::from_secs(60);

pub(super) struct Lock {
    table: Collapse<LockStub>,
}

impl Lock {
    pub(super) fn new() -> Self {
        Self {
            table: Collapse::new(),
        }
    }
}

impl CacheKeyLock for Lock {
    fn lock(&self, key: &CacheKey, stale_writer: bool) -> Locked {
        let mut permit = None;
        let make = || {
            let (writer, stub) =
                WritePermit::new(WRITER_AGE_MAX, stale_writer, http::Extensions::new());
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
        match (self.table.replace_if(hash, over, make), asked, permit) {
            (Joined::Leader(lease), Some(asked), Some(permit)) => {
                asked.hold(lease);
                Locked::Write(permit)
            }
            (Joined::Leader(lease), _, Some(permit)) => {
                drop(lease);
                Locked::Write(permit)
            }
            (Joined::Leader(lease), _, None) => Locked::Read(lease.read_lock()),
            (Joined::Follower(stub), _, _) => Locked::Read(stub.read_lock()),
        }
    }

    fn release(&self, key: &CacheKey, mut permit: WritePermit, reason: LockStatus) {
        if let Some(asked) = key.extensions.get::<Asked>() {
            asked.let_go();
        }
        let expired = permit.lock_status() == LockStatus::AgeTimeout;
        permit.unlock(if expired {
            LockStatus::AgeTimeout
        } else {
            reason
        });
    }
}
