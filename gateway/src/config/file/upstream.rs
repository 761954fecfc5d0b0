//! `upstreams:` as written.

use crate::config::leaf::{Name, Percent, TargetAddress, Text};
use crate::config::route::Template;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Servers that answer the same requests.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// The servers.
    #[schemars(required, length(min = 1))]
    pub targets: Option<Vec<Target>>,
    /// What is spoken to them. Default: http1.
    pub protocol: Option<Protocol>,
    /// TLS to them. Default: clear text.
    pub tls: Option<Tls>,
    /// How one is chosen. Default: `least_requests`.
    pub balance: Option<Balance>,
    /// For a connection and its TLS handshake. Default: 1s.
    pub connect_timeout: Option<Text<Duration>>,
    /// Between two reads of a response. Default: 30s.
    pub read_timeout: Option<Text<Duration>>,
    /// Between two writes of a request. Default: 30s.
    pub write_timeout: Option<Text<Duration>>,
    /// How long an idle connection is kept. Default: 60s.
    pub idle_timeout: Option<Text<Duration>>,
    /// Requests that ask a server whether it is well. Default: none.
    pub health_check: Option<HealthCheck>,
    /// Servers that keep failing leave for a while. Default: none do.
    pub outlier: Option<Outlier>,
    /// Bounds of what is under way. Default: none.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Further attempts after a failed one.
    pub retries: Option<Retries>,
    /// More than 0: a second soft purge after that time, for origins that lag. Default: 0s.
    pub purge_settle: Option<Text<Duration>>,
}

/// One server: its address, or its address and weight.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Target {
    /// `host:port`
    Address(Text<TargetAddress>),
    /// With a weight.
    Weighted(WeightedTarget),
}

/// A server and its share of requests.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedTarget {
    /// `host:port`
    #[schemars(required)]
    pub address: Option<Text<TargetAddress>>,
    /// Its share of requests beside the others'. Default: 1.
    #[schemars(range(min = 1, max = 1000))]
    pub weight: Option<u32>,
}

/// A protocol between gateway and upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 over TLS.
    H2,
    /// HTTP/2 in clear text, with prior knowledge.
    H2c,
    /// HTTP/2 where TLS negotiates it, HTTP/1.1 elsewhere.
    Auto,
}

/// TLS to the servers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The name that the certificate must carry. Default: the request's host.
    pub server_name: Option<Text<Name>>,
    /// Whether the certificate is checked. Default: full.
    pub verify: Option<Verify>,
}

/// Whether a server's certificate is checked.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verify {
    /// Against the system's authorities and the name.
    Full,
    /// Not at all: the connection is encrypted, but anybody may answer.
    DangerouslyOff,
}

/// How a server is chosen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// Each in its turn, by weight.
    RoundRobin,
    /// The one with the fewest requests under way, by weight.
    LeastRequests,
    /// Any, by weight.
    Random,
    /// The same value of a template goes to the same server.
    Hash(Text<Template>),
}

/// Requests that ask a server whether it is well.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// What is asked for. Default: /.
    pub path: Option<String>,
    /// How often. Default: 5s.
    pub interval: Option<Text<Duration>>,
    /// How long an answer may take. Default: 1s.
    pub timeout: Option<Text<Duration>>,
    /// So many good answers in a row bring a server back. Default: 2.
    #[schemars(range(min = 1))]
    pub healthy: Option<u32>,
    /// So many bad answers in a row take it out. Default: 3.
    #[schemars(range(min = 1))]
    pub unhealthy: Option<u32>,
}

/// Servers that keep failing leave for a while.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outlier {
    /// So many failures in a row. Default: 5.
    #[schemars(range(min = 1))]
    pub consecutive_failures: Option<u32>,
    /// For how long. Default: 30s.
    pub eject: Option<Text<Duration>>,
}

/// Bounds of what is under way to one upstream.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CircuitBreaker {
    /// Requests under way. Default: 1024.
    #[schemars(range(min = 1))]
    pub max_requests: Option<u32>,
    /// Requests that wait for a connection. Default: 1024.
    #[schemars(range(min = 1))]
    pub max_pending: Option<u32>,
}

/// Further attempts after a failed one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// How many more servers are tried. Default: 1.
    #[schemars(range(max = 10))]
    pub attempts: Option<u32>,
    /// After which failures. Default: `connect_failure` alone.
    pub on: Option<Vec<RetryOn>>,
    /// Retries may be at most this share of requests. Default: 20%.
    pub budget: Option<Text<Percent>>,
}

/// A failure after which another server may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryOn {
    /// No connection: the request was not sent.
    ConnectFailure,
}
