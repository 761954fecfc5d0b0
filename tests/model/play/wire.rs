//! Just enough HTTP/1.1 for a client and an origin that trust each other: heads, lengths, chunks.
//!
//! Not the harness's `wire`, which is strict and made for few messages; here it is a million.

use crate::fields::Fields;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection and what was read from it ahead of need.
pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) start: String,
    pub(super) fields: Fields,
    /// Absent when the connection ended before it did.
    pub(super) body: Option<String>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Requests are smaller than a packet and each is awaited: nothing may wait for company.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            buffer: Vec::with_capacity(4096),
        }
    }

    pub(super) async fn write(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await
    }

    /// The next message; `bodiless` says from its start line whether it has no content whatever its
    /// fields say.
    pub(super) async fn read(&mut self, bodiless: impl Fn(&str) -> bool) -> io::Result<Message> {
        let end = self.until(b"\r\n\r\n").await?;
        let head = self.take(end);
        self.take(4);
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let mut fields = Fields::default();
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            fields.add(name, value.trim());
        }
        let body = if bodiless(&start) {
            Some(String::new())
        } else if fields.has("Transfer-Encoding") {
            self.chunks().await.ok()
        } else {
            let length = fields
                .first("Content-Length")
                .and_then(|text| text.parse().ok());
            self.exactly(length.unwrap_or(0)).await.ok()
        };
        Ok(Message {
            start,
            fields,
            body,
        })
    }

    async fn chunks(&mut self) -> io::Result<String> {
        let mut body = String::new();
        loop {
            let end = self.until(b"\r\n").await?;
            let line = self.take(end);
            self.take(2);
            let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            body.push_str(&self.exactly(size).await?);
            self.exactly(2).await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> io::Result<String> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(self.take(length))
    }

    async fn until(&mut self, mark: &[u8]) -> io::Result<usize> {
        loop {
            let found = self
                .buffer
                .windows(mark.len())
                .position(|part| part == mark);
            match found {
                Some(at) => return Ok(at),
                None => self.more().await?,
            }
        }
    }

    fn take(&mut self, length: usize) -> String {
        let taken: Vec<u8> = self.buffer.drain(..length).collect();
        String::from_utf8_lossy(&taken).into_owned()
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
