//! Bodies flow while they arrive, in both directions, whatever their size.

use shoal_tests::{Gateway, Origin, fwd, get, ok, post, status};

const LARGE: usize = 8 * 1024 * 1024;

#[tokio::test]
async fn a_large_response_arrives_whole_and_is_stored() {
    let body: Vec<u8> = (0..LARGE)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    let origin = Origin::script([get("/").respond(ok(body.clone()).max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .get("/")
        .await
        .expect(ok(body.clone()).cache_status(fwd("uri-miss").stored()));
    gateway.get("/").await.expect(ok(body).hit());
}

#[tokio::test]
async fn a_response_streams_before_its_end() {
    // With a length and without, stored or not: an origin that pauses must not hold back what it sent.
    let cached = || ok("firstsecond").max_age(60);
    let answers = [
        cached().chunked().hold_body("rest", 5),
        cached().hold_body("rest", 5),
    ];
    for answer in answers {
        let origin = Origin::script([get("/").respond(answer)]);
        let gateway = Gateway::start(&origin).await;
        let mut incoming = gateway.open(get("/")).await;
        assert_eq!(incoming.first(5).await, "first");
        origin.release("rest").await;
        incoming.finish().await.expect(ok("firstsecond"));
        gateway.get("/").await.expect(ok("firstsecond").hit());
    }
}

#[tokio::test]
async fn a_response_that_ends_with_its_connection_is_passed_on_whole() {
    let origin = Origin::script([get("/").respond(ok("until the end").close_delimited())]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("until the end"));
}

#[tokio::test]
async fn a_large_upload_arrives_whole() {
    let body = vec![b'u'; LARGE];
    let origin = Origin::script([post("/").body(body.clone()).respond(ok("got it"))]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(post("/").body(body))
        .await
        .expect(ok("got it"));
}

/// Where a chunk's size, bytes and end come alone, a piece without bytes is seen between them. It is no end.
#[tokio::test]
async fn a_chunked_upload_may_come_in_any_pieces() {
    const UPLOADS: usize = 40;
    let steps = (0..UPLOADS).map(|_| post("/up").respond(ok("got it")));
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..UPLOADS {
        let mut client = gateway.client().await;
        client
            .write("POST /up HTTP/1.1\r\nHost: shoal.test\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        for _ in 0..3 {
            for piece in ["2800\r\n", &"x".repeat(0x2800), "\r\n"] {
                client.write(piece).await;
                tokio::task::yield_now().await;
            }
        }
        client.write("0\r\n\r\n").await;
        let came = client.receive(&post("/up")).await;
        came.expect(ok("got it").header("Connection", "close"));
    }
    for sent in origin.requests() {
        assert_eq!(sent.body.len(), 3 * 0x2800);
    }
}

#[tokio::test]
async fn a_chunked_upload_streams_before_its_end() {
    let origin = Origin::script([post("/").body("onetwo").respond(ok("got it"))]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.client().await;
    client
        .write("POST / HTTP/1.1\r\nHost: shoal.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    client.write("3\r\none\r\n").await;
    origin.wait_for_body("/", 3).await;
    client.write("3\r\ntwo\r\n0\r\n\r\n").await;
    client.receive(&post("/")).await.expect(ok("got it"));
}

#[tokio::test]
async fn a_client_that_expects_100_is_told_to_go_on() {
    let origin = Origin::script([post("/").body("content").respond(ok("got it"))]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.client().await;
    client.write("POST / HTTP/1.1\r\nHost: shoal.test\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n").await;
    assert!(client.raw().await.starts_with(b"HTTP/1.1 100 "));
    client.write("content").await;
    client.receive(&post("/")).await.expect(ok("got it"));
}

#[tokio::test]
async fn early_hints_pass_through_and_are_not_stored() {
    let hints = status(103).header("Link", "</a.css>; rel=preload");
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60).after_interim(hints))]);
    let gateway = Gateway::start(&origin).await;
    let first = gateway.get("/").await.expect(ok("v1"));
    assert_eq!(
        first
            .interim
            .iter()
            .map(|(status, _)| *status)
            .collect::<Vec<_>>(),
        [103]
    );
    let second = gateway.get("/").await.expect(ok("v1").hit());
    assert!(second.interim.is_empty());
}

#[tokio::test]
async fn a_body_that_outgrows_max_body_goes_on_but_is_not_stored() {
    let body = vec![b'x'; 300_000];
    let origin = Origin::script([get("/")
        .respond(ok(body.clone()).max_age(60).chunked())
        .times(2)]);
    let gateway = Gateway::with(&origin)
        .route_cache("max_body: 100KiB")
        .start()
        .await;
    for _ in 0..2 {
        gateway
            .get("/")
            .await
            .expect(ok(body.clone()).cache_status(fwd("uri-miss")));
    }
    gateway
        .expect_metric(
            "shoal_cache_not_stored_total",
            [("reason", "too-large")],
            2.0,
        )
        .await;
}

#[tokio::test]
async fn a_content_length_beyond_max_body_is_refused_up_front() {
    let body = vec![b'x'; 300_000];
    let origin = Origin::script([get("/").respond(ok(body.clone()).max_age(60)).times(2)]);
    let gateway = Gateway::with(&origin)
        .route_cache("max_body: 100KiB")
        .start()
        .await;
    for _ in 0..2 {
        let expected = fwd("uri-miss").not_stored().detail("too-large");
        gateway
            .get("/")
            .await
            .expect(ok(body.clone()).cache_status(expected));
    }
}

#[tokio::test]
async fn requests_follow_each_other_on_one_connection() {
    let origin = Origin::script([
        get("/a").respond(ok("a").max_age(60)),
        post("/b").body("content").respond(ok("b")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.client().await;
    client.send(get("/a")).await.expect(ok("a"));
    client.send(get("/a")).await.expect(ok("a").hit());
    client
        .send(post("/b").body("content"))
        .await
        .expect(ok("b"));
    client.send(get("/a")).await.expect(ok("a").hit());
}
