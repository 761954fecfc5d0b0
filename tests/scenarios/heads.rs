//! HEAD and the stored response to a GET (RFC 9111 section 4.3.5, RFC 9110 section 9.3.2). The fresh one
//! answers in `validation`.

use shoal_tests::{Answer, Gateway, Origin, fwd, get, head, hit, not_modified, ok, status};

fn stale() -> Answer {
    ok("v1").age(61).max_age(60).etag("1")
}

#[tokio::test]
async fn a_head_that_misses_is_a_head_at_the_origin_and_stores_nothing() {
    let origin = Origin::script([
        head("/").if_none_match("7").respond(ok("v1").max_age(60)),
        get("/").respond(ok("v1").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let missed = fwd("uri-miss").fwd_status(200).not_stored().detail("head");
    let answer = ok("").header("Content-Length", "2").cache_status(missed);
    gateway
        .send(head("/").if_none_match("7"))
        .await
        .expect(answer);
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored()));
    gateway.send(head("/")).await.expect(ok("").hit());
}

#[tokio::test]
async fn a_304_to_a_head_freshens_the_stored_response() {
    let origin = Origin::script([
        get("/").respond(stale()),
        head("/")
            .if_none_match("1")
            .respond(not_modified().etag("1").max_age(600).header("X-Run", "2")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let freshened = fwd("stale").fwd_status(304).stored().ttl(600);
    let answer = ok("").header("Content-Length", "2").header("X-Run", "2");
    gateway
        .send(head("/"))
        .await
        .expect(answer.cache_status(freshened));
    gateway
        .get("/")
        .await
        .expect(ok("v1").header("X-Run", "2").cache_status(hit().ttl(600)));
    gateway
        .expect_metric(
            "shoal_cache_requests_total",
            [("status", "REVALIDATED")],
            1.0,
        )
        .await;
}

#[tokio::test]
async fn a_head_with_the_same_validators_freshens_the_stored_response() {
    let same = |body: &'static str| ok(body).etag("1").max_age(600).header("X-Run", "2");
    let origin = Origin::script([
        get("/").respond(stale().header("X-Old", "1")),
        head("/").if_none_match("1").respond(same("v1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let freshened = fwd("stale").fwd_status(200).stored().ttl(600);
    let answer = same("")
        .header("Content-Length", "2")
        .cache_status(freshened);
    gateway
        .send(head("/"))
        .await
        .expect(answer.without("X-Old"));
    let stored = ok("v1").header("X-Run", "2").header("X-Old", "1");
    gateway.get("/").await.expect(stored.hit());
}

#[tokio::test]
async fn a_head_with_other_validators_removes_the_stored_response() {
    let origin = Origin::script([
        get("/").respond(stale().swr(600)),
        head("/").respond(ok("v2").etag("2").max_age(600)),
        get("/")
            .without("If-None-Match")
            .respond(ok("v2").etag("2").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let learned = fwd("stale").fwd_status(200).not_stored().detail("head");
    gateway
        .send(head("/").cache_control("no-cache"))
        .await
        .expect(ok("").etag("2").cache_status(learned));
    gateway
        .get("/")
        .await
        .expect(ok("v2").cache_status(fwd("uri-miss").stored()));
}

#[tokio::test]
async fn a_head_that_forbids_storing_removes_the_stored_response() {
    let origin = Origin::script([
        get("/").respond(stale()),
        head("/").respond(ok("v1").etag("1").cache_control("no-store")),
        get("/").without("If-None-Match").respond(ok("v2")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .send(head("/"))
        .await
        .expect(ok("").cache_control("no-store"));
    gateway.get("/").await.expect(ok("v2"));
}

#[tokio::test]
async fn conditions_of_a_stale_head_are_tested_on_what_answers() {
    let origin = Origin::script([
        get("/").respond(stale()),
        head("/")
            .without("If-Match")
            .if_none_match("1")
            .respond(not_modified().etag("1").age(61).max_age(60))
            .times(2),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let refused = head("/").header("If-Match", "\"2\"");
    gateway.send(refused).await.expect(status(412));
    let had = head("/").header("If-None-Match", "\"0\", \"1\"");
    gateway.send(had).await.expect(not_modified().etag("1"));
}

#[tokio::test]
async fn the_stored_response_stands_in_for_a_head_that_fails() {
    let origin = Origin::script([
        get("/").respond(stale().sie(600)),
        head("/").respond(status(503)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let stood_in = || ok("").header("Content-Length", "2").etag("1");
    gateway
        .send(head("/"))
        .await
        .expect(stood_in().cache_status(fwd("stale").fwd_status(503)));
    drop(origin);
    gateway
        .send(head("/"))
        .await
        .expect(stood_in().cache_status(fwd("stale")));
    gateway
        .send(head("/").if_none_match("1"))
        .await
        .expect(not_modified());
    gateway.send(head("/other")).await.expect(status(502));
}

#[tokio::test]
async fn a_head_within_its_grace_is_answered_at_once_and_refreshed_as_a_get() {
    let origin = Origin::script([
        get("/").respond(stale().swr(600)),
        get("/")
            .if_none_match("1")
            .hold("check")
            .respond(not_modified().etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.send(head("/")).await.expect(ok("").hit());
    origin.wait_for("check").await;
    origin.release("check").await;
}

#[tokio::test]
async fn over_http2_a_stale_head_has_no_content() {
    let origin = Origin::script([
        get("/").respond(stale()),
        head("/").if_none_match("1").respond(not_modified()),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let came = gateway.h2c().await.send(head("/")).await;
    came.expect(ok("").header("Content-Length", "2"));
}
