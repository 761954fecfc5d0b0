//! The scripted origin: answers what the script says, and fails the test on anything else.
//!
//! This file is what a test calls; the connection loop is `serve`, the shared book of steps, holds
//! and requests is `ledger`.

mod ledger;
pub(crate) mod record;
pub(crate) mod reply;
pub(crate) mod script;
mod serve;

use ledger::Ledger;
use record::Recorded;
use script::Step;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// An HTTP/1.1 server on a free port of the loopback address.
///
/// When it goes out of scope it fails the test if a request came that no step fits, or if a step
/// that is to be used once was not used.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    ledger: Arc<Ledger>,
    serving: JoinHandle<()>,
}

impl Origin {
    /// Starts to answer. Steps of one target are used in their order, each once.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn script(steps: impl IntoIterator<Item = Step>) -> Self {
        let ledger = Arc::new(Ledger::new(steps));
        let (address, listener) = listener();
        let serving = tokio::spawn(serve::accept(listener, Arc::clone(&ledger)));
        Self {
            address,
            ledger,
            serving,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that was asked, in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.ledger.requests()
    }

    /// How many connections were accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.ledger.connections()
    }

    /// Waits until a request stands at the hold `name`.
    pub async fn wait_for(&self, name: &str) {
        let what = format!("a request at the hold {name:?}");
        self.ledger
            .until(&what, |book| book.arrived.contains(name).then_some(()))
            .await;
    }

    /// Waits until a request stands at the hold `name`, and lets it go on.
    pub async fn release(&self, name: &str) {
        self.wait_for(name).await;
        self.ledger.release(name);
    }

    /// Waits until so many bytes of the content of the newest request for `target` arrived.
    pub async fn wait_for_body(&self, target: &str, bytes: usize) {
        let what = format!("{bytes} bytes of content of {target}");
        self.ledger
            .until(&what, |book| {
                let newest = book
                    .requests
                    .iter()
                    .rev()
                    .find(|request| request.target == target)?;
                (newest.body.len() >= bytes).then_some(())
            })
            .await;
    }

    /// Waits until `count` requests arrived.
    pub async fn wait_for_requests(&self, count: usize) {
        let what = format!("{count} requests at the origin");
        self.ledger
            .until(&what, |book| (book.requests.len() >= count).then_some(()))
            .await;
    }

    /// Waits until an answer could not be sent to its end, since the peer had left.
    pub async fn wait_for_departure(&self) {
        self.ledger
            .until("a peer to leave", |book| {
                (book.departures > 0).then_some(())
            })
            .await;
    }

    /// Waits until every step was used and answered, and nothing unexpected came.
    ///
    /// # Panics
    /// When something unexpected came.
    pub async fn expect_done(&self) {
        self.ledger
            .until("the script to be done", |book| book.done().then_some(()))
            .await;
        self.fail_on(self.ledger.unexpected());
    }

    /// A target that nothing listens on.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn nowhere() -> SocketAddr {
        listener().0
    }

    fn fail_on(&self, complaints: Vec<String>) {
        assert!(
            complaints.is_empty(),
            "origin {}: {}\nit saw:\n{}",
            self.address,
            complaints.join("\n"),
            self.ledger.transcript()
        );
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.serving.abort();
        let complaints = self.ledger.complaints();
        if std::thread::panicking() {
            eprintln!("origin {} saw:\n{}", self.address, self.ledger.transcript());
            complaints
                .iter()
                .for_each(|complaint| eprintln!("origin: {complaint}"));
        } else {
            self.fail_on(complaints);
        }
    }
}

fn listener() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener
        .set_nonblocking(true)
        .expect("a non-blocking socket");
    (listener.local_addr().expect("an address"), listener)
}

#[cfg(test)]
mod tests;
