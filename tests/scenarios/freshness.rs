//! How long a stored response is served (RFC 9111 section 4.2), and who has the last word.

use shoal_tests::{Gateway, Origin, fwd, get, hit, http_date, ok, status};

#[tokio::test]
async fn the_second_request_is_answered_from_the_store() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    let first = ok("v1").cache_status(fwd("uri-miss").fwd_status(200).stored().ttl(60));
    gateway.get("/").await.expect(first);
    gateway
        .get("/")
        .await
        .expect(ok("v1").age(0).cache_status(hit().ttl(60)));
    for word in ["MISS", "HIT"] {
        gateway
            .expect_metric("shoal_cache_requests_total", [("status", word)], 1.0)
            .await;
    }
}

#[tokio::test]
async fn age_from_upstream_counts() {
    let origin = Origin::script([get("/").respond(ok("v1").age(50).max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(
        ok("v1")
            .age(50)
            .cache_status(fwd("uri-miss").stored().ttl(10)),
    );
    gateway
        .get("/")
        .await
        .expect(ok("v1").age(50).cache_status(hit().ttl(10)));
}

#[tokio::test]
async fn a_response_older_than_its_lifetime_is_asked_for_again() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("1")),
        get("/").if_none_match("1").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss")));
    gateway
        .get("/")
        .await
        .expect(ok("v2").cache_status(fwd("stale").stored()));
    gateway.get("/").await.expect(ok("v2").hit());
}

#[tokio::test]
async fn expires_is_relative_to_date() {
    let origin = Origin::script([get("/").respond(
        ok("v1")
            .header("Date", &http_date(-100))
            .header("Expires", &http_date(200)),
    )]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(200)));
    gateway.get("/").await.expect(ok("v1").age(100).hit());
}

#[tokio::test]
async fn s_maxage_wins_over_max_age() {
    let answer = ok("v1").max_age(1).cache_control("s-maxage=600");
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(600)));
}

#[tokio::test]
async fn a_targeted_field_decides_alone_and_is_not_passed_on() {
    let answer = ok("v1")
        .cache_control("no-store")
        .header("CDN-Cache-Control", "max-age=300");
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(
        ok("v1")
            .cache_status(fwd("uri-miss").stored().ttl(300))
            .without("CDN-Cache-Control"),
    );
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn the_age_of_the_last_modification_is_a_hint() {
    let answer = ok("v1").last_modified(&http_date(-36_000));
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(3_600)));
}

#[tokio::test]
async fn the_ttl_of_a_route_overrides_the_origin() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(1))]);
    let gateway = Gateway::with(&origin).route_cache("ttl: 5m").start().await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(300)));
}

#[tokio::test]
async fn the_default_ttl_of_a_route_speaks_where_the_origin_is_silent() {
    let origin = Origin::script([
        get("/silent").respond(ok("s")),
        get("/explicit").respond(ok("e").max_age(30)),
    ]);
    let gateway = Gateway::with(&origin)
        .route_cache("default_ttl: 2m")
        .start()
        .await;
    gateway
        .get("/silent")
        .await
        .expect(ok("s").cache_status(fwd("uri-miss").stored().ttl(120)));
    gateway
        .get("/explicit")
        .await
        .expect(ok("e").cache_status(fwd("uri-miss").stored().ttl(30)));
}

#[tokio::test]
async fn a_status_has_a_lifetime_of_its_own() {
    let origin = Origin::script([
        get("/missing").respond(status(404).body("none")),
        get("/broken").respond(status(500).max_age(60)).times(2),
    ]);
    let cache = "status_ttl: { 404: 10s, 5xx: 0s }";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    let stored = status(404).cache_status(fwd("uri-miss").fwd_status(404).stored().ttl(10));
    gateway.get("/missing").await.expect(stored);
    gateway
        .get("/missing")
        .await
        .expect(status(404).body("none").hit());
    let refused = || status(500).cache_status(fwd("uri-miss").not_stored().detail("ttl-zero"));
    gateway.get("/broken").await.expect(refused());
    gateway.get("/broken").await.expect(refused());
}

#[tokio::test]
async fn the_key_has_scheme_host_path_and_query() {
    let origin = Origin::script([
        get("/a?x=1").respond(ok("a1").max_age(60)),
        get("/a?x=2").respond(ok("a2").max_age(60)),
        get("/a?x=1")
            .host("other.test")
            .respond(ok("o1").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/a?x=1").await.expect(ok("a1"));
    gateway.get("/a?x=2").await.expect(ok("a2"));
    gateway
        .send(get("/a?x=1").host("other.test"))
        .await
        .expect(ok("o1"));
    gateway.get("/a?x=1").await.expect(ok("a1").hit());
    // The same resource in other words: RFC 9110 section 4.2.3.
    gateway.get("/b/../a?x=1").await.expect(ok("a1").hit());
    gateway
        .send(get("/%61?x=1").host("SHOAL.test:80"))
        .await
        .expect(ok("a1").hit());
}

#[tokio::test]
async fn a_route_says_which_parameters_join_the_key() {
    let origin = Origin::script([get("/a?b=2&a=1&utm_source=x").respond(ok("v1").max_age(60))]);
    let query = "query: { exclude: [\"utm_*\"], sort: true, drop_tracking: true }";
    let gateway = Gateway::with(&origin).route_cache(query).start().await;
    gateway
        .get("/a?b=2&a=1&utm_source=x")
        .await
        .expect(ok("v1"));
    gateway
        .get("/a?a=1&b=2&gclid=7")
        .await
        .expect(ok("v1").hit());
}
