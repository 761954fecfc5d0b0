//! An h2c origin that speaks just enough gRPC to see what a gateway does to it.
//!
//! Methods of `/test.Echo`: `Unary` answers the whole request, `Bidi` each part as it comes, `Fail`
//! only trailers, `Hang` a head and then nothing. HTTP/1.1 is `origin`.

use crate::patience::within;
use bytes::{BufMut, Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// The server; it stops when dropped.
#[derive(Debug)]
pub struct GrpcOrigin {
    address: SocketAddr,
    counts: Arc<watch::Sender<Counts>>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    calls: u64,
    cancelled: u64,
}

impl GrpcOrigin {
    /// Starts to answer.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let counts = Arc::new(watch::Sender::new(Counts::default()));
        let serving = tokio::spawn(accept(listener, Arc::clone(&counts)));
        Self {
            address,
            counts,
            serving,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many calls arrived.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.counts.borrow().calls
    }

    /// Waits until a call was cancelled by its caller.
    pub async fn wait_for_cancel(&self) {
        let mut counts = self.counts.subscribe();
        let _ = within(
            "a cancelled call",
            counts.wait_for(|counts| counts.cancelled > 0),
        )
        .await;
    }

    /// A message with its five bytes of prefix.
    ///
    /// # Panics
    /// When the message is larger than gRPC allows.
    #[must_use]
    pub fn message(content: &[u8]) -> Bytes {
        let mut framed = BytesMut::with_capacity(content.len() + 5);
        framed.put_u8(0);
        framed.put_u32(u32::try_from(content.len()).expect("a message below 4 GiB"));
        framed.extend_from_slice(content);
        framed.freeze()
    }
}

impl Drop for GrpcOrigin {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Counter = Arc<watch::Sender<Counts>>;

async fn accept(listener: TcpListener, counts: Counter) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, Arc::clone(&counts)));
    }
}

async fn connection(stream: TcpStream, counts: Counter) {
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    let mut calls = JoinSet::new();
    while let Some(Ok((request, respond))) = connection.accept().await {
        counts.send_modify(|counts| counts.calls += 1);
        let counts = Arc::clone(&counts);
        calls.spawn(async move {
            if call(request, respond).await.is_err() {
                counts.send_modify(|counts| counts.cancelled += 1);
            }
        });
    }
}

/// One call; the error is the caller's reset.
async fn call(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) -> Result<(), h2::Error> {
    let path = request.uri().path().to_owned();
    let mut content = request.into_body();
    match path.as_str() {
        "/test.Echo/Unary" => {
            let mut all = BytesMut::new();
            while let Some(piece) = next(&mut content).await? {
                all.extend_from_slice(&piece);
            }
            let mut stream = respond.send_response(head(), false)?;
            stream.send_data(all.freeze(), false)?;
            stream.send_trailers(trailers("0"))
        }
        "/test.Echo/Bidi" => {
            let mut stream = respond.send_response(head(), false)?;
            while let Some(piece) = next(&mut content).await? {
                stream.send_data(piece, false)?;
            }
            stream.send_trailers(trailers("0"))
        }
        "/test.Echo/Hang" => hang(respond.send_response(head(), false)?).await,
        _ => {
            let mut only = head();
            only.headers_mut().extend(trailers("5"));
            respond.send_response(only, true).map(|_| ())
        }
    }
}

async fn next(content: &mut RecvStream) -> Result<Option<Bytes>, h2::Error> {
    let Some(piece) = content.data().await.transpose()? else {
        return Ok(None);
    };
    content.flow_control().release_capacity(piece.len())?;
    Ok(Some(piece))
}

async fn hang(mut stream: SendStream<Bytes>) -> Result<(), h2::Error> {
    let reset = std::future::poll_fn(|context| stream.poll_reset(context)).await?;
    Err(reset.into())
}

fn head() -> Response<()> {
    let mut head = Response::new(());
    head.headers_mut()
        .insert("content-type", HeaderValue::from_static("application/grpc"));
    head
}

fn trailers(status: &'static str) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(status));
    trailers.insert("x-trailer", HeaderValue::from_static("kept"));
    trailers
}
