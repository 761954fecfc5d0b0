//! Many requests for one missing response make one request to the origin (RFC 9111 section 4).

use shoal_tests::{Gateway, Origin, fwd, get, ok};

const FOLLOWERS: u32 = 10;

/// Waits until so many requests wait for another one.
async fn followers(gateway: &Gateway, count: u32) {
    let enough = |waiting: f64| waiting >= f64::from(count);
    gateway
        .wait_for_metric("shoal_cache_collapsed_total", [], enough)
        .await;
}

#[tokio::test]
async fn concurrent_misses_make_one_request() {
    let origin = Origin::script([get("/").hold("fill").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    let leader = gateway.spawn(get("/"));
    origin.wait_for("fill").await;
    let waiting: Vec<_> = (0..FOLLOWERS).map(|_| gateway.spawn(get("/"))).collect();
    followers(&gateway, FOLLOWERS).await;
    origin.release("fill").await;
    leader
        .await
        .unwrap()
        .expect(ok("v1").cache_status(fwd("uri-miss").stored()));
    for follower in waiting {
        let status = follower.await.unwrap().expect(ok("v1")).cache_status();
        assert!(status.has("collapsed"), "{status:?}");
    }
    assert_eq!(origin.requests().len(), 1);
}

#[tokio::test]
async fn requests_for_different_variants_do_not_wait_for_long() {
    let kind = |kind: &str| get("/").header("X-Kind", kind);
    let origin = Origin::script([
        kind("a")
            .hold("a")
            .respond(ok("a").max_age(60).vary("X-Kind")),
        kind("b").respond(ok("b").max_age(60).vary("X-Kind")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let first = gateway.spawn(kind("a"));
    origin.wait_for("a").await;
    let second = gateway.spawn(kind("b"));
    followers(&gateway, 1).await;
    origin.release("a").await;
    first.await.unwrap().expect(ok("a"));
    second.await.unwrap().expect(ok("b"));
}

#[tokio::test]
async fn a_response_that_cannot_be_stored_releases_those_who_wait_at_once() {
    let answer = || ok("secret").cache_control("no-store");
    let origin = Origin::script([
        get("/").hold("head").respond(answer().hold_body("body", 3)),
        get("/").respond(answer()).times(3),
    ]);
    let gateway = Gateway::start(&origin).await;
    let leader = gateway.spawn(get("/"));
    origin.wait_for("head").await;
    let waiting: Vec<_> = (0..3).map(|_| gateway.spawn(get("/"))).collect();
    followers(&gateway, 3).await;
    origin.release("head").await;
    // The leader's body is still held: its head was enough.
    for follower in waiting {
        follower.await.unwrap().expect(ok("secret"));
    }
    origin.release("body").await;
    leader.await.unwrap().expect(ok("secret"));
}

#[tokio::test]
async fn followers_stream_while_the_response_arrives() {
    let body = vec![b'x'; 200_000];
    let answer = ok(body.clone()).max_age(60).hold_body("half", 100_000);
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    let mut leader = gateway.open(get("/")).await;
    leader.first(100_000).await;
    let mut follower = gateway.open(get("/")).await;
    follower.first(100_000).await;
    origin.release("half").await;
    leader.finish().await.expect(ok(body.clone()));
    follower.finish().await.expect(ok(body));
}

#[tokio::test]
async fn a_follower_gets_a_small_piece_as_soon_as_it_is_there() {
    let body = vec![b'x'; 2_000];
    let answer = ok(body.clone()).max_age(60).hold_body("half", 100);
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    let mut leader = gateway.open(get("/")).await;
    leader.first(100).await;
    let mut follower = gateway.open(get("/")).await;
    follower.first(100).await;
    origin.release("half").await;
    leader.finish().await.expect(ok(body.clone()));
    follower.finish().await.expect(ok(body));
}

#[tokio::test]
async fn followers_go_on_when_the_leader_leaves() {
    let body = vec![b'x'; 200_000];
    let answer = ok(body.clone()).max_age(60).hold_body("half", 100_000);
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    let mut leader = gateway.open(get("/")).await;
    leader.first(100_000).await;
    let mut follower = gateway.open(get("/")).await;
    follower.first(100_000).await;
    drop(leader);
    origin.release("half").await;
    follower.finish().await.expect(ok(body.clone()));
    gateway.get("/").await.expect(ok(body).hit());
}

#[tokio::test]
async fn a_follower_does_not_wait_longer_than_told() {
    let origin = Origin::script([
        get("/").hold("slow").respond(ok("v1").max_age(60)),
        get("/").respond(ok("v2").max_age(60)),
    ]);
    let cache = "collapse_timeout: 100ms";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    let leader = gateway.spawn(get("/"));
    origin.wait_for("slow").await;
    gateway.get("/").await.expect(ok("v2"));
    origin.release("slow").await;
    leader.await.unwrap().expect(ok("v1"));
}

#[tokio::test]
async fn when_the_fill_breaks_off_a_follower_that_saw_nothing_asks_for_itself() {
    let origin = Origin::script([
        get("/")
            .hold("fill")
            .respond(shoal_tests::raw("HTTP/1.1 200 OK\r\nCont")),
        get("/").respond(ok("v1").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let leader = gateway.spawn(get("/"));
    origin.wait_for("fill").await;
    let follower = gateway.spawn(get("/"));
    followers(&gateway, 1).await;
    origin.release("fill").await;
    assert_eq!(leader.await.unwrap().status, 502);
    follower.await.unwrap().expect(ok("v1"));
}
