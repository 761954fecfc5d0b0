//! How a chosen target is spoken to, in Pingora's words.

pub mod arrival;
pub mod fetch;
mod patient;

use self::patient::Patient;
use super::Chosen;
use crate::config::upstream::{Upstream, UpstreamProtocol, Verify};
use pingora_core::protocols::ALPN;
use pingora_core::upstreams::peer::HttpPeer;
use std::sync::Arc;
use std::time::Duration;

/// Streams that share one HTTP/2 connection. Pingora's own default is one.
const H2_STREAMS_MAX: usize = 128;

/// No connection of the others is used for an upgrade.
const UPGRADES: u64 = 1;

/// The peer that Pingora connects to. `host` is the name that a certificate must carry where the
/// configuration names none.
pub fn peer(upstream: &Upstream, target: &Chosen, host: &str) -> HttpPeer {
    let tls = upstream.tls.as_ref();
    let name = tls
        .map(|tls| tls.server_name.as_deref().unwrap_or(host))
        .unwrap_or_default();
    let mut peer = HttpPeer::new(target.address, tls.is_some(), name.to_owned());
    let options = &mut peer.options;
    options.connection_timeout = Some(upstream.connect_timeout);
    options.total_connection_timeout = Some(upstream.connect_timeout);
    options.read_timeout = Some(upstream.read_timeout);
    options.write_timeout = Some(upstream.write_timeout);
    options.idle_timeout = Some(upstream.idle_timeout);
    options.max_h2_streams = H2_STREAMS_MAX;
    options.alpn = match upstream.protocol {
        UpstreamProtocol::Http1 => ALPN::H1,
        UpstreamProtocol::H2 | UpstreamProtocol::H2c => ALPN::H2,
        UpstreamProtocol::Auto => ALPN::H2H1,
    };
    if tls.is_some_and(|tls| tls.verify == Verify::DangerouslyOff) {
        options.verify_cert = false;
        options.verify_hostname = false;
    }
    peer
}

/// The same for a request that asks for an upgrade: with a connection of its own.
pub fn peer_to_upgrade(upstream: &Upstream, target: &Chosen, host: &str) -> HttpPeer {
    let mut peer = peer(upstream, target, host);
    peer.group_key = UPGRADES;
    peer.options.idle_timeout = Some(Duration::ZERO);
    peer.options.custom_l4 = Some(Arc::new(Patient));
    peer
}
