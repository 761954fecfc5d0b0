//! Plays sequences through a gateway, many at the same time, and keeps what was seen.
//!
//! It judges nothing; it asks the reference only when a refresh in the background must be waited for.

pub(crate) mod client;
mod origin;
mod wire;

use crate::fields::Fields;
use crate::reference::Reference;
use crate::reference::expected::{Asked, Refresh};
use crate::sequence::{Sequence, Stage, Step};
use client::{Client, Response};
use origin::{Origin, Scene};
use shoal_tests::{Gateway, eventually};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long a refresh may take to reach the origin. It is under way when the client has its answer.
const REFRESH_MAX: Duration = Duration::from_secs(2);

/// A gateway and its origin.
pub(crate) struct Theatre {
    origin: Origin,
    gateway: Gateway,
    stages: AtomicU64,
}

/// A sequence and what was seen of it, step by step; shorter when its end could not be awaited.
pub(crate) struct Played {
    pub(crate) stage: Stage,
    pub(crate) scenes: Vec<Seen>,
}

/// One step as it was played, its templates filled in.
pub(crate) struct Seen {
    pub(crate) step: Step,
    pub(crate) target: String,
    /// What the origin was asked.
    pub(crate) asked: Vec<Asked>,
    pub(crate) response: Response,
    /// Since the sequence began.
    pub(crate) elapsed: Duration,
}

impl Theatre {
    /// Starts both. The gateway's cache is small: a sequence is over before its memory is needed.
    pub(crate) async fn open() -> Self {
        let origin = Origin::start().await;
        let config = format!(
            "server: {{ threads: 2 }}\n\
             listeners: [{{ address: \"127.0.0.1:0\" }}]\n\
             upstreams: {{ origin: {{ targets: [\"{}\"] }} }}\n\
             routes: [{{ name: all, match: {{ path: \"/*\" }}, upstream: origin, cache: {{}} }}]\n\
             cache: {{ distributed: {{ local: {{ max_memory: 256MB }} }} }}\n\
             admin: {{ address: \"127.0.0.1:0\" }}\n\
             log: {{ level: error }}\n",
            origin.address
        );
        let gateway = Gateway::at(origin.address).whole(&config).start().await;
        Self {
            origin,
            gateway,
            stages: AtomicU64::new(0),
        }
    }

    /// A client of this gateway.
    pub(crate) fn player(&self) -> Player<'_> {
        Player {
            theatre: self,
            client: Client::new(self.gateway.address()),
        }
    }
}

/// Plays one sequence after the other on one connection.
pub(crate) struct Player<'a> {
    theatre: &'a Theatre,
    client: Client,
}

impl Player<'_> {
    /// Plays a sequence in a folder of its own.
    pub(crate) async fn play(&mut self, sequence: &Sequence) -> Played {
        let number = self.theatre.stages.fetch_add(1, Ordering::Relaxed);
        let stage = Stage::open(format!("/s{number}"));
        let began = Instant::now();
        let scene = self.theatre.origin.open(&stage.path);
        let mut reference = Reference::new(&stage, None);
        let mut scenes = Vec::new();
        for step in &sequence.0 {
            let target = stage.target(step);
            let step = stage.fill(step);
            scene.begin(&step.reply);
            let response = self.client.send(step.method, &target, &step.fields).await;
            let refresh = reference.play(&step, target.clone()).refresh;
            self.await_refresh(&scene, &step, &target, &refresh).await;
            scenes.push(Seen {
                step,
                target,
                asked: scene.asked(),
                response,
                elapsed: began.elapsed(),
            });
            if refresh == Refresh::Unseen {
                break;
            }
        }
        self.theatre.origin.close(&stage.path);
        Played { stage, scenes }
    }

    /// Waits until the origin was asked in the background, and until the store shows the result.
    async fn await_refresh(
        &mut self,
        scene: &Arc<Scene>,
        step: &Step,
        target: &str,
        refresh: &Refresh,
    ) {
        if *refresh == Refresh::None || timeout(REFRESH_MAX, scene.until_asked()).await.is_err() {
            return;
        }
        let Refresh::Changes(before) = refresh else {
            return;
        };
        // Such a request never reaches the origin and starts no refresh.
        let mut probe = Fields::default();
        for (name, value) in &step.fields.0 {
            // `Connection` too: what it lists selects nothing.
            if name.starts_with("X-") || name.starts_with("Accept-") || name == "Connection" {
                probe.add(name, value.clone());
            }
        }
        probe.add("Cache-Control", "only-if-cached, max-stale");
        let changed = async || {
            let response = self.client.send("GET", target, &probe).await;
            (response.fields.joined("X-Serial") != *before).then_some(())
        };
        let _ = timeout(REFRESH_MAX, eventually("the refreshed response", changed)).await;
    }
}
