//! The demo's gRPC origin: `/demo.Greeter/SayHello` over h2c.
//!
//! It speaks gRPC by hand, with the bytes of `message`: a unary answer, then its trailers.

use super::message;
use super::origin::Requests;
use super::port::Port;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;

/// The one method.
pub(super) const METHOD: &str = "/demo.Greeter/SayHello";

/// The media type of gRPC.
pub(super) const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// How a call ended; "0" is good.
pub(super) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// A trailer of the greeter's own, to show that such pass too.
pub(super) const GREETED: HeaderName = HeaderName::from_static("greeted");

/// A request is a name.
const REQUEST_MAX: usize = 1024;

/// Codes of gRPC.
const OK: HeaderValue = HeaderValue::from_static("0");
const INVALID_ARGUMENT: HeaderValue = HeaderValue::from_static("3");
const UNIMPLEMENTED: HeaderValue = HeaderValue::from_static("12");

/// Opens the greeter.
pub(super) async fn open(requests: Requests) -> std::io::Result<Port> {
    Port::open(move |stream| {
        let requests = requests.clone();
        let call = move |request| {
            requests.add();
            async { Ok::<_, Infallible>(answer(request).await) }
        };
        async move {
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service_fn(call));
            // A peer that leaves is none of the demo's concern.
            let _ = connection.await;
        }
    })
    .await
}

async fn answer(
    request: Request<Incoming>,
) -> Response<impl Body<Data = Bytes, Error = Infallible>> {
    let (content, trailers) = match greet(request).await {
        Ok((greeting, name)) => (greeting, vec![(GRPC_STATUS, OK), (GREETED, name)]),
        Err(code) => (Bytes::new(), vec![(GRPC_STATUS, code)]),
    };
    let trailers: HeaderMap = trailers.into_iter().collect();
    let body = Full::new(content).with_trailers(async { Some(Ok(trailers)) });
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, GRPC);
    response
}

/// The greeting as a message and who was greeted, or the code of what is wrong.
async fn greet(request: Request<Incoming>) -> Result<(Bytes, HeaderValue), HeaderValue> {
    if request.uri().path() != METHOD {
        return Err(UNIMPLEMENTED);
    }
    let sent = Limited::new(request.into_body(), REQUEST_MAX)
        .collect()
        .await;
    let sent = sent.map_err(|_broken| INVALID_ARGUMENT)?.to_bytes();
    let name = message::decode(&sent).ok_or(INVALID_ARGUMENT)?;
    let greeting = message::encode(&format!("Hello, {name}")).ok_or(INVALID_ARGUMENT)?;
    let name = HeaderValue::from_str(name).map_err(|_not_a_field| INVALID_ARGUMENT)?;
    Ok((greeting, name))
}
