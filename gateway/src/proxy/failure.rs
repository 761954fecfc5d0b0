//! Errors become responses here and nowhere else: one table, for HTTP and for gRPC.
//!
//! Bodies are small and say what happened, never where: addresses stay in the log. `Proxy-Status`
//! (RFC 9209) names the error for machines. Which failure an error of Pingora's is: `cause`.

mod cause;

use super::response_phase;
use crate::exchange::{Answered, Exchange};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use pingora_core::protocols::http::HttpTask;
use pingora_error::{Error, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::{FailToProxy, Session};
use shoal_rules::Reason;
use tracing::warn;

/// Why the gateway itself answers, or ends a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// No route fits.
    NoRoute,
    /// HTTP/1.1 without exactly one valid Host.
    BadHost,
    /// The request cannot be understood.
    BadRequest,
    /// PURGE from an address that may not.
    PurgeForbidden,
    /// A plugin failed and its `on_error` is `reject`.
    PluginRejected,
    /// only-if-cached, and nothing is.
    OnlyIfCached,
    /// If-Match or If-Unmodified-Since does not hold for what is stored.
    PreconditionFailed,
    /// No target resolves, or every one was tried.
    NoTarget,
    /// The target refused the connection.
    ConnectionRefused,
    /// The target did not answer in time.
    ConnectionTimeout,
    /// The TLS handshake with the target failed.
    TlsFailed,
    /// The target went silent.
    ReadTimeout,
    /// The target stopped reading.
    WriteTimeout,
    /// The target closed the connection, or reset it.
    ConnectionTerminated,
    /// The target's bytes are not HTTP.
    ProtocolError,
    /// The client is gone.
    ClientGone,
    /// The client took nothing for its listener's `write_timeout`.
    ClientStalled,
    /// A mistake of ours.
    Internal,
}

/// One row of the table.
struct Answer {
    status: StatusCode,
    grpc: u8,
    proxy_error: Option<&'static str>,
    label: &'static str,
    text: &'static str,
}

impl Failure {
    /// The table. HTTP status, gRPC status, `Proxy-Status` error type, label, sentence for people.
    #[expect(clippy::too_many_lines, reason = "one table: a failure a row")]
    fn answer(self) -> Answer {
        let row = |status, grpc, proxy_error, label, text| Answer {
            status,
            grpc,
            proxy_error,
            label,
            text,
        };
        use StatusCode as S;
        match self {
            Self::NoRoute => row(
                S::NOT_FOUND,
                12,
                Some("destination_not_found"),
                "no-route",
                "no route matches this request",
            ),
            Self::BadHost => row(
                S::BAD_REQUEST,
                13,
                Some("http_request_error"),
                "bad-host",
                "exactly one valid Host is needed",
            ),
            Self::BadRequest => row(
                S::BAD_REQUEST,
                13,
                Some("http_request_error"),
                "bad-request",
                "the request cannot be understood",
            ),
            Self::PurgeForbidden => row(
                S::FORBIDDEN,
                7,
                Some("http_request_denied"),
                "purge-forbidden",
                "this client may not purge",
            ),
            Self::PluginRejected => row(
                S::INTERNAL_SERVER_ERROR,
                13,
                Some("proxy_internal_error"),
                "plugin-rejected",
                "a plugin failed",
            ),
            Self::OnlyIfCached => row(
                S::GATEWAY_TIMEOUT,
                14,
                None,
                "only-if-cached",
                "nothing stored may answer this request",
            ),
            Self::PreconditionFailed => row(
                S::PRECONDITION_FAILED,
                9,
                None,
                "precondition-failed",
                "the stored response does not meet the request's condition",
            ),
            Self::NoTarget => row(
                S::BAD_GATEWAY,
                14,
                Some("destination_unavailable"),
                "no-target",
                "no target of the upstream is available",
            ),
            Self::ConnectionRefused => row(
                S::BAD_GATEWAY,
                14,
                Some("connection_refused"),
                "connection-refused",
                "the upstream refused the connection",
            ),
            Self::ConnectionTimeout => row(
                S::GATEWAY_TIMEOUT,
                14,
                Some("connection_timeout"),
                "connection-timeout",
                "connecting to the upstream took too long",
            ),
            Self::TlsFailed => row(
                S::BAD_GATEWAY,
                14,
                Some("tls_protocol_error"),
                "tls-failed",
                "the upstream's TLS handshake failed",
            ),
            Self::ReadTimeout => row(
                S::GATEWAY_TIMEOUT,
                4,
                Some("connection_read_timeout"),
                "read-timeout",
                "the upstream did not respond in time",
            ),
            Self::WriteTimeout => row(
                S::GATEWAY_TIMEOUT,
                4,
                Some("connection_write_timeout"),
                "write-timeout",
                "the upstream did not take the request in time",
            ),
            Self::ConnectionTerminated => row(
                S::BAD_GATEWAY,
                14,
                Some("connection_terminated"),
                "connection-terminated",
                "the upstream closed the connection",
            ),
            Self::ProtocolError => row(
                S::BAD_GATEWAY,
                13,
                Some("http_protocol_error"),
                "protocol-error",
                "the upstream's response cannot be understood",
            ),
            Self::ClientGone => row(
                S::from_u16(499).unwrap_or(S::BAD_REQUEST),
                1,
                None,
                "client-gone",
                "the client went away",
            ),
            Self::ClientStalled => row(
                S::from_u16(499).unwrap_or(S::BAD_REQUEST),
                1,
                None,
                "client-stalled",
                "the client took nothing of the response",
            ),
            Self::Internal => row(
                S::INTERNAL_SERVER_ERROR,
                13,
                Some("proxy_internal_error"),
                "internal",
                "something went wrong in the gateway",
            ),
        }
    }

    /// Its label in log and metric.
    pub fn label(self) -> &'static str {
        self.answer().label
    }

    /// The status that the client sees, or that stands for a client that is gone.
    pub fn status(self) -> u16 {
        self.answer().status.as_u16()
    }

    /// Whether the origin, rather than the request or the gateway, is at fault.
    fn is_upstream(self) -> bool {
        match self {
            Self::NoTarget
            | Self::ConnectionRefused
            | Self::ConnectionTimeout
            | Self::TlsFailed
            | Self::ReadTimeout
            | Self::WriteTimeout
            | Self::ConnectionTerminated
            | Self::ProtocolError => true,
            Self::NoRoute
            | Self::BadHost
            | Self::BadRequest
            | Self::PurgeForbidden
            | Self::PluginRejected
            | Self::OnlyIfCached
            | Self::PreconditionFailed
            | Self::ClientGone
            | Self::ClientStalled
            | Self::Internal => false,
        }
    }
}

const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Answers for `failure`. The connection stays usable.
pub(super) async fn respond(
    session: &mut Session,
    exchange: &mut Exchange,
    failure: Failure,
) -> Result<()> {
    let answer = failure.answer();
    exchange.failure = Some(failure);
    if failure.is_upstream() {
        exchange
            .outcome
            .forwarded
            .get_or_insert(Reason::OriginFailed);
    }
    if exchange.grpc {
        return respond_grpc(session, exchange, &answer).await;
    }
    let reason = answer.status.canonical_reason().unwrap_or("Error");
    let body = Bytes::from(format!(
        "{} {reason}: {}\n",
        answer.status.as_u16(),
        answer.text
    ));
    let mut head = ResponseHeader::build(answer.status, Some(8))?;
    head.insert_header(header::CONTENT_TYPE, "text/plain; charset=utf-8")?;
    if let Some(error) = answer.proxy_error {
        head.insert_header(PROXY_STATUS, format!("shoal; error={error}"))?;
    }
    send(session, exchange, head, body).await
}

/// Trailers-Only: gRPC clients read the status from the one block of fields.
async fn respond_grpc(
    session: &mut Session,
    exchange: &mut Exchange,
    answer: &Answer,
) -> Result<()> {
    let mut head = ResponseHeader::build(StatusCode::OK, Some(6))?;
    head.insert_header(header::CONTENT_TYPE, "application/grpc")?;
    head.insert_header(GRPC_STATUS, answer.grpc.to_string())?;
    head.insert_header(GRPC_MESSAGE, answer.text)?;
    exchange.answered = Some(Answered {
        status: 200,
        body: Bytes::new(),
    });
    write(session, head, Bytes::new()).await
}

/// Head and body in one go. Over HTTP/2 a head alone ends the stream only so.
async fn write(session: &mut Session, head: ResponseHeader, body: Bytes) -> Result<()> {
    let mut tasks = vec![HttpTask::Header(Box::new(head), body.is_empty())];
    if !body.is_empty() {
        tasks.push(HttpTask::Body(Some(body), true));
    }
    session.write_response_tasks(tasks).await.map(drop)
}

/// Sends a small answer of the gateway's own.
pub(super) async fn send(
    session: &mut Session,
    exchange: &mut Exchange,
    mut head: ResponseHeader,
    body: Bytes,
) -> Result<()> {
    head.insert_header(header::CONTENT_LENGTH, body.len())?;
    if !head.headers.contains_key(header::CACHE_CONTROL) {
        head.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))?;
    }
    response_phase::cache_status(&mut head, exchange)?;
    let head_only = session.req_header().method == http::Method::HEAD || body.is_empty();
    exchange.answered = Some(Answered {
        status: head.status.as_u16(),
        body: body.clone(),
    });
    let body = if head_only { Bytes::new() } else { body };
    exchange.sent += body.len() as u64;
    write(session, head, body).await
}

/// Answers for an error that Pingora reports.
pub(super) async fn respond_to(
    session: &mut Session,
    exchange: &mut Exchange,
    error: &Error,
) -> FailToProxy {
    let failure = Failure::of(error);
    exchange.failure = Some(failure);
    let status = failure.status();
    let left = matches!(failure, Failure::ClientGone | Failure::ClientStalled);
    if !left {
        let target = exchange.chosen.as_ref().map(crate::upstream::Chosen::name);
        warn!(
            failure = failure.label(),
            route = exchange.route_name(),
            target,
            %error,
            "request failed"
        );
    }
    // A final response that has begun cannot become another: the connection is all that is left to end.
    let begun = session.response_written().map(|head| head.status);
    if left || begun.is_some_and(response_phase::is_final) {
        return FailToProxy {
            error_code: status,
            can_reuse_downstream: false,
        };
    }
    let sent = respond(session, exchange, failure).await.is_ok();
    // A request body that was not read whole would be taken for the next request.
    let reusable = sent && session.as_downstream_mut().is_body_done();
    FailToProxy {
        error_code: status,
        can_reuse_downstream: reusable,
    }
}
