//! `upstreams:`.

use super::Resolver;
use crate::config::file::upstream as file;
use crate::config::leaf::{TargetAddress, Text};
use crate::config::tree::Path;
use crate::config::upstream::{
    Balance, Retries, Target, Upstream, UpstreamProtocol, UpstreamTls, Verify,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

impl Resolver<'_, '_> {
    pub(super) fn upstreams(
        &mut self,
        upstreams: BTreeMap<String, file::Upstream>,
    ) -> BTreeMap<String, Arc<Upstream>> {
        let section = Path::top().key("upstreams");
        let mut resolved = BTreeMap::new();
        for (name, upstream) in upstreams {
            let path = section.key(&name);
            self.is_name(&path, &name);
            let upstream = self.upstream(&path, name.clone(), upstream);
            resolved.insert(name, Arc::new(upstream));
        }
        resolved
    }

    fn upstream(&mut self, path: &Path, name: String, upstream: file::Upstream) -> Upstream {
        let protocol = self.protocol(path, &upstream);
        let mut time =
            |key, given, seconds| self.time(&path.key(key), given, Duration::from_secs(seconds));
        Upstream {
            name,
            connect_timeout: time("connect_timeout", upstream.connect_timeout, 1),
            read_timeout: time("read_timeout", upstream.read_timeout, 30),
            write_timeout: time("write_timeout", upstream.write_timeout, 30),
            idle_timeout: time("idle_timeout", upstream.idle_timeout, 60),
            targets: upstream
                .targets
                .into_iter()
                .flatten()
                .filter_map(target)
                .collect(),
            protocol,
            tls: upstream.tls.map(tls),
            balance: match upstream.balance {
                Some(file::Balance::RoundRobin) => Balance::RoundRobin,
                Some(file::Balance::LeastRequests) | None => Balance::LeastRequests,
                Some(file::Balance::Random) => Balance::Random,
                Some(file::Balance::Hash(Text(template))) => Balance::Hash(template),
            },
            retries: retries(upstream.retries.unwrap_or_default()),
        }
    }

    fn protocol(&mut self, path: &Path, upstream: &file::Upstream) -> UpstreamProtocol {
        let encrypted = upstream.tls.is_some();
        let path = path.key("protocol");
        match upstream.protocol {
            Some(file::Protocol::H2) => {
                if !encrypted {
                    self.error(
                        &path,
                        "h2 is HTTP/2 over TLS, and this upstream has no `tls`",
                    )
                    .did_you_mean(Some("h2c"));
                }
                UpstreamProtocol::H2
            }
            Some(file::Protocol::H2c) => {
                if encrypted {
                    self.error(
                        &path,
                        "h2c is HTTP/2 in clear text, and this upstream has `tls`",
                    )
                    .did_you_mean(Some("h2"));
                }
                UpstreamProtocol::H2c
            }
            Some(file::Protocol::Auto) => UpstreamProtocol::Auto,
            Some(file::Protocol::Http1) | None => UpstreamProtocol::Http1,
        }
    }
}

fn target(target: file::Target) -> Option<Target> {
    let (Text(TargetAddress(address)), weight) = match target {
        file::Target::Address(address) => (address, None),
        file::Target::Weighted(weighted) => (weighted.address?, weighted.weight),
    };
    Some(Target {
        address,
        weight: weight.unwrap_or(1),
    })
}

fn tls(tls: file::Tls) -> UpstreamTls {
    UpstreamTls {
        server_name: tls.server_name.map(|Text(name)| name.0),
        verify: match tls.verify {
            Some(file::Verify::Full) | None => Verify::Full,
            Some(file::Verify::DangerouslyOff) => Verify::DangerouslyOff,
        },
    }
}

/// `on: []` names no failure after which a request is tried again.
fn retries(retries: file::Retries) -> Retries {
    let on = retries
        .on
        .unwrap_or_else(|| vec![file::RetryOn::ConnectFailure]);
    let connect = on.contains(&file::RetryOn::ConnectFailure);
    Retries {
        attempts: if connect {
            retries.attempts.unwrap_or(1)
        } else {
            0
        },
    }
}
