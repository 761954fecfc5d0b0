//! Stale responses: when they help, and when they are forbidden (RFC 9111 section 4.2.4, RFC 5861).

use shoal_tests::{Gateway, Origin, eventually, fwd, get, hit, not_modified, ok, raw, status};

#[tokio::test]
async fn a_stale_response_is_served_while_it_is_validated_in_the_background() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).swr(300).etag("1")),
        get("/")
            .if_none_match("1")
            .hold("check")
            .respond(not_modified().max_age(600).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored()));
    // Not held up by the check, and not by a second one.
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(hit().stale()));
    origin.wait_for("check").await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(hit().stale()));
    origin.release("check").await;
    let fresh = async || {
        gateway
            .get("/")
            .await
            .cache_status()
            .ttl()
            .filter(|ttl| *ttl > 0)
    };
    assert!(eventually("a fresh response", fresh).await > 500);
}

#[tokio::test]
async fn a_refresh_in_the_background_may_bring_a_new_response() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).swr(300)),
        get("/").respond(ok("v2").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(hit().stale()));
    let new = async || Some(gateway.get("/").await).filter(|response| response.body == "v2");
    eventually("the new response", new)
        .await
        .expect(ok("v2").hit());
}

#[tokio::test]
async fn past_its_window_a_stale_response_waits_for_validation() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(100).max_age(60).swr(30).etag("1")),
        get("/").if_none_match("1").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v2").cache_status(fwd("stale").stored()));
}

#[tokio::test]
async fn a_route_may_grant_what_the_origin_does_not_say() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60)),
        get("/").hold("refresh").respond(ok("v2").max_age(60)),
    ]);
    let cache = "stale_while_revalidate: 5m";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(hit().stale()));
    origin.release("refresh").await;
    origin.expect_done().await;
}

#[tokio::test]
async fn a_stale_response_stands_in_for_a_503() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).sie(600)),
        get("/").respond(status(503).body("down")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let served = gateway.get("/").await.expect(ok("v1").age(61));
    assert!(served.cache_status().ttl().is_some_and(|ttl| ttl < 0));
    gateway
        .expect_metric("shoal_cache_requests_total", [("status", "STALE")], 1.0)
        .await;
}

#[tokio::test]
async fn a_stale_response_stands_in_for_an_origin_that_hangs_up() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).sie(600)),
        get("/").respond(raw("")).repeat(),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1"));
}

#[tokio::test]
async fn a_stale_response_stands_in_for_an_origin_that_is_gone() {
    let origin = Origin::script([get("/").respond(ok("v1").age(61).max_age(60).sie(600))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    drop(origin);
    gateway.get("/").await.expect(ok("v1"));
}

#[tokio::test]
async fn must_revalidate_is_never_served_stale() {
    let answer = ok("v1")
        .age(61)
        .max_age(60)
        .sie(600)
        .swr(600)
        .cache_control("must-revalidate");
    let origin = Origin::script([
        get("/").respond(answer.etag("1")),
        get("/")
            .if_none_match("1")
            .respond(status(503).body("down")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(status(503).body("down"));
}

#[tokio::test]
async fn without_a_grant_an_error_is_an_error() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(status(503).body("down")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(status(503).body("down").cache_status(fwd("stale")));
}

#[tokio::test]
async fn max_stale_lets_a_client_take_an_old_response() {
    let origin = Origin::script([get("/").respond(ok("v1").age(70).max_age(60).etag("1"))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let ask = get("/").cache_control("max-stale=60");
    gateway
        .send(ask)
        .await
        .expect(ok("v1").cache_status(hit().stale()));
}
