//! HTTP/1.1 on a byte stream: heads, and bodies piece by piece as they come.
//!
//! For both ends of a test. Strict where a test would otherwise pass by luck, and with no idea of
//! caching.

use crate::fields::Fields;
use bytes::{Buf, Bytes, BytesMut};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest head that is read. Tests send heads of up to 100 KiB to see them refused.
const HEAD_MAX: usize = 256 * 1024;

/// Anything that carries bytes both ways: TCP, or TLS over it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection and what was read from it ahead of need.
pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    buffer: BytesMut,
    /// Of the last chunked body.
    pub(crate) trailers: Fields,
}

/// A start line and its fields.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) start: String,
    pub(crate) fields: Fields,
}

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// It ended, or there is none.
    Empty,
    /// After so many more bytes.
    Length(u64),
    /// After the last chunk.
    Chunked(Chunk),
    /// With the connection.
    UntilClose,
}

/// What comes next in a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunk {
    Size,
    Data(u64),
    DataEnd,
}

impl Wire {
    pub(crate) fn new(stream: impl Stream + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            buffer: BytesMut::new(),
            trailers: Fields::default(),
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Says that nothing more will be sent.
    pub(crate) async fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// The next head; `None` when the peer closed between two messages.
    pub(crate) async fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let text = self.buffer.split_to(end + 4);
                return parse_head(&String::from_utf8_lossy(&text)).map(Some);
            }
            if self.buffer.len() > HEAD_MAX {
                return Err(invalid("a head of more than 256 KiB"));
            }
            if self.read_more().await? == 0 {
                let clean = self.buffer.is_empty();
                return if clean { Ok(None) } else { Err(cut("a head")) };
            }
        }
    }

    /// The next bytes of a body as they came; `None` at its end.
    pub(crate) async fn piece(&mut self, framing: &mut Framing) -> io::Result<Option<Bytes>> {
        loop {
            match *framing {
                Framing::Empty => return Ok(None),
                Framing::Length(0) => *framing = Framing::Empty,
                Framing::Length(left) => {
                    let piece = self.take(left, "a body with Content-Length").await?;
                    *framing = Framing::Length(left - piece.len() as u64);
                    return Ok(Some(piece));
                }
                Framing::UntilClose => {
                    if self.buffer.is_empty() && self.read_more().await? == 0 {
                        *framing = Framing::Empty;
                        return Ok(None);
                    }
                    return Ok(Some(self.buffer.split().freeze()));
                }
                Framing::Chunked(Chunk::Size) => match self.chunk_size().await? {
                    0 => {
                        self.trailers = self.trailer_lines().await?;
                        *framing = Framing::Empty;
                    }
                    size => *framing = Framing::Chunked(Chunk::Data(size)),
                },
                Framing::Chunked(Chunk::Data(0)) => *framing = Framing::Chunked(Chunk::DataEnd),
                Framing::Chunked(Chunk::Data(left)) => {
                    let piece = self.take(left, "a chunk").await?;
                    *framing = Framing::Chunked(Chunk::Data(left - piece.len() as u64));
                    return Ok(Some(piece));
                }
                Framing::Chunked(Chunk::DataEnd) => {
                    if !self.line().await?.is_empty() {
                        return Err(invalid("a chunk that is longer than its size"));
                    }
                    *framing = Framing::Chunked(Chunk::Size);
                }
            }
        }
    }

    /// Whatever comes next, without any framing; empty at the end.
    pub(crate) async fn raw(&mut self) -> io::Result<Bytes> {
        if self.buffer.is_empty() {
            self.read_more().await?;
        }
        Ok(self.buffer.split().freeze())
    }

    async fn take(&mut self, most: u64, what: &str) -> io::Result<Bytes> {
        if self.buffer.is_empty() && self.read_more().await? == 0 {
            return Err(cut(what));
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let length = self.buffer.len().min(most);
        Ok(self.buffer.split_to(length).freeze())
    }

    async fn chunk_size(&mut self) -> io::Result<u64> {
        let line = self.line().await?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        u64::from_str_radix(digits, 16)
            .map_err(|error| invalid(&format!("chunk size {line:?}: {error}")))
    }

    async fn trailer_lines(&mut self) -> io::Result<Fields> {
        let mut fields = Fields::default();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(fields);
            }
            push_line(&mut fields, &line)?;
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let line = String::from_utf8_lossy(&self.buffer.split_to(end)).into_owned();
                self.buffer.advance(2);
                return Ok(line);
            }
            if self.read_more().await? == 0 {
                return Err(cut("a line"));
            }
        }
    }

    async fn read_more(&mut self) -> io::Result<usize> {
        self.buffer.reserve(64 * 1024);
        self.stream.read_buf(&mut self.buffer).await
    }
}

impl Framing {
    /// RFC 9112 section 6.3, for a request.
    pub(crate) fn of_request(fields: &Fields) -> Self {
        Self::declared(fields).unwrap_or(Self::Empty)
    }

    /// RFC 9112 section 6.3, for a response to `method`.
    pub(crate) fn of_response(method: &str, status: u16, fields: &Fields) -> Self {
        if method == "HEAD" || status < 200 || status == 204 || status == 304 {
            return Self::Empty;
        }
        Self::declared(fields).unwrap_or(Self::UntilClose)
    }

    fn declared(fields: &Fields) -> Option<Self> {
        if fields.lists("Transfer-Encoding", "chunked") {
            return Some(Self::Chunked(Chunk::Size));
        }
        fields.get("Content-Length")?.parse().ok().map(Self::Length)
    }
}

fn parse_head(text: &str) -> io::Result<Head> {
    let mut lines = text.split("\r\n");
    let start = lines.next().unwrap_or_default().to_owned();
    let mut fields = Fields::default();
    for line in lines.take_while(|line| !line.is_empty()) {
        push_line(&mut fields, line)?;
    }
    Ok(Head { start, fields })
}

fn push_line(fields: &mut Fields, line: &str) -> io::Result<()> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| invalid(&format!("field {line:?}")))?;
    fields.push(name, value.trim());
    Ok(())
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not HTTP/1.1: {what}"))
}

fn cut(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("the connection ended inside {what}"),
    )
}
