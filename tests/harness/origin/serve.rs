//! The origin's connections: read a request, find its step, send the reply as told.
//!
//! Decides nothing: what fits and who waits is in `ledger`.

use super::ledger::{Ledger, Task};
use super::record::Recorded;
use super::reply::{Event, Manner, Reply};
use crate::answer::{Answer, status};
use crate::clock::http_date;
use crate::wire::{Framing, Head, Wire};
use std::fmt::Write as _;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What a request that no step fits is answered; a status that no gateway makes by itself.
const UNEXPECTED: u16 = 599;

/// Accepts until the origin is dropped; its connections end with it.
pub(super) async fn accept(listener: TcpListener, ledger: Arc<Ledger>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // Small writes are part of the script: they must go out as they are made.
        let _ = stream.set_nodelay(true);
        let number = ledger.connected();
        connections.spawn(connection(Wire::new(stream), number, Arc::clone(&ledger)));
    }
}

async fn connection(mut wire: Wire, number: u64, ledger: Arc<Ledger>) {
    while let Ok(Some(head)) = wire.head().await {
        if !exchange(&mut wire, head, number, &ledger)
            .await
            .unwrap_or(false)
        {
            return;
        }
    }
}

/// One request and its reply. The result is whether the connection goes on.
async fn exchange(wire: &mut Wire, head: Head, number: u64, ledger: &Ledger) -> io::Result<bool> {
    let mut framing = Framing::of_request(&head.fields);
    let asks_first = head.fields.lists("Expect", "100-continue");
    let request = recorded(head, number);
    let method = request.method.clone();
    let task = match ledger.begin(request) {
        Ok(task) => task,
        Err(complaint) => {
            let refusal = Reply::from(status(UNEXPECTED).body(complaint));
            send(wire, &refusal, &method, ledger).await?;
            return Ok(false);
        }
    };
    if asks_first {
        wire.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let outcome = answer(wire, &mut framing, &task, &method, ledger).await;
    ledger.end(&outcome);
    outcome.map(|()| matches!(task.reply.manner, Manner::Length | Manner::Chunked))
}

async fn answer(
    wire: &mut Wire,
    framing: &mut Framing,
    task: &Task,
    method: &str,
    ledger: &Ledger,
) -> io::Result<()> {
    while let Some(piece) = wire.piece(framing).await? {
        ledger.content(task.request, &piece);
    }
    ledger.content_ended(task);
    if let Some(name) = &task.hold {
        ledger.stand(name).await;
    }
    send(wire, &task.reply, method, ledger).await
}

async fn send(wire: &mut Wire, reply: &Reply, method: &str, ledger: &Ledger) -> io::Result<()> {
    for interim in &reply.interim {
        wire.write(head(interim, None).as_bytes()).await?;
    }
    if let Manner::Raw(bytes) = &reply.manner {
        return wire.write(bytes).await;
    }
    let bodiless = matches!(reply.answer.status, 101 | 204 | 304);
    let framing = match reply.manner {
        _ if bodiless => None,
        Manner::Length => Some(format!("Content-Length: {}", body(reply).len())),
        Manner::Chunked => Some("Transfer-Encoding: chunked".to_owned()),
        Manner::CloseDelimited => Some("Connection: close".to_owned()),
        Manner::Raw(_) | Manner::Echo => None,
    };
    wire.write(head(&reply.answer, framing.as_deref()).as_bytes())
        .await?;
    if matches!(reply.manner, Manner::Echo) {
        return echo(wire).await;
    }
    if bodiless || method == "HEAD" {
        Ok(())
    } else {
        send_body(wire, reply, ledger).await
    }
}

/// Sends the body in the parts that its marks make.
async fn send_body(wire: &mut Wire, reply: &Reply, ledger: &Ledger) -> io::Result<()> {
    let body = body(reply);
    let mut sent = 0;
    for mark in &reply.marks {
        let at = mark.at.min(body.len());
        part(wire, reply, body.get(sent..at).unwrap_or_default()).await?;
        sent = at;
        match &mark.event {
            Event::Hold(name) => ledger.stand(name).await,
            Event::Cut => return Err(io::Error::other("cut, as the script says")),
        }
    }
    part(wire, reply, body.get(sent..).unwrap_or_default()).await?;
    match reply.manner {
        Manner::Chunked => wire.write(b"0\r\n\r\n").await,
        Manner::CloseDelimited => wire.finish().await,
        Manner::Length | Manner::Raw(_) | Manner::Echo => Ok(()),
    }
}

async fn part(wire: &mut Wire, reply: &Reply, bytes: &[u8]) -> io::Result<()> {
    // An empty chunk would end the body.
    if bytes.is_empty() {
        return Ok(());
    }
    if !matches!(reply.manner, Manner::Chunked) {
        return wire.write(bytes).await;
    }
    wire.write(format!("{:x}\r\n", bytes.len()).as_bytes())
        .await?;
    wire.write(bytes).await?;
    wire.write(b"\r\n").await
}

async fn echo(wire: &mut Wire) -> io::Result<()> {
    loop {
        let bytes = wire.raw().await?;
        if bytes.is_empty() {
            return wire.finish().await;
        }
        wire.write(&bytes).await?;
    }
}

fn head(answer: &Answer, framing: Option<&str>) -> String {
    let mut text = format!("HTTP/1.1 {} Scripted\r\n", answer.status);
    answer.fields.write(&mut text);
    if answer.status >= 200 && !answer.fields.has("Date") {
        let _ = write!(text, "Date: {}\r\n", http_date(0));
    }
    if let Some(framing) = framing {
        let _ = write!(text, "{framing}\r\n");
    }
    text.push_str("\r\n");
    text
}

fn body(reply: &Reply) -> &[u8] {
    reply.answer.body.as_deref().unwrap_or_default()
}

fn recorded(head: Head, connection: u64) -> Recorded {
    let mut words = head.start.split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    Recorded {
        method: word(),
        target: word(),
        fields: head.fields,
        body: Vec::new(),
        connection,
    }
}
