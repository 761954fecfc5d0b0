//! One stream as Pingora's session: what it asks of a session, answered with `h2`.
//!
//! The response goes through a queue, so that the origin and the followers of a fill need not wait for a
//! slow client; how a piece leaves is `outgoing`.

use super::HasContent;
use super::outgoing::{Last, Outgoing};
use crate::listen::stall::Stall;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use h2::RecvStream;
use h2::server::SendResponse;
use http::uri::PathAndQuery;
use http::{HeaderMap, StatusCode, header};
use pingora_core::protocols::Digest;
use pingora_core::protocols::http::HttpTask;
use pingora_core::protocols::http::body_buffer::FixedBuffer;
use pingora_core::protocols::http::custom::CustomMessageWrite;
use pingora_core::protocols::http::custom::server::Session as CustomSession;
use pingora_core::protocols::http::v1::client::http_req_header_to_wire;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_error::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Content that is kept to be sent again on another connection: as much as Pingora keeps of HTTP/1.1's.
const KEPT_MAX: usize = 64 * 1024;

/// How long content that nobody wants is read, where nothing else is said.
const DRAIN: Duration = Duration::from_secs(30);

/// Messages beside a request, in Pingora's terms.
type Messages = Box<dyn Stream<Item = Result<Bytes>> + Unpin + Send + Sync + 'static>;

/// See the module.
pub(super) struct Session {
    request: RequestHeader,
    content: RecvStream,
    read: usize,
    kept: Option<FixedBuffer>,
    drain: Duration,
    outgoing: Outgoing,
    queue: VecDeque<HttpTask>,
    queues: bool,
    digest: Arc<Digest>,
}

impl Session {
    pub(super) fn new(
        request: RequestHeader,
        content: RecvStream,
        respond: SendResponse<Bytes>,
        digest: Arc<Digest>,
        window: Stall,
    ) -> Self {
        let mut session = Self {
            request,
            content,
            read: 0,
            kept: None,
            drain: DRAIN,
            outgoing: Outgoing::new(respond, window),
            queue: VecDeque::new(),
            queues: false,
            digest,
        };
        if !session.is_body_empty() {
            session.request.extensions_mut().insert(HasContent);
        }
        session
    }

    async fn read_content(&mut self) -> Result<Option<Bytes>> {
        let Some(piece) = self.content.data().await else {
            self.is_body_empty();
            return Ok(None);
        };
        let piece = piece.map_err(|error| {
            Error::because(ErrorType::ReadError, "a request's content", error).into_down()
        })?;
        self.read += piece.len();
        if let Some(kept) = &mut self.kept {
            kept.write_to_buffer(&piece);
        }
        // It fails for more than was received, and this is what was.
        let _ = self.content.flow_control().release_capacity(piece.len());
        Ok(Some(piece))
    }

    /// Sends what is queued. `true`: the response is over. Cancelling loses nothing.
    async fn send_queued(&mut self) -> Result<bool> {
        let sent = self.try_send_queued().await;
        if sent.is_err() {
            // There is nobody left to take it.
            self.queue.clear();
        }
        sent
    }

    async fn try_send_queued(&mut self) -> Result<bool> {
        let mut last = Last::No;
        loop {
            // A piece stays in the queue until all of it is sent.
            if let Some(HttpTask::Body(Some(rest), end)) = self.queue.front_mut() {
                let end = Last::from(*end);
                poll_fn(|cx| self.outgoing.poll_write_body(cx, rest, end)).await?;
            }
            let Some(task) = self.queue.pop_front() else {
                break;
            };
            if self.send(task)? == Last::Yes {
                last = Last::Yes;
            }
        }
        if last == Last::Yes {
            self.outgoing.finish()?;
        }
        Ok(last == Last::Yes)
    }

    fn send(&mut self, task: HttpTask) -> Result<Last> {
        match task {
            HttpTask::Header(head, end) if !head.status.is_informational() => {
                self.outgoing.write_head(head, Last::from(end))?;
                Ok(Last::from(end))
            }
            // RFC 9110 10.1.1: it is for the client that waits for it.
            HttpTask::Header(head, _) if head.status == StatusCode::CONTINUE => {
                if self.request.headers.contains_key(header::EXPECT) {
                    self.outgoing.write_interim(*head)?;
                }
                Ok(Last::No)
            }
            // `proxy` has sent it, ahead of the batch that it came with.
            HttpTask::Header(..) => Ok(Last::No),
            // All of it was sent, from the queue.
            HttpTask::Body(_, end) => Ok(Last::from(end)),
            HttpTask::Trailer(Some(trailers)) => {
                self.outgoing.write_trailers(*trailers)?;
                Ok(Last::Yes)
            }
            HttpTask::Trailer(None) | HttpTask::Done => Ok(Last::Yes),
            HttpTask::UpgradedBody(..) => {
                Error::e_explain(ErrorType::InternalError, "an upgrade over HTTP/2")
            }
            HttpTask::Failed(error) => Err(error),
        }
    }
}

#[async_trait]
impl CustomSession for Session {
    fn req_header(&self) -> &RequestHeader {
        &self.request
    }

    fn req_header_mut(&mut self) -> &mut RequestHeader {
        &mut self.request
    }

    fn request_summary(&self) -> String {
        let uri = &self.request.uri;
        let path = uri.path_and_query().map_or("", PathAndQuery::as_str);
        let host = uri.authority().map_or("", |authority| authority.as_str());
        format!("{} {path}, Host: {host}", self.request.method)
    }

    /// For requests in the background, which Pingora parses anew.
    fn pseudo_raw_h1_request_header(&self) -> Bytes {
        // Only a byte that `vetting` refuses makes it fail; no request is parsed from nothing.
        http_req_header_to_wire(&self.request)
            .map(BytesMut::freeze)
            .unwrap_or_default()
    }

    async fn read_body_bytes(&mut self) -> Result<Option<Bytes>> {
        self.read_content().await
    }

    async fn read_body_or_idle(&mut self, no_body_expected: bool) -> Result<Option<Bytes>> {
        if no_body_expected || self.is_body_done() {
            return Err(poll_fn(|cx| self.outgoing.poll_gone(cx)).await);
        }
        self.read_content().await
    }

    async fn drain_request_body(&mut self) -> Result<()> {
        let drain = self.drain;
        let drained = timeout(drain, async {
            while self.read_content().await?.is_some() {}
            Ok(())
        });
        drained.await.unwrap_or_else(|elapsed| {
            let error = Error::because(ErrorType::ReadTimedout, "content nobody wants", elapsed);
            Err(error.into_down())
        })
    }

    fn is_body_done(&mut self) -> bool {
        self.is_body_empty() || self.content.is_end_stream()
    }

    fn is_body_empty(&mut self) -> bool {
        let length = self.request.headers.get(header::CONTENT_LENGTH);
        let announced_empty = length.is_some_and(|length| length.as_bytes() == b"0");
        let empty = self.read == 0 && (self.content.is_end_stream() || announced_empty);
        if empty {
            self.request.extensions_mut().remove::<HasContent>();
        }
        empty
    }

    fn body_bytes_read(&self) -> usize {
        self.read
    }

    fn enable_retry_buffering(&mut self) {
        self.kept.get_or_insert_with(|| FixedBuffer::new(KEPT_MAX));
    }

    fn retry_buffer_truncated(&self) -> bool {
        self.kept.as_ref().is_some_and(FixedBuffer::is_truncated)
    }

    fn get_retry_buffer(&self) -> Option<Bytes> {
        let kept = self.kept.as_ref().filter(|kept| !kept.is_truncated());
        kept.and_then(FixedBuffer::get_buffer)
    }

    async fn write_response_header(&mut self, head: Box<ResponseHeader>, end: bool) -> Result<()> {
        if head.status.is_informational() {
            return self.outgoing.write_interim(*head);
        }
        self.outgoing.write_head(head, Last::from(end))
    }

    async fn write_response_header_ref(&mut self, head: &ResponseHeader, end: bool) -> Result<()> {
        self.write_response_header(Box::new(head.clone()), end)
            .await
    }

    async fn write_body(&mut self, data: Bytes, end: bool) -> Result<()> {
        self.queue.push_back(HttpTask::Body(Some(data), end));
        self.send_queued().await.map(drop)
    }

    async fn write_trailers(&mut self, trailers: HeaderMap) -> Result<()> {
        self.outgoing.write_trailers(trailers)
    }

    async fn response_duplex_vec(&mut self, tasks: Vec<HttpTask>) -> Result<bool> {
        self.queue.extend(tasks);
        self.send_queued().await
    }

    fn proxy_tasks_enabled(&self) -> bool {
        self.queues
    }

    fn set_proxy_tasks_enabled(&mut self, enabled: bool) {
        self.queues = enabled;
    }

    fn send_proxy_task(&mut self, task: HttpTask) {
        self.queue.push_back(task);
    }

    fn has_pending_proxy_tasks(&self) -> bool {
        !self.queue.is_empty()
    }

    async fn write_proxy_tasks(&mut self) -> Result<bool> {
        self.send_queued().await
    }

    fn response_written(&self) -> Option<&ResponseHeader> {
        self.outgoing.head()
    }

    fn body_bytes_sent(&self) -> usize {
        self.outgoing.sent()
    }

    async fn finish(&mut self) -> Result<()> {
        self.outgoing.finish()
    }

    async fn shutdown(&mut self, _code: u32, _context: &str) {
        self.outgoing.abandon();
    }

    /// Content is waited for as long as the client keeps its stream open: a call may be quiet for hours.
    fn set_read_timeout(&mut self, _timeout: Option<Duration>) {}

    fn get_read_timeout(&self) -> Option<Duration> {
        None
    }

    /// The listener says how long a write may wait.
    fn set_write_timeout(&mut self, _timeout: Option<Duration>) {}

    fn get_write_timeout(&self) -> Option<Duration> {
        None
    }

    fn set_total_drain_timeout(&mut self, timeout: Option<Duration>) {
        self.drain = timeout.unwrap_or(DRAIN);
    }

    fn get_total_drain_timeout(&self) -> Option<Duration> {
        Some(self.drain)
    }

    fn digest(&self) -> Option<&Digest> {
        Some(&self.digest)
    }

    /// Only where no other request shares the connection.
    fn digest_mut(&mut self) -> Option<&mut Digest> {
        Arc::get_mut(&mut self.digest)
    }

    fn client_addr(&self) -> Option<&SocketAddr> {
        self.digest.socket_digest.as_ref()?.peer_addr()
    }

    fn server_addr(&self) -> Option<&SocketAddr> {
        self.digest.socket_digest.as_ref()?.local_addr()
    }

    // Messages beside the request: HTTP/2 has none, and Pingora does without.

    async fn finish_custom(&mut self) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_reader(&mut self) -> Option<Messages> {
        None
    }

    fn restore_custom_message_reader(&mut self, _reader: Messages) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_writer(&mut self) -> Option<Box<dyn CustomMessageWrite>> {
        None
    }

    fn restore_custom_message_writer(&mut self, _: Box<dyn CustomMessageWrite>) -> Result<()> {
        Ok(())
    }
}
