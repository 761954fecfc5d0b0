//! The accept loop over the listeners of the current configuration.
//!
//! Listeners come and go with reloads: one that is new is bound, one that is gone stops accepting, one
//! whose address stays keeps its socket and takes its new settings for new connections. What a single
//! connection lives through is `serve`.

use super::serve::{Serving, serve};
use crate::config::Listener;
use crate::drain::Drain;
use crate::metrics::{CacheMetrics, ConnectionEnd};
use crate::proxy::Proxy;
use crate::snapshot::Snapshot;
use arc_swap::ArcSwap;
use pingora_proxy::HttpProxy;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tracing::{error, info, warn};

/// Connections that the kernel may hold before they are accepted.
const BACKLOG: i32 = 4096;

/// After a failed `accept` (no descriptors left, mostly) others get time to close theirs.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Between two attempts to open what a reload could not: another process may give the port back.
const OPEN_AGAIN: Duration = Duration::from_secs(1);

/// What the listeners need of the rest of the gateway.
pub struct Shared {
    /// Answers the requests.
    pub proxy: Arc<HttpProxy<Proxy>>,
    /// Tells when the gateway stops.
    pub drain: Arc<Drain>,
    /// Counts connections.
    pub metrics: Arc<CacheMetrics>,
}

/// The listeners that run.
pub struct Listeners {
    shared: Shared,
    running: HashMap<SocketAddr, Running>,
}

struct Running {
    bound: SocketAddr,
    serving: Arc<ArcSwap<Serving>>,
    task: JoinHandle<()>,
}

/// A listener of the configuration that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct ListenError {
    /// As written.
    pub address: SocketAddr,
    /// What the system says.
    pub source: io::Error,
}

impl Listeners {
    /// None yet.
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            running: HashMap::new(),
        }
    }

    /// Makes the listeners those of `snapshot`. What cannot be opened is returned; the others run.
    pub async fn apply(&mut self, snapshot: &Snapshot) -> Vec<ListenError> {
        let mut failures = Vec::new();
        let wanted = &snapshot.config.listeners;
        let keep = |address: &SocketAddr| wanted.iter().any(|l| l.address == *address);
        for (address, running) in self.running.extract_if(|address, _| !keep(address)) {
            info!(%address, "listener closed");
            running.task.abort();
            // Its socket closes with the task: only then may another take the port.
            let _ = running.task.await;
        }
        for listener in wanted {
            let serving = Arc::new(self.serving(listener, snapshot));
            if let Some(running) = self.running.get(&listener.address) {
                running.serving.store(serving);
                continue;
            }
            match open(listener.address) {
                Ok((socket, bound)) => {
                    let serving = Arc::new(ArcSwap::new(serving));
                    let task = tokio::spawn(accept(socket, serving.clone()));
                    self.running.insert(
                        listener.address,
                        Running {
                            bound,
                            serving,
                            task,
                        },
                    );
                }
                Err(source) => {
                    failures.push(ListenError {
                        address: listener.address,
                        source,
                    });
                }
            }
        }
        failures
    }

    /// Where clients connect, in the order of `snapshot`: port 0 shows as the port that was taken.
    pub fn bound(&self, snapshot: &Snapshot) -> Vec<SocketAddr> {
        let listeners = snapshot.config.listeners.iter();
        listeners
            .filter_map(|l| self.running.get(&l.address))
            .map(|running| running.bound)
            .collect()
    }

    /// Stops accepting everywhere. Connections under way go on.
    pub fn close(&mut self) {
        for (_, running) in self.running.drain() {
            running.task.abort();
        }
    }

    /// Applies each snapshot that `changes` announces, until the gateway drains.
    pub async fn follow(
        mut self,
        mut changes: tokio::sync::watch::Receiver<Arc<Snapshot>>,
        first: oneshot::Sender<Result<Vec<SocketAddr>, Vec<ListenError>>>,
    ) {
        let snapshot = changes.borrow_and_update().clone();
        let failures = self.apply(&snapshot).await;
        let outcome = if failures.is_empty() {
            Ok(self.bound(&snapshot))
        } else {
            Err(failures)
        };
        // Nobody waits for the outcome any more when the start was given up.
        let _ = first.send(outcome);
        drop(snapshot);
        let drain = self.shared.drain.clone();
        let mut missing = false;
        loop {
            tokio::select! {
                changed = changes.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    missing = false;
                }
                () = tokio::time::sleep(OPEN_AGAIN), if missing => {}
                () = drain.started() => break,
            }
            let snapshot = changes.borrow_and_update().clone();
            let failures = self.apply(&snapshot).await;
            if !missing {
                for failure in &failures {
                    error!(%failure, "a listener of the new configuration is not open yet");
                }
            }
            missing = !failures.is_empty();
        }
        self.close();
    }

    fn serving(&self, listener: &Listener, snapshot: &Snapshot) -> Serving {
        let tls = listener
            .tls
            .as_ref()
            .and_then(|name| snapshot.tls.get(&(name.clone(), listener.address)));
        Serving {
            listener: listener.clone(),
            tls: tls.cloned().map(TlsAcceptor::from),
            proxy: self.shared.proxy.clone(),
            drain: self.shared.drain.clone(),
            metrics: self.shared.metrics.clone(),
        }
    }
}

/// Binds `address`; a socket in TIME_WAIT is no obstacle.
fn open(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into())?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

async fn accept(socket: TcpListener, serving: Arc<ArcSwap<Serving>>) {
    let connections = Arc::new(AtomicUsize::new(0));
    loop {
        let (stream, client) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let serving = serving.load_full();
        let slot = Slot::take(&connections);
        if slot.count > serving.listener.max_connections {
            serving.metrics.connection_ended(ConnectionEnd::TooMany);
            continue;
        }
        tokio::spawn(async move {
            serve(serving, stream, client).await;
            drop(slot);
        });
    }
}

/// One of a listener's connections.
struct Slot {
    connections: Arc<AtomicUsize>,
    count: usize,
}

impl Slot {
    fn take(connections: &Arc<AtomicUsize>) -> Self {
        let count = connections.fetch_add(1, Relaxed) + 1;
        Self {
            connections: connections.clone(),
            count,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Relaxed);
    }
}
