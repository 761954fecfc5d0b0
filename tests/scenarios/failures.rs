//! What a client gets when the origin fails: one table, one field that says why (RFC 9209).

use shoal_tests::{Gateway, Origin, get, ok, post, raw, status};

#[tokio::test]
async fn a_refused_connection_is_502() {
    let gateway = Gateway::at(Origin::nowhere()).start().await;
    let answer = gateway.get("/").await.expect(status(502));
    let reason = answer.header("Proxy-Status").unwrap_or_default();
    assert!(reason.contains("connection_refused"), "{reason:?}");
}

#[tokio::test]
async fn an_origin_that_says_nothing_is_504() {
    let origin = Origin::script([get("/").hold("never").respond(ok("late"))]);
    let gateway = Gateway::with(&origin)
        .upstream("read_timeout: 200ms")
        .start()
        .await;
    let answer = gateway.get("/").await.expect(status(504));
    let reason = answer.header("Proxy-Status").unwrap_or_default();
    assert!(reason.contains("connection_read_timeout"), "{reason:?}");
}

#[tokio::test]
async fn an_origin_that_does_not_speak_http_is_502() {
    let origin = Origin::script([get("/").respond(raw("SSH-2.0-OpenSSH_9.2\r\n\r\n"))]);
    let gateway = Gateway::start(&origin).await;
    let answer = gateway.get("/").await.expect(status(502));
    assert!(answer.header("Proxy-Status").is_some());
}

#[tokio::test]
async fn a_second_target_takes_over_when_the_first_refuses() {
    let origin = Origin::script([get("/*").respond(ok("v1")).repeat()]);
    let gateway = Gateway::at(Origin::nowhere())
        .target(origin.address())
        .upstream("balance: round_robin, retries: { attempts: 1, on: [connect_failure] }")
        .start()
        .await;
    for path in ["/1", "/2", "/3", "/4"] {
        gateway.get(path).await.expect(ok("v1"));
    }
}

#[tokio::test]
async fn a_request_that_was_sent_is_not_sent_twice() {
    let origin = Origin::script([post("/").respond(raw(""))]);
    let gateway = Gateway::start(&origin).await;
    gateway.send(post("/").body("x")).await.expect(status(502));
    assert_eq!(origin.requests().len(), 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_breaks_off_for_the_client() {
    let body = ok(vec![b'x'; 1_000]).chunked();
    let origin = Origin::script([get("/").respond(body.hold_body("cut", 500).abort_after(500))]);
    let gateway = Gateway::start(&origin).await;
    let mut incoming = gateway.open(get("/")).await;
    incoming.first(500).await;
    origin.release("cut").await;
    assert_eq!(incoming.expect_broken().await.len(), 500);
}
