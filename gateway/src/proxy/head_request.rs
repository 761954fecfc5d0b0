//! A HEAD that no stored response may answer as it is. It goes to the origin as a HEAD, with the stored
//! response's validators, and what comes back freshens or removes that response (RFC 9111 4.3.5).
//!
//! Pingora's state machine would make a GET of it, for content that nobody asked for: so it stands beside.
//! Fresh responses, and stale ones that are served at once, are `fast_path`'s and `cache_phase`'s.

use super::failure;
use super::{cache_phase, response_phase, service::Proxy, storage, storing};
use crate::caching::lookup::{self, Absent, Count, Located, Variants};
use crate::caching::plan::Plan;
use crate::caching::purge;
use crate::clock;
use crate::exchange::{AsHead, Exchange, FoundResponse, Served, WhileRevalidating};
use http::{Method, StatusCode, header};
use pingora_cache::RespCacheable;
use pingora_core::protocols::http::HttpTask;
use pingora_error::{Error, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, Session};
use shoal_cache::{Found, Usability};
use shoal_rules::precondition::{Precondition, not_modified_headers};
use shoal_rules::validation::{HeadEffect, conditional_headers, head_effect};
use shoal_rules::{Presented, Reason, Received, Reuse, reuse};

/// Decides whether this is such a request.
pub(super) fn decide(proxy: &Proxy, session: &Session, exchange: &mut Exchange) {
    let request = session.req_header();
    let (Plan::Lookup(plan), Some(route)) = (&exchange.plan, &exchange.route) else {
        return;
    };
    // A refresh in the background fetches what GET needs.
    if request.method != Method::HEAD || exchange.background {
        return;
    }
    let (now, store) = (clock::now(), &proxy.gateway.store);
    let at = clock::moment(now);
    let reason = match lookup::find(store, &plan.key, &request.headers, at, Count::Nothing) {
        Err(Absent { variants, .. }) => match variants {
            Variants::Others => Reason::VaryMiss,
            Variants::None => Reason::UriMiss,
        },
        Ok(located) => {
            let presented = Presented {
                method: &request.method,
                headers: &request.headers,
            };
            let freshness = &located.response.freshness;
            let reuse = reuse(freshness, &presented, &route.policy, now);
            let Some(reason) = must_ask(&located.found, reuse) else {
                return;
            };
            exchange.outcome.found = Some(found(located));
            reason
        }
    };
    exchange.outcome.forwarded = Some(reason);
    exchange.as_head = Some(AsHead);
}

fn must_ask(found: &Found, reuse: Reuse) -> Option<Reason> {
    if let Found::Complete(hit) = found
        && let Usability::MustValidate(why) = hit.usability
    {
        return Some(cache_phase::reason(why));
    }
    match reuse {
        Reuse::Fresh | Reuse::StaleAccepted | Reuse::StaleWhileRevalidate => None,
        Reuse::Validate(reason) | Reuse::Forward(reason) => Some(reason),
    }
}

fn found(located: Located) -> FoundResponse {
    let Located {
        key,
        mut response,
        found,
    } = located;
    let (key, id) = match found {
        Found::Complete(hit) => {
            storage::complete(&mut response, hit.entry.body().len());
            (Some(key), hit.entry.id())
        }
        Found::Filling(reader) => (None, reader.id()),
    };
    FoundResponse {
        key,
        id,
        freshness: response.freshness,
        headers: response.headers,
        status: response.status,
        is_growing: false,
        while_revalidating: WhileRevalidating::Wait,
    }
}

/// What the origin is asked about the stored response. Without one the client's own conditions reach it:
/// they are meant for somebody who knows the resource (RFC 9111 4.3.2).
pub(super) fn ask(
    session: &mut Session,
    request: &mut RequestHeader,
    exchange: &Exchange,
) -> Result<()> {
    let (Some(AsHead), Some(found)) = (&exchange.as_head, &exchange.outcome.found) else {
        return Ok(());
    };
    for name in [
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
        header::IF_RANGE,
        header::RANGE,
    ] {
        request.remove_header(&name);
    }
    for (name, value) in conditional_headers(&found.headers) {
        request.insert_header(name, value)?;
    }
    // Pingora then asks `cache_phase` what the client's conditions make of the answer.
    session.mark_upstream_headers_mutated_for_cache();
    Ok(())
}

/// Puts the stored response in the place of a 304 that confirms it, or of an error that it stands in for.
/// `Ok(true)`: it did.
pub(super) fn replaced(
    proxy: &Proxy,
    session: &Session,
    response: &mut ResponseHeader,
    exchange: &mut Exchange,
) -> Result<bool> {
    let (Some(AsHead), Some(found)) = (&exchange.as_head, &exchange.outcome.found) else {
        return Ok(false);
    };
    let stored = storage::head(found.status, &found.headers)?;
    if response.status == StatusCode::NOT_MODIFIED {
        *response = freshen(proxy, session, stored, exchange);
        exchange.outcome.served = Served::Revalidated;
        return Ok(true);
    }
    let failure = shoal_rules::Failure::Status(response.status.as_u16());
    let stands_in =
        response.status.is_server_error() && cache_phase::stands_in(session, exchange, failure);
    if stands_in {
        *response = stored;
    }
    Ok(stands_in)
}

/// The stored response as what was just received makes it, in the store and as a head.
fn freshen(
    proxy: &Proxy,
    session: &Session,
    stored: ResponseHeader,
    exchange: &mut Exchange,
) -> ResponseHeader {
    match storing::judge(proxy, session, &stored, exchange) {
        RespCacheable::Cacheable(meta) => {
            // It may have been purged meanwhile, or is still on its way into the store.
            if !matches!(storage::freshen(&proxy.gateway.store, &meta), Ok(true)) {
                exchange.outcome.stored = None;
            }
            meta.response_header_copy()
        }
        RespCacheable::Uncacheable(_) => stored,
    }
}

/// What the origin's own answer says about the stored response. It has no content to be stored.
pub(super) fn learn(
    proxy: &Proxy,
    session: &Session,
    response: &ResponseHeader,
    exchange: &mut Exchange,
) -> Result<()> {
    if exchange.as_head.is_none() {
        return Ok(());
    }
    exchange.outcome.not_stored = Some(Reason::HeadNotStored);
    let Some(found) = &exchange.outcome.found else {
        return Ok(());
    };
    let stored = Received {
        status: found.status,
        headers: &found.headers,
    };
    let received = Received {
        status: response.status,
        headers: &response.headers,
    };
    match head_effect(&stored, &received) {
        HeadEffect::Nothing => {}
        HeadEffect::Invalidate => {
            if let Some(key) = &found.key {
                purge::forget(&proxy.gateway, key, found.id);
            }
        }
        HeadEffect::Freshen => {
            let stored = storage::head(found.status, &found.headers)?;
            if let Some(origin) = &mut exchange.origin {
                origin.not_modified = Some(response.headers.clone());
            }
            exchange.outcome.not_stored = None;
            freshen(proxy, session, stored, exchange);
            // The client gets what the origin sent, and nothing else.
            exchange.outcome.served = Served::Forwarded;
            exchange.freshened = None;
            exchange.withheld.clear();
        }
    }
    Ok(())
}

/// The origin could not be asked: the stored response may stand in, else `failure` answers.
pub(super) async fn failed(
    session: &mut Session,
    exchange: &mut Exchange,
    error: &Error,
) -> FailToProxy {
    match stand_in(session, exchange, error).await {
        Ok(Some(status)) => FailToProxy {
            error_code: status.as_u16(),
            can_reuse_downstream: session.as_downstream_mut().is_body_done(),
        },
        Ok(None) | Err(_) => failure::respond_to(session, exchange, error).await,
    }
}

async fn stand_in(
    session: &mut Session,
    exchange: &mut Exchange,
    error: &Error,
) -> Result<Option<StatusCode>> {
    let (Some(AsHead), Some(found)) = (&exchange.as_head, &exchange.outcome.found) else {
        return Ok(None);
    };
    let stored = storage::head(found.status, &found.headers)?;
    let failure = cache_phase::failure(error);
    let stands_in = session.response_written().is_none()
        && failure.is_some_and(|failure| cache_phase::stands_in(session, exchange, failure));
    if !stands_in {
        return Ok(None);
    }
    let mut head = Box::new(stored);
    if cache_phase::settled(session, &head, exchange)
        && exchange.condition == Precondition::NotModified
    {
        let fields = not_modified_headers(&head.headers);
        *head = storage::head(StatusCode::NOT_MODIFIED, &fields)?;
    }
    response_phase::deliver(session, &mut head, exchange)?;
    let status = head.status;
    session
        .write_response_tasks(vec![HttpTask::Header(head, true)])
        .await?;
    Ok(Some(status))
}
