//! The life of a connection: what one may do on it, and when it ends.

use shoal_tests::{
    Alpn, Authority, Client, Gateway, H2Client, Origin, get, ok, post, status, within,
};

const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let origin = Origin::script([
        get("/1").respond(ok("one")),
        post("/2").body("body").respond(ok("two")),
        get("/3").respond(ok("three")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.client().await;
    client
        .write(
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\
             POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody\
             GET /3 HTTP/1.1\r\nHost: a\r\n\r\nGET /4 HTT",
        )
        .await;
    for (ask, body) in [
        (get("/1"), "one"),
        (post("/2"), "two"),
        (get("/3"), "three"),
    ] {
        client.receive(&ask).await.expect(ok(body));
    }
}

#[tokio::test]
async fn a_client_that_pipelines_without_a_pause_costs_no_memory() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(600))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let mut client = gateway.client().await;
    let filler = "x".repeat(30_000);
    let request = format!("GET / HTTP/1.1\r\nHost: shoal.test\r\nX-Filler: {filler}\r\n\r\n");
    // Each write ends in the middle of a request: what was read ahead never runs out.
    let (start, rest) = request.split_at(15_000);
    client.write(start).await;
    client.write(format!("{rest}{start}")).await;
    client.receive(&get("/")).await.expect(ok("v1").hit());
    let before = gateway.rss_bytes();
    for _ in 0..1500 {
        client.write(format!("{rest}{start}")).await;
        client.receive(&get("/")).await.expect(ok("v1").hit());
    }
    let grown = gateway.rss_bytes().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes for one connection");
}

#[tokio::test]
async fn an_upload_that_is_refused_early_leaves_the_connection_in_order() {
    let origin = Origin::script([get("/yes/1").respond(ok("v1"))]);
    let gateway = Gateway::with(&origin)
        .no_default_route()
        .route("name: yes, match: { path: \"/yes/*\" }, upstream: origin")
        .start()
        .await;
    let mut client = gateway.client().await;
    // What looks like a request in the body is none.
    let body = "GET /yes/smuggled HTTP/1.1\r\nHost: a\r\n\r\n".repeat(40_000);
    client
        .send(post("/no").body(body))
        .await
        .expect(status(404));
    client
        .write_in_vain("GET /yes/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    if let Some(answer) = client.try_raw().await {
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
    } else {
        gateway.get("/yes/1").await.expect(ok("v1"));
    }
}

#[tokio::test]
async fn a_chunked_upload_that_is_refused_early_is_told_so() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin).no_default_route();
    let gateway = gateway
        .route("name: yes, match: { path: \"/yes/*\" }, upstream: origin")
        .start()
        .await;
    for _ in 0..20 {
        let mut client = gateway.client().await;
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        let head = "POST /no HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        client
            .write_in_vain(format!("{head}{}0\r\n\r\n", chunk.repeat(8)))
            .await;
        client.receive(&post("/no")).await.expect(status(404));
    }
}

#[tokio::test]
async fn an_http2_preface_may_come_in_pieces() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::with(&origin)
        .listener("protocols: [http1, h2c]")
        .start()
        .await;
    let mut client = gateway.client().await;
    for piece in [&PREFACE[..3], &PREFACE[3..17], &PREFACE[17..]] {
        client.write(piece).await;
    }
    client.write([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
    let settings = client.raw().await;
    assert_eq!(settings.get(3), Some(&4), "{settings:?}");
    gateway.h2c().await.send(get("/")).await.expect(ok("v1"));
}

#[tokio::test]
async fn an_http2_preface_that_does_not_end_is_cut() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin)
        .listener("protocols: [http1, h2c], header_timeout: 200ms")
        .start()
        .await;
    let mut client = gateway.client().await;
    client.write("PRI * HTTP/2.0\r\n\r\nSM").await;
    client.expect_closed().await;
    let reason = [("reason", "head-timeout")];
    gateway
        .expect_metric("shoal_connections_closed_total", reason, 1.0)
        .await;
}

#[tokio::test]
async fn an_http2_connection_that_stays_silent_is_closed() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::with(&origin)
        .listener("protocols: [http1, h2c], keepalive_timeout: 200ms")
        .start()
        .await;
    let client = gateway.h2c().await;
    client.send(get("/")).await.expect(ok("v1"));
    let reason = [("reason", "idle-timeout")];
    gateway
        .expect_metric("shoal_connections_closed_total", reason, 1.0)
        .await;
    drop(client);
}

#[tokio::test]
async fn a_listener_speaks_only_its_protocols() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::with(&origin)
        .listener("protocols: [h2c]")
        .start()
        .await;
    gateway.get("/").await.expect(status(505));
    gateway.h2c().await.send(get("/")).await.expect(ok("v1"));
    let gateway = Gateway::with(&origin)
        .listener("protocols: [http1]")
        .start()
        .await;
    let mut client = gateway.client().await;
    client.write(PREFACE).await;
    let answer = client.try_raw().await.unwrap_or_default();
    assert!(
        answer.is_empty()
            || answer.starts_with(b"HTTP/1.1 4")
            || answer.starts_with(b"HTTP/1.1 505"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_tls_handshake_that_hangs_frees_its_place() {
    let authority = Authority::new();
    let a = authority.issue("a.test");
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::with(&origin)
        .listener("tls: public, protocols: [http1, h2], header_timeout: 200ms, max_connections: 1")
        .yaml("tls: { public: { certificates: [{ cert: a.pem, key: a.key }] } }")
        .file("a.pem", &a.cert)
        .file("a.key", &a.key)
        .start()
        .await;
    let mut silent = gateway.client().await;
    silent.expect_closed().await;
    let reason = [("reason", "handshake-timeout")];
    gateway
        .expect_metric("shoal_connections_closed_total", reason, 1.0)
        .await;
    let handshake = gateway.tls("a.test", &authority, Alpn::H2).await;
    let client: H2Client = handshake.h2().await;
    client.send(get("/")).await.expect(ok("v1"));
}

#[tokio::test]
async fn a_client_that_ends_its_side_gets_what_is_stored() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let mut client = Client::connect(gateway.address()).await;
    client
        .write("GET / HTTP/1.1\r\nHost: shoal.test\r\n\r\n")
        .await;
    client.finish().await;
    client.receive(&get("/")).await.expect(ok("v1").hit());
    within("the end", client.expect_closed()).await;
}
