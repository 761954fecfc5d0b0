//! Whether a request asks the cache at all, and under which key.
//!
//! A pure decision over route and request; what plugins said enters as values.

use crate::config::route::{BodyKey, Identity, Template};
use crate::exchange::Target;
use crate::snapshot::LiveRoute;
use crate::template::{Request, cookie, joined};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};
use shoal_cache::{Key, KeyHash, Scope};
use shoal_plugins::{KeyEdit, KeyOp};
use shoal_rules::{KeyBuilder, MethodClass, Reason, lookup_class};
use std::net::IpAddr;

/// See the module.
#[derive(Debug, Clone)]
pub enum Plan {
    /// The cache is not asked, and the response not stored.
    Bypass(Reason),
    /// The cache is asked.
    Lookup(Box<Lookup>),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The primary key: variants have their own.
    pub key: Key,
    /// Which methods share what is stored under it.
    pub class: MethodClass,
    /// The resource that invalidations name: `host/path?query`.
    pub uri: String,
    /// Tags that the route gives every response.
    pub tags: Vec<String>,
}

/// A request as planning sees it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What is asked for.
    pub target: &'a Target,
    /// How.
    pub method: &'a Method,
    /// With which fields.
    pub headers: &'a HeaderMap,
    /// By whom.
    pub client: Option<IpAddr>,
    /// A gRPC call.
    pub grpc: bool,
    /// What its content adds to the key.
    pub content: Content,
}

/// The most content that enters a key, in bytes. Pingora keeps 64 KiB of what was read for the origin.
pub const CONTENT_MAX: usize = 60 * 1024;

/// What a request's content adds to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing: the method has no content that counts, or nobody read it.
    Unread,
    /// Its digest.
    Digest([u8; 32]),
    /// It cannot enter a key.
    Refused(Reason),
}

/// Whether the key of a request to `route` needs its content, which is then read before it is planned.
pub fn needs_content(route: &LiveRoute, method: &Method) -> bool {
    let cache = &route.config.cache;
    let class = lookup_class(method, body_key(route));
    cache.enabled && class.is_ok_and(MethodClass::has_content) && cache.methods.contains(method)
}

/// What `content`, sent with these fields, adds to the key.
pub fn digest(route: &LiveRoute, headers: &HeaderMap, content: &[u8]) -> Content {
    match shoal_rules::body_key::of_request(body_key(route), headers, content) {
        Ok(digest) => Content::Digest(digest),
        Err(reason) => Content::Refused(reason),
    }
}

fn body_key(route: &LiveRoute) -> shoal_rules::BodyKey {
    match route.config.cache.body_key {
        BodyKey::Off => shoal_rules::BodyKey::Off,
        BodyKey::Raw => shoal_rules::BodyKey::Raw,
        BodyKey::Json => shoal_rules::BodyKey::Json,
        BodyKey::Graphql => shoal_rules::BodyKey::Graphql,
    }
}

/// The plan for `asked` on `route`; `edits` are what its plugins decided about the key.
pub fn plan(route: &LiveRoute, asked: Asked<'_>, edits: &[KeyEdit]) -> Plan {
    let cache = &route.config.cache;
    if asked.grpc {
        return Plan::Bypass(Reason::Grpc);
    }
    if !cache.enabled {
        return Plan::Bypass(Reason::CacheDisabled);
    }
    if asked.headers.contains_key(header::UPGRADE) {
        return Plan::Bypass(Reason::Upgrade);
    }
    let class = match lookup_class(asked.method, body_key(route)) {
        Ok(class) if cache.methods.contains(asked.method) => class,
        Ok(_) | Err(_) => return Plan::Bypass(Reason::MethodBypass),
    };
    let query = counted_query(route, asked);
    let request = templated(asked, query.as_deref());
    let set = |value: &String| !value.is_empty() && value != "0";
    if cache
        .cache_bypass
        .iter()
        .any(|template| set(&template.evaluate(request)))
    {
        return Plan::Bypass(Reason::RouteBypass);
    }
    if cache.identity == Identity::Bypass && credentials(asked.headers).is_some() {
        return Plan::Bypass(Reason::Credentials);
    }
    match asked.content {
        Content::Refused(reason) => return Plan::Bypass(reason),
        Content::Unread if class.has_content() => return Plan::Bypass(Reason::BodyNotCanonical),
        Content::Unread | Content::Digest(_) => {}
    }
    Plan::Lookup(Box::new(Lookup {
        key: key(route, class, asked, request, edits),
        class,
        uri: asked.target.resource(query.as_deref()),
        tags: cache
            .tags
            .iter()
            .map(|tag| tag.evaluate(request))
            .filter(set)
            .collect(),
    }))
}

/// One part of a primary key; method class, scheme and host stand before the first.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// One of the route's `cache_key`, and what it became.
    Template(&'a Template, &'a str),
    /// The normalised path.
    Path(&'a str),
    /// The query as route and plugins leave it.
    Query(&'a str),
    /// The digest of the request's content.
    Content(&'a [u8; 32]),
    /// What identifies the client. Only its hash is in the key.
    Credentials(&'a [u8]),
    /// A field that a plugin names; empty when the request lacks it.
    Header(&'a str, &'a str),
    /// A cookie that a plugin names; empty when the request lacks it.
    Cookie(&'a str, &'a str),
    /// A text of a plugin's own.
    Added(&'a str),
}

/// Shows the parts of the key that [`plan`] makes, in their order.
pub fn for_each_part(
    route: &LiveRoute,
    asked: Asked<'_>,
    edits: &[KeyEdit],
    visit: impl FnMut(Part<'_>),
) {
    let query = counted_query(route, asked);
    let request = templated(asked, query.as_deref());
    visit_parts(route, asked, request, edits, visit);
}

/// The query as the route's rule leaves it; absent when nothing is left.
fn counted_query(route: &LiveRoute, asked: Asked<'_>) -> Option<String> {
    let query = asked
        .target
        .query
        .as_deref()
        .map(|query| shoal_rules::normalize_query(query, &route.query).into_owned());
    query.filter(|query| !query.is_empty())
}

fn templated<'a>(asked: Asked<'a>, query: Option<&'a str>) -> Request<'a> {
    Request {
        target: asked.target,
        query,
        method: asked.method,
        headers: asked.headers,
        client: asked.client,
    }
}

/// Scheme, host and method class always; then path and query, or what the route or a plugin puts in
/// their place. Parts are length-prefixed and named, so no two lists of parts look alike.
fn key(
    route: &LiveRoute,
    class: MethodClass,
    asked: Asked<'_>,
    request: Request<'_>,
    edits: &[KeyEdit],
) -> Key {
    let mut key = KeyBuilder::new(class, asked.target.scheme, &asked.target.host);
    // Routes may send one URI to several upstreams: what one answered is not the other's.
    key.push(route.config.upstream.as_bytes());
    if route.config.cache.cache_key.is_some() {
        // Templates need not tell the paths of routes apart.
        key.push(b"route").push(route.config.name.as_bytes());
    } else if asked.target.query.as_deref() == Some("") {
        // `/a?` is another URI than `/a`: an origin that redirects one to the other must not fill both.
        key.push(b"empty query");
    }
    visit_parts(route, asked, request, edits, |part| push(&mut key, part));
    let full = key.finish();
    Key {
        hash: KeyHash(full.hash),
        bytes: full.bytes,
    }
}

fn visit_parts(
    route: &LiveRoute,
    asked: Asked<'_>,
    request: Request<'_>,
    edits: &[KeyEdit],
    mut visit: impl FnMut(Part<'_>),
) {
    match &route.config.cache.cache_key {
        Some(templates) => {
            for template in templates {
                visit(Part::Template(template, &template.evaluate(request)));
            }
        }
        None => {
            visit(Part::Path(&asked.target.path));
            visit(Part::Query(&edited_query(asked, request.query, edits)));
        }
    }
    if let Content::Digest(digest) = &asked.content {
        visit(Part::Content(digest));
    }
    if route.config.cache.identity == Identity::Key
        && let Some(credentials) = credentials(asked.headers)
    {
        visit(Part::Credentials(credentials));
    }
    for op in edits.iter().flat_map(|edit| &edit.ops) {
        match op {
            // They shape the query, which is in the key already.
            KeyOp::QueryOnly(_) | KeyOp::QueryExclude(_) => {}
            KeyOp::Header(name) => {
                let value = HeaderName::try_from(name.as_str()).ok();
                let value = value.and_then(|name| joined(asked.headers, &name));
                visit(Part::Header(name, &value.unwrap_or_default()));
            }
            KeyOp::Cookie(name) => {
                let value = cookie(asked.headers, name);
                visit(Part::Cookie(name, &value.unwrap_or_default()));
            }
            KeyOp::Add(text) => visit(Part::Added(text)),
        }
    }
}

fn push(key: &mut KeyBuilder, part: Part<'_>) {
    let mut named = |kind: &[u8], name: &str, value: &str| {
        key.push(kind);
        key.push(name.as_bytes());
        key.push(value.as_bytes());
    };
    match part {
        Part::Header(name, value) => named(b"header", name, value),
        Part::Cookie(name, value) => named(b"cookie", name, value),
        Part::Added(text) => named(b"add", "", text),
        Part::Template(_, text) | Part::Path(text) | Part::Query(text) => {
            key.push(text.as_bytes());
        }
        Part::Content(digest) => {
            key.push(b"content").push(digest);
        }
        Part::Credentials(secret) => {
            key.push(b"identity").push_secret(secret);
        }
    }
}

/// The query with plugins' `query_only` and `query_exclude` applied in order.
fn edited_query(asked: Asked<'_>, query: Option<&str>, edits: &[KeyEdit]) -> String {
    let mut query = query.unwrap_or_default().to_owned();
    for op in edits.iter().flat_map(|edit| &edit.ops) {
        match op {
            KeyOp::QueryOnly(names) => {
                // As they were sent, every value of them: an origin may look at any.
                let rule = shoal_rules::QueryRule {
                    include: names.clone(),
                    sort: true,
                    ..Default::default()
                };
                let original = asked.target.query.as_deref().unwrap_or_default();
                query = if names.is_empty() {
                    String::new()
                } else {
                    shoal_rules::normalize_query(original, &rule).into_owned()
                };
            }
            KeyOp::QueryExclude(names) => {
                let rule = shoal_rules::QueryRule {
                    exclude: names.clone(),
                    ..Default::default()
                };
                query = shoal_rules::normalize_query(&query, &rule).into_owned();
            }
            KeyOp::Header(_) | KeyOp::Cookie(_) | KeyOp::Add(_) => {}
        }
    }
    query
}

fn credentials(headers: &HeaderMap) -> Option<&[u8]> {
    headers
        .get(header::AUTHORIZATION)
        .map(header::HeaderValue::as_bytes)
}

/// The key of one variant: the primary key and what selects it.
pub fn variant(primary: &Key, selector: [u8; 16]) -> Key {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&primary.hash.0.to_be_bytes())
        .update(&selector);
    let hash = hasher
        .finalize()
        .as_bytes()
        .iter()
        .take(16)
        .fold(0, |n, b| n << 8 | u128::from(*b));
    let bytes: Vec<u8> = [&primary.bytes[..], &selector].concat();
    Key {
        hash: KeyHash(hash),
        bytes: Bytes::from(bytes),
    }
}

/// The scope of a resource `host/path?query`.
pub fn uri_scope(uri: &str) -> Scope {
    scope(b"uri", uri)
}

/// The scope of a host.
pub fn host_scope(host: &str) -> Scope {
    scope(b"host", host)
}

/// The scope of a tag.
pub fn tag_scope(tag: &str) -> Scope {
    scope(b"tag", tag)
}

/// Stable across the cluster; kinds are kept apart.
fn scope(kind: &[u8], text: &str) -> Scope {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind).update(&[0]).update(text.as_bytes());
    Scope(
        hasher
            .finalize()
            .as_bytes()
            .iter()
            .take(8)
            .fold(0, |n, b| n << 8 | u64::from(*b)),
    )
}
