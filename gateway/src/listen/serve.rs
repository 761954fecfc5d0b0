//! The life of one client connection: request after request, each bounded in time, each handed to
//! Pingora and the connection taken back.

use super::connection::{Connection, Limit};
use super::head::{Head, head};
use super::http2;
use super::socket::Socket;
use super::stall::Stall;
use crate::config::Listener;
use crate::drain::Drain;
use crate::metrics::{CacheMetrics, ConnectionEnd};
use crate::proxy::Proxy;
use pingora_core::apps::HttpServerApp;
use pingora_core::protocols::http::ServerSession;
use pingora_proxy::HttpProxy;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tracing::debug;

/// How long a body that nobody wants may keep its connection: a client that dribbles gets no longer.
const BODY_DRAIN: Duration = Duration::from_secs(30);

/// What every connection of one listener shares.
pub(super) struct Serving {
    pub(super) listener: Listener,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) proxy: Arc<HttpProxy<Proxy>>,
    pub(super) drain: Arc<Drain>,
    pub(super) metrics: Arc<CacheMetrics>,
}

/// Serves `socket` until either side ends it.
pub(super) async fn serve(serving: Arc<Serving>, socket: TcpStream, client: SocketAddr) {
    let end = connection(&serving, socket, client).await;
    debug!(%client, ?end, "connection closed");
    serving.metrics.connection_ended(end);
}

async fn connection(serving: &Serving, socket: TcpStream, client: SocketAddr) -> ConnectionEnd {
    // Latency matters more than packets: a response is written in few, whole pieces.
    let _ = socket.set_nodelay(true);
    let socket = match &serving.tls {
        None => Socket::Tcp(socket),
        Some(acceptor) => {
            match timeout(serving.listener.header_timeout, acceptor.accept(socket)).await {
                Ok(Ok(stream)) => Socket::Tls(Box::new(stream)),
                Ok(Err(error)) => {
                    debug!(%client, %error, "TLS handshake failed");
                    return ConnectionEnd::HandshakeFailed;
                }
                Err(_elapsed) => return ConnectionEnd::HandshakeTimeout,
            }
        }
    };
    let http2 =
        matches!(&socket, Socket::Tls(tls) if tls.get_ref().1.alpn_protocol() == Some(b"h2"));
    let patience = Stall::new(serving.listener.write_timeout, serving.metrics.clone());
    let connection = Connection::new(socket, client, patience, crate::clock::now());
    if http2 {
        return http2::serve(serving, Box::new(connection)).await;
    }
    requests(serving, Box::new(connection)).await
}

async fn requests(serving: &Serving, mut connection: Box<Connection>) -> ConnectionEnd {
    let mut idle = serving.listener.header_timeout;
    loop {
        match next(serving, &mut connection, idle).await {
            Next::Request(Head::Sized(bytes)) if serving.listener.protocols.http1 => {
                connection.set_limit(Limit::Bytes(bytes));
                let mut session = ServerSession::new_http1(connection);
                session.set_keepalive(serving.keepalive());
                session.set_total_drain_timeout(Some(BODY_DRAIN));
                let Some(returned) = hand_over(serving, session).await else {
                    return ConnectionEnd::Closed;
                };
                connection = returned;
                connection.set_limit(Limit::None);
                idle = serving.listener.keepalive_timeout;
            }
            Next::Request(Head::Http2) if serving.listener.protocols.h2c => {
                return http2::serve(serving, connection).await;
            }
            Next::Request(_) if !serving.listener.protocols.http1 => {
                refuse(&mut connection, "505 HTTP Version Not Supported").await;
                return ConnectionEnd::Closed;
            }
            // Where the request ends only Pingora knows, and it may read on: the connection is not
            // taken back.
            Next::Request(_) => {
                let mut session = ServerSession::new_http1(connection);
                session.set_keepalive(None);
                hand_over(serving, session).await;
                return ConnectionEnd::Closed;
            }
            Next::Refuse(status, end) => {
                refuse(&mut connection, status).await;
                return end;
            }
            Next::End(end) => return end,
        }
    }
}

/// Gives one request to Pingora; the connection comes back when it can carry another.
async fn hand_over(serving: &Serving, session: ServerSession) -> Option<Box<Connection>> {
    let _busy = serving.drain.busy();
    let returned = serving
        .proxy
        .process_new_http(session, &serving.drain.watch())
        .await?;
    let (stream, _settings) = returned.consume();
    let connection = stream.into_any().downcast::<Connection>().ok()?;
    // A body that was not read whole leaves the connection in the middle of a request.
    (connection.limit() == Limit::Bytes(0)).then_some(connection)
}

enum Next {
    Request(Head),
    Refuse(&'static str, ConnectionEnd),
    End(ConnectionEnd),
}

/// Waits for a whole head: `idle` for its first byte, the header timeout for the rest.
async fn next(serving: &Serving, connection: &mut Connection, idle: Duration) -> Next {
    if connection.ahead().is_empty() {
        let first = tokio::select! {
            first = timeout(idle, connection.read_ahead()) => first,
            () = serving.drain.started() => return Next::End(ConnectionEnd::Closed),
        };
        match first {
            Ok(Ok(0) | Err(_)) => return Next::End(ConnectionEnd::Closed),
            Ok(Ok(_some)) => {}
            Err(_elapsed) => return Next::End(ConnectionEnd::IdleTimeout),
        }
    }
    let whole = timeout(serving.listener.header_timeout, async {
        loop {
            match head(connection.ahead()) {
                Head::Partial => match connection.read_ahead().await {
                    Ok(0) | Err(_) => return Next::End(ConnectionEnd::Closed),
                    Ok(_some) => {}
                },
                Head::TooLarge => {
                    let status = "431 Request Header Fields Too Large";
                    return Next::Refuse(status, ConnectionEnd::HeadTooLarge);
                }
                found @ (Head::Http2 | Head::Sized(_) | Head::Unsized) => {
                    return Next::Request(found);
                }
            }
        }
    });
    whole.await.unwrap_or(Next::Refuse(
        "408 Request Timeout",
        ConnectionEnd::HeadTimeout,
    ))
}

async fn refuse(connection: &mut Connection, status: &str) {
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    // The client is being shown the door; whether it listens is its own affair.
    let _ = connection.write_all(answer.as_bytes()).await;
    let _ = connection.shutdown().await;
}

impl Serving {
    /// Seconds that Pingora announces to HTTP/1.0 clients; the waiting itself is done in [`next`].
    fn keepalive(&self) -> Option<u64> {
        (!*self.drain.watch().borrow()).then_some(self.listener.keepalive_timeout.as_secs().max(1))
    }
}
