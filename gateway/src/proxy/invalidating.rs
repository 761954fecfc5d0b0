//! What the response to an unsafe method invalidates (RFC 9111 4.4, RFC 9875), at once and everywhere.
//!
//! What operators and plugins invalidate enters elsewhere, by the same door: `caching::purge`.

use super::service::Proxy;
use crate::caching::plan::{Plan, tag_scope, uri_scope};
use crate::caching::{purge, tags};
use crate::exchange::Exchange;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use shoal_cache::{Epoch, Invalidation, Strength, Target};
use shoal_rules::Received;

/// What `response` condemns. A POST that is looked up by its content is one that changes nothing, by the
/// operator's word.
pub(super) fn condemned(
    session: &Session,
    response: &ResponseHeader,
    exchange: &Exchange,
) -> Vec<Target> {
    if matches!(exchange.plan, Plan::Lookup(_)) {
        return Vec::new();
    }
    let received = Received {
        status: response.status,
        headers: &response.headers,
    };
    let target = &exchange.target;
    let uris = shoal_rules::invalidation::targets(
        &session.req_header().method,
        target.scheme,
        &target.host,
        &target.path_and_query(),
        &received,
    );
    // RFC 9875 3: the response to a safe method invalidates nothing, whatever it says.
    if uris.is_empty() {
        return Vec::new();
    }
    let resources = uris
        .iter()
        .flat_map(|uri| purge::resources(uri, &exchange.snapshot));
    let groups = shoal_rules::tags::invalidated_groups(&response.headers);
    let grouped = groups
        .iter()
        .map(|group| Target::Tag(tag_scope(&tags::of_group(&target.host, group))));
    resources
        .map(|uri| Target::Uri(uri_scope(&uri)))
        .chain(grouped)
        .collect()
}

/// Invalidates all of it. `before` looks at what was invalidated until then, and no other invalidation comes
/// between. Returned is what it says, and the epoch when all is done.
pub(super) fn apply<T>(
    proxy: &Proxy,
    condemned: Vec<Target>,
    before: impl FnOnce() -> T,
) -> (T, Epoch) {
    let mut door = purge::hold(&proxy.gateway);
    let said = before();
    for target in condemned {
        // URIs and tags are no patterns, so that none of them can be a bad one.
        let _ = door.apply(&Invalidation {
            target,
            strength: Strength::Hard,
        });
    }
    (said, proxy.gateway.store.epoch())
}
