//! A request's content, read before the look-up where it is part of the key.
//!
//! Pingora keeps what was read and sends it on. What outgrows its buffer is kept here and put before the
//! rest. What a content means is `rules::body_key`.

use crate::caching::plan::{CONTENT_MAX, Content, digest, needs_content};
use crate::exchange::Exchange;
use crate::snapshot::LiveRoute;
use bytes::{Bytes, BytesMut};
use http::{Version, header};
use pingora_error::Result;
use pingora_proxy::Session;
use shoal_rules::Reason;

/// What the content of this request adds to its key. Where nothing does, it is not touched.
pub(super) async fn read(
    session: &mut Session,
    exchange: &mut Exchange,
    route: &LiveRoute,
) -> Result<Content> {
    if exchange.grpc || !needs_content(route, &session.req_header().method) {
        return Ok(Content::Unread);
    }
    let announced = session.req_header().headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > CONTENT_MAX as u64) {
        return Ok(Content::Refused(Reason::BodyTooLarge));
    }
    invite(session).await?;
    session.as_downstream_mut().enable_retry_buffering();
    let mut content = BytesMut::new();
    while let Some(piece) = session.as_downstream_mut().read_request_body().await? {
        content.extend_from_slice(&piece);
        if content.len() > CONTENT_MAX {
            if session.as_ref().retry_buffer_truncated() {
                exchange.read_ahead = Some(content.freeze());
            }
            return Ok(Content::Refused(Reason::BodyTooLarge));
        }
    }
    Ok(digest(route, &session.req_header().headers, &content))
}

/// A client that waits for 100 (Continue) is told to go on, and the origin does not have to say it again.
async fn invite(session: &mut Session) -> Result<()> {
    let expects = session
        .req_header_mut()
        .remove_header(&header::EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    if expects && session.req_header().version != Version::HTTP_10 {
        session
            .as_downstream_mut()
            .write_continue_response()
            .await?;
    }
    Ok(())
}

/// A piece of the request's body on its way to the origin. An empty last one would be written over HTTP/1.1
/// as the chunk that ends a body, and the real end then as a second one, which the next request on that
/// connection would begin with. An empty one before the end is Pingora's to drop: without it the body ends.
#[expect(
    clippy::fn_params_excessive_bools,
    reason = "the callback's own parameter"
)]
pub(super) fn forward(body: &mut Option<Bytes>, end: bool, exchange: &mut Exchange) {
    if let Some(read) = exchange.read_ahead.take() {
        let rest = body.take().unwrap_or_default();
        *body = Some([read, rest].concat().into());
    }
    if end && body.as_ref().is_some_and(Bytes::is_empty) {
        *body = None;
    }
}
