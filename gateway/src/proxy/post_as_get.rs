//! A POST whose response answers later GETs (RFC 9110 9.3.3): it is copied while it passes, and stored under
//! the key of that GET once it is whole.
//!
//! A POST that is looked up by its own content is an ordinary look-up, and not here.

use super::service::Proxy;
use super::{invalidating, storing};
use crate::caching::plan::{Asked, Content, Lookup, Plan, plan};
use crate::exchange::Exchange;
use crate::snapshot::LiveRoute;
use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode, header};
use pingora_cache::CacheMeta;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use shoal_cache::{Key, Target};
use shoal_plugins::KeyEdit;
use shoal_rules::{Freshness, Reason};

/// The longest body that is copied: what gathers here is not yet in the store's sum.
const COPY_MAX: usize = 1024 * 1024;

/// A response on its way into the store.
pub struct Copied {
    key: Key,
    meta: CacheMeta,
    freshness: Freshness,
    body: BytesMut,
}

/// What a GET of this target would look up, for a POST that is not looked up itself.
pub(super) fn get_of(
    session: &Session,
    exchange: &Exchange,
    route: &LiveRoute,
    edits: &[KeyEdit],
) -> Option<Box<Lookup>> {
    let request = session.req_header();
    let bypassed = matches!(exchange.plan, Plan::Bypass(Reason::MethodBypass));
    if !bypassed || request.method != Method::POST {
        return None;
    }
    let asked = Asked {
        target: &exchange.target,
        method: &Method::GET,
        headers: &request.headers,
        client: exchange.client,
        grpc: false,
        content: Content::Unread,
    };
    match plan(route, asked, edits) {
        Plan::Lookup(lookup) => Some(lookup),
        Plan::Bypass(_) => None,
    }
}

/// The origin's head is here: may it answer GETs?
pub(super) fn judge(
    session: &Session,
    response: &ResponseHeader,
    exchange: &mut Exchange,
) -> Option<Copied> {
    let lookup = exchange.as_get.take()?;
    let key = lookup.key.clone();
    let (meta, freshness) = storing::as_get(session, response, exchange, *lookup).ok()?;
    Some(Copied {
        key,
        meta,
        freshness,
        body: BytesMut::new(),
    })
}

/// The POST invalidates what `condemned` names. What it answers belongs to what comes after, unless others
/// invalidated it since the origin was asked.
pub(super) fn begin(
    proxy: &Proxy,
    exchange: &mut Exchange,
    condemned: Vec<Target>,
    copied: Option<Copied>,
) {
    let Some(mut copied) = copied else {
        if !condemned.is_empty() {
            invalidating::apply(proxy, condemned, || {});
        }
        return;
    };
    let admitted = || proxy.backend.admits(&copied.key, &copied.meta);
    let (admitted, epoch) = invalidating::apply(proxy, condemned, admitted);
    if !admitted || storing::since(&mut copied.meta, epoch).is_none() {
        return;
    }
    exchange.outcome.stored = Some(copied.freshness);
    let length = copied.meta.headers().get(header::CONTENT_LENGTH);
    let none = length.is_some_and(|length| length == "0");
    if none || copied.meta.response_header().status == StatusCode::NO_CONTENT {
        // No piece of it will come.
        finish(proxy, copied);
    } else {
        exchange.copied = Some(Box::new(copied));
    }
}

/// A piece of its body.
#[expect(
    clippy::fn_params_excessive_bools,
    reason = "the callback's own parameter"
)]
pub(super) fn body(proxy: &Proxy, exchange: &mut Exchange, piece: Option<&Bytes>, end: bool) {
    let Some(copied) = &mut exchange.copied else {
        return;
    };
    let piece = piece.map(Bytes::as_ref).unwrap_or_default();
    if copied.body.len() + piece.len() > COPY_MAX {
        exchange.copied = None;
        exchange.outcome.stored = None;
        return;
    }
    copied.body.extend_from_slice(piece);
    if !end {
        return;
    }
    if let Some(copied) = exchange.copied.take() {
        finish(proxy, *copied);
    }
}

fn finish(proxy: &Proxy, copied: Copied) {
    if let Ok(mut fill) = proxy.backend.begin(&copied.key, &copied.meta) {
        fill.write(copied.body.freeze());
        // A refusal is counted by the store.
        let _ = fill.finish(None);
    }
}
