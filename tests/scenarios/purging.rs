//! The operator's invalidations: `POST /purge` and the method PURGE.

use serde_json::json;
use shoal_tests::{Gateway, Origin, fwd, get, not_modified, ok, purge, status};

#[tokio::test]
async fn a_url_is_purged() {
    let origin = Origin::script([
        get("/a").respond(ok("v1").max_age(60)),
        get("/b").respond(ok("b").max_age(60)),
        get("/a").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/a").await.expect(ok("v1"));
    gateway.get("/b").await.expect(ok("b"));
    let receipt = gateway
        .purge(json!({ "files": ["http://shoal.test/a"] }))
        .await;
    assert_eq!(receipt["purged"], 1, "{receipt}");
    gateway
        .get("/a")
        .await
        .expect(ok("v2").cache_status(fwd("uri-miss").stored()));
    gateway.get("/b").await.expect(ok("b").hit());
}

#[tokio::test]
async fn a_purge_that_finds_nothing_says_so() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let receipt = gateway
        .purge(json!({ "files": ["http://shoal.test/nothing"] }))
        .await;
    assert_eq!(receipt["purged"], 0, "{receipt}");
}

#[tokio::test]
async fn a_tag_is_purged_wherever_it_came_from() {
    let origin = Origin::script([
        get("/1").respond(ok("a").max_age(60).header("Surrogate-Key", "red product:1")),
        get("/2").respond(ok("b").max_age(60).header("Cache-Tag", "red, blue")),
        get("/3").respond(ok("c").max_age(60).header("xkey", "blue")),
        get("/1").respond(ok("a2").max_age(60)),
        get("/2").respond(ok("b2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    // The tags are the origin's business with the cache, not the client's.
    gateway
        .get("/1")
        .await
        .expect(ok("a").without("Surrogate-Key"));
    gateway.get("/2").await.expect(ok("b").without("Cache-Tag"));
    gateway.get("/3").await.expect(ok("c").without("xkey"));
    let receipt = gateway.purge(json!({ "tags": ["red"] })).await;
    assert_eq!(receipt["purged"], 2, "{receipt}");
    gateway.get("/1").await.expect(ok("a2"));
    gateway.get("/2").await.expect(ok("b2"));
    gateway.get("/3").await.expect(ok("c").hit());
}

#[tokio::test]
async fn a_route_gives_tags_too() {
    let origin = Origin::script([
        get("/p?id=7").respond(ok("v1").max_age(60)),
        get("/p?id=7").respond(ok("v2").max_age(60)),
    ]);
    let cache = "tags: [\"product:$query.id\"]";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    gateway.get("/p?id=7").await.expect(ok("v1"));
    gateway.purge(json!({ "tags": ["product:7"] })).await;
    gateway.get("/p?id=7").await.expect(ok("v2"));
}

#[tokio::test]
async fn prefixes_hosts_patterns_and_everything_can_be_purged() {
    let cases = [
        json!({ "prefixes": ["http://shoal.test/a/"] }),
        json!({ "hosts": ["shoal.test"] }),
        json!({ "regex": "/a/[0-9]+$" }),
        json!({ "purge_everything": true }),
    ];
    for what in cases {
        let origin = Origin::script([
            get("/a/1").respond(ok("v1").max_age(60)),
            get("/a/1").respond(ok("v2").max_age(60)),
        ]);
        let gateway = Gateway::start(&origin).await;
        gateway.get("/a/1").await.expect(ok("v1"));
        gateway.purge(what.clone()).await;
        let after = gateway.get("/a/1").await;
        assert_eq!(after.text(), "v2", "after {what}");
    }
}

#[tokio::test]
async fn a_soft_purge_asks_the_origin_before_the_next_use() {
    let origin = Origin::script([
        get("/a").respond(ok("v1").max_age(60).etag("1")),
        get("/a")
            .if_none_match("1")
            .respond(not_modified().etag("1").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/a").await.expect(ok("v1"));
    gateway
        .purge(json!({ "files": ["http://shoal.test/a"], "soft": true }))
        .await;
    gateway
        .get("/a")
        .await
        .expect(ok("v1").cache_status(fwd("stale").fwd_status(304)));
    gateway.get("/a").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn a_purge_during_a_fill_keeps_the_response_out() {
    let origin = Origin::script([
        get("/a").respond(ok("oldold").max_age(60).chunked().hold_body("body", 3)),
        get("/a").respond(ok("new").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let mut early = gateway.open(get("/a")).await;
    early.first(3).await;
    gateway
        .purge(json!({ "files": ["http://shoal.test/a"] }))
        .await;
    // Hidden at once: the next request does not join the fill.
    gateway.get("/a").await.expect(ok("new"));
    origin.release("body").await;
    early.finish().await.expect(ok("oldold"));
    gateway.get("/a").await.expect(ok("new").hit());
}

#[tokio::test]
async fn purge_works_on_the_data_port_for_those_who_may() {
    let origin = Origin::script([
        get("/a").respond(ok("v1").max_age(60)),
        get("/a").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::with(&origin)
        .admin("purge_from: [\"127.0.0.0/8\"]")
        .start()
        .await;
    gateway.get("/a").await.expect(ok("v1"));
    let receipt = gateway.send(purge("/a")).await.expect(status(200));
    assert_eq!(receipt.json()["purged"], 1);
    gateway.get("/a").await.expect(ok("v2"));
}

#[tokio::test]
async fn purge_is_refused_to_others_and_never_forwarded() {
    let origin = Origin::script([get("/a").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::with(&origin)
        .admin("purge_from: [\"10.0.0.0/8\"]")
        .start()
        .await;
    gateway.get("/a").await.expect(ok("v1"));
    gateway.send(purge("/a")).await.expect(status(403));
    gateway.get("/a").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn purges_are_counted_by_kind() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    gateway.purge(json!({ "tags": ["a", "b"] })).await;
    gateway
        .expect_metric("shoal_purge_total", [("kind", "tag")], 2.0)
        .await;
}

#[tokio::test]
async fn nonsense_is_refused() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    for nonsense in [
        json!({}),
        json!({ "regex": "(" }),
        json!({ "filez": ["x"] }),
    ] {
        let answer = gateway.admin_post("/purge", nonsense.clone()).await;
        assert!(
            (400..500).contains(&answer.status),
            "{nonsense}: {}",
            answer.text()
        );
    }
}
