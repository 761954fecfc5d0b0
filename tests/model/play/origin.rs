//! The origin: answers what the step that is being played says, and notes what it was asked.
//!
//! Sequences are told apart by the first part of the path; each has a scene while it is played.

use super::wire::{Message, Wire};
use crate::reference::expected::Asked;
use crate::sequence::{HOST, Manner, Reply, Sent};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// An origin in this process.
pub(super) struct Origin {
    pub(super) address: SocketAddr,
    scenes: Scenes,
    /// Ends with the origin.
    _serving: JoinSet<()>,
}

type Scenes = Arc<Mutex<HashMap<String, Arc<Scene>>>>;

/// What the origin says and hears in one sequence.
#[derive(Default)]
pub(super) struct Scene {
    now: Mutex<Now>,
    heard: Notify,
}

#[derive(Default)]
struct Now {
    reply: Option<Reply>,
    asked: Vec<Asked>,
}

impl Origin {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let scenes = Scenes::default();
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, Arc::clone(&scenes)));
        Self {
            address,
            scenes,
            _serving: serving,
        }
    }

    /// Opens the scene of the sequence under `path`.
    pub(super) fn open(&self, path: &str) -> Arc<Scene> {
        let scene = Arc::<Scene>::default();
        lock(&self.scenes).insert(path.to_owned(), Arc::clone(&scene));
        scene
    }

    /// Closes it: who asks from now on finds nobody.
    pub(super) fn close(&self, path: &str) {
        lock(&self.scenes).remove(path);
    }
}

impl Scene {
    /// The next step begins.
    pub(super) fn begin(&self, reply: &Reply) {
        let mut now = lock(&self.now);
        now.reply = Some(reply.clone());
        now.asked.clear();
    }

    /// What was asked since.
    pub(super) fn asked(&self) -> Vec<Asked> {
        lock(&self.now).asked.clone()
    }

    /// Waits until something was asked.
    pub(super) async fn until_asked(&self) {
        loop {
            let heard = self.heard.notified();
            if !lock(&self.now).asked.is_empty() {
                return;
            }
            heard.await;
        }
    }

    fn answer(&self, method: &str, request: &Message) -> Option<Sent> {
        let mut now = lock(&self.now);
        now.asked.push(Asked::of(method, &request.fields));
        let reply = now.reply.clone();
        drop(now);
        self.heard.notify_waiters();
        self.heard.notify_one();
        reply?.to(method, &request.fields)
    }
}

async fn accept(listener: TcpListener, scenes: Scenes) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(Wire::new(stream), Arc::clone(&scenes)));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(mut wire: Wire, scenes: Scenes) {
    while let Ok(request) = wire.read(|_| false).await {
        let mut words = request.start.split(' ');
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        debug_assert_eq!(request.fields.first("Host"), Some(HOST), "{request:?}");
        let folder = target.rfind('/').map_or("", |slash| &target[..slash]);
        let scene = lock(&scenes).get(folder).cloned();
        let Some(sent) = scene.and_then(|scene| scene.answer(method, &request)) else {
            return;
        };
        let written = wire.write(&text(&sent, method)).await;
        let breaks = sent.manner == Manner::BreaksOff && !matches!(sent.status, 204 | 304);
        if breaks || written.is_err() {
            return;
        }
    }
}

fn text(sent: &Sent, method: &str) -> String {
    let mut text = format!("HTTP/1.1 {} Scripted\r\n", sent.status);
    for (name, value) in &sent.fields.0 {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    let content = match (sent.status, sent.manner) {
        (204 | 304, _) => String::from("\r\n"),
        (_, Manner::Chunked) if method == "HEAD" => {
            String::from("Transfer-Encoding: chunked\r\n\r\n")
        }
        (_, Manner::Chunked) => {
            let (first, rest) = sent.body.split_at(sent.body.len() / 2);
            let mut chunks = String::from("Transfer-Encoding: chunked\r\n\r\n");
            for part in [first, rest].iter().filter(|part| !part.is_empty()) {
                let _ = write!(chunks, "{:x}\r\n{part}\r\n", part.len());
            }
            chunks + "0\r\n\r\n"
        }
        (_, manner) => {
            let end = match manner {
                Manner::BreaksOff => sent.body.len() / 2,
                Manner::Sized | Manner::Chunked | Manner::HangsUp => sent.body.len(),
            };
            let body = if method == "HEAD" {
                ""
            } else {
                &sent.body[..end]
            };
            format!("Content-Length: {}\r\n\r\n{body}", sent.body.len())
        }
    };
    text + &content
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
