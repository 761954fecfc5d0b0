//! Pingora's cache state machine, answered from our rules. All use of `session.cache` is here: a call in
//! the wrong phase panics, so that every one of them can be seen together.

use super::asked::{Asked, Asker, Parts};
use super::parts::{self, PartsBody};
use super::service::Proxy;
use super::storage_body::{CompleteBody, GrowingBody};
use crate::caching::lookup::Variants;
use crate::caching::plan::Plan;
use crate::clock;
use crate::exchange::{Collapsed, Exchange, FoundResponse, Served, WhileRevalidating};
use crate::snapshot::LiveRoute;
use http::{HeaderMap, Method, header};
use pingora_cache::{CacheKey, CacheOptionOverrides, CachePhase, ForcedFreshness, HitHandler};
use pingora_error::{Error, ErrorSource, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::{RangeType, Session, range_header_filter};
use shoal_cache::{Usability, Why};
use shoal_rules as rules;
use shoal_rules::precondition::Precondition;
use shoal_rules::{Presented, Reason, Reuse};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How often a request that waited looks again and becomes one that fills, before it goes on alone.
const COLLAPSE_ATTEMPTS_MAX: usize = 4;

/// Ranges of one request beyond it: the whole is sent instead.
const RANGES_MAX: usize = 64;

pub(super) fn enable(proxy: &Proxy, session: &mut Session, exchange: &Exchange) {
    let (Plan::Lookup(_), Some(route)) = (&exchange.plan, &exchange.route) else {
        return;
    };
    if exchange.as_head.is_some() {
        return;
    }
    let mut waiting = CacheOptionOverrides::default();
    waiting.wait_timeout = Some(route.config.cache.collapse_timeout);
    waiting.max_lock_retries = Some(COLLAPSE_ATTEMPTS_MAX);
    session
        .cache
        .enable(proxy.backend, None, None, Some(proxy.lock), Some(waiting));
    // A slow client must not hold up those who follow its fill.
    session.as_downstream_mut().set_proxy_tasks_enabled(true);
}

pub(super) fn key(session: &Session, exchange: &Exchange) -> Result<CacheKey> {
    let Plan::Lookup(lookup) = &exchange.plan else {
        return Error::e_explain(ErrorType::InternalError, "a cache key without a plan");
    };
    let mut key = CacheKey::new(Vec::new(), String::new());
    key.set_primary_bin_override(lookup.key.hash.0.to_be_bytes());
    let asker = if exchange.background {
        Asker::Refresh
    } else {
        Asker::Client
    };
    let request = session.req_header().headers.clone();
    let sliced = |route: &Arc<LiveRoute>| route.config.cache.slice.is_some();
    let parts = if exchange.route.as_ref().is_none_or(sliced) {
        Parts::Ignored
    } else if exchange.whole.is_some() {
        // No range is asked for any more: those who want the whole wait for this one.
        Parts::Used
    } else {
        parts::asked(&session.req_header().method, &request)
    };
    key.extensions
        .insert(Asked::new(lookup.key.clone(), request, asker, parts));
    Ok(key)
}

/// Whether the origin is asked for the client's range, and not for the whole.
pub(super) fn takes_range(session: &Session) -> bool {
    session.cache.enabled() && asked(session).is_some_and(Asked::takes_range)
}

fn asked(session: &Session) -> Option<&Asked> {
    session.cache.maybe_cache_key()?.extensions.get()
}

pub(super) fn miss(session: &mut Session, exchange: &mut Exchange) {
    let asked = asked(session);
    let reason = match asked.map(Asked::variants) {
        Some(Variants::Others) => Reason::VaryMiss,
        Some(Variants::None) if asked.is_some_and(Asked::has_found_parts) => Reason::PartialMiss,
        Some(Variants::None) | None => Reason::UriMiss,
    };
    exchange.outcome.forwarded.get_or_insert(reason);
    session.cache.cache_miss();
}

/// A stored response was found: may it be used?
#[expect(
    clippy::fn_params_excessive_bools,
    reason = "the callback's own parameter"
)]
pub(super) fn hit(
    session: &Session,
    handler: &HitHandler,
    fresh: bool,
    exchange: &mut Exchange,
) -> Option<ForcedFreshness> {
    let (found, usability) = found(handler)?;
    let (Plan::Lookup(lookup), Some(route)) = (&exchange.plan, exchange.route.clone()) else {
        return None;
    };
    let request = session.req_header();
    let presented = Presented {
        method: &request.method,
        headers: &request.headers,
    };
    let reuse = rules::reuse(&found.freshness, &presented, &route.policy, clock::now());
    let validate = fresh.then_some(ForcedFreshness::ForceExpiredServeStale { expired_at: None });
    let outcome = &mut exchange.outcome;
    let found = outcome.found.insert(found);
    if let Usability::MustValidate(why) = usability {
        outcome.forwarded = Some(reason(why));
        return validate;
    }
    match reuse {
        Reuse::Fresh | Reuse::StaleAccepted => {
            // An origin that was asked already completed what is stored.
            if exchange.origin.is_some() {
                outcome.served = Served::Revalidated;
            } else {
                outcome.served = Served::Hit;
                outcome.forwarded = None;
            }
            (!fresh).then_some(ForcedFreshness::ForceFresh)
        }
        Reuse::StaleWhileRevalidate => {
            // Pingora's background refresh carries no content.
            if !lookup.class.has_content() {
                found.while_revalidating = WhileRevalidating::Serve;
            }
            outcome.forwarded = Some(Reason::Stale);
            validate
        }
        // Without a validator the request goes out as it is; what came back replaces what was found.
        Reuse::Validate(reason) | Reuse::Forward(reason) => {
            outcome.forwarded = Some(reason);
            validate
        }
    }
}

/// Why a stored response must be validated, in the words of every record.
pub(super) fn reason(why: Why) -> Reason {
    match why {
        Why::SoftPurge => Reason::SoftPurged,
        Why::Fenced => Reason::FreshnessUnproven,
    }
}

fn found(handler: &HitHandler) -> Option<(FoundResponse, Usability)> {
    let (key, id, response, usability, is_growing) =
        if let Some(body) = handler.as_any().downcast_ref::<CompleteBody>() {
            (
                Some(body.key.clone()),
                body.hit.entry.id(),
                &body.response,
                body.hit.usability,
                false,
            )
        } else if let Some(body) = handler.as_any().downcast_ref::<PartsBody>() {
            (
                Some(body.key.clone()),
                body.hit.entry.id(),
                &body.response,
                body.hit.usability,
                body.is_growing(),
            )
        } else {
            let body = handler.as_any().downcast_ref::<GrowingBody>()?;
            (None, body.id(), &body.response, Usability::Usable, true)
        };
    let found = FoundResponse {
        key,
        id,
        freshness: response.freshness,
        headers: response.headers.clone(),
        status: response.status,
        is_growing,
        while_revalidating: WhileRevalidating::Wait,
    };
    Some((found, usability))
}

/// Whether stale may be served: with an error because the origin failed, without one while another
/// request refreshes.
pub(super) fn should_serve_stale(
    session: &Session,
    exchange: &mut Exchange,
    error: Option<&Error>,
) -> bool {
    let Some(found) = &exchange.outcome.found else {
        return false;
    };
    let Some(error) = error else {
        let serve = found.while_revalidating == WhileRevalidating::Serve;
        if serve {
            let leads = session.cache.is_cache_lock_writer();
            exchange.outcome.served = if leads {
                Served::Stale
            } else {
                Served::Updating
            };
            exchange.outcome.forwarded = None;
        }
        return serve;
    };
    let Some(failure) = failure(error) else {
        return false;
    };
    if let (rules::Failure::Status(status), Some(origin)) = (failure, &mut exchange.origin) {
        // Pingora asks before it shows us the head.
        origin.status = Some(status);
    }
    stands_in(session, exchange, failure)
}

/// How the origin failed; absent when somebody else did.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "Pingora's list of errors grows"
)]
pub(super) fn failure(error: &Error) -> Option<rules::Failure> {
    if !matches!(error.esource(), ErrorSource::Upstream) {
        return None;
    }
    Some(match error.etype() {
        ErrorType::HTTPStatus(status) => rules::Failure::Status(*status),
        ErrorType::ReadTimedout | ErrorType::WriteTimedout | ErrorType::ConnectTimedout => {
            rules::Failure::Timeout
        }
        _other => rules::Failure::Disconnected,
    })
}

/// Whether the stored response that was found stands in for the origin.
pub(super) fn stands_in(
    session: &Session,
    exchange: &mut Exchange,
    failure: rules::Failure,
) -> bool {
    let (Some(found), Some(route)) = (&exchange.outcome.found, &exchange.route) else {
        return false;
    };
    let request = session.req_header();
    let presented = Presented {
        method: &request.method,
        headers: &request.headers,
    };
    let (policy, now) = (&route.policy, clock::now());
    let serve = rules::may_serve_stale_on_error(&found.freshness, &presented, policy, now, failure);
    if serve {
        exchange.outcome.served = Served::StaleOnError;
    }
    serve
}

/// Whether the client's conditions settle the answer, so that no body is sent: a 304, of which
/// `response_phase` makes a 412 where a condition failed. The origin never saw them, so they are tested on
/// whatever comes. RFC 9111 4.3.2 leaves If-Match to origin servers, and RFC 9110 3.7 has a gateway act as
/// one towards its clients.
pub(super) fn settled(
    session: &Session,
    response: &ResponseHeader,
    exchange: &mut Exchange,
) -> bool {
    if exchange.grpc {
        return false;
    }
    let request = session.req_header();
    let presented = Presented {
        method: &request.method,
        headers: &request.headers,
    };
    let fields = shown(response, exchange);
    let verdict = rules::precondition::evaluate(&presented, response.status, fields, clock::now());
    exchange.condition = verdict;
    verdict != Precondition::Proceed
}

/// Which part of `response` the client wants. `If-Range` is ours: Pingora takes weak tags for equal.
pub(super) fn range(
    session: &Session,
    response: &mut ResponseHeader,
    exchange: &Exchange,
) -> RangeType {
    let request = session.req_header();
    let presented = Presented {
        method: &request.method,
        headers: &request.headers,
    };
    // RFC 9110 14.2: a range is defined for GET alone.
    let ranged = request.method == Method::GET
        && rules::precondition::if_range_holds(&presented, shown(response, exchange));
    if !ranged {
        return RangeType::None;
    }
    if !request.headers.contains_key(header::IF_RANGE) {
        return range_header_filter(request, response, Some(RANGES_MAX));
    }
    let mut unconditional = request.clone();
    unconditional.remove_header(&header::IF_RANGE);
    range_header_filter(&unconditional, response, Some(RANGES_MAX))
}

/// The fields of the selected representation. After a 304 that forbids storing they are the freshened ones
/// (RFC 9111 4.3.4), which Pingora does not know.
fn shown<'a>(response: &'a ResponseHeader, exchange: &'a Exchange) -> &'a HeaderMap {
    match &exchange.freshened {
        Some(freshened) if exchange.outcome.stored.is_none() => freshened,
        Some(_) | None => &response.headers,
    }
}

/// What the state machine did, for header, log and metric.
pub(super) fn observe(session: &Session, exchange: &mut Exchange) {
    if !session.cache.enabled() {
        if session.cache.lock_duration().is_some() {
            exchange.outcome.collapsed = Some(Collapsed);
        }
        return;
    }
    if session.cache.lock_duration().is_some() {
        exchange.outcome.collapsed = Some(Collapsed);
    }
    let served = &mut exchange.outcome.served;
    match session.cache.phase() {
        CachePhase::Revalidated | CachePhase::RevalidatedNoCache(_) => {
            *served = Served::Revalidated
        }
        CachePhase::Miss | CachePhase::Expired if *served == Served::Hit => {
            *served = Served::Forwarded;
        }
        CachePhase::Disabled(_)
        | CachePhase::Uninit
        | CachePhase::Bypass
        | CachePhase::CacheKey
        | CachePhase::Hit
        | CachePhase::Miss
        | CachePhase::Expired
        | CachePhase::Stale
        | CachePhase::StaleUpdating => {}
    }
}

/// From here on the client's own pace holds the origin back: nothing is kept for later any more.
pub(super) fn pace(session: &mut Session, exchange: &Exchange) {
    if exchange
        .progress
        .as_ref()
        .is_some_and(|progress| progress.outgrown())
        && !session.has_pending_downstream_tasks()
    {
        session.as_downstream_mut().set_proxy_tasks_enabled(false);
    }
}

/// Bytes of a body that is not stored, beyond which the origin is held back for the client that leads.
const BEHIND_MAX: u64 = 8 * 1024 * 1024;

/// How long the origin waits with its next piece at [`BEHIND_MAX`]; four times that at twice the distance.
const WAIT: Duration = Duration::from_millis(20);

/// Keeps what is held for the client that leads small, once nothing is kept for later. Pingora goes on
/// reading the origin while that client's connection takes nothing, and after it is gone.
pub(super) fn hold_back(session: &mut Session, exchange: &Exchange) -> Option<Duration> {
    let progress = exchange.progress.as_ref()?;
    if !progress.outgrown() || progress.behind() < BEHIND_MAX {
        return None;
    }
    // Not earlier: Pingora must have seen it too, or the body that breaks off here ends the fill.
    if progress.behind() >= 2 * BEHIND_MAX && is_gone(session) {
        let body = session.cache.miss_body_reader();
        let body = body.and_then(|body| body.as_any_mut().downcast_mut::<GrowingBody>());
        body.map(GrowingBody::abandon);
        return None;
    }
    let times = u32::try_from(progress.behind() / BEHIND_MAX).unwrap_or(u32::MAX);
    Some(WAIT.saturating_mul(times.saturating_mul(times)))
}

/// Whether the client has closed its connection or reset its stream. It does not wait.
fn is_gone(session: &mut Session) -> bool {
    let idle = pin!(session.as_downstream_mut().read_body_or_idle(true));
    let mut context = Context::from_waker(Waker::noop());
    matches!(idle.poll(&mut context), Poll::Ready(Err(_)))
}
