//! What a client may not do to the gateway.

use shoal_tests::{Client, Gateway, Origin, get, ok, status};

#[tokio::test]
async fn a_request_without_host_is_refused() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ] {
        let mut client = gateway.client().await;
        client.write(head).await;
        client.receive(&get("/")).await.expect(status(400));
    }
}

#[tokio::test]
async fn a_head_that_dribbles_is_cut() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin)
        .listener("header_timeout: 200ms")
        .start()
        .await;
    let mut client = gateway.client().await;
    client
        .write("GET / HTTP/1.1\r\nHost: shoal.test\r\nX-Slow: ")
        .await;
    // Closed with or without a 408: both end the attack.
    let answer = client.raw().await;
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_connection_that_stays_silent_is_closed() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::with(&origin)
        .listener("keepalive_timeout: 200ms")
        .start()
        .await;
    let mut client = gateway.client().await;
    client.send(get("/")).await.expect(ok("v1"));
    client.expect_closed().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_at_once() {
    let origin = Origin::script([get("/*").respond(ok("v1")).repeat()]);
    let gateway = Gateway::with(&origin)
        .listener("max_connections: 2")
        .start()
        .await;
    let (mut first, mut second) = (gateway.client().await, gateway.client().await);
    first.send(get("/1")).await.expect(ok("v1"));
    second.send(get("/2")).await.expect(ok("v1"));
    let mut third = gateway.client().await;
    third.expect_closed().await;
    first.send(get("/3")).await.expect(ok("v1"));
    drop(second);
    // The place is free again as soon as the gateway has seen the end.
    let place = async || {
        let mut next = Client::connect(gateway.address()).await;
        next.write_in_vain("GET /4 HTTP/1.1\r\nHost: shoal.test\r\n\r\n")
            .await;
        next.try_raw()
            .await
            .filter(|bytes| bytes.starts_with(b"HTTP/1.1 200"))
    };
    shoal_tests::eventually("a free place", place).await;
}

#[tokio::test]
async fn ambiguous_framing_is_refused() {
    // Request smuggling: RFC 9112 section 6.3.
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let heads = [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ];
    for head in heads {
        let mut client = gateway.client().await;
        client.write(head).await;
        let answer = client.receive(&get("/")).await;
        assert_eq!(answer.status, 400, "after {head:?}");
    }
}

#[tokio::test]
async fn a_huge_head_is_refused() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.client().await;
    let head = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n",
        "x".repeat(100 * 1024)
    );
    client.write_in_vain(head).await;
    let answer = client.try_raw().await.unwrap_or_default();
    let refused = [&b"HTTP/1.1 431"[..], b"HTTP/1.1 400"]
        .iter()
        .any(|start| answer.starts_with(start));
    assert!(answer.is_empty() || refused, "{answer:?}");
}
