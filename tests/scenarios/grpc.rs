//! gRPC passes through untouched: messages, trailers, cancellation; nothing of it is stored as HTTP.

use shoal_tests::{Ask, Gateway, GrpcOrigin, Last, fwd, ok, post, status};

async fn gateway(origin: &GrpcOrigin) -> Gateway {
    Gateway::at(origin.address())
        .upstream("protocol: h2c")
        .route_cache("ttl: 5m")
        .start()
        .await
}

fn call(method: &str) -> Ask {
    post(&format!("/test.Echo/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
}

#[tokio::test]
async fn a_unary_call_keeps_its_message_and_trailers() {
    let origin = GrpcOrigin::start().await;
    let gateway = gateway(&origin).await;
    let message = GrpcOrigin::message(b"hello");
    let answer = gateway
        .h2c()
        .await
        .send(call("Unary").body(message.clone()))
        .await;
    let answer = answer.expect(ok(message).header("content-type", "application/grpc"));
    assert_eq!(answer.trailers.get("grpc-status").as_deref(), Some("0"));
    assert_eq!(answer.trailers.get("x-trailer").as_deref(), Some("kept"));
}

#[tokio::test]
async fn a_call_is_never_stored_as_http() {
    let origin = GrpcOrigin::start().await;
    let gateway = gateway(&origin).await;
    let client = gateway.h2c().await;
    for _ in 0..2 {
        let answer = client
            .send(call("Unary").body(GrpcOrigin::message(b"same")))
            .await;
        answer.expect(status(200).cache_status(fwd("bypass").not_stored().detail("grpc")));
    }
    assert_eq!(origin.calls(), 2);
}

#[tokio::test]
async fn both_sides_of_a_stream_talk_in_turn() {
    let origin = GrpcOrigin::start().await;
    let gateway = gateway(&origin).await;
    let client = gateway.h2c().await;
    let mut stream = client.stream(&call("Bidi")).await;
    for word in [&b"one"[..], b"two"] {
        let message = GrpcOrigin::message(word);
        stream.write(message.clone(), Last::No);
        assert_eq!(stream.data().await.unwrap(), message);
    }
    stream.write("", Last::Yes);
    let end = stream.finish().await;
    assert_eq!(end.trailers.get("grpc-status").as_deref(), Some("0"));
}

#[tokio::test]
async fn an_error_arrives_as_the_origin_said_it() {
    let origin = GrpcOrigin::start().await;
    let gateway = gateway(&origin).await;
    let answer = gateway
        .h2c()
        .await
        .send(call("Fail").body(GrpcOrigin::message(b"")))
        .await;
    let code = answer
        .header("grpc-status")
        .or_else(|| answer.trailers.get("grpc-status"));
    assert_eq!(code.as_deref(), Some("5"));
}

#[tokio::test]
async fn a_cancelled_call_is_cancelled_at_the_origin() {
    let origin = GrpcOrigin::start().await;
    let gateway = gateway(&origin).await;
    let client = gateway.h2c().await;
    let mut stream = client.stream(&call("Hang")).await;
    stream.head().await;
    stream.cancel();
    origin.wait_for_cancel().await;
}

#[tokio::test]
async fn a_dead_origin_is_unavailable_in_grpc_words() {
    let origin = GrpcOrigin::start().await;
    let address = origin.address();
    drop(origin);
    let gateway = Gateway::at(address).upstream("protocol: h2c").start().await;
    let answer = gateway
        .h2c()
        .await
        .send(call("Unary").body(GrpcOrigin::message(b"")))
        .await;
    let code = answer
        .header("grpc-status")
        .or_else(|| answer.trailers.get("grpc-status"));
    assert_eq!((answer.status, code.as_deref()), (200, Some("14")));
}
