//! A client's conditions where no fresh stored response answers (RFC 9110 section 13.2, RFC 9111 section
//! 4.3.2). Those that one does answer are in `validation`.

use shoal_tests::{Gateway, Origin, fwd, get, hit, not_modified, ok, put, status};

#[tokio::test]
async fn if_match_is_tested_on_what_a_304_confirmed() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("1")),
        get("/")
            .without("If-Match")
            .if_none_match("1")
            .respond(not_modified().etag("1").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let refused = status(412)
        .header("Content-Length", "0")
        .cache_status(fwd("stale").fwd_status(304).stored().ttl(600))
        .without("ETag");
    gateway
        .send(get("/").header("If-Match", "\"2\""))
        .await
        .expect(refused);
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn if_match_is_tested_on_what_has_just_come() {
    let origin = Origin::script([
        get("/a")
            .without("If-Match")
            .respond(ok("v1").max_age(60).etag("1")),
        get("/b")
            .without("If-Match")
            .respond(ok("v1").cache_control("no-store").etag("1"))
            .times(2),
    ]);
    let gateway = Gateway::start(&origin).await;
    let ask = |target, tag| get(target).header("If-Match", tag);
    let refused = status(412).cache_status(fwd("uri-miss").stored());
    gateway.send(ask("/a", "\"2\"")).await.expect(refused);
    gateway
        .send(ask("/a", "\"1\""))
        .await
        .expect(ok("v1").hit());
    let refused = status(412).cache_status(fwd("uri-miss").not_stored());
    gateway.send(ask("/b", "\"2\"")).await.expect(refused);
    gateway.send(ask("/b", "\"1\"")).await.expect(ok("v1"));
}

#[tokio::test]
async fn if_match_is_tested_on_what_is_served_while_it_is_validated() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).swr(600).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .send(get("/").header("If-Match", "\"2\""))
        .await
        .expect(status(412).cache_status(hit()));
    origin.expect_done().await;
}

#[tokio::test]
async fn if_match_is_tested_on_what_stands_in_for_a_failure() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).sie(600).etag("1")),
        get("/").if_none_match("1").respond(status(503)).times(2),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let ask = |tag| get("/").header("If-Match", tag);
    gateway.send(ask("\"2\"")).await.expect(status(412));
    gateway.send(ask("\"1\"")).await.expect(ok("v1"));
}

#[tokio::test]
async fn conditions_are_tested_on_fields_of_a_304_that_forbids_storing() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("W/\"1\"")),
        get("/").respond(not_modified().etag("1").cache_control("no-store")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    // The weak tag of before would not match.
    let ask = get("/").header("If-Match", "\"1\"").if_none_match("1");
    let shown = not_modified().etag("1").cache_control("no-store");
    gateway.send(ask).await.expect(shown);
}

#[tokio::test]
async fn over_http2_an_answer_that_conditions_settle_has_no_content() {
    let answer = || ok(vec![b'x'; 200_000]).etag("1").cache_control("no-store");
    let origin = Origin::script([
        get("/").respond(answer()).times(2),
        get("/").respond(answer()),
    ]);
    let gateway = Gateway::start(&origin).await;
    let client = gateway.h2c().await;
    let came = client.send(get("/").if_none_match("1")).await;
    came.expect(not_modified().body(""));
    let came = client.send(get("/").header("If-Match", "\"2\"")).await;
    came.expect(status(412).body(""));
    client
        .send(get("/").header("If-Match", "\"1\""))
        .await
        .expect(answer());
}

#[tokio::test]
async fn conditions_of_a_method_that_is_not_looked_up_are_for_the_origin() {
    let origin = Origin::script([
        put("/doc")
            .header("If-Match", "\"1\"")
            .respond(ok("changed").etag("2")),
        get("/api")
            .if_none_match("7")
            .respond(ok("bypassed").etag("7")),
    ]);
    let route = "match: { path: \"/api\" }, upstream: origin, cache: { enabled: false }";
    let gateway = Gateway::with(&origin).route(route).start().await;
    let change = put("/doc").header("If-Match", "\"1\"").body("new");
    gateway.send(change).await.expect(ok("changed"));
    gateway
        .send(get("/api").if_none_match("7"))
        .await
        .expect(ok("bypassed"));
}
