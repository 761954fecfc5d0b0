//! A client that keeps one connection to the gateway for many sequences.

use super::wire::{Message, Wire};
use crate::fields::Fields;
use crate::sequence::HOST;
use std::fmt;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// See the module.
pub(super) struct Client {
    gateway: SocketAddr,
    wire: Option<Wire>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
    pub(crate) body: String,
}

impl Client {
    pub(super) fn new(gateway: SocketAddr) -> Self {
        Self {
            gateway,
            wire: None,
        }
    }

    /// One request. On a connection that the gateway closed meanwhile it is sent again.
    pub(super) async fn send(&mut self, method: &str, target: &str, fields: &Fields) -> Response {
        let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {HOST}\r\n");
        for (name, value) in &fields.0 {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str(match method {
            "GET" | "HEAD" | "OPTIONS" => "\r\n",
            _ => "Content-Length: 1\r\n\r\nx",
        });
        let mut failure = None;
        for _ in 0..2 {
            match self.exchange(method, &text).await {
                Ok(response) => return response,
                Err(error) => {
                    self.wire = None;
                    failure = Some(error);
                }
            }
        }
        let body = format!("no response: {failure:?}");
        Response {
            status: 0,
            fields: Fields::default(),
            body,
        }
    }

    async fn exchange(&mut self, method: &str, text: &str) -> io::Result<Response> {
        let mut wire = match self.wire.take() {
            Some(wire) => wire,
            None => Wire::new(TcpStream::connect(self.gateway).await?),
        };
        wire.write(text).await?;
        let bodiless = |start: &str| method == "HEAD" || matches!(status(start), 204 | 304);
        let Message {
            start,
            fields,
            body,
        } = wire.read(bodiless).await?;
        let closes = fields
            .members("Connection")
            .iter()
            .any(|word| word == "close");
        if !closes && body.is_some() {
            self.wire = Some(wire);
        }
        Ok(Response {
            status: status(&start),
            fields,
            body: body.unwrap_or_else(|| "(broken off)".to_owned()),
        })
    }
}

fn status(start: &str) -> u16 {
    let word = start.split(' ').nth(1);
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", self.status, self.body, self.fields.0)
    }
}
