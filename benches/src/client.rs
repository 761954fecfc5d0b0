//! A blocking keep-alive client for `GET`, cheap enough to load a gateway on the same machine.
//!
//! It knows bodies with `Content-Length` only and reuses one buffer. For throughput and latencies of
//! a single stored response `wrk` is the better tool.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer of a healthy gateway on loopback; then the bench fails instead of hanging.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// One head and one small body; more than this is not what the benches ask for.
const RESPONSE_MAX: usize = 1024 * 1024;

/// One connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    body_at: usize,
}

/// What a bench wants to know of a response beside its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Cache-Status` begins with a hit.
    pub hit: bool,
}

impl Client {
    /// Opens the connection.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
            body_at: 0,
        })
    }

    /// Sends a `GET` with `fields`, each ended by CRLF, and reads the whole response.
    pub fn get(&mut self, path: &str, fields: &str) -> io::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: bench.example\r\n{fields}\r\n");
        self.stream.write_all(request.as_bytes())?;
        self.buffer.clear();
        let head_ends = loop {
            if let Some(at) = self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break at + 4;
            }
            self.read_more()?;
        };
        let head = self.buffer.get(..head_ends).unwrap_or_default();
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        self.body_at = head_ends;
        let length: usize = field(&head, "content-length")
            .and_then(|value| value.parse().ok())
            .ok_or_else(|| io::Error::other(format!("no Content-Length in {head}")))?;
        while self.buffer.len() < head_ends + length {
            self.read_more()?;
        }
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Ok(Answer {
            status: status.ok_or_else(|| io::Error::other(format!("no status in {head}")))?,
            hit: field(&head, "cache-status").is_some_and(|value| value.starts_with("shoal; hit")),
        })
    }

    /// The body of the last response.
    pub fn body(&self) -> &[u8] {
        self.buffer.get(self.body_at..).unwrap_or_default()
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4096];
        let read = self.stream.read(&mut chunk)?;
        if read == 0 {
            return Err(io::Error::other("the connection ended inside a response"));
        }
        if self.buffer.len() + read > RESPONSE_MAX {
            return Err(io::Error::other("the response is too long"));
        }
        self.buffer.extend(chunk.iter().take(read));
        Ok(())
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}
