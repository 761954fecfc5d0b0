//! `stale-while-revalidate` in its corners (RFC 5861 section 3): who may use it, and what the check
//! in the background does.
//!
//! The plain case is in `stale`. Staleness comes from `Age`, and the window is never met closely.

use shoal_tests::{
    Answer, Gateway, Origin, Step, eventually, fwd, get, hit, not_modified, ok, raw, status,
};

/// Stale for a second, with a window of ten minutes.
fn stale() -> Answer {
    ok("v1").age(61).max_age(60).swr(600)
}

/// The first answer is taken; the next request is answered by `second` and waits for it.
async fn waits(first: Answer, ask: impl Fn() -> shoal_tests::Ask) {
    let origin = Origin::script([
        get("/").respond(first),
        get("/").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.send(ask()).await.expect(ok("v2"));
}

#[tokio::test]
async fn many_requests_share_one_check() {
    let check = get("/").if_none_match("1").hold("check");
    let origin = Origin::script([
        get("/").respond(stale().etag("1")),
        check.respond(not_modified().max_age(600).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let many: Vec<_> = (0..20).map(|_| gateway.spawn(get("/"))).collect();
    for one in many {
        one.await
            .unwrap()
            .expect(ok("v1").cache_status(hit().stale()));
    }
    origin.release("check").await;
    origin.expect_done().await;
}

#[tokio::test]
async fn what_forbids_stale_responses_wins() {
    // RFC 9111 sections 4.2.4, 5.2.2.2, 5.2.2.4, 5.2.2.8 and 5.2.2.10.
    for directive in [
        "must-revalidate",
        "proxy-revalidate",
        "no-cache",
        "s-maxage=60",
    ] {
        let origin = Origin::script([
            get("/").respond(stale().cache_control(directive).etag("1")),
            get("/").if_none_match("1").respond(ok("v2").max_age(60)),
        ]);
        let gateway = Gateway::start(&origin).await;
        gateway.get("/").await.expect(ok("v1"));
        let second = gateway.get("/").await;
        assert_eq!(second.text(), "v2", "with {directive}");
    }
}

#[tokio::test]
async fn a_window_of_nothing_is_no_window() {
    for value in ["=0", "", "=soon", "=\"\"", "=-60"] {
        let directive = format!("stale-while-revalidate{value}");
        let first = ok("v1")
            .age(61)
            .max_age(60)
            .cache_control(&directive)
            .etag("1");
        let origin = Origin::script([
            get("/").respond(first),
            get("/").if_none_match("1").respond(ok("v2").max_age(60)),
        ]);
        let gateway = Gateway::start(&origin).await;
        gateway.get("/").await.expect(ok("v1"));
        let second = gateway.get("/").await;
        assert_eq!(second.text(), "v2", "with {directive}");
    }
}

#[tokio::test]
async fn the_window_begins_where_the_lifetime_ends() {
    let origin = Origin::script([
        get("/inside").respond(ok("v1").age(100).max_age(60).swr(60)),
        get("/inside").hold("check").respond(ok("v2").max_age(60)),
        get("/outside").respond(ok("v1").age(130).max_age(60).swr(60).etag("1")),
        get("/outside").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/inside").await.expect(ok("v1"));
    gateway
        .get("/inside")
        .await
        .expect(ok("v1").cache_status(hit().stale()));
    gateway.get("/outside").await.expect(ok("v1"));
    gateway
        .get("/outside")
        .await
        .expect(ok("v2").cache_status(fwd("stale")));
    origin.release("check").await;
    origin.expect_done().await;
}

#[tokio::test]
async fn a_client_that_demands_freshness_gets_it() {
    // RFC 9111 section 5.2.1: no-cache, and a named freshness, are about this very response.
    for directive in ["no-cache", "max-age=10", "max-age=0", "min-fresh=5"] {
        waits(stale().etag("1"), || get("/").cache_control(directive)).await;
    }
    waits(stale().etag("1"), || get("/").header("Pragma", "no-cache")).await;
}

#[tokio::test]
async fn a_targeted_window_counts_and_that_of_cache_control_does_not() {
    let targeted = |value: &str| {
        ok("v1")
            .age(61)
            .header("CDN-Cache-Control", value)
            .header("Cache-Control", "max-age=60, stale-while-revalidate=600")
    };
    let origin = Origin::script([
        get("/with").respond(targeted("max-age=60, stale-while-revalidate=600")),
        get("/with").hold("check").respond(ok("v2").max_age(60)),
        get("/without").respond(targeted("max-age=60").etag("1")),
        get("/without").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/with").await.expect(ok("v1"));
    gateway
        .get("/with")
        .await
        .expect(ok("v1").cache_status(hit().stale()));
    gateway.get("/without").await.expect(ok("v1"));
    gateway.get("/without").await.expect(ok("v2"));
    origin.release("check").await;
    origin.expect_done().await;
}

/// The first check fails in this way; the stale response goes on, and a later check brings `v2`.
async fn survives(failure: Step) {
    let origin = Origin::script([
        get("/").respond(stale().etag("1")),
        failure,
        get("/").respond(ok("v2").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(hit().stale()));
    origin.wait_for_requests(2).await;
    let new = async || {
        let came = gateway.get("/").await;
        assert!(came.body == "v1" || came.body == "v2", "{came:?}");
        Some(came).filter(|came| came.body == "v2")
    };
    eventually("the new response", new)
        .await
        .expect(ok("v2").hit());
}

#[tokio::test]
async fn a_check_that_meets_an_error_leaves_the_stale_response() {
    survives(get("/").respond(status(503).body("down"))).await;
}

#[tokio::test]
async fn a_check_that_breaks_off_leaves_the_stale_response() {
    survives(get("/").respond(raw(""))).await;
}

#[tokio::test]
async fn a_check_whose_body_breaks_off_leaves_the_stale_response() {
    let half = ok("v2 that does not end").max_age(600).abort_after(3);
    survives(get("/").respond(half)).await;
}

#[tokio::test]
async fn a_check_changes_fields_by_a_304() {
    let origin = Origin::script([
        get("/").respond(stale().etag("1").header("X-Edition", "one")),
        get("/").if_none_match("1").respond(
            not_modified()
                .max_age(600)
                .etag("1")
                .header("X-Edition", "two"),
        ),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v1").header("X-Edition", "one"));
    let new = async || {
        let came = gateway.get("/").await;
        Some(came).filter(|came| came.header("X-Edition").as_deref() == Some("two"))
    };
    let came = eventually("the new field", new).await;
    came.expect(ok("v1").cache_status(hit().ttl(600)));
}

#[tokio::test]
async fn a_check_may_find_that_the_resource_is_gone() {
    let origin = Origin::script([
        get("/").respond(stale()),
        get("/").respond(status(404).body("gone").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(hit().stale()));
    let gone = async || Some(gateway.get("/").await).filter(|came| came.status == 404);
    eventually("the 404", gone)
        .await
        .expect(status(404).body("gone").hit());
}

#[tokio::test]
async fn a_check_asks_for_the_gateway_and_not_for_the_client() {
    // Conditions and ranges are about the client's own copy: the check must fill the store.
    let check = get("/")
        .if_none_match("1")
        .without("Range")
        .without("If-Modified-Since")
        .without("If-Match");
    let origin = Origin::script([
        get("/").respond(stale().etag("1")),
        check.hold("check").respond(ok("v2").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let ask = get("/")
        .range("0-0")
        .if_none_match("9")
        .header("If-Match", "\"1\"");
    let came = gateway.send(ask).await.expect(status(206).body("v"));
    assert!(came.cache_status().ttl().is_some_and(|ttl| ttl < 0));
    origin.release("check").await;
    origin.expect_done().await;
}

#[tokio::test]
async fn a_client_whose_copy_is_the_stale_one_gets_a_304() {
    let origin = Origin::script([
        get("/").respond(stale().etag("1")),
        get("/")
            .hold("check")
            .respond(not_modified().max_age(600).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .send(get("/").if_none_match("1"))
        .await
        .expect(status(304).etag("1"));
    origin.release("check").await;
    origin.expect_done().await;
}

#[tokio::test]
async fn each_variant_has_a_check_of_its_own() {
    let answer = |body: &'static str| ok(body).age(61).max_age(60).swr(600).vary("X-Lang");
    let origin = Origin::script([
        get("/").header("X-Lang", "de").respond(answer("eins")),
        get("/").header("X-Lang", "en").respond(answer("one")),
        get("/")
            .header("X-Lang", "de")
            .hold("german")
            .respond(ok("zwei").max_age(600).vary("X-Lang")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let ask = |lang| get("/").header("X-Lang", lang);
    gateway.send(ask("de")).await.expect(ok("eins"));
    gateway.send(ask("en")).await.expect(ok("one"));
    gateway
        .send(ask("de"))
        .await
        .expect(ok("eins").cache_status(hit().stale()));
    origin.release("german").await;
    let new = async || Some(gateway.send(ask("de")).await).filter(|came| came.body == "zwei");
    eventually("the new German text", new)
        .await
        .expect(ok("zwei").hit());
    origin.expect_done().await;
}

#[tokio::test]
async fn a_purge_ends_the_window() {
    let origin = Origin::script([
        get("/").respond(stale()),
        get("/").respond(ok("v2").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let url = serde_json::json!({ "files": ["http://shoal.test/"] });
    gateway.purge(url).await;
    gateway
        .get("/")
        .await
        .expect(ok("v2").cache_status(fwd("uri-miss").stored()));
}
