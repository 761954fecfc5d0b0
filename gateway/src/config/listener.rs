//! `listeners:` and `tls:`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// One address on which clients connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    /// Which protocols are spoken.
    pub protocols: Protocols,
    /// Connections beyond it are closed at once and counted.
    pub max_connections: usize,
    /// For a whole request head, from its first byte.
    pub header_timeout: Duration,
    /// How long a connection may stay idle between requests.
    pub keepalive_timeout: Duration,
    /// How long a client may take nothing of what is sent to it.
    pub write_timeout: Duration,
    /// The name under `tls:`; absent: clear text.
    pub tls: Option<String>,
    /// Client certificates.
    pub client_auth: Option<ClientAuth>,
}

/// `protocols:` of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocols {
    /// HTTP/1.1.
    pub http1: bool,
    /// HTTP/2 over TLS (ALPN).
    pub h2: bool,
    /// HTTP/2 in clear text with prior knowledge.
    pub h2c: bool,
}

/// `client_auth:`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAuth {
    /// PEM bundle of the authorities that may sign clients.
    pub ca: PathBuf,
    /// Whether a client without a certificate is refused.
    pub mode: ClientAuthMode,
}

/// `client_auth.mode:`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthMode {
    /// A certificate is checked when there is one.
    Optional,
    /// A handshake without a valid certificate fails.
    Required,
}

/// One entry of `tls:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The name that listeners refer to.
    pub name: String,
    /// Chosen by server name; the first one answers where no name matches.
    pub certificates: Vec<Certificate>,
    /// The oldest protocol version that is accepted.
    pub min_version: TlsVersion,
}

/// A certificate chain and its key, PEM, absolute paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The chain, leaf first.
    pub cert: PathBuf,
    /// PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// `min_version:`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}
