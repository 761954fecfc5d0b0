//! `cache:`: the block of the research document.

use super::units::ByteSize;
use std::path::PathBuf;
use std::time::Duration;

/// L1, the protocols' defaults and the metrics; cluster, ring and store join as they are built.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// `distributed.enabled`: false keeps the cache local: no cluster sockets, no L2, no L3.
    pub distributed: bool,
    /// `distributed.local`
    pub local: Local,
    /// `distributed.protocols.http`
    pub http: HttpDefaults,
    /// `metrics`
    pub metrics: Metrics,
}

/// `distributed.local`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// The eviction policy.
    pub algorithm: Algorithm,
    /// What the eviction policy saves.
    pub optimize: Optimize,
    /// Bounds the cache's share of the process's memory.
    pub max_memory: ByteSize,
    /// Independently locked parts: a power of two, at most 1,024.
    pub segments: usize,
    /// How often expired entries are swept where nobody asks for them.
    pub cleanup_interval: Duration,
    /// In which form bodies are kept.
    pub compression: Compression,
    /// Where entries outlive a restart; absent: they do not.
    pub snapshot: Option<Snapshot>,
}

/// `local.compression`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// As they came.
    #[default]
    Off,
    /// While memory is short, those that are seldom used.
    Adaptive,
    /// All that shrink, by LZ4.
    Lz4,
    /// All that shrink, by Zstandard.
    Zstd,
}

/// `local.snapshot`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The file, absolute. Others beside it begin with its name.
    pub path: PathBuf,
    /// How often it is written while the gateway runs.
    pub interval: Duration,
}

/// `local.algorithm`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// Probation and protected parts: a scan does not evict what is asked for again.
    #[default]
    SegmentedLru,
    /// One list.
    Lru,
}

/// `local.optimize`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Optimize {
    /// Requests to origins: many small responses are worth more than a large one.
    Objects,
    /// Bytes from origins.
    Bytes,
    /// Both.
    #[default]
    Balanced,
}

/// `distributed.protocols.http`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpDefaults {
    /// False: the origin's lifetimes are ignored; `no-store`, `private` and Set-Cookie rules stay.
    pub respect_cache_control: bool,
    /// Where neither route nor origin gives freshness; absent: heuristics only.
    pub default_ttl: Option<Duration>,
    /// False: a response with `Vary` is not stored.
    pub vary_support: bool,
}

/// `metrics`
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// False: `/metrics` is 404.
    pub enabled: bool,
    /// How often sampled gauges change.
    pub collection_interval: Duration,
    /// Upper bounds in seconds, ascending.
    pub histogram_buckets: Vec<f64>,
}
