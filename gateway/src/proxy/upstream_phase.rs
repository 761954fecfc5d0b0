//! From the gateway to the origin: may it be asked, which target, with which fields, and what when that
//! fails.

use super::failure::{self, Failure};
use super::{cache_phase, fields, head_request, service::Proxy};
use crate::caching::plan::Plan;
use crate::clock;
use crate::config::upstream::Balance;
use crate::exchange::{Decision, Exchange, Origin};
use crate::template::Request;
use crate::upstream::connect;
use http::{Method, header};
use pingora_core::upstreams::peer::HttpPeer;
use pingora_error::{Error, ErrorType, Result};
use pingora_http::RequestHeader;
use pingora_proxy::Session;
use shoal_rules::{Presented, Reason, is_unsafe, only_if_cached};

/// only-if-cached ends here: `Ok(false)` means that the answer was sent.
pub(super) async fn may_forward(
    proxy: &Proxy,
    session: &mut Session,
    exchange: &mut Exchange,
) -> Result<bool> {
    let request = session.req_header();
    let presented = Presented {
        method: &request.method,
        headers: &request.headers,
    };
    let policy = exchange.route.as_ref().map(|route| &route.policy);
    let looked_up = matches!(exchange.plan, Plan::Lookup(_));
    let asks_the_store =
        (looked_up || !is_unsafe(&request.method)) && !exchange.background && !exchange.grpc;
    if asks_the_store && policy.is_some_and(|policy| only_if_cached(&presented, policy)) {
        exchange.outcome.forwarded = Some(Reason::OnlyIfCached);
        failure::respond(session, exchange, Failure::OnlyIfCached).await?;
        return Ok(false);
    }
    exchange.origin = Some(Origin {
        requested: clock::now(),
        epoch: proxy.gateway.store.epoch(),
        status: None,
        not_modified: None,
        decision: Decision::default(),
    });
    Ok(true)
}

/// The target of this attempt.
pub(super) fn select(session: &Session, exchange: &mut Exchange) -> Result<Box<HttpPeer>> {
    exchange.chosen = None;
    if let Some((peer, chosen)) = exchange.whole.as_mut().and_then(|whole| whole.peer()) {
        exchange.chosen = chosen;
        return Ok(Box::new(peer));
    }
    exchange.whole = None;
    let Some(route) = &exchange.route else {
        return Error::e_explain(ErrorType::InternalError, "an upstream without a route");
    };
    let hash = match &route.pool.config.balance {
        Balance::Hash(template) => Some(template.evaluate(Request {
            target: &exchange.target,
            query: exchange.target.query.as_deref(),
            method: &session.req_header().method,
            headers: &session.req_header().headers,
            client: exchange.client,
        })),
        Balance::RoundRobin | Balance::LeastRequests | Balance::Random => None,
    };
    let Some(chosen) = route.pool.choose(&exchange.tried, hash.as_deref()) else {
        return Err(Error::explain(ErrorType::ConnectNoRoute, "no target is left").into_up());
    };
    let host = exchange
        .target
        .host
        .rsplit_once(':')
        .map_or(&*exchange.target.host, |(host, _)| host);
    let headers = &session.req_header().headers;
    let peer = if headers.contains_key(header::UPGRADE) {
        connect::peer_to_upgrade(&route.pool.config, &chosen, host)
    } else {
        connect::peer(&route.pool.config, &chosen, host)
    };
    exchange.chosen = Some(chosen);
    Ok(Box::new(peer))
}

/// A connection that failed carried nothing: another target may be tried.
pub(super) fn not_connected(
    proxy: &Proxy,
    exchange: &mut Exchange,
    mut error: Box<Error>,
) -> Box<Error> {
    let (Some(route), Some(chosen)) = (&exchange.route, &exchange.chosen) else {
        return error;
    };
    let upstream = &route.pool.config;
    proxy
        .gateway
        .metrics
        .connect_failed(&upstream.name, chosen.name());
    exchange.tried.push(chosen.index());
    let attempts = usize::try_from(upstream.retries.attempts).unwrap_or(usize::MAX);
    let left =
        exchange.tried.len() <= attempts && exchange.tried.len() < route.pool.targets().len();
    error.set_retry(left);
    error
}

/// An exchange that broke: only what a closed idle connection swallowed may be sent again, and only where
/// sending it twice does no harm.
#[expect(
    clippy::fn_params_excessive_bools,
    reason = "the callback's own parameter"
)]
pub(super) fn broken(session: &Session, mut error: Box<Error>, reused: bool) -> Box<Error> {
    let request = session.req_header();
    if !request.method.is_idempotent() || session.as_ref().retry_buffer_truncated() {
        error.set_retry(false);
    } else {
        error.retry.decide_reuse(reused);
    }
    error
}

/// What is sent to the origin.
pub(super) fn request(
    proxy: &Proxy,
    session: &mut Session,
    request: &mut RequestHeader,
    exchange: &mut Exchange,
) -> Result<()> {
    // A retry is a new origin request, with its own time and epoch.
    match (&mut exchange.origin, &exchange.whole) {
        (Some(origin), Some(whole)) => whole.date(origin),
        (Some(origin), None) => {
            origin.requested = clock::now();
            origin.epoch = proxy.gateway.store.epoch();
        }
        (None, _) => {}
    }
    head_request::ask(session, request, exchange)?;
    if request.method == Method::POST {
        // Conditions ask whether a method that changes something may go on (RFC 9110 13.1.2), which is the
        // client's to say. A stale response to POST is fetched anew.
        restore_conditions(session.req_header(), request)?;
    }
    if cache_phase::takes_range(session) {
        // Pingora asks for the whole, to have it stored.
        for name in [header::RANGE, header::IF_RANGE] {
            if let Some(value) = session.req_header().headers.get(&name) {
                request.insert_header(name, value.clone())?;
            }
        }
    }
    fields::forward(request, exchange)
}

/// The client's own If-None-Match and If-Modified-Since, in place of the validators of a stored response.
fn restore_conditions(asked: &RequestHeader, request: &mut RequestHeader) -> Result<()> {
    for name in [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE] {
        request.remove_header(&name);
        for value in asked.headers.get_all(&name) {
            request.append_header(name.clone(), value.clone())?;
        }
    }
    Ok(())
}
