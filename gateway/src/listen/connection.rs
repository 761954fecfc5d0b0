//! One client connection, as Pingora's stream and as our own.
//!
//! The listener's loop reads a request's head before Pingora sees the connection, so that it can bound
//! the time a head may take. [`Connection`] then replays those bytes to Pingora and shows it this one
//! request and no byte of the next, so that the connection can be taken back when Pingora is done.

use super::socket::Socket;
use super::stall::Stall;
use super::{date, growing};
use async_trait::async_trait;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::tls::SslDigest;
use pingora_core::protocols::{
    ALPN, Digest, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest,
    Ssl, TimingDigest, UniqueID, UniqueIDType,
};
use std::io::{self, ErrorKind::TimedOut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Small writes are gathered up to this size until Pingora flushes: a head and a small body leave in
/// one packet, and the buffers of a large one in few writes.
const GATHERED_MAX: usize = 64 * 1024;

/// A write that is not small.
const LARGE: usize = 16 * 1024;

/// What a client may send ahead of the response that it waits for. Beyond it nothing is read.
const AHEAD_MAX: usize = 64 * 1024;

/// How much of what the client sends Pingora may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// So many bytes more: one request with a plain length.
    Bytes(usize),
    /// Everything: a body without a plain length, an upgrade, HTTP/2.
    None,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    /// Read from the socket and not yet consumed.
    ahead: Vec<u8>,
    consumed: usize,
    limit: Limit,
    gathered: Vec<u8>,
    /// The next thing that is written is a response's head.
    head_due: bool,
    is_growing: bool,
    stall: Stall,
    established: SystemTime,
    sockets: Arc<SocketDigest>,
    tls: Option<Arc<SslDigest>>,
}

impl Connection {
    pub(super) fn new(
        socket: Socket,
        client: SocketAddr,
        stall: Stall,
        established: SystemTime,
    ) -> Self {
        let digest = SocketDigest::from_raw_fd(socket.fd());
        // The field is fresh, so setting it cannot fail.
        let _ = digest.peer_addr.set(Some(client.into()));
        let tls = socket.digest().map(Arc::new);
        Self {
            socket,
            ahead: Vec::new(),
            consumed: 0,
            limit: Limit::None,
            gathered: Vec::new(),
            head_due: true,
            is_growing: false,
            stall,
            established,
            sockets: Arc::new(digest),
            tls,
        }
    }

    /// What Pingora wants to know about it.
    pub(super) fn digest(&self) -> Digest {
        Digest {
            ssl_digest: self.get_ssl_digest(),
            timing_digest: self.get_timing_digest(),
            proxy_digest: self.get_proxy_digest(),
            socket_digest: self.get_socket_digest(),
        }
    }

    /// What is here and not yet consumed.
    pub(super) fn ahead(&self) -> &[u8] {
        self.ahead.get(self.consumed..).unwrap_or_default()
    }

    pub(super) fn limit(&self) -> Limit {
        self.limit
    }

    pub(super) fn set_limit(&mut self, limit: Limit) {
        self.limit = limit;
        self.head_due = true;
    }

    /// Reads more into [`Self::ahead`]. `Ok(0)`: the client is done sending. Cancelling loses nothing.
    pub(super) async fn read_ahead(&mut self) -> io::Result<usize> {
        std::future::poll_fn(|cx| self.poll_read_ahead(cx)).await
    }

    fn poll_read_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut space = [0u8; 4096];
        let mut buffer = ReadBuf::new(&mut space);
        ready!(self.socket.poll_read(cx, &mut buffer))?;
        // A client that pipelines without a pause never lets it run empty: what is consumed must go.
        self.ahead.drain(..self.consumed);
        self.consumed = 0;
        self.ahead.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn consume(&mut self, count: usize) {
        self.consumed += count;
        if self.consumed >= self.ahead.len() {
            // An idle connection owns no buffer.
            self.ahead = Vec::new();
            self.consumed = 0;
        }
    }

    fn poll_write_gathered_part(
        &mut self,
        cx: &mut Context<'_>,
        from: usize,
    ) -> Poll<io::Result<usize>> {
        let rest = self.gathered.get(from..).unwrap_or_default();
        let written = self.socket.poll_write(cx, rest);
        self.unless_stalled(cx, written)
    }

    /// The outcome of a write, unless the client has taken nothing for too long.
    fn unless_stalled(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.stall.unless(cx, written));
        Poll::Ready(written.unwrap_or_else(|stalled| Err(io::Error::new(TimedOut, stalled))))
    }

    fn poll_write_gathered(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut written = 0;
        let outcome = loop {
            if written >= self.gathered.len() {
                break Poll::Ready(Ok(()));
            }
            match self.poll_write_gathered_part(cx, written) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => written += count,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        self.gathered.drain(..written);
        outcome
    }

    /// What a reader sees when its request has been delivered whole: the end of the connection, but
    /// never a byte of the next request.
    fn poll_beyond(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.ahead().len() < AHEAD_MAX {
            if ready!(self.poll_read_ahead(cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Pending
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        // Pingora reads when it has nothing else to do: what was gathered leaves before it waits.
        if !this.gathered.is_empty()
            && let Poll::Ready(Err(error)) = this.poll_write_gathered(cx)
        {
            return Poll::Ready(Err(error));
        }
        let most = match this.limit {
            Limit::Bytes(0) => return this.poll_beyond(cx),
            Limit::Bytes(left) => left.min(buffer.remaining()),
            Limit::None => buffer.remaining(),
        };
        let count = if this.ahead().is_empty() {
            let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
            ready!(this.socket.poll_read(cx, &mut part))?;
            let count = part.filled().len();
            buffer.advance(count);
            count
        } else {
            let part = this.ahead();
            let part = part.get(..most).unwrap_or(part);
            buffer.put_slice(part);
            let count = part.len();
            this.consume(count);
            count
        };
        if let Limit::Bytes(left) = this.limit {
            this.limit = Limit::Bytes(left - count);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.head_due && bytes.starts_with(b"HTTP/1.") {
            // Interim heads come before the one that counts.
            this.head_due = bytes.get(9) == Some(&b'1');
            let mut head = date::restore(bytes).unwrap_or_else(|| bytes.to_vec());
            this.is_growing = growing::unmark(&mut head);
            // A head is written in one piece and bounded, so that it may all be gathered.
            this.gathered.extend_from_slice(&head);
            if this.is_growing
                && let Poll::Ready(Err(error)) = this.poll_write_gathered(cx)
            {
                return Poll::Ready(Err(error));
            }
            return Poll::Ready(Ok(bytes.len()));
        }
        if !this.is_growing && bytes.len() < LARGE {
            if this.gathered.len() + bytes.len() > GATHERED_MAX {
                ready!(this.poll_write_gathered(cx))?;
            }
            this.gathered.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(this.poll_write_gathered(cx))?;
        let written = this.socket.poll_write(cx, bytes);
        this.unless_stalled(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_gathered(cx))?;
        if self.gathered.is_empty() {
            self.gathered = Vec::new();
        }
        self.socket.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_gathered(cx))?;
        self.socket.poll_shutdown(cx)
    }
}

#[async_trait]
impl Shutdown for Connection {
    async fn shutdown(&mut self) {
        // The client may be gone already; there is nobody left to tell.
        let _ = AsyncWriteExt::shutdown(self).await;
    }
}

impl UniqueID for Connection {
    fn id(&self) -> UniqueIDType {
        self.socket.fd()
    }
}

impl Ssl for Connection {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.tls.clone()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        let Socket::Tls(tls) = &self.socket else {
            return None;
        };
        match tls.get_ref().1.alpn_protocol() {
            Some(b"h2") => Some(ALPN::H2),
            Some(_) | None => Some(ALPN::H1),
        }
    }
}

impl GetTimingDigest for Connection {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        let timing = TimingDigest {
            established_ts: self.established,
            ..TimingDigest::default()
        };
        vec![Some(timing)]
    }
}

impl GetProxyDigest for Connection {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl GetSocketDigest for Connection {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        Some(self.sockets.clone())
    }
}

#[async_trait]
impl Peek for Connection {
    async fn try_peek(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        while self.ahead().len() < buffer.len() {
            if self.read_ahead().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let wanted = buffer.len();
        if let Some(bytes) = self.ahead().get(..wanted) {
            buffer.copy_from_slice(bytes);
        }
        Ok(true)
    }
}
