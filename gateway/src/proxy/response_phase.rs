//! From the origin, or the store, to the client: what a response tells the cache, what the client is
//! told, and the request's log line.

use super::failure::Failure;
use super::plugin_hooks;
use super::{
    cache_phase, fields, head_request, invalidating, post_as_get, service::Proxy, storing,
};
use crate::access_log::Entry;
use crate::clock;
use crate::exchange::{Exchange, Served};
use bytes::Bytes;
use http::{HeaderName, StatusCode, Version, header};
use pingora_error::{Error, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use shoal_rules::Reason;
use shoal_rules::cache_status::{CacheStatus, Collapsed, Forward, Handling, Stored};
use shoal_rules::precondition::{Precondition, not_modified_headers};

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The origin's head is here.
pub(super) async fn received(
    proxy: &Proxy,
    session: &mut Session,
    response: &mut ResponseHeader,
    exchange: &mut Exchange,
) -> Result<()> {
    if response.status.is_informational() {
        return interim(session, response).await;
    }
    fields::drop_listed_by_origin(response);
    let Some(origin) = &mut exchange.origin else {
        return Ok(());
    };
    origin.status = Some(response.status.as_u16());
    if response.status == StatusCode::NOT_MODIFIED {
        storing::confirmed(response, origin, exchange.outcome.found.as_ref())?;
    }
    if exchange.grpc || head_request::replaced(proxy, session, response, exchange)? {
        return Ok(());
    }
    let condemned = invalidating::condemned(session, response, exchange);
    let hooked = match response.status {
        StatusCode::NOT_MODIFIED => Ok(()),
        _content => plugin_hooks::on_response(proxy, session, response, exchange),
    };
    // What answers GETs from now on is not condemned with what did so before.
    let copied = post_as_get::judge(session, response, exchange);
    post_as_get::begin(proxy, exchange, condemned, copied);
    hooked?;
    head_request::learn(proxy, session, response, exchange)
}

/// An interim response is sent on at once (RFC 9110 15.2). Pingora takes what the origin sends in batches,
/// and loses the interim one when the final one in its batch is stored: so it is sent here, and Pingora's
/// own attempt is ignored. 100 and 101 are its own affair.
async fn interim(session: &mut Session, response: &ResponseHeader) -> Result<()> {
    let hint = !matches!(
        response.status,
        StatusCode::CONTINUE | StatusCode::SWITCHING_PROTOCOLS
    );
    // RFC 9110 15.2: a client of HTTP/1.0 knows no interim responses.
    if hint && session.req_header().version != Version::HTTP_10 {
        session.set_ignore_info_resp(false);
        session
            .as_downstream_mut()
            .write_response_header_ref(response)
            .await?;
    }
    if hint {
        session.set_ignore_info_resp(true);
    }
    Ok(())
}

/// Whether nothing can follow a response with this status: it is none of 1xx, or the last word in HTTP.
pub(super) fn is_final(status: StatusCode) -> bool {
    !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS
}

/// The head that the client gets.
pub(super) fn deliver(
    session: &mut Session,
    response: &mut ResponseHeader,
    exchange: &mut Exchange,
) -> Result<()> {
    if response.status.is_informational() {
        return Ok(());
    }
    // Its fill has begun, or there is none: who waited for it need not wait longer.
    exchange.whole = None;
    if exchange.grpc {
        return cache_status(response, exchange);
    }
    if exchange.condition == Precondition::Failed {
        return precondition_failed(response, exchange);
    }
    // RFC 9112 6.1: a client of HTTP/1.0 knows no chunks. Its body ends with the connection.
    if session.req_header().version == Version::HTTP_10
        && response.remove_header(&header::TRANSFER_ENCODING).is_some()
    {
        session.set_keepalive(None);
    }
    cache_phase::observe(session, exchange);
    let from_store = exchange.outcome.served != Served::Forwarded;
    if from_store && let Some(freshness) = freshness(exchange) {
        response.insert_header(header::AGE, freshness.current_age(clock::now()).as_secs())?;
    } else if let Some(freshness) = exchange.outcome.stored {
        response.insert_header(header::AGE, freshness.corrected_initial_age.as_secs())?;
    }
    restore(response, exchange)?;
    let found = exchange.outcome.found.as_ref();
    if from_store && found.is_some_and(|found| found.is_growing) {
        fields::mark_growing(response, session.req_header().version)?;
    }
    fields::deliver(response, session.req_header().version)?;
    cache_status(response, exchange)
}

/// The head of a 412 in the place of the response whose validators the client's condition does not match.
fn precondition_failed(response: &mut ResponseHeader, exchange: &mut Exchange) -> Result<()> {
    let failure = Failure::PreconditionFailed;
    exchange.failure = Some(failure);
    *response = ResponseHeader::build(failure.status(), Some(4))?;
    response.insert_header(header::CONTENT_LENGTH, 0)?;
    response.insert_header(header::CACHE_CONTROL, "no-store")?;
    cache_status(response, exchange)
}

/// Fields that are not stored and yet belong to this answer: those that `no-cache="…"` and `private="…"`
/// keep from later clients, and those of a 304 after which the response may not be kept.
fn restore(response: &mut ResponseHeader, exchange: &Exchange) -> Result<()> {
    match exchange.outcome.served {
        Served::Forwarded => {
            for (name, value) in &exchange.withheld {
                response.append_header(name.clone(), value.clone())?;
            }
        }
        Served::Revalidated if exchange.outcome.stored.is_none() => {
            let Some(freshened) = &exchange.freshened else {
                return Ok(());
            };
            let shown = if response.status == StatusCode::NOT_MODIFIED {
                not_modified_headers(freshened)
            } else {
                freshened.clone()
            };
            for name in shown.keys().filter(|name| !fields::is_framing(name)) {
                response.remove_header(name);
                for value in shown.get_all(name) {
                    response.append_header(name.clone(), value.clone())?;
                }
            }
            if let Some(origin) = &exchange.origin {
                let requested = origin.requested;
                let times = shoal_rules::Times {
                    requested,
                    received: clock::now(),
                };
                let age = shoal_rules::age::corrected_initial_age(freshened, &times);
                response.insert_header(header::AGE, age.as_secs())?;
            }
        }
        Served::Revalidated
        | Served::Hit
        | Served::Stale
        | Served::Updating
        | Served::StaleOnError => {}
    }
    Ok(())
}

/// The freshness that counts for the response being sent.
fn freshness(exchange: &Exchange) -> Option<&shoal_rules::Freshness> {
    let found = exchange
        .outcome
        .found
        .as_ref()
        .map(|found| &found.freshness);
    match exchange.outcome.served {
        Served::Revalidated if exchange.freshened.is_some() => exchange.outcome.stored.as_ref(),
        Served::Revalidated => exchange.outcome.stored.as_ref().or(found),
        Served::Hit | Served::Stale | Served::Updating | Served::StaleOnError => found,
        Served::Forwarded => exchange.outcome.stored.as_ref(),
    }
}

/// Adds `Cache-Status` (RFC 9211).
pub(super) fn cache_status(response: &mut ResponseHeader, exchange: &Exchange) -> Result<()> {
    let outcome = &exchange.outcome;
    let fwd_status = exchange.origin.as_ref().and_then(|origin| origin.status);
    let forward = |reason: Option<Reason>| {
        let forward = reason.and_then(Reason::forward).unwrap_or(Forward::Miss);
        Handling::Forward(forward, fwd_status)
    };
    let handling = match outcome.served {
        Served::Hit | Served::Stale | Served::Updating => Handling::Hit,
        Served::StaleOnError | Served::Revalidated => forward(outcome.forwarded),
        Served::Forwarded if exchange.origin.is_none() => match outcome.forwarded {
            Some(reason) if reason.forward().is_some() => forward(Some(reason)),
            Some(_) | None => Handling::Generated,
        },
        Served::Forwarded => forward(outcome.forwarded),
    };
    let refused = exchange
        .progress
        .as_ref()
        .is_some_and(|progress| progress.refused());
    let stored = outcome.stored.is_some() && !refused;
    let status = CacheStatus {
        handling,
        ttl: freshness(exchange).map(|freshness| freshness.remaining(clock::now())),
        stored: if stored { Stored::Yes } else { Stored::No },
        collapsed: if outcome.collapsed.is_some() {
            Collapsed::Yes
        } else {
            Collapsed::No
        },
        detail: detail(exchange),
    };
    response.append_header(CACHE_STATUS, status.to_string())?;
    Ok(())
}

/// A plugin's own words, or the label of the reason that matters to people: why it was not stored before
/// why it was forwarded, unless `fwd` says that already.
fn detail(exchange: &Exchange) -> Option<&str> {
    let outcome = &exchange.outcome;
    if let Some(detail) = &outcome.detail {
        return Some(detail);
    }
    let telling = |reason: &Reason| {
        reason
            .forward()
            .is_none_or(|forward| forward.token() != reason.label())
    };
    let failure = exchange.failure.map(Failure::label);
    outcome
        .not_stored
        .or(outcome.forwarded)
        .filter(telling)
        .map(Reason::label)
        .or(failure)
}

/// A piece of the body came from the origin.
pub(super) fn arriving(body: Option<&Bytes>, exchange: &mut Exchange) {
    if let (Some(body), Some(arriving)) = (body, &mut exchange.arriving) {
        arriving.write(body);
    }
}

/// A part of the body is on its way to the client. What is not stored passes by here even where the
/// client's conditions want no body.
pub(super) fn body(session: &mut Session, body: &mut Option<Bytes>, exchange: &mut Exchange) {
    if exchange.condition != Precondition::Proceed {
        *body = None;
    }
    exchange.sent += body.as_ref().map_or(0, |body| body.len() as u64);
    cache_phase::pace(session, exchange);
}

/// The request is over.
pub(super) fn log(
    proxy: &Proxy,
    session: &mut Session,
    error: Option<&Error>,
    exchange: &mut Exchange,
) {
    if let Some(progress) = &exchange.progress {
        if progress.outgrown() {
            exchange.outcome.not_stored = Some(Reason::TooLarge);
            exchange.outcome.stored = None;
        } else if progress.refused() {
            exchange.outcome.not_stored = Some(Reason::Invalidated);
            exchange.outcome.stored = None;
        }
    }
    if error.is_some() && exchange.outcome.stored.is_some() {
        exchange.outcome.stored = None;
        exchange.outcome.not_stored = Some(Reason::Incomplete);
    }
    let sent = session.response_written().map(|head| head.status.as_u16());
    let status = sent.or(exchange.failure.map(Failure::status)).unwrap_or(0);
    let entry = Entry::new(
        session.req_header(),
        exchange,
        status,
        detail(exchange).map(str::to_owned),
    );
    proxy.gateway.metrics.request(&entry, exchange);
    if !entry.background {
        proxy
            .gateway
            .access_log
            .write(&entry, exchange.snapshot.config.log.access.as_ref());
    }
}
