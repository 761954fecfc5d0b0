//! Certificates: read from PEM files, chosen by server name, replaced while the gateway runs.

use crate::config::listener::{Certificate, Listener, TlsConfig, TlsVersion};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a listener cannot speak TLS. The path says which file to look at.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file is missing, unreadable, or holds no PEM of the expected kind.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key do not belong together, or the key is of an unknown kind.
    #[error("{path}: the certificate and its key {key} cannot be used: {source}")]
    Unusable {
        /// The certificate's file.
        path: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the TLS library says.
        source: rustls::Error,
    },
    /// The protocol settings contradict each other.
    #[error("TLS settings: {0}")]
    Settings(#[from] rustls::Error),
}

/// The certificates of one `tls:` entry, ready for handshakes.
#[derive(Debug)]
pub struct Certificates {
    keys: Vec<Arc<CertifiedKey>>,
    min_version: TlsVersion,
}

impl Certificates {
    /// Reads and checks every file.
    pub fn load(config: &TlsConfig) -> Result<Self, TlsError> {
        let keys = config
            .certificates
            .iter()
            .map(load)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            keys,
            min_version: config.min_version,
        })
    }

    /// The TLS settings of `listener`, which choose among these certificates.
    pub fn server_config(
        self: &Arc<Self>,
        listener: &Listener,
    ) -> Result<rustls::ServerConfig, TlsError> {
        let versions = match self.min_version {
            TlsVersion::V1_2 => vec![&TLS12, &TLS13],
            TlsVersion::V1_3 => vec![&TLS13],
        };
        let provider = Arc::new(ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        if listener.protocols.h2 {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        if listener.protocols.http1 {
            config.alpn_protocols.push(b"http/1.1".to_vec());
        }
        Ok(config)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello
            .server_name()
            .and_then(|name| ServerName::try_from(name).ok());
        let fits = |key: &&Arc<CertifiedKey>| {
            let name = named.as_ref()?;
            let leaf = webpki::EndEntityCert::try_from(key.cert.first()?).ok()?;
            leaf.verify_is_valid_for_subject_name(name).ok()
        };
        let found = self.keys.iter().find(|key| fits(key).is_some());
        found.or(self.keys.first()).cloned()
    }
}

fn load(certificate: &Certificate) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&read(&certificate.cert)?)
            .collect::<Result<_, _>>()
            .map_err(|error| unreadable(&certificate.cert, error.to_string()))?;
    if chain.is_empty() {
        return Err(unreadable(&certificate.cert, "no certificate in it".into()));
    }
    let key = PrivateKeyDer::from_pem_slice(&read(&certificate.key)?)
        .map_err(|error| unreadable(&certificate.key, format!("no private key in it: {error}")))?;
    let key = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|source| {
        TlsError::Unusable {
            path: certificate.cert.clone(),
            key: certificate.key.clone(),
            source,
        }
    })?;
    Ok(Arc::new(key))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error: io::Error| unreadable(path, error.to_string()))
}

fn unreadable(path: &Path, reason: String) -> TlsError {
    TlsError::Unreadable {
        path: path.to_owned(),
        reason,
    }
}
