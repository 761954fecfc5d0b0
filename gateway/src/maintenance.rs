//! What runs beside requests: the sweep of expired entries with the pass that compresses, and the sample of
//! gauges.

use crate::clock;
use crate::gateway::Gateway;
use shoal_cache::Budget;
use std::sync::Arc;
use std::time::Duration;

/// Removes what nobody will ask for any more and compresses what is seldom used, every `cleanup_interval`, until the gateway drains.
pub async fn sweep(gateway: Arc<Gateway>) {
    loop {
        let interval = gateway.current.load().config.cache.local.cleanup_interval;
        if pause(&gateway, interval).await.is_break() {
            return;
        }
        let swept = gateway.clone();
        // Off the workers' threads: a sweep is long, though no lock is held for long.
        let sweep = tokio::task::spawn_blocking(move || {
            let now = clock::moment(clock::now());
            let done = swept.store.maintain(now, Budget::default());
            // Afterwards, so that it does not work on what has ended.
            swept.store.compress();
            done
        });
        match sweep.await {
            Ok(done) if done.expired + done.evicted > 0 => {
                tracing::debug!(expired = done.expired, evicted = done.evicted, "swept");
            }
            Ok(_nothing) => {}
            Err(error) => tracing::error!(%error, "a sweep failed"),
        }
    }
}

/// Samples gauges every `collection_interval`, until the gateway drains.
pub async fn sample(gateway: Arc<Gateway>) {
    loop {
        gateway.metrics.sample(&gateway);
        let interval = gateway
            .current
            .load()
            .config
            .cache
            .metrics
            .collection_interval;
        if pause(&gateway, interval).await.is_break() {
            return;
        }
    }
}

/// Waits; breaks when the gateway drains.
async fn pause(gateway: &Gateway, interval: Duration) -> std::ops::ControlFlow<()> {
    tokio::select! {
        () = tokio::time::sleep(interval) => std::ops::ControlFlow::Continue(()),
        () = gateway.drain.started() => std::ops::ControlFlow::Break(()),
    }
}
