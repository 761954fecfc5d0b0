//! A response whose head has come while its body may still be on its way.
//!
//! For stories about streaming; `Client::send` is shorter where only the end matters.

use super::Client;
use super::response::Response;
use crate::fields::Fields;
use crate::patience::within;
use crate::wire::{Framing, Wire};
use bytes::{Bytes, BytesMut};
use std::io;

/// The head of a response, and the connection that carries the rest.
pub struct Incoming {
    /// Head and what has come of the body.
    pub response: Response,
    framing: Framing,
    wire: Wire,
    body: BytesMut,
}

impl Incoming {
    pub(crate) async fn read(mut wire: Wire, method: &str, request: String) -> Self {
        let head = within("the head of a response", head(&mut wire, method, &request)).await;
        let (response, framing) = head.unwrap_or_else(|error| panic!("{error}\n{request}"));
        Self {
            response,
            framing,
            wire,
            body: BytesMut::new(),
        }
    }

    /// A whole exchange on a connection that stays.
    pub(crate) async fn exchange(wire: &mut Wire, method: &str, request: String) -> Response {
        let read = async {
            let (mut response, mut framing) = head(wire, method, &request).await?;
            let mut body = BytesMut::new();
            while let Some(piece) = wire.piece(&mut framing).await? {
                body.extend_from_slice(&piece);
            }
            response.body = body.freeze();
            response.trailers = std::mem::take(&mut wire.trailers);
            Ok::<_, io::Error>(response)
        };
        read.await
            .unwrap_or_else(|error| panic!("{error}\n{request}"))
    }

    /// Awaits the body's first `length` bytes.
    ///
    /// # Panics
    /// When the body ends before.
    pub async fn first(&mut self, length: usize) -> Bytes {
        while self.body.len() < length {
            let piece = within(
                format!("{length} bytes of the body"),
                self.wire.piece(&mut self.framing),
            );
            match piece.await {
                Ok(Some(piece)) => self.body.extend_from_slice(&piece),
                Ok(None) => panic!("the body ended after {} bytes", self.body.len()),
                Err(error) => panic!("the body broke after {} bytes: {error}", self.body.len()),
            }
        }
        Bytes::copy_from_slice(self.body.get(..length).unwrap_or_default())
    }

    /// Awaits the end of the body.
    ///
    /// # Panics
    /// When the connection breaks.
    pub async fn finish(mut self) -> Response {
        let broken = within("the end of the body", self.drain()).await;
        broken.unwrap_or_else(|error| panic!("{error}\n{}", self.response.request));
        self.response.body = self.body.freeze();
        self.response.trailers = self.wire.trailers;
        self.response
    }

    /// Awaits the body breaking off, and gives what had come.
    ///
    /// # Panics
    /// When it ends properly.
    pub async fn expect_broken(mut self) -> Bytes {
        let broken = within("the body to break off", self.drain()).await;
        assert!(
            broken.is_err(),
            "the body ended properly after {} bytes",
            self.body.len()
        );
        self.body.freeze()
    }

    /// The bare connection, after a 101.
    #[must_use]
    pub fn upgraded(self) -> Client {
        Client { wire: self.wire }
    }

    async fn drain(&mut self) -> io::Result<()> {
        while let Some(piece) = self.wire.piece(&mut self.framing).await? {
            self.body.extend_from_slice(&piece);
        }
        Ok(())
    }
}

async fn head(wire: &mut Wire, method: &str, request: &str) -> io::Result<(Response, Framing)> {
    let mut interim = Vec::new();
    loop {
        let head = wire.head().await?.ok_or_else(|| {
            io::Error::new(io::ErrorKind::UnexpectedEof, "closed without a response")
        })?;
        let status = status_of(&head.start)?;
        if (100..200).contains(&status) && status != 101 {
            interim.push((status, head.fields));
            continue;
        }
        let framing = Framing::of_response(method, status, &head.fields);
        let response = Response {
            status,
            fields: head.fields,
            body: Bytes::new(),
            trailers: Fields::default(),
            interim,
            request: request.to_owned(),
        };
        return Ok((response, framing));
    }
}

fn status_of(line: &str) -> io::Result<u16> {
    let code = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    code.and_then(|code| code.parse().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("status line {line:?}")))
}
