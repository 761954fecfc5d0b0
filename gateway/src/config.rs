//! The typed configuration that the gateway runs with.
//!
//! Nothing here knows YAML: `config::file` mirrors the file, `config::resolve` turns the mirror into
//! these types and reports every problem with its line, column and path. A value of these types is
//! valid by construction, is never changed, and is shared by `Arc` in one snapshot.

mod activity;
pub mod cache;
mod check;
mod environment;
pub mod file;
pub mod leaf;
pub mod listener;
pub mod load;
pub mod problem;
mod resolve;
pub mod route;
pub mod schema;
mod template;
mod tree;
pub mod units;
pub mod upstream;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use cache::CacheConfig;
pub use listener::{Listener, TlsConfig};
pub use problem::{Problem, Problems};
pub use route::Route;
pub use units::{ByteSize, Cidr};
pub use upstream::Upstream;

/// Everything that one run of the gateway is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Process-wide settings.
    pub server: Server,
    /// Where clients connect, in the order of the file.
    pub listeners: Vec<Listener>,
    /// Certificates by the name that listeners refer to.
    pub tls: BTreeMap<String, Arc<TlsConfig>>,
    /// Where requests are forwarded, by name.
    pub upstreams: BTreeMap<String, Arc<Upstream>>,
    /// First match wins.
    pub routes: Vec<Arc<Route>>,
    /// Lua plugins by name.
    pub plugins: BTreeMap<String, Arc<Plugin>>,
    /// The cache, the cluster and the metrics of the research document's block.
    pub cache: CacheConfig,
    /// The operators' listener.
    pub admin: Admin,
    /// What is written where.
    pub log: Log,
    /// Keys that the file sets and this version accepts without effect yet, as paths.
    pub not_active: Vec<String>,
    /// Protecting keys among them: `run` refuses to start while this is not empty.
    pub unprotected: Vec<String>,
    /// What the file says but is unlikely to mean, such as a route that can never match.
    pub warnings: Vec<Problem>,
}

/// `server:`
#[derive(Debug, Clone)]
pub struct Server {
    /// Worker threads of the one proxy service.
    pub threads: usize,
    /// On SIGTERM: how long requests under way may take to finish.
    pub grace_period: Duration,
    /// Boot id, snapshots, disk store.
    pub state_dir: PathBuf,
    /// Where an upgrading process hands its sockets over.
    pub upgrade_socket: PathBuf,
}

/// One entry of `plugins:`.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The name that routes refer to.
    pub name: String,
    /// The script, absolute.
    pub file: PathBuf,
    /// `config:` as the script's `conf` argument.
    pub config: serde_json::Value,
    /// What happens to a request whose hook failed.
    pub on_error: OnError,
    /// CPU time per hook.
    pub cpu: Duration,
    /// Memory per worker thread.
    pub memory: ByteSize,
}

/// `on_error:` of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// Request phase: skip the cache. Response phase: do not store.
    #[default]
    Bypass,
    /// Go on as if the hook had decided nothing.
    Continue,
    /// Answer 500.
    Reject,
}

/// `admin:`
#[derive(Debug, Clone)]
pub struct Admin {
    /// Loopback unless the operator says otherwise.
    pub address: SocketAddr,
    /// Bearer token; required beyond loopback.
    pub token: Option<Secret>,
    /// Who may send `PURGE` on a data listener.
    pub purge_from: Vec<Cidr>,
}

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// `log:`
#[derive(Debug, Clone)]
pub struct Log {
    /// A `tracing` filter such as `info` or `shoal=debug`.
    pub level: String,
    /// The access log; absent: none is written.
    pub access: Option<AccessLog>,
}

/// `log.access:`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// One line's form.
    pub format: AccessFormat,
    /// Where the lines go.
    pub path: LogPath,
}

/// `log.access.format:`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// The combined format of Apache and nginx.
    Combined,
}

/// `log.access.path:`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LogPath {
    /// Standard output.
    #[default]
    Stdout,
    /// A file, appended to.
    File(PathBuf),
}
