//! `PURGE url` on a data listener, for the clients that `admin.purge_from` allows.
//!
//! `Surrogate-Key` (or `Cache-Tag`, `xkey`) names tags instead of the URL; `Shoal-Soft-Purge: 1` keeps what
//! it hits and has it validated.

use super::failure::{self, Failure};
use super::service::Proxy;
use crate::caching::purge::{self, Named};
use crate::exchange::Exchange;
use bytes::Bytes;
use http::{HeaderName, StatusCode, header};
use pingora_error::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use shoal_cache::Strength;

const SOFT: HeaderName = HeaderName::from_static("shoal-soft-purge");

/// Answers with a receipt. `Ok(true)` always.
pub(super) async fn answer(
    proxy: &Proxy,
    session: &mut Session,
    exchange: &mut Exchange,
) -> Result<bool> {
    let allowed = &exchange.snapshot.config.admin.purge_from;
    if !exchange
        .client
        .is_some_and(|client| allowed.iter().any(|range| range.contains(client)))
    {
        failure::respond(session, exchange, Failure::PurgeForbidden).await?;
        return Ok(true);
    }
    let headers = &session.req_header().headers;
    let strength = match headers.get(&SOFT).map(http::HeaderValue::as_bytes) {
        Some(b"1") => Strength::Soft,
        Some(_) | None => Strength::Hard,
    };
    let tags = shoal_rules::tags::tags(headers);
    let named: Vec<Named> = if tags.is_empty() {
        vec![Named::Url(
            exchange.target.resource(exchange.target.query.as_deref()),
        )]
    } else {
        tags.into_iter().map(Named::Tag).collect()
    };
    let mut purged = Some(0);
    for invalidation in named
        .iter()
        .flat_map(|named| named.invalidations(&exchange.snapshot, strength))
    {
        // URLs and tags are no patterns, so that none of them can be a bad one.
        if let Ok(applied) = purge::apply(&proxy.gateway, &invalidation) {
            purged = purged.zip(applied.objects).map(|(sum, count)| sum + count);
        }
    }
    let body = serde_json::json!({ "purged": purged, "nodes": 1, "scope": "standalone" });
    let mut head = ResponseHeader::build(StatusCode::OK, Some(4))?;
    head.insert_header(header::CONTENT_TYPE, "application/json")?;
    failure::send(session, exchange, head, Bytes::from(format!("{body}\n"))).await?;
    Ok(true)
}
