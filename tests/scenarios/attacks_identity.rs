//! What one user must not get of another, and what strangers must not order: credentials, cookies,
//! purges, tags.
//!
//! What is stored for credentials at all is in `storability`; who may purge in `purging`.

use serde_json::json;
use shoal_tests::{
    Ask, Gateway, Origin, delete, fwd, get, method, not_modified, ok, post, purge, status,
};

fn user(name: &str) -> Ask {
    get("/").header("Authorization", &format!("Bearer {name}"))
}

fn page(body: &'static str) -> shoal_tests::Answer {
    ok(body).max_age(600)
}

#[tokio::test]
async fn with_identity_rfc_a_private_page_reaches_nobody_else() {
    let origin = Origin::script([
        get("/")
            .header("Authorization", "Bearer one")
            .respond(page("of one")),
        get("/")
            .header("Authorization", "Bearer two")
            .respond(page("of two")),
        get("/").without("Authorization").respond(page("public")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.send(user("one")).await.expect(ok("of one"));
    gateway.send(user("two")).await.expect(ok("of two"));
    gateway.get("/").await.expect(ok("public"));
}

#[tokio::test]
async fn with_identity_bypass_credentials_meet_nothing_that_is_stored() {
    let shared = |body: &'static str| page(body).cache_control("public");
    let origin = Origin::script([
        get("/")
            .header("Authorization", "Bearer one")
            .respond(shared("of one")),
        get("/").without("Authorization").respond(shared("public")),
        get("/")
            .header("Authorization", "Bearer two")
            .respond(shared("of two")),
    ]);
    let gateway = Gateway::with(&origin)
        .route_cache("identity: bypass")
        .start()
        .await;
    let bypass = || fwd("bypass").not_stored().detail("credentials");
    gateway
        .send(user("one"))
        .await
        .expect(ok("of one").cache_status(bypass()));
    gateway.get("/").await.expect(ok("public"));
    gateway
        .send(user("two"))
        .await
        .expect(ok("of two").cache_status(bypass()));
    gateway.get("/").await.expect(ok("public").hit());
}

#[tokio::test]
async fn with_identity_key_nobody_meets_anothers_page_while_it_is_made() {
    // Neither by waiting for its fill nor without credentials.
    let origin = Origin::script([
        get("/")
            .header("Authorization", "Bearer one")
            .hold("one")
            .respond(page("of one")),
        get("/")
            .header("Authorization", "Bearer two")
            .respond(page("of two")),
        get("/").without("Authorization").respond(page("public")),
    ]);
    let gateway = Gateway::with(&origin)
        .route_cache("identity: key")
        .start()
        .await;
    let one = gateway.spawn(user("one"));
    origin.wait_for("one").await;
    gateway.send(user("two")).await.expect(ok("of two"));
    gateway.get("/").await.expect(ok("public"));
    origin.release("one").await;
    one.await.unwrap().expect(ok("of one"));
    gateway.send(user("one")).await.expect(ok("of one").hit());
    gateway.send(user("two")).await.expect(ok("of two").hit());
}

#[tokio::test]
async fn credentials_that_differ_a_little_are_others() {
    let names = ["one", "One", "one ", "one,two", "on"];
    let steps = names.map(|name| get("/").respond(page(name)));
    let origin = Origin::script(steps);
    let gateway = Gateway::with(&origin)
        .route_cache("identity: key")
        .start()
        .await;
    for name in ["one", "One", "one,two", "on"] {
        let came = gateway.send(user(name)).await;
        assert!(!came.cache_status().has("hit"), "for {name:?}: {came:?}");
    }
    let basic = get("/").header("Authorization", "Basic one");
    let came = gateway.send(basic).await;
    assert!(!came.cache_status().has("hit"), "{came:?}");
}

#[tokio::test]
async fn a_cookie_is_not_handed_out_by_a_routes_own_ttl() {
    // The operator's lifetime says nothing about whose page it is.
    let personal = |name: &str| ok("page").header("Set-Cookie", &format!("session={name}"));
    let origin = Origin::script([
        get("/").respond(personal("one")),
        get("/").respond(personal("two")),
    ]);
    let gateway = Gateway::with(&origin).route_cache("ttl: 1h").start().await;
    for name in ["one", "two"] {
        let refused = fwd("uri-miss").not_stored().detail("set-cookie");
        let expected = ok("page").header("Set-Cookie", &format!("session={name}"));
        gateway
            .get("/")
            .await
            .expect(expected.cache_status(refused));
    }
}

#[tokio::test]
async fn a_cookie_in_a_304_is_not_handed_to_the_next_client() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("1")),
        get("/").respond(
            not_modified()
                .etag("1")
                .cache_control("no-cache=\"set-cookie\"")
                .max_age(600)
                .header("Set-Cookie", "session=one"),
        ),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v1").hit().without("Set-Cookie"));
}

#[tokio::test]
async fn a_stranger_cannot_purge_by_saying_who_he_is() {
    let origin = Origin::script([get("/a").respond(page("v1"))]);
    let gateway = Gateway::with(&origin)
        .admin("purge_from: [\"10.0.0.0/8\"]")
        .start()
        .await;
    gateway.get("/a").await.expect(ok("v1"));
    for ask in [
        purge("/a").header("X-Forwarded-For", "10.0.0.1"),
        purge("/a").header("X-Real-IP", "10.0.0.1"),
        purge("/a").header("Forwarded", "for=10.0.0.1"),
        purge("/a").header("Surrogate-Key", "all"),
        purge("http://shoal.test/a"),
        purge("/a").host("10.0.0.1"),
    ] {
        gateway.send(ask).await.expect(status(403));
    }
    gateway.get("/a").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn no_other_method_is_taken_for_a_purge() {
    let origin = Origin::script([
        get("/a").respond(page("v1")),
        method("purge", "/a").respond(status(405)),
        method("PURGEALL", "/a").respond(status(405)),
        method("BAN", "/a").respond(status(405)),
        get("/b")
            .without("X-HTTP-Method-Override")
            .respond(page("b")),
    ]);
    let gateway = Gateway::with(&origin)
        .admin("purge_from: [\"127.0.0.0/8\"]")
        .start()
        .await;
    gateway.get("/a").await.expect(ok("v1"));
    for name in ["purge", "PURGEALL", "BAN"] {
        gateway.send(method(name, "/a")).await.expect(status(405));
    }
    let ask = get("/b").header("X-HTTP-Method-Override", "PURGE");
    gateway.send(ask).await.expect(ok("b"));
    gateway.get("/a").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn a_client_cannot_invalidate_by_failing() {
    // RFC 9111 section 4.4: only what succeeded may have changed something.
    let codes = [400, 401, 403, 404, 405, 409, 500, 503];
    let refusals = codes.map(|code| delete("/a").respond(status(code)));
    let origin = Origin::script([get("/a").respond(page("v1"))].into_iter().chain(refusals));
    let gateway = Gateway::start(&origin).await;
    gateway.get("/a").await.expect(ok("v1"));
    for code in codes {
        gateway.send(delete("/a")).await.expect(status(code));
        gateway.get("/a").await.expect(ok("v1").hit());
    }
}

#[tokio::test]
async fn tags_from_a_request_split_no_response() {
    let origin = Origin::script([get("/*").respond(ok("v1").max_age(600)).repeat()]);
    let gateway = Gateway::with(&origin)
        .route_cache("tags: [\"product:$query.id\"]")
        .start()
        .await;
    let id = "7%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a%3Cscript%3E";
    let target = format!("/?id={id}");
    for _ in 0..2 {
        gateway
            .get(&target)
            .await
            .expect(ok("v1").without("Set-Cookie"));
    }
    gateway.get("/?id=8").await.expect(ok("v1"));
    gateway.purge(json!({ "tags": ["product:8"] })).await;
    gateway.get(&target).await.expect(ok("v1").hit());
}

#[tokio::test]
async fn a_tag_of_a_request_counts_for_nothing() {
    let origin = Origin::script([
        get("/a").respond(page("a")),
        post("/b").body("x").respond(ok("b")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let ask = get("/a")
        .header("Surrogate-Key", "red")
        .header("Cache-Tag", "red");
    gateway.send(ask).await.expect(ok("a"));
    let ask = post("/b")
        .header("Cache-Group-Invalidation", "\"red\"")
        .body("x");
    gateway.send(ask).await.expect(ok("b"));
    gateway.purge(json!({ "tags": ["red"] })).await;
    gateway.get("/a").await.expect(ok("a").hit());
}
