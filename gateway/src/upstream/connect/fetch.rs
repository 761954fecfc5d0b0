//! Requests that the gateway makes by itself, beside the one that it proxies: the parts of a large object.
//!
//! One request, one response, read as it comes. Retries follow the upstream's rules for connections; what
//! was sent is never sent again.

use super::peer;
use crate::upstream::{Chosen, Pool};
use bytes::Bytes;
use pingora_core::connectors::ConnectorOptions;
use pingora_core::connectors::http::Connector;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::{HttpPeer, Peer};
use pingora_error::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use std::sync::Arc;

/// Idle connections that are kept for further fetches.
const IDLE_CONNECTIONS_MAX: usize = 128;

/// Idle connections that turn out to be closed, for one fetch.
const STALE_MAX: usize = 3;

/// Makes requests and keeps their connections.
pub struct Fetcher {
    connector: Connector,
}

/// A response whose body is still to come.
pub struct Fetched {
    /// Its head.
    pub head: ResponseHeader,
    session: Option<HttpSession>,
    pub(super) peer: HttpPeer,
    fetcher: Arc<Fetcher>,
    /// Counts the request at its target until it is over.
    pub(super) chosen: Option<Chosen>,
}

impl Fetcher {
    /// One for the life of the process.
    pub fn new() -> Arc<Self> {
        let options = ConnectorOptions::new(IDLE_CONNECTIONS_MAX);
        Arc::new(Self {
            connector: Connector::new(Some(options)),
        })
    }

    /// Sends `request`, which has no body, to a target of `pool`. `host` is the name that a certificate
    /// must carry, `hash` what the pool's balance may hash.
    ///
    /// # Errors
    /// No target could be connected to, or the exchange broke before the response's head.
    pub async fn fetch(
        self: &Arc<Self>,
        pool: &Arc<Pool>,
        request: RequestHeader,
        host: &str,
        hash: Option<&str>,
    ) -> Result<Fetched> {
        let attempts = usize::try_from(pool.config.retries.attempts).unwrap_or(usize::MAX);
        let (mut tried, mut stale) = (Vec::new(), 0);
        loop {
            let Some(chosen) = pool.choose(&tried, hash) else {
                return Err(
                    Error::explain(ErrorType::ConnectNoRoute, "no target is left").into_up(),
                );
            };
            let peer = peer(&pool.config, &chosen, host);
            match self.connector.get_http_session(&peer).await {
                Ok((session, reused)) => {
                    let fetched = self
                        .clone()
                        .exchange(session, peer, chosen, request.clone())
                        .await;
                    // An idle connection that the origin closed meanwhile swallowed the request.
                    if fetched.is_ok() || !reused || stale >= STALE_MAX {
                        return fetched;
                    }
                    stale += 1;
                }
                Err(error) if tried.len() >= attempts => return Err(error.into_up()),
                Err(_error) => tried.push(chosen.index()),
            }
        }
    }

    async fn exchange(
        self: Arc<Self>,
        mut session: HttpSession,
        peer: HttpPeer,
        chosen: Chosen,
        request: RequestHeader,
    ) -> Result<Fetched> {
        session.set_read_timeout(peer.options.read_timeout);
        session.set_write_timeout(peer.options.write_timeout);
        session
            .write_request_header(Box::new(request))
            .await
            .map_err(|error| error.into_up())?;
        session
            .finish_request_body()
            .await
            .map_err(|error| error.into_up())?;
        loop {
            session
                .read_response_header()
                .await
                .map_err(|error| error.into_up())?;
            let Some(head) = session.response_header() else {
                return Err(Error::explain(ErrorType::H1Error, "no response").into_up());
            };
            if head.status.is_informational() {
                continue;
            }
            let head = head.clone();
            return Ok(Fetched {
                head,
                session: Some(session),
                peer,
                fetcher: self,
                chosen: Some(chosen),
            });
        }
    }
}

impl Fetched {
    /// The next piece of the body; `None` at its end, after which the connection may be used again.
    ///
    /// # Errors
    /// The origin broke off.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(session) = &mut self.session else {
            return Ok(None);
        };
        let piece = session
            .read_response_body()
            .await
            .map_err(|error| error.into_up())?;
        if piece.is_none()
            && let Some(session) = self.session.take()
        {
            let idle = self.peer.idle_timeout();
            self.fetcher
                .connector
                .release_http_session(session, &self.peer, idle)
                .await;
        }
        Ok(piece)
    }
}
