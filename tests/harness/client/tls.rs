//! TLS to the gateway: server name, ALPN, and which certificate it showed.
//!
//! Over the encrypted stream speak the same clients as in clear text.

use super::Client;
use super::h2::H2Client;
use crate::certificates::Authority;
use crate::patience::within;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Which protocols the client offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alpn {
    /// `http/1.1`
    Http1,
    /// `h2`, then `http/1.1`
    H2,
}

/// A finished handshake.
pub struct TlsHandshake {
    stream: TlsStream<TcpStream>,
}

impl TlsHandshake {
    /// Connects, asks for `name`, trusts `authority` alone.
    ///
    /// # Errors
    /// When the handshake fails: no certificate for the name, no protocol in common.
    pub async fn try_with(
        address: SocketAddr,
        name: &str,
        authority: &Authority,
        alpn: Alpn,
    ) -> std::io::Result<Self> {
        let connector = TlsConnector::from(Arc::new(config(authority, alpn)));
        let name = ServerName::try_from(name.to_owned()).expect("a server name");
        let handshake = async {
            connector
                .connect(name, TcpStream::connect(address).await?)
                .await
        };
        let stream = within("a TLS handshake", handshake).await?;
        Ok(Self { stream })
    }

    /// The same, for a handshake that must succeed.
    ///
    /// # Panics
    /// When it fails.
    pub async fn with(address: SocketAddr, name: &str, authority: &Authority, alpn: Alpn) -> Self {
        let handshake = Self::try_with(address, name, authority, alpn).await;
        handshake.unwrap_or_else(|error| panic!("TLS with {name}: {error}"))
    }

    /// The protocol that was agreed on.
    #[must_use]
    pub fn protocol(&self) -> String {
        let agreed = self.stream.get_ref().1.alpn_protocol().unwrap_or_default();
        String::from_utf8_lossy(agreed).into_owned()
    }

    /// The certificate that the gateway showed.
    #[must_use]
    pub fn certificate(&self) -> Vec<u8> {
        let chain = self
            .stream
            .get_ref()
            .1
            .peer_certificates()
            .unwrap_or_default();
        chain
            .first()
            .map(|leaf: &CertificateDer<'_>| leaf.to_vec())
            .unwrap_or_default()
    }

    /// HTTP/1.1 over it.
    #[must_use]
    pub fn http1(self) -> Client {
        Client::over(self.stream)
    }

    /// HTTP/2 over it.
    pub async fn h2(self) -> H2Client {
        H2Client::over(self.stream).await
    }
}

fn config(authority: &Authority, alpn: Alpn) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(authority.certificate())
        .expect("an authority's certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = match alpn {
        Alpn::Http1 => vec![b"http/1.1".to_vec()],
        Alpn::H2 => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    config
}
