//! Counters, gauges and histograms, under the names that operators build on.
//!
//! Base units, `_total` on counters, bounded label values, never a URL. Gauges of the cache are sampled
//! every `metrics.collection_interval`.

mod engine;
pub mod restart;
mod why;

use crate::access_log::Entry;
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use engine::EngineMetrics;
use parking_lot::Mutex;
use prometheus::core::Collector;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};
use restart::RestartMetrics;
use shoal_cache::Applied;

/// Why a client's connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// Either side closed it in the normal course of things.
    Closed,
    /// The listener's `max_connections` was reached.
    TooMany,
    /// A head took longer than `header_timeout`.
    HeadTimeout,
    /// A head beyond the limit.
    HeadTooLarge,
    /// No request came within `keepalive_timeout`.
    IdleTimeout,
    /// The TLS handshake failed.
    HandshakeFailed,
    /// The TLS handshake took too long.
    HandshakeTimeout,
}

impl ConnectionEnd {
    fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::TooMany => "too-many",
            Self::HeadTimeout => "head-timeout",
            Self::HeadTooLarge => "head-too-large",
            Self::IdleTimeout => "idle-timeout",
            Self::HandshakeFailed => "handshake-failed",
            Self::HandshakeTimeout => "handshake-timeout",
        }
    }
}

/// See the module.
pub struct CacheMetrics {
    registry: Registry,
    http_requests: IntCounterVec,
    http_seconds: HistogramVec,
    cache_requests: IntCounterVec,
    forwarded: IntCounterVec,
    not_stored: IntCounterVec,
    collapsed: IntCounter,
    stalled: IntCounter,
    failures: IntCounterVec,
    upstream_seconds: HistogramVec,
    connect_failures: IntCounterVec,
    purges: IntCounterVec,
    plugin_errors: IntCounterVec,
    connections: IntCounterVec,
    reloads: IntCounterVec,
    reload_successful: IntGauge,
    config_info: IntGaugeVec,
    engine: EngineMetrics,
    restart: RestartMetrics,
    log_dropped: IntCounter,
    /// What the last sample saw of the access log's counter.
    dropped: Mutex<u64>,
}

impl CacheMetrics {
    /// Everything at zero. `buckets` are the upper bounds of every histogram, in seconds.
    ///
    /// # Errors
    /// Two metrics of one name, or buckets that do not ascend.
    #[expect(clippy::too_many_lines, reason = "one table: a metric a row")]
    pub fn new(buckets: &[f64]) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let r = &registry;
        Ok(Self {
            http_requests: counter(
                r,
                "shoal_http_requests_total",
                "Requests answered",
                &["route", "method", "code_class"],
            )?,
            http_seconds: histogram(
                r,
                "shoal_http_request_seconds",
                "From a request's head to its response's last byte",
                &["route"],
                buckets,
            )?,
            cache_requests: counter(
                r,
                "shoal_cache_requests_total",
                "Requests by what the cache did",
                &["route", "status", "tier", "protocol"],
            )?,
            forwarded: counter(
                r,
                "shoal_cache_forwarded_total",
                "Requests that the store did not answer, by reason",
                &["route", "reason"],
            )?,
            not_stored: counter(
                r,
                "shoal_cache_not_stored_total",
                "Responses that were not stored, by reason",
                &["route", "reason"],
            )?,
            collapsed: register(
                r,
                IntCounter::new(
                    "shoal_cache_collapsed_total",
                    "Requests that waited for another's response",
                )?,
            )?,
            failures: counter(
                r,
                "shoal_failures_total",
                "Requests that the gateway itself answered, by failure",
                &["route", "failure"],
            )?,
            upstream_seconds: histogram(
                r,
                "shoal_upstream_request_seconds",
                "From an origin request's start to the end of its exchange",
                &["upstream"],
                buckets,
            )?,
            connect_failures: counter(
                r,
                "shoal_upstream_connect_failures_total",
                "Connections to targets that failed",
                &["upstream", "target"],
            )?,
            purges: counter(r, "shoal_purge_total", "Invalidations applied", &["kind"])?,
            plugin_errors: counter(
                r,
                "shoal_plugin_errors_total",
                "Hooks that failed",
                &["plugin", "kind"],
            )?,
            connections: counter(
                r,
                "shoal_connections_closed_total",
                "Client connections that ended, by reason",
                &["reason"],
            )?,
            stalled: register(
                r,
                IntCounter::new(
                    "shoal_clients_stalled_total",
                    "Connections and HTTP/2 streams cut off because the client took nothing",
                )?,
            )?,
            reloads: counter(
                r,
                "shoal_config_reloads_total",
                "Reloads of the configuration",
                &["result"],
            )?,
            reload_successful: register(
                r,
                IntGauge::new(
                    "shoal_config_last_reload_successful",
                    "1 when the last reload was applied",
                )?,
            )?,
            config_info: gauge(
                r,
                "shoal_config_info",
                "The configuration that runs",
                &["hash"],
            )?,
            engine: EngineMetrics::new(r)?,
            restart: RestartMetrics::new(r)?,
            log_dropped: register(
                r,
                IntCounter::new(
                    "shoal_access_log_dropped_total",
                    "Lines that the access log could not take in time",
                )?,
            )?,
            dropped: Mutex::default(),
            registry,
        })
    }

    /// Counts a request that is over.
    pub fn request(&self, entry: &Entry, exchange: &Exchange) {
        let route = entry.route.as_str();
        let outcome = &exchange.outcome;
        if !entry.background {
            let class = match entry.status / 100 {
                1 => "1xx",
                2 => "2xx",
                3 => "3xx",
                4 => "4xx",
                _other => "5xx",
            };
            self.http_requests
                .with_label_values(&[route, method(&entry.method), class])
                .inc();
            self.http_seconds
                .with_label_values(&[route])
                .observe(entry.seconds);
            let protocol = if exchange.grpc { "grpc" } else { "http" };
            let tier = if exchange.origin.is_some() {
                "origin"
            } else {
                "l1"
            };
            let labels = [route, entry.cache.label(), tier, protocol];
            self.cache_requests.with_label_values(&labels).inc();
        }
        if let Some(reason) = outcome.forwarded {
            self.forwarded
                .with_label_values(&[route, reason.label()])
                .inc();
        }
        if let Some(reason) = outcome.not_stored {
            self.not_stored
                .with_label_values(&[route, reason.label()])
                .inc();
        }
        if let Some(failure) = exchange.failure {
            self.failures
                .with_label_values(&[route, failure.label()])
                .inc();
        }
        if let (Some(route), Some(origin)) = (&exchange.route, &exchange.origin) {
            let since = crate::clock::now()
                .duration_since(origin.requested)
                .unwrap_or_default();
            let upstream = route.config.upstream.as_str();
            self.upstream_seconds
                .with_label_values(&[upstream])
                .observe(since.as_secs_f64());
        }
    }

    /// Counts a request that begins to wait for another's response.
    pub fn collapsed(&self) {
        self.collapsed.inc();
    }

    /// Counts an invalidation.
    pub fn purged(&self, kind: &str, _applied: &Applied) {
        self.purges.with_label_values(&[kind]).inc();
    }

    /// Counts a connection to a target that failed.
    pub fn connect_failed(&self, upstream: &str, target: &str) {
        self.connect_failures
            .with_label_values(&[upstream, target])
            .inc();
    }

    /// Counts a hook that failed.
    pub fn plugin_failed(&self, plugin: &str, kind: &str) {
        self.plugin_errors.with_label_values(&[plugin, kind]).inc();
    }

    /// Counts a client connection that ended.
    pub fn connection_ended(&self, end: ConnectionEnd) {
        self.connections.with_label_values(&[end.label()]).inc();
    }

    /// Counts a client that took nothing for its listener's `write_timeout`.
    pub fn client_stalled(&self) {
        self.stalled.inc();
    }

    /// Records a reload that was applied.
    pub fn reloaded(&self, hash: &str) {
        self.reloads.with_label_values(&["applied"]).inc();
        self.reload_successful.set(1);
        self.config_info.reset();
        self.config_info.with_label_values(&[hash]).set(1);
    }

    /// Records a reload that found what runs already: a mistake that was taken back, too.
    pub fn reload_unchanged(&self) {
        self.reloads.with_label_values(&["unchanged"]).inc();
        self.reload_successful.set(1);
    }

    /// Records a reload that left the last good configuration in place.
    pub fn reload_failed(&self) {
        self.reloads.with_label_values(&["failed"]).inc();
        self.reload_successful.set(0);
    }

    /// Of snapshots.
    pub fn restart(&self) -> &RestartMetrics {
        &self.restart
    }

    /// Takes a sample of what others count.
    pub fn sample(&self, gateway: &Gateway) {
        self.engine.sample(&gateway.store.stats());
        self.restart
            .sample(&gateway.restart.status(), crate::clock::now());
        let now = gateway.access_log.dropped();
        let mut before = self.dropped.lock();
        self.log_dropped.inc_by(now.saturating_sub(*before));
        *before = now;
    }

    /// The exposition format of Prometheus.
    ///
    /// # Errors
    /// A metric that cannot be written.
    pub fn text(&self) -> prometheus::Result<String> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// Methods are the client's to choose; labels are not.
fn method(method: &str) -> &str {
    const KNOWN: [&str; 9] = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PURGE", "QUERY",
    ];
    if KNOWN.contains(&method) {
        method
    } else {
        "other"
    }
}

fn register<C: Collector + Clone + 'static>(
    registry: &Registry,
    metric: C,
) -> prometheus::Result<C> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

fn counter(
    r: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> prometheus::Result<IntCounterVec> {
    register(r, IntCounterVec::new(Opts::new(name, help), labels)?)
}

fn gauge(r: &Registry, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
    register(r, IntGaugeVec::new(Opts::new(name, help), labels)?)
}

fn histogram(
    r: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
    buckets: &[f64],
) -> prometheus::Result<HistogramVec> {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    register(r, HistogramVec::new(options, labels)?)
}
