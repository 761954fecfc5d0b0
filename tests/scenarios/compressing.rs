//! Stored bodies that are compressed in memory: clients see the same bytes, operators see what it saves.

use shoal_tests::{Gateway, Origin, get, hit, ok, status};

/// Compresses soon after a response is stored.
const LZ4: &str = "compression: lz4, cleanup_interval: 50ms";

fn json() -> String {
    (0..2000)
        .map(|n| format!("{{\"id\":{n},\"name\":\"name {n}\"}},"))
        .collect()
}

async fn compressed(gateway: &Gateway, bodies: f64) {
    gateway
        .expect_metric("shoal_cache_compressed_entries", [("tier", "l1")], bodies)
        .await;
}

#[tokio::test]
async fn a_compressed_body_and_its_ranges_are_served_as_they_came() {
    let origin = Origin::script([get("/").respond(ok(json()).max_age(600).etag("1"))]);
    let gateway = Gateway::with(&origin).local(LZ4).start().await;
    gateway.get("/").await.expect(ok(json()));
    compressed(&gateway, 1.0).await;
    assert!(
        gateway
            .metric("shoal_cache_compression_saved_bytes", [])
            .await
            > 10_000.0
    );
    gateway
        .get("/")
        .await
        .expect(ok(json()).cache_status(hit()));
    let part = get("/").header("Range", "bytes=30000-30099");
    let expected = status(206).body(json()[30_000..30_100].to_owned());
    gateway.send(part).await.expect(expected);
    let said = gateway.shoal(&["stat"]).await.stdout;
    assert!(said.contains("compressed     1 bodies, "), "{said}");
}

#[tokio::test]
async fn pictures_and_what_the_origin_has_encoded_stay_as_they_came() {
    let origin = Origin::script([
        get("/picture").respond(ok(json()).max_age(600).header("Content-Type", "image/png")),
        get("/encoded").respond(ok(json()).max_age(600).header("Content-Encoding", "br")),
        get("/text").respond(ok(json()).max_age(600)),
    ]);
    let gateway = Gateway::with(&origin).local(LZ4).start().await;
    for path in ["/picture", "/encoded", "/text"] {
        gateway.get(path).await.expect(ok(json()));
    }
    // The last, and nothing before it.
    compressed(&gateway, 1.0).await;
}

#[tokio::test]
async fn it_may_be_switched_on_and_off_while_it_runs() {
    let origin = Origin::script([get("/").respond(ok(json()).max_age(600))]);
    let off = "compression: off, cleanup_interval: 50ms";
    let mut gateway = Gateway::with(&origin).local(off).start().await;
    gateway.get("/").await.expect(ok(json()));
    let bytes = async |gateway: &Gateway| gateway.metric("shoal_cache_bytes", []).await;
    gateway
        .wait_for_metric("shoal_cache_bytes", [], |bytes| bytes > 0.0)
        .await;
    let raw = bytes(&gateway).await;
    for mode in ["zstd", "lz4"] {
        let keys = format!("compression: {mode}, cleanup_interval: 50ms");
        gateway.reconfigure(|config| config.local(&keys)).await;
        compressed(&gateway, 1.0).await;
        assert!(bytes(&gateway).await < raw / 2.0, "{mode}");
    }
    gateway.reconfigure(|config| config.local(off)).await;
    compressed(&gateway, 0.0).await;
    gateway.expect_metric("shoal_cache_bytes", [], raw).await;
    gateway.get("/").await.expect(ok(json()).hit());
}

/// Thirty pages fill it as they came, and three quarters of it begin to be short.
const SHORT: &str = "compression: adaptive, cleanup_interval: 50ms, max_memory: 2MiB, segments: 1";
const PAGES: u32 = 50;

fn pages() -> Origin {
    Origin::script([get("/*").respond(ok(json()).max_age(600)).repeat()])
}

/// Asks for more pages than would fit, as there comes to be room for them.
async fn ask_for_all(gateway: &Gateway) {
    let mut client = gateway.client().await;
    for page in 0..PAGES {
        if page == 27 {
            gateway
                .wait_for_metric("shoal_cache_compressed_entries", [], |bodies| bodies > 20.0)
                .await;
        }
        let page = get(&format!("/{page}"));
        client.send(page).await.expect(ok(json()));
    }
    let all = f64::from(PAGES);
    gateway.expect_metric("shoal_cache_entries", [], all).await;
}

#[tokio::test]
async fn adaptive_leaves_bodies_alone_while_there_is_room() {
    let origin = pages();
    let gateway = Gateway::with(&origin).local(SHORT).start().await;
    gateway.get("/0").await.expect(ok(json()));
    gateway.expect_metric("shoal_cache_entries", [], 1.0).await;
    compressed(&gateway, 0.0).await;
    ask_for_all(&gateway).await;
}

#[tokio::test]
async fn as_many_are_there_after_a_restart() {
    let origin = pages();
    let keys = format!("{SHORT}, snapshot: {{ path: l1.snapshot, interval: 1h }}");
    let mut gateway = Gateway::with(&origin).local(&keys).start().await;
    ask_for_all(&gateway).await;
    gateway.restart("TERM").await;
    gateway
        .expect_metric("shoal_snapshot_loads_total", [("result", "complete")], 1.0)
        .await;
    let all = f64::from(PAGES);
    gateway.expect_metric("shoal_cache_entries", [], all).await;
    for page in 0..PAGES {
        let page = gateway.get(&format!("/{page}")).await;
        page.expect(ok(json()).hit());
    }
}
