//! One HTTP/2 connection: each stream is one request, given to Pingora as a session of our own.
//!
//! Pingora's own HTTP/2 sessions lose interim responses, make `Date` anew and wait for a client's window
//! without end. What one stream does is `session`; what comes before the preface is `serve`.

mod outgoing;
mod session;
mod vetting;

use super::connection::Connection;
use super::serve::Serving;
use super::stall::Stall;
use crate::metrics::ConnectionEnd;
use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use http::{Request, Response, StatusCode};
use pingora_core::apps::HttpServerApp;
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::{Digest, Peek};
use pingora_http::RequestHeader;
use session::Session;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::debug;
use vetting::{Refusal, vet};

/// RFC 9113 section 3.4: what a client sends first.
const PREFACE_BYTES: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// A head's fields, decoded: as much as an HTTP/1.1 head may have.
const HEAD_MAX: u32 = 64 * 1024;

/// Requests of one connection at a time; more wait at the client, or here when the client has reset others,
/// whose requests may outlive them.
const STREAMS_MAX: u16 = 100;

/// Requests of one connection that may be refused for their head: beyond it the client is no client.
const REFUSALS_MAX: usize = 32;

/// Marks a request that has content, or may yet: HTTP/2 need not announce it in a field.
#[derive(Debug, Clone, Copy)]
pub struct HasContent;

type Http2 = h2::server::Connection<Box<Connection>, Bytes>;

/// Serves `connection` until either side ends it and its last request is over.
pub(super) async fn serve(serving: &Serving, mut connection: Box<Connection>) -> ConnectionEnd {
    let digest = Arc::new(connection.digest());
    let handshake = async move {
        // A client that says nothing is told nothing.
        connection.try_peek(&mut [0; PREFACE_BYTES]).await.ok()?;
        options().handshake(connection).await.ok()
    };
    let mut connection = match timeout(serving.listener.header_timeout, handshake).await {
        Ok(Some(connection)) => connection,
        Ok(None) => return ConnectionEnd::Closed,
        Err(_elapsed) => return ConnectionEnd::HeadTimeout,
    };
    let _busy = serving.drain.busy();
    let mut requests = JoinSet::new();
    let end = accept(serving, &mut connection, &digest, &mut requests).await;
    // Requests that are still under way learn with it that their client is gone.
    drop(connection);
    while requests.join_next().await.is_some() {}
    end
}

fn options() -> Builder {
    let mut options = Builder::new();
    options.max_header_list_size(HEAD_MAX);
    options.max_concurrent_streams(STREAMS_MAX.into());
    options
}

/// Takes requests, until the client is done, idles for too long, or the gateway drains.
async fn accept(
    serving: &Serving,
    connection: &mut Http2,
    digest: &Arc<Digest>,
    requests: &mut JoinSet<()>,
) -> ConnectionEnd {
    let patience = Stall::new(serving.listener.write_timeout, serving.metrics.clone());
    let mut started = pin!(serving.drain.started());
    let (mut refusals, mut draining) = (0, false);
    loop {
        let idle = requests.is_empty();
        tokio::select! {
            biased;
            () = &mut started, if !draining => {
                // RFC 9113 6.8: the client hears first that it should open no more, then which were taken.
                connection.graceful_shutdown();
                draining = true;
            }
            accepted = next(connection, requests.len()) => {
                let Some(Ok((request, respond))) = accepted else {
                    return ConnectionEnd::Closed;
                };
                let Some(session) = session(request, respond, digest, &patience) else {
                    refusals += 1;
                    if refusals >= REFUSALS_MAX {
                        connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                    }
                    continue;
                };
                let (proxy, watch) = (serving.proxy.clone(), serving.drain.watch());
                requests.spawn(async move {
                    proxy.process_new_http(session, &watch).await;
                });
            }
            Some(_over) = requests.join_next(), if !idle => {}
            () = sleep(serving.listener.keepalive_timeout), if idle => {
                return ConnectionEnd::IdleTimeout;
            }
        }
    }
}

/// The next request. Past the limit none is taken, and only those go on that are under way.
async fn next(
    connection: &mut Http2,
    under_way: usize,
) -> Option<Result<(Request<RecvStream>, SendResponse<Bytes>), h2::Error>> {
    poll_fn(|cx| {
        if under_way < STREAMS_MAX.into() {
            connection.poll_accept(cx)
        } else {
            connection.poll_closed(cx).map(|_over| None)
        }
    })
    .await
}

/// One stream as Pingora's session; `None`: it was refused and has its answer.
fn session(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    digest: &Arc<Digest>,
    patience: &Stall,
) -> Option<ServerSession> {
    let (head, body) = request.into_parts();
    let head = RequestHeader::from(head);
    match vet(&head) {
        Ok(()) => {
            let session = Session::new(head, body, respond, digest.clone(), patience.another());
            return Some(ServerSession::new_custom(Box::new(session)));
        }
        Err(refusal @ Refusal::ForbiddenByte) => {
            debug!(?refusal, "stream reset");
            respond.send_reset(Reason::PROTOCOL_ERROR);
        }
        Err(refusal @ Refusal::Authority) => {
            debug!(?refusal, "stream refused");
            let mut answer = Response::new(());
            *answer.status_mut() = StatusCode::BAD_REQUEST;
            // The client may have reset it: then there is nobody to tell.
            let _ = respond.send_response(answer, true);
        }
    }
    None
}
