//! Unsafe methods invalidate what they may have changed (RFC 9111 section 4.4).

use shoal_tests::{Gateway, Origin, delete, fwd, get, method, ok, options, post, put, status};

#[tokio::test]
async fn a_successful_unsafe_method_invalidates_its_uri() {
    let origin = Origin::script([
        get("/a").respond(ok("v1").max_age(60)),
        put("/a").respond(status(204)),
        get("/a").respond(ok("v2").max_age(60)),
        method("FROB", "/a").respond(ok("done")),
        get("/a").respond(ok("v3").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/a").await.expect(ok("v1"));
    gateway
        .send(put("/a").body("x"))
        .await
        .expect(status(204).cache_status(fwd("method").not_stored()));
    gateway.get("/a").await.expect(ok("v2"));
    gateway.send(method("FROB", "/a")).await.expect(ok("done"));
    gateway.get("/a").await.expect(ok("v3"));
}

#[tokio::test]
async fn a_failed_or_safe_method_invalidates_nothing() {
    let origin = Origin::script([
        get("/a").respond(ok("v1").max_age(60)),
        delete("/a").respond(status(500)),
        options("/a").respond(status(204)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/a").await.expect(ok("v1"));
    gateway.send(delete("/a")).await.expect(status(500));
    gateway.send(options("/a")).await.expect(status(204));
    gateway.get("/a").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn location_and_content_location_of_the_same_origin_are_invalidated_too() {
    let moved = status(201)
        .header("Location", "/b")
        .header("Content-Location", "http://shoal.test/c");
    let origin = Origin::script([
        get("/b").respond(ok("b1").max_age(60)),
        get("/c").respond(ok("c1").max_age(60)),
        post("/a").respond(moved),
        get("/b").respond(ok("b2").max_age(60)),
        get("/c").respond(ok("c2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/b").await.expect(ok("b1"));
    gateway.get("/c").await.expect(ok("c1"));
    gateway.send(post("/a").body("x")).await.expect(status(201));
    gateway.get("/b").await.expect(ok("b2"));
    gateway.get("/c").await.expect(ok("c2"));
}

#[tokio::test]
async fn another_host_cannot_be_invalidated_by_a_location() {
    let origin = Origin::script([
        get("/b").host("victim.test").respond(ok("b1").max_age(60)),
        post("/a").respond(status(201).header("Location", "http://victim.test/b")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(get("/b").host("victim.test"))
        .await
        .expect(ok("b1"));
    gateway.send(post("/a").body("x")).await.expect(status(201));
    gateway
        .send(get("/b").host("victim.test"))
        .await
        .expect(ok("b1").hit());
}

#[tokio::test]
async fn a_change_during_a_fill_keeps_the_old_response_out() {
    let origin = Origin::script([
        get("/a").hold("read").respond(ok("old").max_age(60)),
        put("/a").respond(status(204)),
        get("/a").respond(ok("new").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let early = gateway.spawn(get("/a"));
    origin.wait_for("read").await;
    gateway.send(put("/a").body("x")).await.expect(status(204));
    origin.release("read").await;
    early.await.unwrap().expect(ok("old"));
    gateway.get("/a").await.expect(ok("new"));
}
