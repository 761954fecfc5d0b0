//! What a stream sends: interim heads, one head, a body as the client's window lets it, trailers.
//!
//! ```text
//! Waiting ──head──▶ Body ──last piece, trailers, finish──▶ Ended
//!    └──────────────head that ends the stream───────────────┘
//! ```

use crate::listen::stall::Stall;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::{HeaderMap, HeaderName, Response, header};
use pingora_core::protocols::http::date::get_cached_date;
use pingora_error::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use std::task::{Context, Poll, ready};

/// Interim responses before one final: they are queued whatever the client takes, so there must be an end.
/// Later ones are dropped: they are hints.
const INTERIM_MAX: u32 = 32;

/// Fields of a connection, which HTTP/2 does not know (RFC 9113 8.2.2).
const OF_CONNECTIONS: [HeaderName; 5] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// See the module.
pub(super) struct Outgoing {
    stage: Stage,
    head: Option<Box<ResponseHeader>>,
    interim: u32,
    sent: usize,
    window: Stall,
}

enum Stage {
    Waiting(SendResponse<Bytes>),
    /// `Last::Yes`: it has ended, and is kept to see the client go.
    Begun(SendStream<Bytes>, Last),
}

/// Whether something is the last of its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Yes,
    No,
}

impl From<bool> for Last {
    fn from(last: bool) -> Self {
        if last { Self::Yes } else { Self::No }
    }
}

impl Outgoing {
    pub(super) fn new(respond: SendResponse<Bytes>, window: Stall) -> Self {
        Self {
            stage: Stage::Waiting(respond),
            head: None,
            interim: 0,
            sent: 0,
            window,
        }
    }

    /// The final head, once it is sent.
    pub(super) fn head(&self) -> Option<&ResponseHeader> {
        self.head.as_deref()
    }

    /// Bytes of body that were sent.
    pub(super) fn sent(&self) -> usize {
        self.sent
    }

    /// Sends an interim head. 101 is none: HTTP/2 has no upgrades (RFC 9113 8.6).
    pub(super) fn write_interim(&mut self, mut head: ResponseHeader) -> Result<()> {
        let Stage::Waiting(respond) = &mut self.stage else {
            return Ok(());
        };
        if head.status == http::StatusCode::SWITCHING_PROTOCOLS || self.interim == INTERIM_MAX {
            return Ok(());
        }
        self.interim += 1;
        drop_fields_of_connections(&mut head);
        respond
            .send_informational(Response::from_parts(head.into(), ()))
            .map_err(|error| gone("an interim head", error))
    }

    /// Sends the final head. A second one is ignored.
    pub(super) fn write_head(&mut self, mut head: Box<ResponseHeader>, last: Last) -> Result<()> {
        let Stage::Waiting(respond) = &mut self.stage else {
            return Ok(());
        };
        drop_fields_of_connections(&mut head);
        // RFC 9110 6.6.1: a recipient that forwards adds one where the origin has none, and keeps its own.
        if !head.headers.contains_key(header::DATE) {
            head.insert_header(header::DATE, get_cached_date())?;
        }
        let answer = Response::from_parts(head.as_owned_parts(), ());
        let stream = respond
            .send_response(answer, last == Last::Yes)
            .map_err(|error| gone("a head", error))?;
        self.head = Some(head);
        self.stage = Stage::Begun(stream, last);
        Ok(())
    }

    /// Sends `rest` of a piece as the client's window opens. Cancelling loses nothing: what was sent is
    /// gone from `rest`. What comes after the end is dropped.
    pub(super) fn poll_write_body(
        &mut self,
        cx: &mut Context<'_>,
        rest: &mut Bytes,
        last: Last,
    ) -> Poll<Result<()>> {
        while !rest.is_empty() {
            let (stream, ended) = match &mut self.stage {
                Stage::Begun(stream, ended) => (stream, ended),
                Stage::Waiting(_) => return Poll::Ready(Err(too_early())),
            };
            if *ended == Last::Yes {
                rest.clear();
                break;
            }
            stream.reserve_capacity(rest.len());
            let room = match stream.capacity() {
                0 => {
                    let opened = stream.poll_capacity(cx);
                    match ready!(self.window.unless(cx, opened)) {
                        Ok(Some(Ok(room))) => room,
                        Ok(Some(Err(error))) => return Poll::Ready(Err(gone("a body", error))),
                        Ok(None) => return Poll::Ready(Err(gone("a body", Reason::CANCEL.into()))),
                        Err(stalled) => {
                            let error = Error::because(ErrorType::WriteTimedout, "a body", stalled);
                            return Poll::Ready(Err(error.into_down()));
                        }
                    }
                }
                room => room,
            };
            let piece = rest.split_to(room.min(rest.len()));
            self.sent += piece.len();
            if rest.is_empty() {
                *ended = last;
            }
            stream
                .send_data(piece, *ended == Last::Yes)
                .map_err(|error| gone("a body", error))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends trailers, which end the stream.
    pub(super) fn write_trailers(&mut self, mut trailers: HeaderMap) -> Result<()> {
        let stream = match &mut self.stage {
            Stage::Begun(stream, ended @ Last::No) => {
                *ended = Last::Yes;
                stream
            }
            Stage::Begun(_, Last::Yes) => return Ok(()),
            Stage::Waiting(_) => return Err(too_early()),
        };
        for name in &OF_CONNECTIONS {
            trailers.remove(name);
        }
        stream
            .send_trailers(trailers)
            .map_err(|error| gone("trailers", error))
    }

    /// Ends the stream, unless it is ended. One whose head was never sent is left to be reset.
    pub(super) fn finish(&mut self) -> Result<()> {
        let Stage::Begun(stream, ended @ Last::No) = &mut self.stage else {
            return Ok(());
        };
        *ended = Last::Yes;
        stream
            .send_data(Bytes::new(), true)
            .map_err(|error| gone("an end", error))
    }

    /// Breaks the response off, so that no client takes it for whole.
    pub(super) fn abandon(&mut self) {
        match &mut self.stage {
            Stage::Waiting(respond) => respond.send_reset(Reason::INTERNAL_ERROR),
            Stage::Begun(stream, Last::No) => stream.send_reset(Reason::INTERNAL_ERROR),
            Stage::Begun(_, Last::Yes) => {}
        }
    }

    /// Ready when the client has reset the stream, or its connection is gone.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Box<Error>> {
        let reset = match &mut self.stage {
            Stage::Waiting(respond) => respond.poll_reset(cx),
            Stage::Begun(stream, _) => stream.poll_reset(cx),
        };
        reset.map(|reason| {
            gone(
                "waiting",
                reason.map_or_else(|error| error, h2::Error::from),
            )
        })
    }
}

fn drop_fields_of_connections(head: &mut ResponseHeader) {
    for name in &OF_CONNECTIONS {
        head.remove_header(name);
    }
}

/// The client ended the stream or the connection.
fn gone(at: &'static str, error: h2::Error) -> Box<Error> {
    Error::because(ErrorType::H2Error, at, error).into_down()
}

fn too_early() -> Box<Error> {
    Error::explain(ErrorType::InternalError, "a body before its head")
}
