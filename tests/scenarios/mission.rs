//! The keys of the research document that steer protocols and metrics: each has an effect.

use shoal_tests::{Gateway, Origin, fwd, get, hit, ok, status};

#[tokio::test]
async fn with_distributed_off_the_local_cache_still_works() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::with(&origin)
        .cache("distributed: { enabled: false }")
        .start()
        .await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn the_block_of_the_research_document_stands_alone() {
    let block = "cache:
  distributed:
    enabled: true
    cluster:
      multicast_address: \"224.0.1.100:5000\"
      heartbeat_interval: 5s
      failure_timeout: 30s
      max_cluster_size: 20
    local:
      algorithm: \"segmented_lru\"
      max_memory: \"2GB\"
      segments: 16
      cleanup_interval: 10s
      compression: \"adaptive\"
    coherence:
      strategy: \"write_behind\"
      sync_interval: 30s
      conflict_resolution: \"last_writer_wins\"
    protocols:
      http:
        respect_cache_control: true
        default_ttl: 300s
        vary_support: true
      grpc:
        cache_idempotent_methods: true
        stream_chunk_size: 64KB
        max_stream_cache_time: 60s
  metrics:
    enabled: true
    collection_interval: 10s
    histogram_buckets: [0.001, 0.01, 0.1, 1.0, 10.0]
";
    // Beside it only what keeps two tests from taking the same ports.
    let ports = "listeners: [{ address: \"127.0.0.1:0\" }]\nadmin: { address: \"127.0.0.1:0\" }\n";
    let gateway = Gateway::at(Origin::nowhere())
        .whole(&format!("{block}{ports}"))
        .start()
        .await;
    gateway.get("/").await.expect(status(404));
}

#[tokio::test]
async fn without_respect_for_cache_control_lifetimes_are_ours() {
    let origin = Origin::script([
        get("/a").respond(ok("a").max_age(5)),
        get("/b")
            .respond(ok("b").max_age(5).cache_control("no-store"))
            .times(2),
    ]);
    let gateway = Gateway::with(&origin)
        .http("respect_cache_control: false, default_ttl: 300s")
        .start()
        .await;
    gateway
        .get("/a")
        .await
        .expect(ok("a").cache_status(fwd("uri-miss").stored().ttl(300)));
    for _ in 0..2 {
        let expected = fwd("uri-miss").not_stored().detail("no-store");
        gateway
            .get("/b")
            .await
            .expect(ok("b").cache_status(expected));
    }
}

#[tokio::test]
async fn default_ttl_counts_where_the_origin_is_silent() {
    let origin = Origin::script([
        get("/silent").respond(ok("s")),
        get("/explicit").respond(ok("e").max_age(30)),
    ]);
    let gateway = Gateway::with(&origin)
        .http("default_ttl: 300s")
        .start()
        .await;
    gateway
        .get("/silent")
        .await
        .expect(ok("s").cache_status(fwd("uri-miss").stored().ttl(300)));
    gateway
        .get("/silent")
        .await
        .expect(ok("s").cache_status(hit().ttl(300)));
    gateway
        .get("/explicit")
        .await
        .expect(ok("e").cache_status(fwd("uri-miss").stored().ttl(30)));
}

#[tokio::test]
async fn without_vary_support_a_response_with_vary_is_not_stored() {
    let answer = ok("v1").max_age(60).vary("X-Kind");
    let origin = Origin::script([get("/").respond(answer).times(2)]);
    let gateway = Gateway::with(&origin)
        .http("vary_support: false")
        .start()
        .await;
    for _ in 0..2 {
        let expected = fwd("uri-miss").not_stored().detail("vary-unsupported");
        gateway
            .get("/")
            .await
            .expect(ok("v1").cache_status(expected));
    }
}

#[tokio::test]
async fn with_metrics_off_there_is_no_exporter() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin)
        .cache("metrics: { enabled: false }")
        .start()
        .await;
    gateway.admin_get("/metrics").await.expect(status(404));
}

#[tokio::test]
async fn histograms_have_exactly_the_configured_buckets() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let keys = "metrics: { histogram_buckets: [0.002, 0.5, 3.0] }";
    let gateway = Gateway::with(&origin).cache(keys).start().await;
    gateway.get("/").await.expect(ok("v1"));
    let name = "shoal_upstream_request_seconds_bucket";
    gateway.wait_for_metric(name, [], |count| count > 0.0).await;
    assert_eq!(
        gateway.metrics().await.label_values(name, "le"),
        ["0.002", "0.5", "3", "+Inf"]
    );
}

#[tokio::test]
async fn a_gauge_stays_until_the_next_collection() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let keys = "metrics: { collection_interval: 1h }";
    let gateway = Gateway::with(&origin).cache(keys).start().await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1").hit());
    let entries = gateway.metric("shoal_cache_entries", []).await;
    assert_eq!(entries, 0.0);
}
