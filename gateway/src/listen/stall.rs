//! A client that takes nothing is waited for so long, and no longer.
//!
//! The clock runs while a write waits and stops with each byte that is taken. A connection has one for its
//! socket, an HTTP/2 stream one for its window.

use crate::metrics::CacheMetrics;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// See the module.
pub(super) struct Stall {
    limit: Duration,
    metrics: Arc<CacheMetrics>,
    /// Runs while the client takes nothing.
    since: Option<Pin<Box<Sleep>>>,
}

/// The client took nothing for [`Stall::limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client takes nothing")]
pub(super) struct Stalled;

impl Stall {
    pub(super) fn new(limit: Duration, metrics: Arc<CacheMetrics>) -> Self {
        Self {
            limit,
            metrics,
            since: None,
        }
    }

    /// What came of a write, unless the client has taken nothing for too long.
    pub(super) fn unless<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<T>,
    ) -> Poll<Result<T, Stalled>> {
        if let Poll::Ready(outcome) = written {
            self.since = None;
            return Poll::Ready(Ok(outcome));
        }
        let limit = self.limit;
        let since = || Box::pin(tokio::time::sleep(limit));
        ready!(self.since.get_or_insert_with(since).as_mut().poll(cx));
        self.since = None;
        self.metrics.client_stalled();
        Poll::Ready(Err(Stalled))
    }

    /// The same patience for another wait.
    pub(super) fn another(&self) -> Self {
        Self::new(self.limit, self.metrics.clone())
    }
}

impl std::fmt::Debug for Stall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stall")
            .field("limit", &self.limit)
            .field("waiting", &self.since.is_some())
            .finish_non_exhaustive()
    }
}
