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

/// The store's epochs around an invalidation that may have been several.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between {
    /// Before the first.
    pub(super) before: Epoch,
    /// With the last; absent when others came between.
    pub(super) after: Option<Epoch>,
}

/// Invalidates all of it.
pub(super) fn apply(proxy: &Proxy, condemned: Vec<Target>) -> Between {
    let before = proxy.gateway.store.epoch();
    let mut after = Some(before);
    for target in condemned {
        let invalidation = Invalidation {
            target,
            strength: Strength::Hard,
        };
        // URIs and tags are no patterns, so that none of them can be a bad one.
        if let Ok(applied) = purge::apply(&proxy.gateway, &invalidation) {
            after = after
                .filter(|last| applied.epoch.follows(*last))
                .map(|_last| applied.epoch);
        }
    }
    Between { before, after }
}
