//! What operators set, as written: `server:`, `plugins:`, `admin:`, `log:` and `tracing:`.

use crate::config::leaf::{FilePath, LogFilter, Percent, SecretText, Text, Threads, Url};
use crate::config::units::{ByteSize, Cidr};
use schemars::JsonSchema;
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::Duration;

/// Process-wide settings.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Worker threads. Default: auto, one for each processor.
    pub threads: Option<Text<Threads>>,
    /// On SIGTERM: how long requests under way may take. Default: 30s.
    pub grace_period: Option<Text<Duration>>,
    /// What outlives a restart. Default: /var/lib/shoal.
    pub state_dir: Option<Text<FilePath>>,
    /// Where an upgrading process hands its sockets over. Default: /run/shoal/upgrade.sock.
    pub upgrade_socket: Option<Text<FilePath>>,
}

/// A Lua plugin.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// The script.
    #[schemars(required)]
    pub file: Option<Text<FilePath>>,
    /// What the script receives as `conf`.
    pub config: Option<serde_json::Map<String, serde_json::Value>>,
    /// What happens to a request whose hook failed. Default: bypass.
    pub on_error: Option<OnError>,
    /// Processor time for each hook. Default: 2ms.
    pub cpu: Option<Text<Duration>>,
    /// Memory for each worker thread. Default: 32MiB.
    pub memory: Option<Text<ByteSize>>,
}

/// What happens to a request whose hook failed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The cache is left out of it.
    Bypass,
    /// As if the hook had decided nothing.
    Continue,
    /// It is answered with 500.
    Reject,
}

/// The operators' listener.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// IP address and port. Default: 127.0.0.1:9901.
    pub address: Option<Text<SocketAddr>>,
    /// Bearer token, or file:PATH; needed beyond loopback. Empty: none.
    pub token: Option<Text<SecretText>>,
    /// Who may send PURGE on a data listener. Default: ["127.0.0.0/8"].
    pub purge_from: Option<Vec<Text<Cidr>>>,
}

/// What is written where.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Such as info, or info,shoal=debug. Default: info.
    pub level: Option<Text<LogFilter>>,
    /// One line for each request. Default: none is written.
    pub access: Option<AccessLog>,
}

/// One line for each request.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessLog {
    /// A line's form. Default: json.
    pub format: Option<AccessFormat>,
    /// stdout, or a file. Default: stdout.
    pub path: Option<Text<FilePath>>,
}

/// A line's form.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessFormat {
    /// A JSON object.
    Json,
    /// The combined format of Apache and nginx.
    Combined,
}

/// Traces for OpenTelemetry.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tracing {
    /// The collector, such as <http://127.0.0.1:4317>.
    #[schemars(required)]
    pub otlp: Option<Text<Url>>,
    /// This share of requests. Default: 1%.
    pub sample: Option<Text<Percent>>,
}
