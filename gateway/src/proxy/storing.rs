//! May the origin's response be stored, for how long is it fresh, and what does the engine need to know?
//!
//! The rules decide; here their question is put together and their answer turned into a [`FillOrder`].
//! What Pingora's state machine does with it is `cache_phase`.

use super::asked::FillOrder;
use super::lock::KEPT_AS_PART;
use super::service::Proxy;
use super::storage::head;
use super::{cache_phase, parts, plugin_hooks};
use crate::caching::parts::{changes_version, index_key};
use crate::caching::plan::{Lookup, Plan, variant};
use crate::caching::{purge, tags};
use crate::clock;
use crate::exchange::{Exchange, FoundResponse, Origin, Served};
use crate::listen::http2::HasContent;
use crate::snapshot::LiveRoute;
use crate::template::joined;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use pingora_cache::{CacheMeta, NoCacheReason, RespCacheable};
use pingora_error::Error;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use shoal_cache::{Epoch, Key};
use shoal_rules as rules;
use shoal_rules::vary::Selector;
use shoal_rules::{Freshness, MethodClass, Presented, Reason, Received};
use std::sync::Arc;
use std::time::SystemTime;

/// The answer in Pingora's words; the reason of a refusal goes into the exchange.
pub(super) fn judge(
    proxy: &Proxy,
    session: &Session,
    response: &ResponseHeader,
    exchange: &mut Exchange,
) -> RespCacheable {
    match storable(proxy, session, response, exchange) {
        Ok(Storable::Whole(meta)) => RespCacheable::Cacheable(meta),
        Ok(Storable::Part) => RespCacheable::Uncacheable(NoCacheReason::Custom(KEPT_AS_PART)),
        Err(reason) => {
            exchange.outcome.not_stored = Some(reason);
            exchange.outcome.stored = None;
            forget(proxy, exchange, reason);
            RespCacheable::Uncacheable(NoCacheReason::Custom(reason.label()))
        }
    }
}

/// What a 304 says. One about another version than the stored one freshens nothing (RFC 9111 4.3.4), nor
/// does one that changes a validator of stored parts: its fields are dropped, and the stored response, which the origin did confirm, is used this once.
pub(super) fn confirmed(
    not_modified: &mut ResponseHeader,
    origin: &mut Origin,
    found: Option<&FoundResponse>,
) -> Result<(), Box<Error>> {
    let other = found.is_some_and(|found| {
        let (stored, new) = (&found.headers, &not_modified.headers);
        let parted = |key: &Key| changes_version(key, stored, new, clock::now());
        !rules::validation::validates(stored, new) || found.key.as_ref().is_some_and(parted)
    });
    if other {
        *not_modified = ResponseHeader::build(StatusCode::NOT_MODIFIED, None)?;
        origin.decision.no_store = Some((Reason::NotModifiedMismatch, None));
    } else {
        origin.not_modified = Some(not_modified.headers.clone());
    }
    Ok(())
}

/// A stored response that its origin confirmed, but that may not be kept after what it said, leaves. What
/// only this request forbids leaves it in place.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the rules judge every other reason"
)]
fn forget(proxy: &Proxy, exchange: &Exchange, reason: Reason) {
    let confirmed = exchange.freshened.is_some()
        || exchange
            .origin
            .as_ref()
            .is_some_and(|origin| origin.status == Some(StatusCode::NOT_MODIFIED.as_u16()));
    let for_all = match reason {
        Reason::NotModifiedMismatch
        | Reason::PartialResponse
        | Reason::VaryStar
        | Reason::VaryUnsupported
        | Reason::PluginNoStore => true,
        _other => refused_for_all(exchange),
    };
    let found = exchange.outcome.found.as_ref();
    if let (true, Some((Some(key), id))) = (
        confirmed && for_all,
        found.map(|found| (found.key.as_ref(), found.id)),
    ) {
        purge::forget(&proxy.gateway, key, id);
    }
}

/// Whether what the origin said forbids storing whoever asks.
fn refused_for_all(exchange: &Exchange) -> bool {
    let (Some(headers), Some(origin), Some(route), Some(found)) = (
        &exchange.freshened,
        &exchange.origin,
        &exchange.route,
        &exchange.outcome.found,
    ) else {
        return false;
    };
    let nobody = HeaderMap::new();
    let presented = Presented {
        method: &Method::GET,
        headers: &nobody,
    };
    let received = Received {
        status: found.status,
        headers,
    };
    let times = rules::Times {
        requested: origin.requested,
        received: clock::now(),
    };
    let overrides = &origin.decision.overrides;
    rules::storability(&presented, &received, &route.policy, overrides, &times).is_err()
}

/// How a response is kept.
enum Storable {
    /// By Pingora.
    Whole(CacheMeta),
    /// As it passes.
    Part,
}

fn storable(
    proxy: &Proxy,
    session: &Session,
    response: &ResponseHeader,
    exchange: &mut Exchange,
) -> Result<Storable, Reason> {
    let (Plan::Lookup(lookup), Some(route)) = (&exchange.plan, exchange.route.clone()) else {
        return Err(Reason::CacheDisabled);
    };
    let (lookup, now) = (lookup.clone(), clock::now());
    let headers = fields(proxy, session, response, exchange, &route, now);
    let origin = exchange.origin.as_ref().ok_or(Reason::Incomplete)?;
    if let Some((reason, _words)) = &origin.decision.no_store {
        return Err(*reason);
    }
    // A HEAD comes here as what it says of the stored response to a GET.
    let request = &session.req_header().headers;
    let method = match lookup.class {
        MethodClass::Get => &Method::GET,
        MethodClass::Post | MethodClass::Query => &session.req_header().method,
    };
    let presented = Presented {
        method,
        headers: request,
    };
    let received = Received {
        status: response.status,
        headers: &headers,
    };
    let times = rules::Times {
        requested: origin.requested,
        received: now,
    };
    let overrides = &origin.decision.overrides;
    let takes_range = cache_phase::takes_range(session);
    if takes_range && !answers_range(response.status) {
        return Err(Reason::PartialResponse);
    }
    let policy = if takes_range {
        &route.parts_policy
    } else {
        &route.policy
    };
    let freshness = rules::storability(&presented, &received, policy, overrides, &times)?;
    if lookup.class == MethodClass::Get && has_content(session) {
        return Err(Reason::RequestContent);
    }
    let primary = lookup.key.clone();
    let order = order(
        exchange, origin, &route, *lookup, freshness, &headers, request,
    )?;
    if response.status == StatusCode::PARTIAL_CONTENT {
        parts::begin(proxy, session, exchange, &primary, &headers, order)?;
        exchange.outcome.stored = Some(freshness);
        return Ok(Storable::Part);
    }
    if exchange.outcome.served == Served::Revalidated
        && !fits(&order, &primary, exchange.outcome.found.as_ref())
    {
        return Err(Reason::NotModifiedMismatch);
    }
    exchange.progress = Some(order.progress.clone());
    exchange.outcome.stored = Some(freshness);
    let meta = meta(response.status, &headers, order, now).ok_or(Reason::Incomplete)?;
    exchange.withheld = withheld(&headers, meta.headers());
    Ok(Storable::Whole(meta))
}

/// Whether a status speaks of the resource, and not of the range that was asked for.
fn answers_range(status: StatusCode) -> bool {
    let gone = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
    status.is_success() || status.is_redirection() || gone
}

/// The response to a POST as the answer to later GETs, which `lookup` would look up (RFC 9110 9.3.3).
pub(super) fn as_get(
    session: &Session,
    response: &ResponseHeader,
    exchange: &Exchange,
    lookup: Lookup,
) -> Result<(CacheMeta, Freshness), Reason> {
    let (Some(route), Some(origin)) = (&exchange.route, &exchange.origin) else {
        return Err(Reason::Incomplete);
    };
    if let Some((reason, _words)) = &origin.decision.no_store {
        return Err(*reason);
    }
    let path_and_query = exchange.target.path_and_query();
    let target = rules::Target {
        scheme: exchange.target.scheme,
        host: &exchange.target.host,
        path_and_query: &path_and_query,
    };
    let request = session.req_header();
    let presented = Presented {
        method: &request.method,
        headers: &request.headers,
    };
    let headers = &response.headers;
    let received = Received {
        status: response.status,
        headers,
    };
    let now = clock::now();
    let times = rules::Times {
        requested: origin.requested,
        received: now,
    };
    let overrides = &origin.decision.overrides;
    let policy = &route.policy;
    let freshness = rules::post_as_get(&target, &presented, &received, policy, overrides, &times)?;
    let order = order(
        exchange,
        origin,
        route,
        lookup,
        freshness,
        headers,
        &request.headers,
    )?;
    let meta = meta(response.status, headers, order, now).ok_or(Reason::Incomplete)?;
    Ok((meta, freshness))
}

/// What was invalidated up to `epoch` does not speak against this response.
pub(super) fn since(meta: &mut CacheMeta, epoch: Epoch) -> Option<()> {
    meta.extensions_mut().get_mut::<FillOrder>()?.epoch = epoch;
    Some(())
}

/// A GET may carry content (RFC 9110 9.3.1). Some frameworks read parameters from it, so one client could
/// choose what others are served.
pub(super) fn has_content(session: &Session) -> bool {
    let request = session.req_header();
    let length = request.headers.get(header::CONTENT_LENGTH);
    request.extensions.get::<HasContent>().is_some()
        || request.headers.contains_key(header::TRANSFER_ENCODING)
        || length.is_some_and(|length| length != "0")
}

/// What the origin sent to this client and nobody else gets.
fn withheld(sent: &HeaderMap, stored: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let mut sent = sent.clone();
    rules::hop_by_hop::strip(&mut sent);
    let kept_back = |name: &HeaderName| !stored.contains_key(name);
    sent.iter()
        .filter(|(name, _)| kept_back(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The response's fields; after a 304 the stored ones, freshened (RFC 9111 4.3.4). Pingora merges only a
/// few.
fn fields(
    proxy: &Proxy,
    session: &Session,
    response: &ResponseHeader,
    exchange: &mut Exchange,
    route: &Arc<LiveRoute>,
    now: SystemTime,
) -> HeaderMap {
    let validated = exchange
        .origin
        .as_mut()
        .and_then(|origin| origin.not_modified.take());
    let (Some(found), Some(not_modified)) = (&exchange.outcome.found, validated) else {
        return response.headers.clone();
    };
    let freshened = rules::validation::freshen(&found.headers, &not_modified, now);
    exchange.outcome.served = Served::Revalidated;
    exchange.freshened = Some(freshened.clone());
    plugin_hooks::on_freshened(proxy, session, response, exchange, route);
    freshened
}

/// Whether what is freshened lies where its fields say. A 304 may change `Vary`, and what is stored must
/// not answer requests that it tells apart. Where it says what it said before, the look-up was right.
fn fits(order: &FillOrder, primary: &Key, found: Option<&FoundResponse>) -> bool {
    let before = found.and_then(|found| joined(&found.headers, &header::VARY));
    if before.as_deref() == order.vary.as_ref().map(|(vary, _)| vary.as_str()) {
        return true;
    }
    let key = match &order.vary {
        None => primary.clone(),
        Some((_, selector)) => variant(primary, *selector),
    };
    let parts = || order.vary.is_none().then(|| index_key(primary));
    order
        .current
        .as_ref()
        .is_none_or(|(current, _)| *current == key || Some(current) == parts().as_ref())
}

fn order(
    exchange: &Exchange,
    origin: &Origin,
    route: &LiveRoute,
    lookup: Lookup,
    freshness: Freshness,
    headers: &HeaderMap,
    request: &HeaderMap,
) -> Result<FillOrder, Reason> {
    if length(headers).is_some_and(|length| length > route.config.cache.max_body.0) {
        return Err(Reason::TooLarge);
    }
    if rules::deception::content_type_mismatch(&exchange.target.path, headers) {
        return Err(Reason::ContentTypeMismatch);
    }
    if rules::deception::hides_dot_segments(&exchange.target.path) {
        return Err(Reason::AmbiguousPath);
    }
    let vary = match rules::vary::selecting_key(headers, request) {
        Selector::None => None,
        Selector::Star => return Err(Reason::VaryStar),
        Selector::Key(selector) => Some((
            joined(headers, &header::VARY)
                .unwrap_or_default()
                .into_owned(),
            selector,
        )),
    };
    let given = lookup.tags.into_iter().chain(origin.decision.tags.clone());
    let tags = tags::of(given, headers, &exchange.target.host);
    let found = exchange.outcome.found.as_ref();
    Ok(FillOrder {
        freshness,
        uri: lookup.uri,
        host: exchange.target.host.clone(),
        tags,
        route: route.config.name.clone(),
        validator: rules::partial::StrongValidator::of(headers, clock::now()),
        vary,
        epoch: origin.epoch,
        requested: origin.requested,
        current: found.and_then(|found| Some((found.key.clone()?, found.id))),
        max_body: route.config.cache.max_body.0,
        progress: Arc::default(),
    })
}

fn meta(
    status: StatusCode,
    headers: &HeaderMap,
    order: FillOrder,
    now: SystemTime,
) -> Option<CacheMeta> {
    let head = head(status, &rules::hop_by_hop::storable_headers(headers, now)).ok()?;
    let freshness = &order.freshness;
    let until = freshness.fresh_until();
    let mut meta = CacheMeta::new(until, freshness.response_time, u32::MAX, u32::MAX, head);
    meta.extensions_mut().insert(order);
    Some(meta)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
