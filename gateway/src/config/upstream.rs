//! `upstreams:`.

use super::route::Template;
use std::time::Duration;

/// A named group of servers that answer the same requests.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// The name that routes refer to.
    pub name: String,
    /// At least one.
    pub targets: Vec<Target>,
    /// What is spoken to the targets.
    pub protocol: UpstreamProtocol,
    /// TLS to the targets; absent: clear text.
    pub tls: Option<UpstreamTls>,
    /// How a target is chosen.
    pub balance: Balance,
    /// For a TCP connection and its TLS handshake.
    pub connect_timeout: Duration,
    /// Between two reads of a response.
    pub read_timeout: Duration,
    /// Between two writes of a request.
    pub write_timeout: Duration,
    /// How long an idle connection is kept.
    pub idle_timeout: Duration,
    /// How often a request that could not be connected is tried on another target.
    pub retries: Retries,
}

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `host:port`; a host name is resolved when the configuration is loaded and then periodically.
    pub address: String,
    /// Its share of requests, at least 1.
    pub weight: u32,
}

/// `protocol:` of an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamProtocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 over TLS.
    H2,
    /// HTTP/2 in clear text with prior knowledge.
    H2c,
    /// HTTP/2 where TLS negotiates it, HTTP/1.1 elsewhere.
    Auto,
}

/// `tls:` of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamTls {
    /// The name that the certificate must carry; absent: the request's host.
    pub server_name: Option<String>,
    /// Whether the certificate is checked.
    pub verify: Verify,
}

/// Whether an upstream's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Against the system's authorities and the name.
    Full,
    /// Not at all: the connection is encrypted, not authenticated.
    DangerouslyOff,
}

/// `balance:`
#[derive(Debug, Clone)]
pub enum Balance {
    /// Each in its turn, by weight.
    RoundRobin,
    /// The one with the fewest requests under way, by weight.
    LeastRequests,
    /// Any, by weight.
    Random,
    /// The same value goes to the same target.
    Hash(Template),
}

/// `retries:`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How many more targets are tried after a failed connection.
    pub attempts: u32,
}
