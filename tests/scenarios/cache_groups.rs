//! Groups of responses that their origin invalidates together (RFC 9875).

use shoal_tests::{Answer, Gateway, Origin, fwd, get, ok, post, status};

fn in_group(text: &str, group: &str) -> Answer {
    ok(text.to_owned())
        .max_age(60)
        .header("Cache-Groups", group)
}

#[tokio::test]
async fn a_success_of_an_unsafe_method_invalidates_the_groups_that_it_names() {
    let origin = Origin::script([
        get("/a").respond(in_group("a1", "\"news\", \"front\"")),
        get("/b").respond(in_group("b1", "\"sport\"")),
        get("/c").respond(in_group("c1", "\"other\"")),
        post("/edit")
            .respond(status(204).header("Cache-Group-Invalidation", "\"news\", \"sport\"")),
        get("/a").respond(in_group("a2", "\"news\"")),
        get("/b").respond(in_group("b2", "\"sport\"")),
    ]);
    let gateway = Gateway::start(&origin).await;
    for (path, text) in [("/a", "a1"), ("/b", "b1"), ("/c", "c1")] {
        gateway.get(path).await.expect(ok(text));
    }
    gateway
        .send(post("/edit").body("x"))
        .await
        .expect(status(204));
    gateway.get("/a").await.expect(ok("a2"));
    gateway.get("/b").await.expect(ok("b2"));
    gateway.get("/c").await.expect(ok("c1").hit());
}

#[tokio::test]
async fn a_failure_or_a_safe_method_invalidates_no_group() {
    let named = ("Cache-Group-Invalidation", "\"news\"");
    let origin = Origin::script([
        get("/a").respond(in_group("a1", "\"news\"")),
        post("/edit").respond(status(500).header(named.0, named.1)),
        get("/look").respond(ok("look").header(named.0, named.1)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/a").await.expect(ok("a1"));
    gateway
        .send(post("/edit").body("x"))
        .await
        .expect(status(500));
    gateway.get("/look").await.expect(ok("look"));
    gateway.get("/a").await.expect(ok("a1").hit());
}

#[tokio::test]
async fn an_origin_cannot_invalidate_the_groups_of_another() {
    let origin = Origin::script([
        get("/a")
            .host("shop.test")
            .respond(in_group("a1", "\"all\"")),
        post("/edit")
            .host("evil.test")
            .respond(status(204).header("Cache-Group-Invalidation", "\"all\"")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(get("/a").host("shop.test"))
        .await
        .expect(ok("a1"));
    let edit = post("/edit").host("evil.test").body("x");
    gateway.send(edit).await.expect(status(204));
    gateway
        .send(get("/a").host("shop.test"))
        .await
        .expect(ok("a1").hit());
}

#[tokio::test]
async fn an_operator_purges_a_group_as_a_tag() {
    let origin = Origin::script([
        get("/a").respond(in_group("a1", "\"news\"")),
        get("/a").respond(in_group("a2", "\"news\"")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .get("/a")
        .await
        .expect(ok("a1").without("Cache-Groups"));
    let purged = gateway.purge(serde_json::json!({ "tags": ["news"] })).await;
    assert_eq!(purged["purged"], 1);
    gateway
        .get("/a")
        .await
        .expect(ok("a2").cache_status(fwd("uri-miss").stored()));
}
