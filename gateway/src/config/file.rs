//! The configuration file as it is written: every key, each of them optional.
//!
//! This mirror gives words their types and nothing else: defaults and references are `resolve`'s,
//! what has no effect yet is in `activity`. The comments here are what `shoal config schema`
//! prints.

pub mod cache;
pub mod cluster;
pub mod grpc;
pub mod listener;
pub mod operation;
pub mod route;
pub mod upstream;

use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The configuration of the Shoal gateway.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Shoal configuration")]
pub struct File {
    /// Process-wide settings.
    pub server: Option<operation::Server>,
    /// Where clients connect. Default: HTTP on 0.0.0.0:8080.
    #[schemars(length(min = 1))]
    pub listeners: Option<Vec<listener::Listener>>,
    /// Certificates, by the name that listeners refer to.
    pub tls: Option<BTreeMap<String, listener::Tls>>,
    /// Where requests are forwarded, by the name that routes refer to.
    pub upstreams: Option<BTreeMap<String, upstream::Upstream>>,
    /// What is matched and how it is cached. The first match wins.
    pub routes: Option<Vec<route::Route>>,
    /// Lua plugins, by the name that routes refer to.
    pub plugins: Option<BTreeMap<String, operation::Plugin>>,
    /// The cache itself, the cluster and the metrics.
    pub cache: Option<cache::Cache>,
    /// The operators' listener.
    pub admin: Option<operation::Admin>,
    /// What is written where.
    pub log: Option<operation::Log>,
    /// Traces for OpenTelemetry. Default: none.
    pub tracing: Option<operation::Tracing>,
}
