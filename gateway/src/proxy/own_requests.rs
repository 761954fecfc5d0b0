//! What the gateway asks an origin by itself for the sake of a client's request: parts of an object.
//!
//! It knows how such a request looks, asks plugins about its answer as about any other, and reckons that
//! answer's freshness. Which parts are asked for is `slices` and `parts`; the connection is `upstream::connect::fetch`.

use super::failure::Failure;
use super::plugin_view::RequestLines;
use super::{fields, plugin_hooks, service::Proxy, storing};
use crate::caching::plan::{Lookup, Plan, host_scope, tag_scope, uri_scope};
use crate::clock;
use crate::config::upstream::UpstreamProtocol;
use crate::exchange::{Decision, Exchange, Target};
use crate::gateway::Gateway;
use crate::snapshot::LiveRoute;
use crate::upstream::connect::fetch::{Fetched, Fetcher};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use pingora_error::{ErrorType, OrErr, Result};
use pingora_http::RequestHeader;
use pingora_proxy::Session;
use shoal_cache::{Collapse, Fill, Listed, Scopes, Written};
use shoal_rules::deception::{content_type_mismatch, hides_dot_segments};
use shoal_rules::vary::selecting_key;
use shoal_rules::{Freshness, Presented, Received, Times, hop_by_hop, storability};
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::watch;

/// Fields of the client's request that concern the whole, not its parts.
const NOT_SENT: [HeaderName; 9] = [
    header::RANGE,
    header::IF_RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::CONNECTION,
    header::TE,
    header::UPGRADE,
];

/// Only parts of one coding fit together.
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// Parts that are being fetched, under the keys that they will have.
pub(super) type Flights = Collapse<Flight>;

/// A part that is being fetched. Those who wait are told how it went.
pub(super) type Flight = watch::Sender<Option<Result<(), Unavailable>>>;

/// Why a part is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unavailable {
    /// The object has to be taken whole, the ordinary way.
    Whole,
    /// The origin failed.
    Origin(Failure),
    /// The origin answered, and said that it failed.
    Status(StatusCode),
}

/// Everything that asking for parts of one object needs.
#[derive(Clone)]
pub(super) struct OwnRequests {
    pub(super) gateway: Arc<Gateway>,
    fetcher: Arc<Fetcher>,
    pub(super) route: Arc<LiveRoute>,
    pub(super) lookup: Lookup,
    pub(super) target: Target,
    /// The client's fields.
    pub(super) asked: HeaderMap,
    client: Option<IpAddr>,
    /// What is sent to the origin, but for `Range`.
    request: RequestHeader,
}

impl OwnRequests {
    /// For a request that asks the cache, and whose answer may be stored. Its content would not be sent.
    pub(super) fn of(proxy: &Proxy, session: &Session, exchange: &Exchange) -> Option<Self> {
        let (Plan::Lookup(lookup), Some(route)) = (&exchange.plan, &exchange.route) else {
            return None;
        };
        if storing::has_content(session) || hides_dot_segments(&exchange.target.path) {
            return None;
        }
        Some(Self {
            gateway: proxy.gateway.clone(),
            fetcher: proxy.fetcher.clone(),
            route: route.clone(),
            lookup: (**lookup).clone(),
            target: exchange.target.clone(),
            client: exchange.client,
            asked: session.req_header().headers.clone(),
            request: request(session.req_header(), exchange, route).ok()?,
        })
    }

    /// Sends the request with these fields besides. What plugins say is said of a part that came.
    pub(super) async fn send(
        &self,
        fields: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<(Fetched, Decision), Unavailable> {
        let mut request = self.request.clone();
        for (name, value) in fields {
            let inserted = request.insert_header(name, value);
            inserted.map_err(|_full| Unavailable::Whole)?;
        }
        let host = &*self.target.host;
        let host = host.rsplit_once(':').map_or(host, |(host, _port)| host);
        let hash = Some(self.lookup.uri.as_str());
        let fetched = self.fetcher.fetch(&self.route.pool, request, host, hash);
        let failed = |error: Box<pingora_error::Error>| Unavailable::Origin(Failure::of(&error));
        let mut fetched = fetched.await.map_err(failed)?;
        let decision = match fetched.head.status {
            StatusCode::PARTIAL_CONTENT => plugin_hooks::on_fetched(self, &mut fetched.head),
            _other => Ok(Decision::default()),
        };
        Ok((fetched, decision.map_err(failed)?))
    }

    /// The client's request, as plugins see it.
    pub(super) fn lines(&self) -> RequestLines<'_> {
        RequestLines {
            method: &Method::GET,
            headers: &self.asked,
            target: &self.target,
            client: self.client,
        }
    }

    /// The freshness of a part with these fields, if it may be stored.
    pub(super) fn freshness(
        &self,
        headers: &HeaderMap,
        requested: SystemTime,
        decision: &Decision,
    ) -> Option<Freshness> {
        let deceives = content_type_mismatch(&self.target.path, headers);
        if decision.no_store.is_some() || deceives {
            return None;
        }
        let presented = Presented {
            method: &Method::GET,
            headers: &self.asked,
        };
        let received = Received {
            status: StatusCode::PARTIAL_CONTENT,
            headers,
        };
        let times = Times {
            requested,
            received: clock::now(),
        };
        let policy = &self.route.parts_policy;
        storability(&presented, &received, policy, &decision.overrides, &times).ok()
    }

    /// Whether an answer to what was sent, with these fields, is one to the client's own request: that may
    /// want another coding.
    pub(super) fn answers_client(&self, headers: &HeaderMap) -> bool {
        let mut sent = self.asked.clone();
        // RFC 9110 12.5.3: without the field any coding will do.
        let any = sent.insert(header::ACCEPT_ENCODING, IDENTITY).is_none();
        any || selecting_key(headers, &sent) == selecting_key(headers, &self.asked)
    }

    pub(super) fn scopes(&self, tags: &[String], listed: Listed) -> Scopes {
        Scopes {
            uri: uri_scope(&self.lookup.uri),
            host: host_scope(&self.target.host),
            tags: tags.iter().map(|tag| tag_scope(tag)).collect(),
            listed,
        }
    }
}

/// What is sent to the origin, but for `Range`.
fn request(asked: &RequestHeader, exchange: &Exchange, route: &LiveRoute) -> Result<RequestHeader> {
    let mut request = asked.clone();
    let mut kept = HeaderMap::clone(&asked.headers);
    hop_by_hop::strip(&mut kept);
    for name in asked
        .headers
        .keys()
        .filter(|name| !kept.contains_key(*name))
    {
        request.remove_header(name);
    }
    for name in NOT_SENT {
        request.remove_header(&name);
    }
    fields::forward(&mut request, exchange)?;
    request.insert_header(header::ACCEPT_ENCODING, IDENTITY)?;
    let http2 = matches!(
        route.pool.config.protocol,
        UpstreamProtocol::H2 | UpstreamProtocol::H2c
    );
    let host = &exchange.target.host;
    if http2 {
        let scheme = if route.pool.config.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let uri = http::Uri::builder()
            .scheme(scheme)
            .authority(host.as_str())
            .path_and_query(exchange.target.path_and_query())
            .build();
        request.set_uri(uri.or_err(ErrorType::InvalidHTTPHeader, "no authority")?);
        request.set_version(Version::HTTP_2);
        request.remove_header(&header::HOST);
    } else {
        request.set_version(Version::HTTP_11);
        if !request.headers.contains_key(header::HOST) {
            request.insert_header(header::HOST, host)?;
        }
    }
    Ok(request)
}

/// Writes what comes. A body that breaks off, or runs over, drops the fill: its readers fail.
pub(super) async fn pour(fill: Fill, mut fetched: Fetched, expected: u64) {
    let (mut fill, mut received) = (Some(fill), 0);
    while let Ok(Some(bytes)) = fetched.next().await {
        received += bytes.len() as u64;
        if received > expected {
            return;
        }
        if let Some(fill) = &mut fill
            && fill.write(bytes) == Written::Outgrown
        {
            // All fills together hold too much: who reads this one sets the pace.
            poll_fn(|cx| fill.poll_room(cx)).await;
        }
        // At once, and not after the body's end: a reader that has everything may ask for it again. A
        // refusal (purged meanwhile) is the engine's to count.
        if received == expected {
            let _ = fill.take().map(|fill| fill.finish(None));
        }
    }
}
