//! The operator's view: health, metrics, look-ups, and that none of it is open to strangers.

use shoal_tests::{Ask, Gateway, Origin, get, ok, post, status};

#[tokio::test]
async fn health_and_readiness_are_told() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    gateway.admin_get("/healthz").await.expect(status(200));
    gateway.admin_get("/readyz").await.expect(status(200));
    gateway.admin_get("/nothing-here").await.expect(status(404));
}

#[tokio::test]
async fn a_lookup_shows_what_is_stored_and_counts_nothing() {
    let answer = ok("v1").max_age(60).header("Surrogate-Key", "red");
    let origin = Origin::script([get("/a").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    assert_eq!(gateway.lookup("/a").await["found"], false);
    gateway.get("/a").await.expect(ok("v1"));
    let found = gateway.lookup("/a").await;
    assert_eq!(found["found"], true, "{found}");
    assert!(
        found["ttl"]
            .as_i64()
            .is_some_and(|ttl| (50..=60).contains(&ttl)),
        "{found}"
    );
    assert!(found["tags"].to_string().contains("red"), "{found}");
    let hits = gateway
        .metric("shoal_cache_requests_total", [("status", "HIT")])
        .await;
    assert_eq!(hits, 0.0);
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_class() {
    let origin = Origin::script([get("/").respond(ok("v1")), get("/x").respond(status(404))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/x").await.expect(status(404));
    for class in ["2xx", "4xx"] {
        let labels = [("route", "all"), ("method", "GET"), ("code_class", class)];
        gateway
            .wait_for_metric("shoal_http_requests_total", labels, |n| n >= 1.0)
            .await;
    }
}

#[tokio::test]
async fn a_configuration_says_what_it_is() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let status = gateway.config_status().await;
    let hash = status["hash"].as_str().expect("a hash").to_owned();
    assert!(gateway.metric("shoal_config_info", [("hash", &hash)]).await > 0.0);
}

#[tokio::test]
async fn a_token_guards_everything_but_health() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin)
        .admin("token: \"secret-token\"")
        .start()
        .await;
    gateway.admin_get("/healthz").await.expect(status(200));
    gateway
        .admin_get("/config/status")
        .await
        .expect(status(401));
    gateway
        .admin_post("/purge", serde_json::json!({ "purge_everything": true }))
        .await
        .expect(status(401));
    let ask = get("/config/status")
        .host("localhost")
        .header("Authorization", "Bearer secret-token");
    let mut client = shoal_tests::Client::connect(gateway.admin_address()).await;
    let shown = client.send(ask).await.expect(status(200));
    assert!(!shown.text().contains("secret-token"));
}

#[tokio::test]
async fn get_never_changes_anything() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    for path in ["/purge?purge_everything=true", "/reload"] {
        gateway.admin_get(path).await.expect(status(405));
    }
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn what_is_refused_is_refused_in_json() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let ask = |ask: Ask| async {
        let mut client = shoal_tests::Client::connect(gateway.admin_address()).await;
        client.send(ask).await
    };
    let local = |path| get(path).host("localhost");
    for (came, code) in [
        (ask(local("/nothing-here")).await, 404),
        (ask(local("/purge")).await, 405),
        (ask(post("/healthz").host("localhost")).await, 405),
        (ask(get("/stats").host("evil.test")).await, 403),
        (
            ask(local("/stats").header("Origin", "http://evil.test")).await,
            403,
        ),
    ] {
        let error = came.expect(status(code)).json()["error"].clone();
        assert!(error.is_string(), "{code}: {error}");
    }
    let guarded = Gateway::with(&origin)
        .admin("token: \"secret-token\"")
        .start()
        .await;
    for path in ["/stats", "/nothing-here"] {
        let came = guarded.admin_get(path).await.expect(status(401));
        assert!(came.json()["error"].is_string(), "{path}");
    }
}
