//! A 304 that says more than "nothing changed" (RFC 9111 section 4.3.4).

use shoal_tests::{Gateway, Origin, fwd, get, not_modified, ok};

#[tokio::test]
async fn a_304_that_forbids_storing_ends_the_stored_response() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().etag("1").cache_control("no-store")),
        get("/")
            .without("If-None-Match")
            .respond(ok("v2").cache_control("no-store")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let expected = fwd("stale").fwd_status(304).not_stored().detail("no-store");
    gateway.get("/").await.expect(
        ok("v1")
            .header("Cache-Control", "no-store")
            .cache_status(expected),
    );
    gateway
        .get("/")
        .await
        .expect(ok("v2").cache_status(fwd("uri-miss")));
}

#[tokio::test]
async fn a_304_about_another_version_freshens_nothing() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().etag("2").max_age(600)),
        get("/")
            .without("If-None-Match")
            .respond(ok("v2").max_age(600).etag("2")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    // What the origin confirmed is what was asked about: it may be used this once.
    let once = fwd("stale").not_stored().detail("validation-mismatch");
    gateway
        .get("/")
        .await
        .expect(ok("v1").etag("1").cache_status(once));
    gateway.get("/").await.expect(ok("v2").etag("2"));
    gateway.get("/").await.expect(ok("v2").hit());
}

#[tokio::test]
async fn a_304_that_changes_vary_does_not_answer_those_it_tells_apart() {
    let origin = Origin::script([
        get("/")
            .header("X-Kind", "a")
            .respond(ok("a").age(61).max_age(60).etag("a")),
        get("/")
            .header("X-Kind", "a")
            .if_none_match("a")
            .respond(not_modified().etag("a").max_age(600).vary("X-Kind")),
        get("/")
            .header("X-Kind", "b")
            .respond(ok("b").max_age(600).vary("X-Kind")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let kind = |kind: &str| get("/").header("X-Kind", kind);
    gateway.send(kind("a")).await.expect(ok("a"));
    gateway.send(kind("a")).await.expect(ok("a"));
    gateway.send(kind("b")).await.expect(ok("b"));
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_not_stored() {
    let origin = Origin::script([
        get("/").respond(not_modified().max_age(600)),
        get("/").respond(ok("v1").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn a_length_that_contradicts_chunks_is_not_kept() {
    let answer = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\n\
                  Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n";
    let origin = Origin::script([get("/").respond(shoal_tests::raw(answer)).repeat()]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        let mut client = gateway.client().await;
        let came = client.send(get("/")).await;
        assert!(
            came.status == 502 || came.text() == "0123456789",
            "{came:?}"
        );
    }
}
