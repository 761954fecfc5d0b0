//! Names of targets to addresses, when a configuration is loaded and then periodically.
//!
//! A name that does not resolve is no reason to refuse a configuration: the target is left out until
//! it does.

use super::Pool;
use crate::config::upstream::Upstream;
use crate::gateway::Gateway;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tracing::warn;

/// How often names are resolved again. Literal addresses cost nothing.
pub const REFRESH: Duration = Duration::from_secs(30);

/// One name server that hangs must not hold a reload for longer.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// More addresses of one name are ignored: each is only a place to connect to.
const ADDRESSES_MAX: usize = 64;

/// A pool with every name of `config` resolved. A name that does not resolve just now keeps the addresses
/// that it has in `earlier`.
pub async fn pool(config: Arc<Upstream>, earlier: Option<&Pool>) -> Pool {
    let mut addresses = Vec::with_capacity(config.targets.len());
    for target in &config.targets {
        let mut found = lookup(&config.name, &target.address).await;
        if found.is_empty()
            && let Some(known) = earlier.and_then(|pool| {
                pool.targets()
                    .iter()
                    .find(|known| known.name == target.address)
            })
        {
            found = known.addresses.load().to_vec();
        }
        addresses.push(found);
    }
    Pool::new(config, addresses)
}

/// Resolves the names of `pool` again. A name that fails keeps its last addresses.
pub async fn refresh(pool: &Pool) {
    for target in pool.targets() {
        if target.name.parse::<SocketAddr>().is_ok() {
            continue;
        }
        let addresses = lookup(&pool.config.name, &target.name).await;
        if !addresses.is_empty() && **target.addresses.load() != addresses {
            target.addresses.store(Arc::new(addresses));
        }
    }
}

/// Resolves the names of the current configuration again and again, until the gateway drains.
pub async fn keep_resolving(gateway: Arc<Gateway>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(REFRESH) => {}
            () = gateway.drain.started() => return,
        }
        for pool in gateway.current.load_full().pools.values() {
            refresh(pool).await;
        }
    }
}

async fn lookup(upstream: &str, name: &str) -> Vec<SocketAddr> {
    if let Ok(address) = name.parse() {
        return vec![address];
    }
    let found = tokio::time::timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host(name)).await;
    match found {
        Ok(Ok(addresses)) => addresses.take(ADDRESSES_MAX).collect(),
        Ok(Err(error)) => {
            warn!(upstream, target = name, %error, "a target's name does not resolve");
            Vec::new()
        }
        Err(_elapsed) => {
            warn!(
                upstream,
                target = name,
                "resolving a target's name took too long"
            );
            Vec::new()
        }
    }
}
