//! What is told of snapshots: counted when they are written and read, their age sampled.

use super::{counter, register};
use crate::restart::Status;
use crate::restart::outcome::{NotLoaded, NotWritten, Restored};
use prometheus::{Gauge, IntCounterVec, IntGauge, Registry};
use std::time::SystemTime;

/// See the module.
pub struct RestartMetrics {
    entries: IntGauge,
    bytes: IntGauge,
    seconds: Gauge,
    age: Gauge,
    saves: IntCounterVec,
    loads: IntCounterVec,
    loaded_entries: IntGauge,
    load_seconds: Gauge,
}

impl RestartMetrics {
    pub(super) fn new(r: &Registry) -> prometheus::Result<Self> {
        let integer = |name: &str, help: &str| register(r, IntGauge::new(name, help)?);
        let real = |name: &str, help: &str| register(r, Gauge::new(name, help)?);
        Ok(Self {
            entries: integer("shoal_snapshot_entries", "Entries in the last snapshot")?,
            bytes: integer("shoal_snapshot_bytes", "Length of the last snapshot")?,
            seconds: real("shoal_snapshot_seconds", "What the last snapshot took")?,
            age: real("shoal_snapshot_age_seconds", "Age of the last snapshot")?,
            saves: counter(
                r,
                "shoal_snapshot_saves_total",
                "Attempts to write a snapshot, by how they ended",
                &["result"],
            )?,
            loads: counter(
                r,
                "shoal_snapshot_loads_total",
                "Attempts to load a snapshot, by how they ended",
                &["result"],
            )?,
            loaded_entries: integer(
                "shoal_snapshot_loaded_entries",
                "Entries that came back at the start",
            )?,
            load_seconds: real("shoal_snapshot_load_seconds", "What the load took")?,
        })
    }

    /// Counts a snapshot that was written.
    pub fn written(&self) {
        self.saves.with_label_values(&["written"]).inc();
    }

    /// Counts one that was not.
    pub fn not_written(&self, why: &NotWritten) {
        self.saves.with_label_values(&[why.label()]).inc();
    }

    /// Counts one that was loaded.
    pub fn loaded(&self, restored: &Restored) {
        self.loads.with_label_values(&[restored.label()]).inc();
    }

    /// Counts one that was refused.
    pub fn refused(&self, why: &NotLoaded) {
        self.loads.with_label_values(&[why.label()]).inc();
    }

    pub(super) fn sample(&self, status: &Status, now: SystemTime) {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        if let Some(written) = &status.written {
            self.entries.set(number(written.entries));
            self.bytes.set(number(written.bytes));
            self.seconds.set(written.took.as_secs_f64());
            self.age.set(written.age(now).as_secs_f64());
        }
        if let Some(restored) = &status.restored {
            self.loaded_entries.set(number(restored.entries));
            self.load_seconds.set(restored.took.as_secs_f64());
        }
    }
}
