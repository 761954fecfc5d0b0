//! The end of a process: SIGTERM, SIGINT and SIGQUIT drain it; a second signal ends it at once.

use crate::gateway::Gateway;
use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

/// Watches for signals on behalf of Pingora, which ends its runtimes when this returns.
pub(super) struct Stop {
    gateway: Arc<Gateway>,
}

impl Stop {
    /// Drains `gateway` when the time comes.
    pub(super) fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway }
    }
}

#[async_trait]
impl ShutdownSignalWatch for Stop {
    async fn recv(&self) -> ShutdownSignal {
        let kinds = [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::quit(),
        ];
        let Ok([mut terminate, mut interrupt, mut quit]) = listen(kinds) else {
            warn!("signals cannot be received; the process ends only by force");
            return std::future::pending().await;
        };
        any(&mut terminate, &mut interrupt, &mut quit).await;
        let grace = self.gateway.current.load().config.server.grace_period;
        info!(
            ?grace,
            "stopping: no new work, what is under way may finish"
        );
        tokio::select! {
            left = self.gateway.drain.finish(grace) => {
                if left > 0 {
                    warn!(left, "the grace period is over");
                }
                self.gateway.access_log.flush().await;
            }
            () = any(&mut terminate, &mut interrupt, &mut quit) => warn!("stopped at once"),
        }
        ShutdownSignal::FastShutdown
    }
}

fn listen(kinds: [SignalKind; 3]) -> std::io::Result<[Signal; 3]> {
    let [a, b, c] = kinds;
    Ok([signal(a)?, signal(b)?, signal(c)?])
}

async fn any(a: &mut Signal, b: &mut Signal, c: &mut Signal) {
    tokio::select! { _ = a.recv() => {} _ = b.recv() => {} _ = c.recv() => {} }
}
