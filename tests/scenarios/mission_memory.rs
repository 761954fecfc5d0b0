//! The keys of the research document that steer memory: algorithm, bound, segments, sweep.

use shoal_tests::{Gateway, Origin, fwd, get, hit, ok};

const BODY: usize = 16 * 1024;

/// A hot response, used twice; then a scan of ten times what fits.
async fn hot_after_a_scan(algorithm: &str) -> (Gateway, Origin) {
    let origin = Origin::script([
        get("/hot")
            .respond(ok(vec![b'h'; BODY]).max_age(600))
            .repeat(),
        get("/scan/*")
            .respond(ok(vec![b's'; BODY]).max_age(600))
            .repeat(),
    ]);
    let keys = format!("algorithm: \"{algorithm}\", max_memory: \"4MiB\", segments: 1");
    let gateway = Gateway::with(&origin).local(&keys).start().await;
    let mut client = gateway.client().await;
    client.send(get("/hot")).await.expect(ok(vec![b'h'; BODY]));
    client
        .send(get("/hot"))
        .await
        .expect(ok(vec![b'h'; BODY]).hit());
    for page in 0..10 * 4 * 1024 * 1024 / BODY {
        client
            .send(get(&format!("/scan/{page}")))
            .await
            .expect(ok(vec![b's'; BODY]));
    }
    (gateway, origin)
}

#[tokio::test]
async fn a_scan_leaves_the_hot_response_under_segmented_lru() {
    let (gateway, _origin) = hot_after_a_scan("segmented_lru").await;
    gateway
        .get("/hot")
        .await
        .expect(ok(vec![b'h'; BODY]).cache_status(hit()));
}

#[tokio::test]
async fn a_scan_evicts_the_hot_response_under_lru() {
    let (gateway, _origin) = hot_after_a_scan("lru").await;
    gateway
        .get("/hot")
        .await
        .expect(ok(vec![b'h'; BODY]).cache_status(fwd("uri-miss")));
}

#[tokio::test]
async fn the_bound_holds_and_can_be_lowered_while_running() {
    let origin = Origin::script([get("/*")
        .respond(ok(vec![b'x'; BODY]).max_age(600))
        .repeat()]);
    let mut gateway = Gateway::with(&origin)
        .local("max_memory: \"8MiB\", segments: 2")
        .start()
        .await;
    let mut client = gateway.client().await;
    for page in 0..1_000 {
        client
            .send(get(&format!("/{page}")))
            .await
            .expect(ok(vec![b'x'; BODY]));
    }
    let bytes = |limit: f64| move |bytes: f64| bytes > 0.0 && bytes <= limit;
    gateway
        .wait_for_metric("shoal_cache_bytes", [], bytes(8.0 * 1_048_576.0))
        .await;
    gateway
        .reconfigure(|config| config.local("max_memory: \"2MiB\", segments: 2"))
        .await;
    gateway
        .wait_for_metric("shoal_cache_bytes", [], bytes(2.0 * 1_048_576.0))
        .await;
    assert!(gateway.metric("shoal_cache_evictions_total", []).await > 0.0);
}

#[tokio::test]
async fn stats_have_a_row_for_every_segment() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin).local("segments: 8").start().await;
    let stats = gateway.admin_get("/stats?format=json").await.json();
    let rows = stats["segments"].as_array().map(Vec::len);
    assert_eq!(rows, Some(8), "{stats}");
}

#[tokio::test]
async fn expired_responses_are_swept_without_traffic() {
    let origin = Origin::script([get("/").respond(ok("v1").age(59).max_age(60))]);
    let gateway = Gateway::with(&origin)
        .local("cleanup_interval: 100ms")
        .start()
        .await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored()));
    gateway
        .wait_for_metric(
            "shoal_cache_evictions_total",
            [("reason", "expired")],
            |n| n >= 1.0,
        )
        .await;
    gateway
        .wait_for_metric("shoal_cache_entries", [], |entries| entries == 0.0)
        .await;
}

#[tokio::test]
async fn with_a_long_interval_expired_responses_stay_until_they_are_asked_for() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).swr(1)),
        get("/").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::with(&origin)
        .local("cleanup_interval: 1h")
        .start()
        .await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .wait_for_metric("shoal_cache_entries", [], |entries| entries >= 1.0)
        .await;
    gateway.get("/").await;
    origin.wait_for_requests(2).await;
}
