//! What a client says about caching (RFC 9111 sections 5.2.1 and 5.4): what it may demand, and what
//! it may accept.
//!
//! `no-store`, `only-if-cached` and routes that ignore all this are in `storability`.

use shoal_tests::{Answer, Gateway, Origin, fwd, get, hit, not_modified, ok, status};

/// Fifty seconds old, with fifty to go.
fn half_way() -> Answer {
    ok("v1").age(50).max_age(100)
}

/// These are answered from the store, and those not.
async fn directives(stored: impl Fn() -> Answer, content: &[&str], demanding: &[&str]) {
    let fresh = demanding.iter().map(|_| get("/").respond(stored()));
    let origin = Origin::script([get("/").respond(stored())].into_iter().chain(fresh));
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    for directive in content {
        let came = gateway
            .send(get("/").header("Cache-Control", directive))
            .await;
        assert!(came.cache_status().has("hit"), "with {directive}: {came:?}");
    }
    for directive in demanding {
        let came = gateway
            .send(get("/").header("Cache-Control", directive))
            .await;
        assert!(
            !came.cache_status().has("hit"),
            "with {directive}: {came:?}"
        );
    }
}

#[tokio::test]
async fn max_age_bounds_the_age() {
    let content = [
        "max-age=100",
        "max-age=3600",
        "max-age=\"100\"",
        "MAX-AGE=100",
    ];
    directives(
        half_way,
        &content,
        &["max-age=10", "max-age=0", "max-age=49"],
    )
    .await;
}

#[tokio::test]
async fn min_fresh_bounds_the_rest_of_the_lifetime() {
    directives(
        half_way,
        &["min-fresh=10", "min-fresh=0"],
        &["min-fresh=60", "min-fresh=3600"],
    )
    .await;
}

#[tokio::test]
async fn what_is_no_number_says_nothing() {
    let nonsense = [
        "max-age=abc",
        "max-age",
        "max-age=-1",
        "min-fresh=1.5",
        "min-fresh",
        "foo=bar",
        "",
    ];
    directives(half_way, &nonsense, &["max-age=abc, no-cache"]).await;
}

#[tokio::test]
async fn max_stale_accepts_so_much_and_no_more() {
    let stale = || ok("v1").age(160).max_age(100).etag("1");
    let accepted = ["max-stale=100", "max-stale", "max-stale=3600, max-age=3600"];
    directives(
        stale,
        &accepted,
        &["max-stale=10", "max-stale=0", "max-stale=abc"],
    )
    .await;
}

#[tokio::test]
async fn max_stale_undoes_no_prohibition() {
    for directive in [
        "must-revalidate",
        "proxy-revalidate",
        "no-cache",
        "s-maxage=100",
    ] {
        let first = ok("v1")
            .age(160)
            .max_age(100)
            .cache_control(directive)
            .etag("1");
        let origin = Origin::script([
            get("/").respond(first),
            get("/").if_none_match("1").respond(ok("v2").max_age(60)),
        ]);
        let gateway = Gateway::start(&origin).await;
        gateway.get("/").await.expect(ok("v1"));
        let came = gateway.send(get("/").cache_control("max-stale")).await;
        assert_eq!(came.text(), "v2", "with {directive}");
    }
}

#[tokio::test]
async fn pragma_counts_only_without_cache_control() {
    let origin = Origin::script([
        get("/").respond(ok("v1").max_age(600).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().max_age(600).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let both = get("/")
        .header("Pragma", "no-cache")
        .cache_control("max-age=3600");
    gateway.send(both).await.expect(ok("v1").hit());
    gateway
        .send(get("/").header("Pragma", "foo"))
        .await
        .expect(ok("v1").hit());
    let alone = get("/").header("Pragma", "foo, No-Cache");
    gateway
        .send(alone)
        .await
        .expect(ok("v1").cache_status(fwd("request")));
}

#[tokio::test]
async fn a_demand_for_validation_freshens_the_store_for_others() {
    let origin = Origin::script([
        get("/").respond(ok("v1").max_age(600).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(ok("v2").max_age(600).etag("2")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .send(get("/").cache_control("no-cache"))
        .await
        .expect(ok("v2"));
    gateway.get("/").await.expect(ok("v2").hit());
}

#[tokio::test]
async fn only_if_cached_gets_what_may_be_used_or_504() {
    // Section 5.2.1.7.
    let origin = Origin::script([
        get("/fresh").respond(ok("v1").max_age(600)),
        get("/stale").respond(ok("v1").age(61).max_age(60).etag("1")),
        get("/accepted").respond(ok("v1").age(61).max_age(60).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    for path in ["/fresh", "/stale", "/accepted"] {
        gateway.get(path).await.expect(ok("v1"));
    }
    let ask = |path| get(path).cache_control("only-if-cached");
    gateway.send(ask("/fresh")).await.expect(ok("v1").hit());
    gateway.send(ask("/stale")).await.expect(status(504));
    gateway.send(ask("/never")).await.expect(status(504));
    let accepted = ask("/accepted").cache_control("max-stale=600");
    gateway
        .send(accepted)
        .await
        .expect(ok("v1").cache_status(hit().stale()));
}
