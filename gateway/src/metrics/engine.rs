//! The engine's plain numbers as metrics, sampled. Requests are counted where they are answered.

use super::{counter, gauge, register};
use parking_lot::Mutex;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};
use shoal_cache::Stats;

/// See the module.
pub(super) struct EngineMetrics {
    entries: IntGaugeVec,
    bytes: IntGaugeVec,
    evictions: IntCounterVec,
    abroad: IntCounter,
    returned: IntCounter,
    window: IntGauge,
    compressed_entries: IntGaugeVec,
    compressed_bytes: IntGaugeVec,
    compression_saved: IntGaugeVec,
    sampled: Mutex<Sampled>,
}

/// What the last sample saw of counters that the engine keeps.
#[derive(Default)]
struct Sampled {
    evictions: [u64; 3],
    abroad: u64,
    returned: u64,
}

impl EngineMetrics {
    pub(super) fn new(r: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            entries: gauge(r, "shoal_cache_entries", "Stored responses", &["tier"])?,
            bytes: gauge(
                r,
                "shoal_cache_bytes",
                "Memory of stored responses",
                &["tier"],
            )?,
            evictions: counter(
                r,
                "shoal_cache_evictions_total",
                "Stored responses that left",
                &["tier", "reason"],
            )?,
            abroad: register(
                r,
                IntCounter::new(
                    "shoal_cache_evictions_abroad_total",
                    "Stored responses that left for one of another segment",
                )?,
            )?,
            returned: register(
                r,
                IntCounter::new(
                    "shoal_cache_ghost_hits_total",
                    "Stored responses that had left a short time before",
                )?,
            )?,
            window: register(
                r,
                IntGauge::new(
                    "shoal_cache_window_thousandths",
                    "The share of the memory that is for new responses",
                )?,
            )?,
            compressed_entries: gauge(
                r,
                "shoal_cache_compressed_entries",
                "Stored responses whose body is compressed",
                &["tier"],
            )?,
            compressed_bytes: gauge(
                r,
                "shoal_cache_compressed_bytes",
                "Memory of compressed bodies",
                &["tier"],
            )?,
            compression_saved: gauge(
                r,
                "shoal_cache_compression_saved_bytes",
                "Memory that they would take beside that as they came",
                &["tier"],
            )?,
            sampled: Mutex::default(),
        })
    }

    pub(super) fn sample(&self, stats: &Stats) {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let total = &stats.total;
        self.entries
            .with_label_values(&["l1"])
            .set(number(total.entries));
        self.bytes
            .with_label_values(&["l1"])
            .set(number(total.bytes));
        let compressed = &stats.compressed;
        for (metric, value) in [
            (&self.compressed_entries, compressed.entries),
            (&self.compressed_bytes, compressed.bytes),
            (&self.compression_saved, compressed.saved),
        ] {
            metric.with_label_values(&["l1"]).set(number(value));
        }
        self.window.set(i64::from(stats.window));
        let mut sampled = self.sampled.lock();
        let raise = |metric: &IntCounter, now: u64, before: &mut u64| {
            metric.inc_by(now.saturating_sub(*before));
            *before = now;
        };
        let evictions = &total.evictions;
        let now = [evictions.space, evictions.expired, evictions.invalidated];
        let reasons = ["space", "expired", "invalidated"];
        for ((reason, now), before) in reasons.into_iter().zip(now).zip(&mut sampled.evictions) {
            let metric = self.evictions.with_label_values(&["l1", reason]);
            raise(&metric, now, before);
        }
        raise(&self.abroad, evictions.abroad, &mut sampled.abroad);
        raise(&self.returned, stats.returned, &mut sampled.returned);
    }
}
