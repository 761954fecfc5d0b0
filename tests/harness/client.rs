//! The HTTP/1.1 client: one connection, exact bytes.
//!
//! `incoming` is a response that is still arriving, `response` a complete one; HTTP/2 is `h2`, TLS
//! is `tls`.

pub(crate) mod h2;
pub(crate) mod incoming;
pub(crate) mod response;
pub(crate) mod tls;

use crate::ask::Ask;
use crate::patience::within;
use crate::transcript;
use crate::wire::{Stream, Wire};
use incoming::Incoming;
use response::Response;
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// A connection on which requests follow each other.
pub struct Client {
    pub(crate) wire: Wire,
}

impl Client {
    /// A connection in clear text.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = within(
            format!("a connection to {address}"),
            TcpStream::connect(address),
        )
        .await;
        let stream = stream.unwrap_or_else(|error| panic!("{address} refused us: {error}"));
        let _ = stream.set_nodelay(true);
        Self::over(stream)
    }

    pub(crate) fn over(stream: impl Stream + 'static) -> Self {
        Self {
            wire: Wire::new(stream),
        }
    }

    /// Sends a request and awaits its whole response; the connection stays.
    ///
    /// # Panics
    /// When the connection ends first, or the response is no HTTP/1.1.
    pub async fn send(&mut self, ask: Ask) -> Response {
        self.send_head(&ask).await;
        self.receive(&ask).await
    }

    /// Sends a request and awaits only the head of its response. Dropping the result closes the
    /// connection.
    ///
    /// # Panics
    /// When the connection ends first.
    pub async fn open(mut self, ask: Ask) -> Incoming {
        self.send_head(&ask).await;
        let request = shown(&ask);
        Incoming::read(self.wire, &ask.method, request).await
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// When the gateway closed the connection.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let sent = within("bytes to be taken", self.wire.write(bytes.as_ref())).await;
        sent.unwrap_or_else(|error| panic!("could not send: {error}"));
    }

    /// Sends bytes to a peer that may have closed the connection in the meantime.
    pub async fn write_in_vain(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = within("bytes to be taken", self.wire.write(bytes.as_ref())).await;
    }

    /// Awaits the whole response to a request that was sent before.
    ///
    /// # Panics
    /// When the connection ends first.
    pub async fn receive(&mut self, ask: &Ask) -> Response {
        let read = Incoming::exchange(&mut self.wire, &ask.method, shown(ask));
        within(format!("the response to {}", ask.start()), read).await
    }

    /// Ends this side: nothing more will be sent, answers are still read.
    pub async fn finish(&mut self) {
        let _ = within("the end to be taken", self.wire.finish()).await;
    }

    /// Awaits the gateway closing the connection without a word.
    ///
    /// # Panics
    /// When it sends something.
    pub async fn expect_closed(&mut self) {
        match within("the connection to be closed", self.wire.raw()).await {
            Ok(bytes) if bytes.is_empty() => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("the connection was to be closed, but: {other:?}"),
        }
    }

    /// The next bytes as they come; empty at the end.
    ///
    /// # Panics
    /// When the connection breaks.
    pub async fn raw(&mut self) -> bytes::Bytes {
        within("bytes", self.wire.raw())
            .await
            .expect("a living connection")
    }

    /// The next bytes, from a peer that may refuse; nothing when the connection broke or ended.
    pub async fn try_raw(&mut self) -> Option<bytes::Bytes> {
        let bytes = within("bytes or the end", self.wire.raw()).await.ok()?;
        (!bytes.is_empty()).then_some(bytes)
    }

    async fn send_head(&mut self, ask: &Ask) {
        let mut text = ask.start() + "\r\n";
        ask.sent_fields().write(&mut text);
        text.push_str("\r\n");
        self.write(text).await;
        // Not `write`: a gateway that refuses by the head alone answers before the content is
        // sent, and closes.
        self.write_in_vain(&ask.body).await;
    }
}

fn shown(ask: &Ask) -> String {
    transcript::message('>', &ask.start(), &ask.sent_fields(), &ask.body)
}
