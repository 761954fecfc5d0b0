//! `listeners:` and `tls:` as written.

use crate::config::leaf::{FilePath, Name, Text};
use schemars::JsonSchema;
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::Duration;

/// One address on which clients connect.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// IP address and port, such as "0.0.0.0:8080". Port 0 takes a free one.
    #[schemars(required)]
    pub address: Option<Text<SocketAddr>>,
    /// What is spoken. Default: [http1, h2c], with `tls` [http1, h2].
    #[schemars(length(min = 1))]
    pub protocols: Option<Vec<Protocol>>,
    /// Connections beyond it are closed at once. Default: 20000.
    #[schemars(range(min = 1))]
    pub max_connections: Option<u32>,
    /// For a whole request head. Default: 10s.
    pub header_timeout: Option<Text<Duration>>,
    /// How long a connection may stay idle between requests. Default: 75s.
    pub keepalive_timeout: Option<Text<Duration>>,
    /// How long a client may take nothing of what is sent to it. Default: 60s.
    pub write_timeout: Option<Text<Duration>>,
    /// A name under `tls`. Default: clear text.
    pub tls: Option<Text<Name>>,
    /// Client certificates. Default: none are asked for.
    pub client_auth: Option<ClientAuth>,
}

/// A protocol between client and gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 over TLS.
    H2,
    /// HTTP/2 in clear text, with prior knowledge.
    H2c,
}

/// Client certificates.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientAuth {
    /// PEM file with the authorities that may sign clients.
    #[schemars(required)]
    pub ca: Option<Text<FilePath>>,
    /// Whether a client without a certificate is refused. Default: required.
    pub mode: Option<ClientAuthMode>,
}

/// Whether a client must have a certificate.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMode {
    /// A certificate is checked when there is one.
    Optional,
    /// A handshake without a valid certificate fails.
    Required,
}

/// Certificates under one name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Chosen by server name; the first one answers where no name matches.
    #[schemars(required, length(min = 1))]
    pub certificates: Option<Vec<Certificate>>,
    /// The oldest version that is accepted. Default: "1.2".
    pub min_version: Option<TlsVersion>,
}

/// A certificate chain and its key, PEM.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// File with the chain, leaf first.
    #[schemars(required)]
    pub cert: Option<Text<FilePath>>,
    /// File with the private key.
    #[schemars(required)]
    pub key: Option<Text<FilePath>>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    V1_3,
}
