//! The harness against itself: client and origin without a gateway between them.
//!
//! What passes here is not to be blamed when a scenario fails.

use super::Origin;
use crate::answer::{not_modified, ok, status};
use crate::ask::{get, head, post};
use crate::client::Client;
use crate::client::h2::{H2Client, Last};
use crate::grpc::GrpcOrigin;
use crate::origin::reply::{raw, switching_protocols};

#[tokio::test]
async fn steps_of_one_target_are_used_in_order() {
    let origin = Origin::script([
        get("/").respond(ok("one").etag("1").age(5)),
        get("/").if_none_match("1").respond(not_modified()),
        head("/").respond(ok("one")),
        get("/other*").respond(ok("any")).repeat(),
    ]);
    let mut client = Client::connect(origin.address()).await;
    client
        .send(get("/"))
        .await
        .expect(ok("one").etag("1").age(4));
    client
        .send(get("/").if_none_match("1"))
        .await
        .expect(not_modified().without("Content-Length"));
    client
        .send(head("/"))
        .await
        .expect(ok("").header("Content-Length", "3"));
    client.send(get("/other/1")).await.expect(ok("any"));
    origin.expect_done().await;
    assert_eq!((origin.requests().len(), origin.connections()), (4, 1));
}

#[tokio::test]
async fn every_framing_arrives_whole() {
    let body = vec![b'x'; 100_000];
    let origin = Origin::script([
        get("/chunked").respond(ok(body.clone()).chunked().hold_body("half", 50_000)),
        get("/close").respond(ok(body.clone()).close_delimited()),
        get("/hints").respond(ok("late").after_interim(status(103).header("Link", "</a>"))),
        get("/cut").respond(ok(body.clone()).abort_after(10)),
        get("/raw").respond(raw("HTTP/1.1 200 OK\r\n\r\nraw")),
    ]);
    let connect = || Client::connect(origin.address());
    let mut incoming = connect().await.open(get("/chunked")).await;
    assert_eq!(incoming.first(50_000).await.len(), 50_000);
    origin.release("half").await;
    incoming
        .finish()
        .await
        .expect(ok(body.clone()).without("Content-Length"));
    connect().await.send(get("/close")).await.expect(ok(body));
    let hints = connect().await.send(get("/hints")).await.expect(ok("late"));
    assert_eq!(hints.interim[0].0, 103);
    assert_eq!(
        connect()
            .await
            .open(get("/cut"))
            .await
            .expect_broken()
            .await
            .len(),
        10
    );
    connect().await.send(get("/raw")).await.expect(ok("raw"));
}

#[tokio::test]
async fn content_is_seen_as_it_arrives() {
    let origin = Origin::script([post("/").body("onetwo").respond(ok("got"))]);
    let mut client = Client::connect(origin.address()).await;
    client
        .write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        .await;
    origin.wait_for_body("/", 3).await;
    client.write("3\r\ntwo\r\n0\r\n\r\n").await;
    client.receive(&post("/")).await.expect(ok("got"));
}

#[tokio::test]
async fn an_upgraded_connection_echoes() {
    let origin = Origin::script([get("/").respond(switching_protocols("websocket"))]);
    let client = Client::connect(origin.address()).await;
    let mut upgraded = client
        .open(get("/").header("Upgrade", "websocket"))
        .await
        .upgraded();
    upgraded.write("ping").await;
    assert_eq!(upgraded.raw().await, "ping");
}

#[tokio::test]
#[should_panic(expected = "unexpected request: GET /other")]
async fn a_request_outside_the_script_fails_the_test() {
    let origin = Origin::script([]);
    let got = Client::connect(origin.address())
        .await
        .send(get("/other"))
        .await;
    assert_eq!(got.status, 599);
}

#[tokio::test]
#[should_panic(expected = "never asked: GET /due")]
async fn a_step_that_was_not_used_fails_the_test() {
    let _origin = Origin::script([get("/due").respond(ok(""))]);
}

#[tokio::test]
#[should_panic(expected = "body is \"came\", not \"awaited\"")]
async fn a_failed_expectation_shows_both_sides() {
    let origin = Origin::script([get("/").respond(ok("came"))]);
    Client::connect(origin.address())
        .await
        .send(get("/"))
        .await
        .expect(ok("awaited"));
}

#[tokio::test]
async fn grpc_is_echoed_with_trailers_and_cancels_are_seen() {
    let origin = GrpcOrigin::start().await;
    let client = H2Client::connect(origin.address()).await;
    let message = GrpcOrigin::message(b"hello");
    let unary = client
        .send(post("/test.Echo/Unary").body(message.clone()))
        .await;
    assert_eq!(
        (unary.body, unary.trailers.get("grpc-status").as_deref()),
        (message, Some("0"))
    );
    let mut bidi = client.stream(&post("/test.Echo/Bidi")).await;
    bidi.write("one", Last::No);
    assert_eq!(bidi.data().await.unwrap(), "one");
    bidi.write("two", Last::Yes);
    bidi.finish().await.expect(ok("two"));
    let mut hanging = client.stream(&post("/test.Echo/Hang")).await;
    hanging.head().await;
    hanging.cancel();
    origin.wait_for_cancel().await;
    assert_eq!(origin.calls(), 3);
}
