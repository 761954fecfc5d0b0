//! What every part of a running gateway shares.

use crate::access_log::AccessLog;
use crate::caching::purge::Door;
use crate::drain::Drain;
use crate::metrics::CacheMetrics;
use crate::restart::Restart;
use crate::snapshot::Snapshot;
use arc_swap::ArcSwap;
use shoal_cache::Store;
use std::sync::Arc;

/// See the module. One for the life of the process; only `current` is ever replaced.
pub struct Gateway {
    /// The configuration that new requests pin.
    pub current: ArcSwap<Snapshot>,
    /// The L1 cache. It survives reloads.
    pub store: Store,
    /// Where invalidations enter it.
    pub door: Door,
    /// What outlives the process.
    pub restart: Restart,
    /// Counters and histograms.
    pub metrics: Arc<CacheMetrics>,
    /// Where requests are logged.
    pub access_log: AccessLog,
    /// What is under way.
    pub drain: Arc<Drain>,
}
