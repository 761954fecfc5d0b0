//! A free port on loopback whose connections are served until it is dropped.
//!
//! What is spoken on it is its user's: HTTP/1.1 in `origin`, gRPC in `greeter`.

use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The gateway keeps a few connections; a user who adds a load generator waits in the backlog.
const CONNECTIONS_MAX: usize = 256;

pub(super) struct Port {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Port {
    /// Takes a free port and runs `serve` for each connection.
    pub(super) async fn open<F, S>(serve: F) -> std::io::Result<Self>
    where
        F: Fn(TcpStream) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Self {
            address: listener.local_addr()?,
            serving: tokio::spawn(accept(listener, serve)),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn accept<F, S>(listener: TcpListener, serve: F)
where
    F: Fn(TcpStream) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    while let Ok((stream, _peer)) = listener.accept().await {
        // Small answers go at once; Nagle's algorithm would show as 40 ms.
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(stream));
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
    }
}
