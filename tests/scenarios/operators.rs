//! What operators send is judged with clear words, and what they name is found however it is spelt.

use serde_json::{Value, json};
use shoal_tests::{Client, Gateway, Origin, Response, get, head, method, ok, post};

async fn raw_post(gateway: &Gateway, kind: &str, body: &str) -> Response {
    let ask = post("/purge")
        .host("localhost")
        .header("Content-Type", kind);
    let mut client = Client::connect(gateway.admin_address()).await;
    client.send(ask.body(body.to_owned())).await
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_answered_in_json() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    for (kind, body) in [
        ("application/json", "{"),
        ("application/json", "[]"),
        ("application/json", "{\"file\": [\"x\"]}"),
        ("application/json", "{}"),
        ("text/plain", "{\"purge_everything\": true}"),
        ("application/json", "{\"regex\": \"(\"}"),
    ] {
        let refused = raw_post(&gateway, kind, body).await;
        assert!(
            (400..500).contains(&refused.status),
            "{body}: {}",
            refused.status
        );
        let error = refused.json()["error"].clone();
        assert!(
            error.as_str().is_some_and(|text| text.len() > 10),
            "{body}: {error}"
        );
    }
    let lookup = gateway.admin_get("/cache/lookup").await;
    assert_eq!(lookup.status, 400);
    assert!(lookup.json()["error"].is_string());
}

#[tokio::test]
async fn an_order_without_end_is_refused() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let body = format!("{{\"tags\": [\"{}\"]}}", "x".repeat(16 << 20));
    let before = gateway.rss_bytes();
    let refused = raw_post(&gateway, "application/json", &body).await;
    assert_eq!(refused.status, 413);
    assert!(refused.json()["error"].is_string());
    let grown = gateway.rss_bytes().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes");
}

#[tokio::test]
async fn a_refused_order_has_purged_nothing() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let order = json!({ "files": ["http://shoal.test/"], "regex": "(" });
    assert_eq!(gateway.admin_post("/purge", order).await.status, 400);
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn looking_changes_nothing() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let version = gateway.config_status().await["version"].clone();
    for path in [
        "/purge",
        "/reload",
        "/stats",
        "/config/status",
        "/why",
        "/metrics",
    ] {
        for ask in [
            head(path),
            get(path),
            method("OPTIONS", path),
            method("PUT", path),
        ] {
            let mut client = Client::connect(gateway.admin_address()).await;
            client.send(ask.host("localhost")).await;
        }
    }
    assert_eq!(gateway.config_status().await["version"], version);
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn every_spelling_of_a_name_finds_what_is_stored() {
    let orders: [Value; 12] = [
        json!({ "files": ["http://shoal.test/~a/b?x=1"] }),
        json!({ "files": ["shoal.test/~a/b?x=1"] }),
        json!({ "files": ["HTTP://SHOAL.Test:80/%7ea/b?x=1"] }),
        json!({ "files": ["https://shoal.test:443/c/../%7Ea/./b?x=1"] }),
        json!({ "hosts": ["Shoal.TEST"] }),
        json!({ "hosts": ["shoal.test:80"] }),
        json!({ "hosts": ["https://shoal.test:443/"] }),
        json!({ "prefixes": ["http://SHOAL.test:80/%7ea"] }),
        json!({ "prefixes": ["HTTPS://shoal.test:443/~a/b?x"] }),
        json!({ "prefixes": ["shoal.te"] }),
        json!({ "regex": "^shoal\\.test/~a/b\\?x=1$" }),
        json!({ "purge_everything": true }),
    ];
    let count = u32::try_from(orders.len()).unwrap();
    let origin = Origin::script([get("/~a/b?x=1").respond(ok("v1").max_age(60)).times(count)]);
    let gateway = Gateway::start(&origin).await;
    for order in orders {
        let first = gateway.get("/%7Ea/b?x=1").await.expect(ok("v1"));
        assert_eq!(
            first.cache_status().value("fwd"),
            Some("uri-miss"),
            "before {order}"
        );
        gateway.get("/~a/b?x=1").await.expect(ok("v1").hit());
        gateway.purge(order.clone()).await;
        assert_eq!(gateway.lookup("/~a/b?x=1").await["found"], false, "{order}");
    }
}

#[tokio::test]
async fn histograms_have_the_buckets_that_were_asked_for() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::with(&origin)
        .cache("metrics: { collection_interval: 100ms, histogram_buckets: [0.5, 2, 10] }")
        .start()
        .await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .wait_for_metric("shoal_http_request_seconds_count", [], |n| n >= 1.0)
        .await;
    let metrics = gateway.metrics().await;
    let bounds = metrics.label_values("shoal_http_request_seconds_bucket", "le");
    assert_eq!(bounds, ["0.5", "2", "10", "+Inf"]);
}

#[tokio::test]
async fn labels_are_not_the_clients_to_choose() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin).no_default_route();
    let gateway = gateway
        .route("name: yes, match: { path: \"/yes/*\" }, upstream: origin")
        .start()
        .await;
    for run in 0..20 {
        let verb = format!("VERB{run}");
        gateway
            .send(method(&verb, "/no").host(&format!("h{run}.test")))
            .await;
    }
    gateway
        .expect_metric("shoal_http_requests_total", [("method", "other")], 20.0)
        .await;
    let metrics = gateway.metrics().await;
    for label in ["method", "route", "code_class"] {
        let values = metrics.label_values("shoal_http_requests_total", label);
        assert_eq!(values.len(), 1, "{label}: {values:?}");
    }
}
