//! Stopping without breaking what is under way.
//!
//! Whoever serves a request holds a [`Busy`]; whoever waits for new work watches [`Drain::watch`].

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Counts what is under way and says when to stop.
#[derive(Debug)]
pub struct Drain {
    draining: watch::Sender<bool>,
    busy: watch::Sender<usize>,
}

/// Something is under way while it lives.
#[derive(Debug)]
pub struct Busy {
    drain: Arc<Drain>,
}

impl Drain {
    /// Nothing under way, nothing to stop.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            draining: watch::Sender::new(false),
            busy: watch::Sender::new(0),
        })
    }

    /// True from the moment when the gateway stops taking new work.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }

    /// Returns when the gateway stops taking new work.
    pub async fn started(&self) {
        let mut draining = self.watch();
        // The sender lives in `self`.
        let _ = draining.wait_for(|draining| *draining).await;
    }

    /// Marks something as under way.
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.busy.send_modify(|count| *count += 1);
        Busy {
            drain: self.clone(),
        }
    }

    /// Stops new work and waits, at most `grace`, until nothing is under way. Says how much still is.
    pub async fn finish(&self, grace: Duration) -> usize {
        self.draining.send_replace(true);
        let mut busy = self.busy.subscribe();
        // Time is up either way: what is left is what the caller is told.
        let _ = tokio::time::timeout(grace, busy.wait_for(|count| *count == 0)).await;
        *self.busy.borrow()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.drain.busy.send_modify(|count| *count -= 1);
    }
}
