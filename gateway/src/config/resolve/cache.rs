//! `cache:`, the block of all gateways.

use super::Resolver;
use crate::config::CacheConfig;
use crate::config::cache::{
    Algorithm, Compression, HttpDefaults, Local, Metrics, Optimize, Snapshot,
};
use crate::config::file::cache as file;
use crate::config::leaf::{FilePath, Text};
use crate::config::tree::Path;
use crate::config::units::ByteSize;
use std::time::Duration;

/// Below this the segments' own tables are larger than what they hold.
const MEMORY_MIN: ByteSize = ByteSize::mib(1);

impl Resolver<'_, '_> {
    pub(super) fn cache(&mut self, cache: file::Cache) -> CacheConfig {
        let path = Path::top().key("cache");
        let distributed = cache.distributed.unwrap_or_default();
        let protocols = distributed.protocols.unwrap_or_default();
        let http = protocols.http.unwrap_or_default();
        let local = path.key("distributed").key("local");
        CacheConfig {
            distributed: distributed.enabled.unwrap_or(false),
            local: self.local(&local, distributed.local.unwrap_or_default()),
            http: HttpDefaults {
                respect_cache_control: http.respect_cache_control.unwrap_or(true),
                default_ttl: http.default_ttl.map(|Text(ttl)| ttl),
                vary_support: http.vary_support.unwrap_or(true),
            },
            metrics: self.metrics(&path.key("metrics"), cache.metrics.unwrap_or_default()),
        }
    }

    fn local(&mut self, path: &Path, local: file::Local) -> Local {
        let max_memory = local.max_memory.map_or(ByteSize::gib(2), |Text(size)| size);
        if max_memory < MEMORY_MIN {
            self.error(&path.key("max_memory"), "must be at least 1MiB");
        }
        let segments = local.segments.unwrap_or(16);
        if !segments.is_power_of_two() {
            let up = segments.next_power_of_two();
            self.error(&path.key("segments"), "must be a power of two")
                .help(format!("nearest: {} or {up}", up / 2));
        }
        Local {
            algorithm: match local.algorithm {
                Some(file::Algorithm::SegmentedLru) | None => Algorithm::SegmentedLru,
                Some(file::Algorithm::Lru) => Algorithm::Lru,
            },
            optimize: match local.optimize {
                Some(file::Optimize::Objects) => Optimize::Objects,
                Some(file::Optimize::Bytes) => Optimize::Bytes,
                Some(file::Optimize::Balanced) | None => Optimize::Balanced,
            },
            max_memory,
            segments,
            cleanup_interval: self.time(
                &path.key("cleanup_interval"),
                local.cleanup_interval,
                Duration::from_secs(10),
            ),
            compression: match local.compression {
                Some(file::Compression::Off) | None => Compression::Off,
                Some(file::Compression::Adaptive) => Compression::Adaptive,
                Some(file::Compression::Lz4) => Compression::Lz4,
                Some(file::Compression::Zstd) => Compression::Zstd,
            },
            snapshot: self.snapshot(&path.key("snapshot"), local.snapshot),
        }
    }

    fn snapshot(&mut self, path: &Path, snapshot: Option<file::Snapshot>) -> Option<Snapshot> {
        let snapshot = snapshot?;
        let interval = self.time(
            &path.key("interval"),
            snapshot.interval,
            Duration::from_mins(5),
        );
        // Without a path, the schema's check has refused the configuration.
        let Text(FilePath(file)) = snapshot.path?;
        Some(Snapshot {
            path: self.absolute(file),
            interval,
        })
    }

    fn metrics(&mut self, path: &Path, metrics: file::Metrics) -> Metrics {
        let buckets = metrics
            .histogram_buckets
            .unwrap_or_else(|| vec![0.001, 0.01, 0.1, 1.0, 10.0]);
        let mut last = 0.0;
        for (index, bound) in buckets.iter().enumerate() {
            if !bound.is_finite() || *bound <= last {
                self.error(
                    &path.key("histogram_buckets").index(index),
                    "must be more than zero and more than the one before",
                );
            }
            last = *bound;
        }
        Metrics {
            enabled: metrics.enabled.unwrap_or(true),
            collection_interval: self.time(
                &path.key("collection_interval"),
                metrics.collection_interval,
                Duration::from_secs(10),
            ),
            histogram_buckets: buckets,
        }
    }
}
