//! The demo's client: one request, its whole answer, and how long that took.

use super::DemoError;
use http::header::{HOST, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{HeaderMap, Request, Response, Version};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Pages and answers of operators are small.
const ANSWER_MAX: usize = 1024 * 1024;

/// Longer than this, nobody waits for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Asks one server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    server: SocketAddr,
}

/// What came back.
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: HeaderMap,
    /// From the request to the last byte, on a connection that is open already.
    pub(super) took: Duration,
}

impl Client {
    pub(super) fn new(server: SocketAddr) -> Self {
        Self { server }
    }

    /// Sends `request`, whose URI is a path, in its version of HTTP.
    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, DemoError> {
        let name = format!("{} {}", request.method(), request.uri());
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, self.exchange(request)).await;
        let answer = answer.unwrap_or_else(|late| Err(late.into()));
        answer.map_err(|source| DemoError::Exchange {
            request: name,
            source,
        })
    }

    async fn exchange(&self, mut request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let stream = TcpStream::connect(self.server).await?;
        stream.set_nodelay(true)?;
        let io = TokioIo::new(stream);
        let authority = self.server.to_string();
        if request.version() == Version::HTTP_2 {
            let executor = TokioExecutor::new();
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(executor, io).await?;
            let _driver = Driver(tokio::spawn(async { drop(connection.await) }));
            let path = request.uri().path_and_query().cloned();
            *request.uri_mut() = absolute(&authority, path)?;
            let begun = Instant::now();
            whole(sender.send_request(request).await?, begun).await
        } else {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
            let _driver = Driver(tokio::spawn(async { drop(connection.await) }));
            let host = HeaderValue::from_str(&authority)?;
            request.headers_mut().insert(HOST, host);
            let begun = Instant::now();
            whole(sender.send_request(request).await?, begun).await
        }
    }
}

/// HTTP/2 takes scheme and authority from the URI.
fn absolute(authority: &str, path: Option<PathAndQuery>) -> Result<Uri, http::Error> {
    Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(Authority::try_from(authority)?)
        .path_and_query(path.unwrap_or(PathAndQuery::from_static("/")))
        .build()
}

async fn whole(response: Response<Incoming>, begun: Instant) -> Result<Answer, Failure> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, ANSWER_MAX).collect().await?;
    let took = begun.elapsed();
    Ok(Answer {
        headers: head.headers,
        trailers: body.trailers().cloned().unwrap_or_default(),
        body: body.to_bytes(),
        took,
    })
}

/// Moves a connection's bytes until its request is answered.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}
