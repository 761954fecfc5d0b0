//! Every key of `routes` reaches the typed configuration: each test fails when the resolver drops the
//! key that it names.

use super::loading::loaded;
use http::{HeaderName, Method};
use shoal::config::ByteSize;
use shoal::config::route::{
    AcceptEncoding, HeaderPattern, HostPattern, Identity, PathPattern, Piece, QueryRule,
    RequestDirectives, RouteCache, StatusPattern, Template,
};
use std::time::Duration;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The cache of a route that says `cache`.
#[track_caller]
fn cache(cache: &str) -> RouteCache {
    let text = format!(
        "upstreams: {{ shop: {{ targets: [\"a:1\"] }} }}\n\
         routes: [{{ upstream: shop, cache: {{ {cache} }} }}]"
    );
    loaded(&text).routes[0].cache.clone()
}

#[test]
fn a_route_has_a_name_an_upstream_and_plugins() {
    let config = loaded(
        "upstreams: { shop: { targets: [\"a:1\"] } }
plugins: { one: { file: 1.lua }, two: { file: 2.lua } }
routes:
  - { name: api, upstream: shop, plugins: [two, one], match: { path: /x } }
  - { upstream: shop }",
    );
    assert_eq!(
        (
            config.routes[0].name.as_str(),
            config.routes[1].name.as_str()
        ),
        ("api", "route-2")
    );
    assert_eq!(config.routes[0].upstream, "shop");
    assert_eq!(config.routes[0].plugins, ["two", "one"]);
}

#[test]
fn a_route_matches() {
    let config = loaded(
        "upstreams: { shop: { targets: [\"a:1\"] } }
routes:
  - { upstream: shop, match: { host: \"*.Shop.example\", path: \"/api/*\", methods: [GET, PUT],
      headers: { X-Tenant: \"*\", x-a: \"5\" } } }
  - { upstream: shop, match: { host: shop.example, path: /about } }",
    );
    let first = &config.routes[0].matches;
    assert_eq!(
        first.host,
        Some(HostPattern::Suffix(".shop.example".into()))
    );
    assert_eq!(first.path, Some(PathPattern::Prefix("/api/".into())));
    assert_eq!(first.methods, [Method::GET, Method::PUT]);
    assert_eq!(
        first.headers,
        [
            (HeaderName::from_static("x-tenant"), HeaderPattern::Present),
            (
                HeaderName::from_static("x-a"),
                HeaderPattern::Exact("5".into())
            ),
        ]
    );
    let second = &config.routes[1].matches;
    assert_eq!(second.host, Some(HostPattern::Exact("shop.example".into())));
    assert_eq!(second.path, Some(PathPattern::Exact("/about".into())));
}

#[test]
fn what_is_not_written_has_its_default() {
    let cache = cache("");
    assert!(cache.enabled && cache.cache_key.is_none() && cache.query == QueryRule::default());
    assert_eq!(cache.methods, [Method::GET, Method::HEAD]);
    assert!(cache.ttl.is_none() && cache.default_ttl.is_none() && cache.status_ttl.is_empty());
    assert!(cache.stale_while_revalidate.is_none() && cache.stale_if_error.is_none());
    assert!(cache.cache_bypass.is_empty() && cache.tags.is_empty());
    assert_eq!(
        (cache.max_body, cache.collapse_timeout),
        (ByteSize::mib(64), s(5))
    );
    assert_eq!(cache.request_directives, RequestDirectives::Honor);
    assert_eq!(cache.identity, Identity::Rfc);
    assert_eq!(cache.accept_encoding, AcceptEncoding::Normalize);
}

#[test]
fn enabled() {
    assert!(!cache("enabled: false").enabled);
}

#[test]
fn cache_key() {
    let key = cache("cache_key: [$path, a]").cache_key.unwrap();
    assert_eq!(
        key,
        [
            Template(vec![Piece::Path]),
            Template(vec![Piece::Text("a".into())])
        ]
    );
}

#[test]
fn query() {
    let query =
        cache("query: { include: [a*], exclude: [b], sort: true, drop_tracking: true }").query;
    let expected = QueryRule {
        include: vec!["a*".into()],
        exclude: vec!["b".into()],
        sort: true,
        drop_tracking: true,
    };
    assert_eq!(query, expected);
}

#[test]
fn methods() {
    assert_eq!(cache("methods: [GET]").methods, [Method::GET]);
}

#[test]
fn lifetimes() {
    assert_eq!(cache("ttl: 1s").ttl, Some(s(1)));
    assert_eq!(cache("default_ttl: 2s").default_ttl, Some(s(2)));
    assert_eq!(
        cache("stale_while_revalidate: 3s").stale_while_revalidate,
        Some(s(3))
    );
    assert_eq!(cache("stale_if_error: 4s").stale_if_error, Some(s(4)));
    assert_eq!(cache("ttl: 0s").ttl, Some(s(0)));
}

#[test]
fn status_ttl_has_exact_statuses_first() {
    assert_eq!(
        cache("status_ttl: { 4xx: 1s, 404: 2s, 5xx: 0s, 410: 3s }").status_ttl,
        [
            (StatusPattern::Exact(404), s(2)),
            (StatusPattern::Exact(410), s(3)),
            (StatusPattern::Class(4), s(1)),
            (StatusPattern::Class(5), s(0)),
        ]
    );
}

#[test]
fn cache_bypass_and_tags() {
    let header = Template(vec![Piece::Header(HeaderName::from_static("x-preview"))]);
    assert_eq!(
        cache("cache_bypass: [$header.x-preview]").cache_bypass,
        [header]
    );
    let tag = Template(vec![
        Piece::Text("p:".into()),
        Piece::QueryParameter("id".into()),
    ]);
    assert_eq!(cache("tags: [\"p:$query.id\"]").tags, [tag]);
}

#[test]
fn limits() {
    assert_eq!(cache("max_body: 1MiB").max_body, ByteSize::mib(1));
    assert_eq!(cache("collapse_timeout: 1s").collapse_timeout, s(1));
}

#[test]
fn words() {
    assert_eq!(
        cache("request_directives: ignore").request_directives,
        RequestDirectives::Ignore
    );
    for (word, identity) in [
        ("rfc", Identity::Rfc),
        ("bypass", Identity::Bypass),
        ("key", Identity::Key),
        ("shared", Identity::Shared),
    ] {
        assert_eq!(cache(&format!("identity: {word}")).identity, identity);
    }
    assert_eq!(
        cache("accept_encoding: forward").accept_encoding,
        AcceptEncoding::Forward
    );
}
