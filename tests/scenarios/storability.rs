//! What is not stored, and the reason that says so (RFC 9111 section 3).

use shoal_tests::{Answer, Ask, Gateway, Origin, fwd, get, ok};

/// Twice asked, twice forwarded, both times for `reason`.
async fn refused(ask: Ask, answer: Answer, reason: &str) {
    let origin = Origin::script([ask.clone().respond(answer.clone()).times(2)]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        let expected = fwd("uri-miss").not_stored().detail(reason);
        gateway
            .send(ask.clone())
            .await
            .expect(ok("v1").cache_status(expected));
    }
    gateway
        .expect_metric("shoal_cache_not_stored_total", [("reason", reason)], 2.0)
        .await;
}

#[tokio::test]
async fn no_store_is_not_stored() {
    refused(
        get("/"),
        ok("v1").max_age(60).cache_control("no-store"),
        "no-store",
    )
    .await;
}

#[tokio::test]
async fn private_is_not_stored() {
    refused(
        get("/"),
        ok("v1").max_age(60).cache_control("private"),
        "private",
    )
    .await;
}

#[tokio::test]
async fn a_response_without_lifetime_or_validator_is_not_stored() {
    refused(get("/"), ok("v1"), "no-freshness").await;
}

#[tokio::test]
async fn a_cookie_without_explicit_freshness_is_taken_as_personal() {
    let origin = Origin::script([
        get("/implied")
            .respond(ok("v1").header("Set-Cookie", "id=1").etag("1"))
            .times(2),
        get("/explicit").respond(ok("v1").header("Set-Cookie", "id=1").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        let expected = fwd("uri-miss").not_stored().detail("set-cookie");
        gateway
            .get("/implied")
            .await
            .expect(ok("v1").header("Set-Cookie", "id=1").cache_status(expected));
    }
    gateway
        .get("/explicit")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored()));
    gateway
        .get("/explicit")
        .await
        .expect(ok("v1").header("Set-Cookie", "id=1").hit());
}

#[tokio::test]
async fn a_response_to_credentials_is_not_stored() {
    let ask = get("/").header("Authorization", "Basic eDp5");
    refused(ask, ok("v1").max_age(60), "authorization").await;
}

#[tokio::test]
async fn a_public_response_to_credentials_serves_others() {
    let answer = ok("v1").max_age(60).cache_control("public");
    let origin = Origin::script([get("/")
        .header("Authorization", "Basic eDp5")
        .respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    let ask = get("/").header("Authorization", "Basic eDp5");
    gateway
        .send(ask)
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored()));
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn with_identity_key_each_credential_has_its_own_response() {
    let token = |token: &str| get("/").header("Authorization", token);
    let origin = Origin::script([
        token("Bearer a").respond(ok("for a").max_age(60)),
        token("Bearer b").respond(ok("for b").max_age(60)),
    ]);
    let gateway = Gateway::with(&origin)
        .route_cache("identity: key")
        .start()
        .await;
    gateway.send(token("Bearer a")).await.expect(ok("for a"));
    gateway.send(token("Bearer b")).await.expect(ok("for b"));
    gateway
        .send(token("Bearer a"))
        .await
        .expect(ok("for a").hit());
}

#[tokio::test]
async fn a_client_may_forbid_storing() {
    let origin = Origin::script([
        get("/")
            .cache_control("no-store")
            .respond(ok("v1").max_age(60)),
        get("/").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let ask = get("/").cache_control("no-store");
    let expected = fwd("uri-miss").not_stored().detail("request-no-store");
    gateway
        .send(ask)
        .await
        .expect(ok("v1").cache_status(expected));
    gateway
        .get("/")
        .await
        .expect(ok("v2").cache_status(fwd("uri-miss").stored()));
}

#[tokio::test]
async fn only_if_cached_never_reaches_the_origin() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let refused = gateway.send(get("/").cache_control("only-if-cached")).await;
    assert_eq!(
        (refused.status, refused.cache_status().value("detail")),
        (504, Some("only-if-cached"))
    );
}

#[tokio::test]
async fn a_route_may_ignore_what_clients_say_about_caching() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let cache = "request_directives: ignore";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    gateway
        .send(get("/").cache_control("no-store"))
        .await
        .expect(ok("v1"));
    gateway
        .send(get("/").cache_control("no-cache"))
        .await
        .expect(ok("v1").hit());
}

#[tokio::test]
async fn a_route_without_cache_bypasses_it() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60)).times(2)]);
    let gateway = Gateway::with(&origin)
        .route_cache("enabled: false")
        .start()
        .await;
    for _ in 0..2 {
        let expected = fwd("bypass").not_stored().detail("cache-disabled");
        gateway
            .get("/")
            .await
            .expect(ok("v1").cache_status(expected));
    }
}

#[tokio::test]
async fn a_request_can_be_told_to_bypass() {
    let origin = Origin::script([
        get("/").respond(ok("v1").max_age(60)),
        get("/")
            .header("X-Preview", "1")
            .respond(ok("draft").max_age(60)),
    ]);
    let cache = "cache_bypass: [\"$header.x-preview\"]";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    gateway.get("/").await.expect(ok("v1"));
    let expected = ok("draft").cache_status(fwd("bypass").not_stored().detail("route-bypass"));
    gateway
        .send(get("/").header("X-Preview", "1"))
        .await
        .expect(expected);
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn a_broken_response_is_not_stored() {
    let origin = Origin::script([
        get("/").respond(
            ok(vec![b'x'; 1_000])
                .max_age(60)
                .chunked()
                .hold_body("cut", 500)
                .abort_after(500),
        ),
        get("/").respond(ok("whole").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let incoming = gateway.open(get("/")).await;
    origin.release("cut").await;
    incoming.expect_broken().await;
    gateway
        .get("/")
        .await
        .expect(ok("whole").cache_status(fwd("uri-miss").stored()));
}

#[tokio::test]
async fn an_html_page_under_a_static_name_is_not_stored() {
    // Cache deception: /account/x.css answered with the account page.
    let answer = ok("v1").max_age(60).header("Content-Type", "text/html");
    refused(get("/account/x.css"), answer, "content-type-mismatch").await;
}
