//! `cache:` as written: L1, the protocols' defaults and the metrics. What joins several gateways is
//! in `cluster`.

use super::cluster::{Cluster, Coherence, Ring, Store, Topology};
use crate::config::leaf::{FilePath, Text};
use crate::config::units::ByteSize;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// The cache itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// The cache of this gateway and of all gateways together.
    pub distributed: Option<Distributed>,
    /// What is measured.
    pub metrics: Option<Metrics>,
}

/// The cache of this gateway and of all gateways together.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distributed {
    /// False: this gateway caches alone. Default: false.
    pub enabled: Option<bool>,
    /// Where responses are kept.
    pub topology: Option<Topology>,
    /// How gateways find each other.
    pub cluster: Option<Cluster>,
    /// L1: the memory cache.
    pub local: Option<Local>,
    /// L2: peers are asked before the origin.
    pub ring: Option<Ring>,
    /// L3: a store that outlives the gateways. Default: none.
    pub store: Option<Store>,
    /// How fills reach other gateways.
    pub coherence: Option<Coherence>,
    /// Defaults by protocol.
    pub protocols: Option<Protocols>,
}

/// L1: the memory cache.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Local {
    /// Which entry leaves when memory is short. Default: `segmented_lru`.
    pub algorithm: Option<Algorithm>,
    /// How much memory entries may take. Default: 2GB.
    pub max_memory: Option<Text<ByteSize>>,
    /// Independently locked parts: a power of two. Default: 16.
    #[schemars(range(min = 1, max = 1024))]
    pub segments: Option<usize>,
    /// How often expired entries are swept. Default: 10s.
    pub cleanup_interval: Option<Text<Duration>>,
    /// In which form bodies are kept. Default: off.
    pub compression: Option<Compression>,
    /// What is to be saved at the origins. Default: balanced.
    pub optimize: Option<Optimize>,
    /// Entries outlive a restart. Default: they do not.
    pub snapshot: Option<Snapshot>,
}

/// Which entry leaves when memory is short.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Least recently used, but a scan does not evict what is asked for again.
    SegmentedLru,
    /// Least recently used.
    Lru,
}

/// In which form bodies are kept.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Compressed where it pays.
    Adaptive,
    /// As they came.
    Off,
    /// By LZ4.
    Lz4,
    /// By Zstandard.
    Zstd,
}

/// What is to be saved at the origins.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Optimize {
    /// Requests.
    Objects,
    /// Bytes.
    Bytes,
    /// Both.
    Balanced,
}

/// Entries outlive a restart.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The file that holds them.
    #[schemars(required)]
    pub path: Option<Text<FilePath>>,
    /// How often it is written. Default: 5m.
    pub interval: Option<Text<Duration>>,
}

/// Defaults by protocol.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Protocols {
    /// For HTTP.
    pub http: Option<Http>,
    /// For gRPC.
    pub grpc: Option<Grpc>,
}

/// Defaults for HTTP.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// False: the origin's lifetimes are ignored. Default: true.
    pub respect_cache_control: Option<bool>,
    /// How long responses are fresh where neither route nor origin says it. Default: heuristics.
    pub default_ttl: Option<Text<Duration>>,
    /// False: a response with Vary is not stored. Default: true.
    pub vary_support: Option<bool>,
}

/// Defaults for gRPC.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grpc {
    /// Methods that are declared free of side effects may be cached.
    pub cache_idempotent_methods: Option<bool>,
    /// In pieces of this size streams are recorded. Default: 64KB.
    pub stream_chunk_size: Option<Text<ByteSize>>,
    /// A longer stream is not recorded. Default: 60s.
    pub max_stream_cache_time: Option<Text<Duration>>,
}

/// What is measured.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// False: there is no /metrics. Default: true.
    pub enabled: Option<bool>,
    /// How often sampled gauges change. Default: 10s.
    pub collection_interval: Option<Text<Duration>>,
    /// Upper bounds in seconds, ascending. Default: [0.001, 0.01, 0.1, 1.0, 10.0].
    #[schemars(length(min = 1, max = 64))]
    pub histogram_buckets: Option<Vec<f64>>,
}
