//! A response that the gateway received already, for Pingora's state machine: a connection of its own, in
//! memory, on which it arrives once more in HTTP/1.1.
//!
//! What is asked on it goes nowhere, because it was asked. Who hands a response over is `proxy/parts`.

use super::fetch::Fetched;
use crate::upstream::Chosen;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Version, header};
use parking_lot::Mutex;
use pingora_core::connectors::L4Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora_core::upstreams::peer::HttpPeer;
use pingora_error::{Error, ErrorType, OrErr, Result};
use pingora_http::ResponseHeader;
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};

/// What lies between the origin and the state machine: beyond it the origin is held back.
const BUFFER: usize = 64 * 1024;

/// The peer on whose first connection `fetched` arrives, and the target that it came from.
pub fn peer(mut fetched: Fetched) -> (HttpPeer, Option<Chosen>) {
    // No target has port 0: no connection to another is taken for this one.
    let mut peer = HttpPeer::new((Ipv4Addr::UNSPECIFIED, 0), false, String::new());
    let (chosen, options) = (fetched.chosen.take(), &fetched.peer.options);
    peer.options.read_timeout = options.read_timeout;
    peer.options.write_timeout = options.write_timeout;
    let (near, far) = duplex(BUFFER);
    peer.options.custom_l4 = Some(Arc::new(Once(Mutex::new(Some(Arrival(near))))));
    // It ends with the response, or with the connection's other end.
    tokio::spawn(arrive(fetched, far));
    (peer, chosen)
}

/// Connects once.
#[derive(Debug)]
struct Once(Mutex<Option<Arrival>>);

#[async_trait]
impl L4Connect for Once {
    async fn connect(&self, _address: &SocketAddr) -> Result<Stream> {
        let Some(arrival) = self.0.lock().take() else {
            return Error::e_explain(ErrorType::ConnectError, "it arrives once");
        };
        Ok(VirtualSocketStream::new(Box::new(arrival)).into())
    }
}

/// How the body's end is told.
#[derive(Clone, Copy)]
enum Framing {
    Length,
    Chunks,
}

/// Writes the response. One that breaks off closes the connection before its end.
async fn arrive(mut fetched: Fetched, mut stream: DuplexStream) -> Result<()> {
    let (head, framing) = head(&fetched.head)?;
    write(&mut stream, &head).await?;
    loop {
        let piece = tokio::select! {
            piece = fetched.next() => piece?,
            // Nothing is ever sent: its other end is gone.
            _gone = stream.read_u8() => return Ok(()),
        };
        match (piece, framing) {
            (Some(bytes), _) if bytes.is_empty() => {}
            (Some(bytes), Framing::Length) => write(&mut stream, &bytes).await?,
            (Some(bytes), Framing::Chunks) => {
                let size = format!("{:x}\r\n", bytes.len());
                write(&mut stream, size.as_bytes()).await?;
                write(&mut stream, &bytes).await?;
                write(&mut stream, b"\r\n").await?;
            }
            (None, Framing::Length) => return Ok(()),
            (None, Framing::Chunks) => return write(&mut stream, b"0\r\n\r\n").await,
        }
    }
}

/// The head on the wire. Fields of the connection on which it came are not those of this one.
fn head(received: &ResponseHeader) -> Result<(Bytes, Framing)> {
    let mut head = received.clone();
    head.set_version(Version::HTTP_11);
    head.insert_header(header::CONNECTION, "close")?;
    // RFC 9112 6.3: a transfer coding overrides a length.
    let coded = head.remove_header(&header::TRANSFER_ENCODING).is_some();
    let framing = if !coded && has_length(&head) {
        Framing::Length
    } else {
        head.remove_header(&header::CONTENT_LENGTH);
        head.insert_header(header::TRANSFER_ENCODING, "chunked")?;
        Framing::Chunks
    };
    let status = head.status;
    let mut wire = format!("HTTP/1.1 {} \r\n", status.as_u16()).into_bytes();
    head.header_to_h1_wire(&mut wire);
    wire.extend_from_slice(b"\r\n");
    Ok((wire.into(), framing))
}

fn has_length(head: &ResponseHeader) -> bool {
    let mut lengths = head.headers.get_all(header::CONTENT_LENGTH).iter();
    let number = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.parse::<u64>().is_ok());
    lengths.next().is_some_and(number) && lengths.next().is_none()
}

async fn write(stream: &mut DuplexStream, bytes: &[u8]) -> Result<()> {
    let written = stream.write_all(bytes).await;
    written.or_err(ErrorType::WriteError, "nobody reads it")
}

/// The state machine's end.
#[derive(Debug)]
struct Arrival(DuplexStream);

impl AsyncRead for Arrival {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Arrival {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl VirtualSocket for Arrival {
    fn set_socket_option(&self, _option: VirtualSockOpt) -> io::Result<()> {
        Ok(())
    }
}
