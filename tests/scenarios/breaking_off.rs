//! Clients and origins that leave in the middle, and what that costs others.

use shoal_tests::{Gateway, H2Client, Last, Origin, get, head, not_modified, ok};

const LARGE: usize = 96 * 1024 * 1024;
/// What a gateway may hold of a body that it does not store, with room for the allocator.
const HELD_MAX: u64 = 32 * 1024 * 1024;

/// A body far beyond `max_body`, held before its end.
async fn large() -> (Gateway, Origin) {
    let answer = ok(vec![b'x'; LARGE])
        .max_age(60)
        .etag("1")
        .chunked()
        .hold_body("end", LARGE - 1);
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::with(&origin)
        .route_cache("max_body: 100KiB")
        .start()
        .await;
    (gateway, origin)
}

#[tokio::test]
async fn a_large_body_that_nobody_reads_is_not_held() {
    let (gateway, origin) = large().await;
    let before = gateway.rss_bytes();
    // The client has it already, so that it reads nothing.
    gateway
        .send(get("/").if_none_match("1"))
        .await
        .expect(not_modified());
    origin.wait_for("end").await;
    let held = gateway.rss_bytes().saturating_sub(before);
    origin.release("end").await;
    assert!(held < HELD_MAX, "{held} bytes");
}

#[tokio::test]
async fn followers_of_chunks_learn_that_the_origin_broke_off() {
    let body = vec![b'x'; 200_000];
    let answer = ok(body.clone())
        .max_age(60)
        .chunked()
        .hold_body("half", 100_000)
        .abort_after(100_001);
    let origin = Origin::script([
        get("/").respond(answer),
        get("/").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let mut leader = gateway.open(get("/")).await;
    leader.first(100_000).await;
    let mut follower = gateway.open(get("/")).await;
    follower.first(100_000).await;
    let h2 = gateway.h2c().await;
    let mut stream = stream(&h2).await;
    stream.head().await;
    origin.release("half").await;
    leader.expect_broken().await;
    follower.expect_broken().await;
    let broken = tokio::spawn(async move { while stream.data().await.is_some() {} });
    assert!(broken.await.is_err(), "the stream ended properly");
    gateway.get("/").await.expect(ok("v2"));
}

async fn stream(client: &H2Client) -> shoal_tests::H2Stream {
    let mut stream = client.stream(&get("/")).await;
    stream.write("", Last::Yes);
    stream
}

#[tokio::test]
async fn a_client_of_http_2_that_leads_learns_that_the_origin_broke_off() {
    let answer = || ok(vec![b'x'; 200_000]).chunked().abort_after(100_000);
    let origin = Origin::script([
        get("/").respond(answer()),
        get("/").respond(answer().clone()),
    ]);
    let gateway = Gateway::start(&origin).await;
    let h2 = gateway.h2c().await;
    for _ in 0..2 {
        let mut stream = stream(&h2).await;
        let broken = tokio::spawn(async move { while stream.data().await.is_some() {} });
        assert!(broken.await.is_err(), "the stream ended properly");
    }
}

#[tokio::test]
async fn a_head_that_follows_a_fill_does_not_wait_for_its_end() {
    let body = vec![b'x'; 200_000];
    let answer = ok(body.clone()).max_age(60).hold_body("half", 100_000);
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    let mut leader = gateway.open(get("/")).await;
    leader.first(100_000).await;
    gateway
        .send(head("/"))
        .await
        .expect(shoal_tests::status(200));
    origin.release("half").await;
    leader.finish().await.expect(ok(body));
}

#[tokio::test]
async fn a_purge_during_a_fill_keeps_its_response_out_and_its_readers_served() {
    let body = vec![b'x'; 200_000];
    let answer = ok(body.clone()).max_age(60).hold_body("half", 100_000);
    let origin = Origin::script([
        get("/").respond(answer),
        get("/").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let mut leader = gateway.open(get("/")).await;
    leader.first(100_000).await;
    let mut follower = gateway.open(get("/")).await;
    follower.first(100_000).await;
    gateway
        .purge(serde_json::json!({ "files": ["http://shoal.test/"] }))
        .await;
    gateway.get("/").await.expect(ok("v2"));
    origin.release("half").await;
    leader.finish().await.expect(ok(body.clone()));
    follower.finish().await.expect(ok(body));
    gateway.get("/").await.expect(ok("v2").hit());
}

#[tokio::test]
async fn many_overlapping_ranges_are_not_multiplied() {
    let body = vec![b'x'; 1_000_000];
    let origin = Origin::script([get("/").respond(ok(body.clone()).max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok(body));
    let ranges = vec!["0-"; 60].join(",");
    let came = gateway.send(get("/").range(&ranges)).await;
    assert!(came.body.len() < 3_000_000, "{} bytes", came.body.len());
}

#[tokio::test]
async fn a_large_download_that_is_given_up_is_not_held() {
    let (gateway, origin) = large().await;
    let before = gateway.rss_bytes();
    let mut client = gateway.open(get("/")).await;
    client.first(50_000).await;
    drop(client);
    // The rest is not wanted: it is either read and dropped, or the origin is left.
    tokio::select! {
        () = origin.wait_for("end") => {}
        () = origin.wait_for_departure() => {}
    }
    let held = gateway.rss_bytes().saturating_sub(before);
    assert!(held < HELD_MAX, "{held} bytes");
}
