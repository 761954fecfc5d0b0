//! `listeners:` and `tls:`.

use super::Resolver;
use crate::config::Config;
use crate::config::file::listener as file;
use crate::config::leaf::Text;
use crate::config::listener::{
    Certificate, ClientAuth, ClientAuthMode, Listener, Protocols, TlsConfig, TlsVersion,
};
use crate::config::tree::Path;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8080);

impl Resolver<'_, '_> {
    pub(super) fn listeners(&mut self, listeners: Option<Vec<file::Listener>>) -> Vec<Listener> {
        let default = || {
            vec![file::Listener {
                address: Some(Text(DEFAULT_ADDRESS)),
                ..file::Listener::default()
            }]
        };
        let section = Path::top().key("listeners");
        listeners
            .unwrap_or_else(default)
            .into_iter()
            .enumerate()
            .filter_map(|(index, listener)| self.listener(&section.index(index), listener))
            .collect()
    }

    pub(super) fn tls(
        &mut self,
        entries: BTreeMap<String, file::Tls>,
    ) -> BTreeMap<String, Arc<TlsConfig>> {
        let section = Path::top().key("tls");
        let mut resolved = BTreeMap::new();
        for (name, tls) in entries {
            self.is_name(&section.key(&name), &name);
            let certificates = tls
                .certificates
                .into_iter()
                .flatten()
                .filter_map(|certificate| {
                    let (cert, key) = (certificate.cert?.0.0, certificate.key?.0.0);
                    Some(Certificate {
                        cert: self.absolute(cert),
                        key: self.absolute(key),
                    })
                });
            let config = TlsConfig {
                name: name.clone(),
                certificates: certificates.collect(),
                min_version: match tls.min_version {
                    Some(file::TlsVersion::V1_2) | None => TlsVersion::V1_2,
                    Some(file::TlsVersion::V1_3) => TlsVersion::V1_3,
                },
            };
            resolved.insert(name, Arc::new(config));
        }
        resolved
    }

    /// Two sockets cannot share an address; port 0 is a new one each time.
    pub(super) fn addresses_are_free(&mut self, config: &Config) {
        let section = Path::top().key("listeners");
        let mut taken = BTreeMap::new();
        for (index, listener) in config.listeners.iter().enumerate() {
            let path = section.index(index).key("address");
            if listener.address.port() == 0 {
                continue;
            }
            if let Some(first) = taken.insert(listener.address, index) {
                self.error(&path, "another listener has the same address")
                    .help(format!("it is listeners[{first}]"));
            }
        }
        if let Some(index) = taken.get(&config.admin.address) {
            let admin = Path::top().key("admin").key("address");
            let listener = section.index(*index).key("address");
            match self.tree.find(&admin) {
                Some(_) => self.error(&admin, "a listener has the same address"),
                None => self.error(&listener, "the admin listener has the same address"),
            };
        }
    }

    fn listener(&mut self, path: &Path, listener: file::Listener) -> Option<Listener> {
        if let Some(Text(name)) = &listener.tls {
            self.is_defined(&path.key("tls"), "tls", name);
        }
        let protocols = self.protocols(path, &listener);
        let time = |seconds| Duration::from_secs(seconds);
        let (header, keepalive) = (path.key("header_timeout"), path.key("keepalive_timeout"));
        let write = path.key("write_timeout");
        Some(Listener {
            protocols,
            max_connections: usize::try_from(listener.max_connections.unwrap_or(20_000)).ok()?,
            header_timeout: self.time(&header, listener.header_timeout, time(10)),
            keepalive_timeout: self.time(&keepalive, listener.keepalive_timeout, time(75)),
            write_timeout: self.time(&write, listener.write_timeout, time(60)),
            tls: listener.tls.map(|Text(name)| name.0),
            client_auth: listener.client_auth.and_then(|auth| self.client_auth(auth)),
            address: listener.address?.0,
        })
    }

    fn protocols(&mut self, path: &Path, listener: &file::Listener) -> Protocols {
        let encrypted = listener.tls.is_some();
        let Some(given) = &listener.protocols else {
            return Protocols {
                http1: true,
                h2: encrypted,
                h2c: !encrypted,
            };
        };
        let path = path.key("protocols");
        for (index, protocol) in given.iter().enumerate() {
            let (message, other) = match protocol {
                file::Protocol::H2 if !encrypted => (
                    "h2 is HTTP/2 over TLS, and this listener has no `tls`",
                    "h2c",
                ),
                file::Protocol::H2c if encrypted => (
                    "h2c is HTTP/2 in clear text, and this listener has `tls`",
                    "h2",
                ),
                file::Protocol::Http1 | file::Protocol::H2 | file::Protocol::H2c => continue,
            };
            self.error(&path.index(index), message)
                .did_you_mean(Some(other));
        }
        let has = |protocol| given.contains(&protocol);
        Protocols {
            http1: has(file::Protocol::Http1),
            h2: has(file::Protocol::H2),
            h2c: has(file::Protocol::H2c),
        }
    }

    fn client_auth(&mut self, auth: file::ClientAuth) -> Option<ClientAuth> {
        Some(ClientAuth {
            ca: self.absolute(auth.ca?.0.0),
            mode: match auth.mode {
                Some(file::ClientAuthMode::Required) | None => ClientAuthMode::Required,
                Some(file::ClientAuthMode::Optional) => ClientAuthMode::Optional,
            },
        })
    }
}
