//! Which route takes a request: the first that fits.

use shoal_tests::{Config, Gateway, Origin, get, ok, post, status};

/// Two origins: `origin` behind the route for everything, `other` behind `matching`.
fn two(origin: &Origin, other: &Origin, matching: &str) -> Config {
    Gateway::with(origin)
        .upstream_at("other", other.address())
        .route(&format!(
            "name: special, match: {{ {matching} }}, upstream: other"
        ))
}

#[tokio::test]
async fn a_path_prefix_routes() {
    let origin = Origin::script([get("/apix").respond(ok("general"))]);
    let other = Origin::script([get("/api/a").respond(ok("special"))]);
    let gateway = two(&origin, &other, "path: \"/api/*\"").start().await;
    gateway.get("/api/a").await.expect(ok("special"));
    gateway.get("/apix").await.expect(ok("general"));
}

#[tokio::test]
async fn a_host_routes_exactly_or_by_its_end() {
    let origin = Origin::script([get("/").host("shop.test").respond(ok("general"))]);
    let other = Origin::script([get("/").host("a.shop.test").respond(ok("special"))]);
    let gateway = two(&origin, &other, "host: \"*.shop.test\"").start().await;
    gateway
        .send(get("/").host("a.shop.test"))
        .await
        .expect(ok("special"));
    gateway
        .send(get("/").host("shop.test"))
        .await
        .expect(ok("general"));
}

#[tokio::test]
async fn a_method_routes() {
    let origin = Origin::script([get("/").respond(ok("general"))]);
    let other = Origin::script([post("/").respond(ok("special"))]);
    let gateway = two(&origin, &other, "methods: [POST]").start().await;
    gateway
        .send(post("/").body("x"))
        .await
        .expect(ok("special"));
    gateway.get("/").await.expect(ok("general"));
}

#[tokio::test]
async fn a_header_routes() {
    let origin = Origin::script([get("/a").respond(ok("general"))]);
    let other = Origin::script([get("/b").respond(ok("special"))]);
    let gateway = two(&origin, &other, "headers: { x-canary: \"1\" }")
        .start()
        .await;
    gateway
        .send(get("/b").header("X-Canary", "1"))
        .await
        .expect(ok("special"));
    gateway
        .send(get("/a").header("X-Canary", "2"))
        .await
        .expect(ok("general"));
}

#[tokio::test]
async fn a_request_that_no_route_takes_is_404() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin)
        .no_default_route()
        .route("name: api, match: { path: \"/api/*\" }, upstream: origin")
        .start()
        .await;
    let answer = gateway.get("/elsewhere").await.expect(status(404));
    assert_eq!(answer.cache_status().value("detail"), Some("no-route"));
}

#[tokio::test]
async fn a_cunning_path_does_not_slip_past_a_route() {
    let origin = Origin::script([]);
    let other = Origin::script([get("/admin/x").respond(ok("guarded")).times(2)]);
    let gateway = two(&origin, &other, "path: \"/admin/*\"").start().await;
    gateway
        .get("/public/../admin/x")
        .await
        .expect(ok("guarded"));
    gateway.get("/%61dmin/x").await.expect(ok("guarded"));
}
