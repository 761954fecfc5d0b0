//! The HTTP/2 client, in clear text with prior knowledge or over TLS.
//!
//! `send` for a whole exchange, `stream` where both sides talk in turn.

use super::response::Response;
use crate::ask::{Ask, HOST};
use crate::fields::Fields;
use crate::patience::within;
use crate::transcript;
use bytes::{Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// One connection; its streams are independent.
pub struct H2Client {
    requests: SendRequest<Bytes>,
    driver: JoinHandle<()>,
}

/// Whether a write ends the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// It does.
    Yes,
    /// More will follow.
    No,
}

impl H2Client {
    /// In clear text.
    ///
    /// # Panics
    /// When the connection is refused, or the peer speaks no HTTP/2.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = within(
            format!("a connection to {address}"),
            TcpStream::connect(address),
        )
        .await;
        Self::over(stream.unwrap_or_else(|error| panic!("{address} refused us: {error}"))).await
    }

    pub(crate) async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let handshake = within("an HTTP/2 preface", h2::client::handshake(stream)).await;
        let (requests, connection) = handshake.expect("an HTTP/2 peer");
        let driver = tokio::spawn(async move {
            let _ = connection.await;
        });
        Self { requests, driver }
    }

    /// A whole exchange.
    ///
    /// # Panics
    /// When the stream is reset.
    pub async fn send(&self, ask: Ask) -> Response {
        let body = ask.body.clone();
        let mut stream = self.stream(&ask).await;
        stream.write(body, Last::Yes);
        stream.finish().await
    }

    /// Opens a stream: its head is sent, its content is the caller's.
    ///
    /// # Panics
    /// When the connection is closed, or the request is none that HTTP/2 can carry.
    pub async fn stream(&self, ask: &Ask) -> H2Stream {
        let ready = within("room for a stream", self.requests.clone().ready()).await;
        let (response, send) = ready
            .and_then(|mut requests| requests.send_request(request(ask), false))
            .unwrap_or_else(|error| panic!("{}: {error}", ask.start()));
        let shown = transcript::message('>', &ask.start(), &ask.sent_fields(), &ask.body);
        H2Stream {
            send,
            state: State::Waiting(response),
            interim: Vec::new(),
            shown,
        }
    }
}

impl Drop for H2Client {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// One stream of an [`H2Client`]; dropping it cancels it.
pub struct H2Stream {
    send: SendStream<Bytes>,
    state: State,
    interim: Vec<(u16, Fields)>,
    shown: String,
}

enum State {
    Waiting(ResponseFuture),
    Reading(Response, RecvStream),
}

impl H2Stream {
    /// Sends a part of the request's content.
    ///
    /// # Panics
    /// When the stream is closed.
    pub fn write(&mut self, bytes: impl Into<Bytes>, last: Last) {
        let sent = self.send.send_data(bytes.into(), last == Last::Yes);
        sent.unwrap_or_else(|error| panic!("{error}\n{}", self.shown));
    }

    /// Ends the stream at once, as a client that lost interest does.
    pub fn cancel(mut self) {
        self.send.send_reset(h2::Reason::CANCEL);
    }

    /// Awaits interim heads, until there are as many, and says which.
    ///
    /// # Panics
    /// When the final head is there first.
    pub async fn interim(&mut self, count: usize) -> &[(u16, Fields)] {
        while self.interim.len() < count {
            let State::Waiting(response) = &mut self.state else {
                panic!("the final head is here");
            };
            let head = within(
                "an interim head",
                poll_fn(|cx| response.poll_informational(cx)),
            );
            let head = head.await.expect("an interim head, and no final one");
            self.interim.push(interim(head));
        }
        &self.interim
    }

    /// Reads on until the stream is reset.
    ///
    /// # Panics
    /// When it ends properly.
    pub async fn expect_reset(mut self) {
        let State::Reading(_, body) = &mut self.state else {
            panic!("the head was not read");
        };
        while let Some(piece) = within("the stream's reset", body.data()).await {
            let Ok(piece) = piece else { return };
            let _ = body.flow_control().release_capacity(piece.len());
        }
        panic!("the stream ended properly\n{}", self.shown);
    }

    /// Awaits the head of the response.
    ///
    /// # Panics
    /// When the stream is reset.
    pub async fn head(&mut self) -> &Response {
        self.reading().await.0
    }

    /// Awaits the next part of the response's content.
    ///
    /// # Panics
    /// When the stream is reset.
    pub async fn data(&mut self) -> Option<Bytes> {
        let shown = self.shown.clone();
        let body = self.reading().await.1;
        let piece = within("a DATA frame", body.data()).await?;
        let piece = match piece {
            // An answer that needs not our whole request: RFC 9113 section 8.1.
            Err(error) if error.reason() == Some(h2::Reason::NO_ERROR) => return None,
            piece => piece.unwrap_or_else(|error| panic!("{error}\n{shown}")),
        };
        let _ = body.flow_control().release_capacity(piece.len());
        Some(piece)
    }

    /// Awaits the end, trailers included.
    ///
    /// # Panics
    /// When the stream is reset.
    pub async fn finish(mut self) -> Response {
        let mut all = BytesMut::new();
        while let Some(piece) = self.data().await {
            all.extend_from_slice(&piece);
        }
        let (response, body) = self.reading().await;
        let trailers = within("trailers", body.trailers()).await.ok().flatten();
        let trailers = trailers.as_ref().map(Fields::from_map).unwrap_or_default();
        Response {
            body: all.freeze(),
            trailers,
            ..response.clone()
        }
    }

    async fn reading(&mut self) -> (&Response, &mut RecvStream) {
        if let State::Waiting(response) = &mut self.state {
            let heads = poll_fn(|cx| poll_heads(cx, response, &mut self.interim));
            let answer = within("the head of a response", heads).await;
            let answer = answer.unwrap_or_else(|error| panic!("{error}\n{}", self.shown));
            let (head, body) = answer.into_parts();
            let response = Response {
                status: head.status.as_u16(),
                fields: Fields::from_map(&head.headers),
                body: Bytes::new(),
                trailers: Fields::default(),
                interim: self.interim.clone(),
                request: self.shown.clone(),
            };
            self.state = State::Reading(response, body);
        }
        match &mut self.state {
            State::Reading(response, body) => (response, body),
            State::Waiting(_) => panic!("the head was just read"),
        }
    }
}

/// The final head; the interim ones that come before it are kept.
fn poll_heads(
    cx: &mut Context<'_>,
    response: &mut ResponseFuture,
    before: &mut Vec<(u16, Fields)>,
) -> Poll<Result<http::Response<RecvStream>, h2::Error>> {
    while let Poll::Ready(Some(head)) = response.poll_informational(cx) {
        before.push(interim(head));
    }
    Pin::new(response).poll(cx)
}

fn interim(head: Result<http::Response<()>, h2::Error>) -> (u16, Fields) {
    let head = head.expect("an interim head");
    (head.status().as_u16(), Fields::from_map(head.headers()))
}

fn request(ask: &Ask) -> http::Request<()> {
    let is_host = |name: &str| name.eq_ignore_ascii_case("Host");
    let host = ask.fields.iter().find(|(name, _)| is_host(name));
    let host = host.map_or(HOST, |(_, host)| host);
    let mut request = http::Request::builder()
        .method(ask.method.as_str())
        .uri(format!("http://{host}{}", ask.target))
        .version(http::Version::HTTP_2);
    // The first Host is the authority; a second one is sent as a field.
    let mut authority = Some(());
    for (name, value) in ask.fields.iter() {
        if !is_host(name) || authority.take().is_none() {
            request = request.header(name, value);
        }
    }
    request.body(()).expect("a request that HTTP/2 can carry")
}
