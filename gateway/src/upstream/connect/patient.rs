//! Connections for requests that ask for an upgrade, whose answers are not looked at too early.
//!
//! Pingora ends an upgraded connection when it reads the 101 before it has seen that the request's content
//! is over, which it finds out in the same task a moment later. An origin on the same machine is that
//! quick. So after a write the next looks for an answer find none, and the task goes on with the rest.

use async_trait::async_trait;
use pingora_core::connectors::l4::Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora_error::{Error, ErrorType, OrErr, Result};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Looks after a write that find nothing. Two are enough; each costs a poll of the task.
const LOOKS: u8 = 8;

/// Of all together, a TLS handshake's included: after the upgrade nothing is held up.
const LOOKS_MAX: u8 = 64;

/// Connects to where Pingora would.
#[derive(Debug)]
pub(super) struct Patient;

#[derive(Debug)]
struct Waiting {
    tcp: TcpStream,
    /// Until the next write.
    looks: u8,
    left: u8,
}

#[async_trait]
impl Connect for Patient {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let Some(address) = address.as_inet() else {
            return Error::e_explain(ErrorType::ConnectError, "an upgrade needs a TCP target");
        };
        let tcp = TcpStream::connect(address)
            .await
            .or_err_with(ErrorType::ConnectError, || {
                format!("connecting to {address}")
            })?;
        let waiting = Waiting {
            tcp,
            looks: 0,
            left: LOOKS_MAX,
        };
        Ok(VirtualSocketStream::new(Box::new(waiting)).into())
    }
}

impl AsyncRead for Waiting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.looks > 0 {
            self.looks -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.tcp).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Waiting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let more = LOOKS.min(self.left);
        self.left -= more;
        self.looks = more;
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

impl VirtualSocket for Waiting {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            VirtualSockOpt::NoDelay => self.tcp.set_nodelay(true),
            // The gateway asks for no other.
            VirtualSockOpt::KeepAlive(_) | _ => Ok(()),
        }
    }
}
