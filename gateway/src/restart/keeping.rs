//! When a snapshot is read and written: at the start, every `interval`, and at the stop.
//!
//! Reading and writing block, so they run on threads of their own; what is a step of them stands in `steps`.

use super::file::GiveUp;
use super::steps;
use crate::config::cache;
use crate::drain::Busy;
use crate::gateway::Gateway;
use crate::snapshot::Snapshot;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;
use tracing::error;

/// Listeners wait for a load that is this quick; a longer one goes on while they serve.
const LOAD_FIRST: Duration = Duration::from_secs(1);

/// The part of the grace period that a snapshot may take, in tenths: the rest is for giving it up.
const SAVE_TENTHS: u32 = 9;

/// A load that was begun.
pub type Loading = Option<JoinHandle<()>>;

/// Begins to load the snapshot that the configuration names. When it returns, what was invalidated since
/// that snapshot is in effect, and listeners may open.
pub async fn restore(gateway: &Arc<Gateway>) -> Loading {
    let path = wanted(&gateway.current.load())?.path;
    let of_steps = gateway.clone();
    let prepared = spawn_blocking(move || steps::prepare(&of_steps, path)).await;
    let prepared = finished(prepared)??;
    let of_steps = gateway.clone();
    let mut loading = spawn_blocking(move || steps::load(&of_steps, prepared));
    match tokio::time::timeout(LOAD_FIRST, &mut loading).await {
        Ok(done) => finished(done).and(None),
        Err(_goes_on) => Some(loading),
    }
}

/// Writes snapshots until the gateway drains, and then the last one. With `busy` it counts as under way for
/// so long, so that the stop waits for it, within the grace period.
pub async fn keep(
    gateway: Arc<Gateway>,
    mut changes: watch::Receiver<Arc<Snapshot>>,
    loading: Loading,
    busy: Busy,
) {
    let _until_the_end = busy;
    if let Some(loading) = loading {
        tokio::select! {
            done = loading => drop(finished(done)),
            () = gateway.drain.started() => {
                // What is on disk has more than what is in memory.
                let sealing = spawn_blocking(move || steps::seal(&gateway, None));
                finished(sealing.await);
                return;
            }
        }
    }
    let mut path = wanted(&gateway.current.load()).map(|snapshot| snapshot.path);
    let mut last = Instant::now();
    loop {
        let wanted = wanted(&changes.borrow_and_update());
        let moved = wanted.as_ref().map(|wanted| &wanted.path) != path.as_ref();
        path = wanted.as_ref().map(|wanted| wanted.path.clone());
        if path.is_none() {
            let gateway = gateway.clone();
            finished(spawn_blocking(move || steps::leave(&gateway)).await);
        }
        let due = wanted.map(|wanted| {
            if moved {
                Instant::now()
            } else {
                last + wanted.interval
            }
        });
        tokio::select! {
            () = until(due) => {
                last = Instant::now();
                save(&gateway, path.clone(), gateway.drain.started()).await;
            }
            Ok(()) = changes.changed() => {}
            () = gateway.drain.started() => break,
        }
    }
    let grace = gateway.current.load().config.server.grace_period;
    let most = tokio::time::sleep(grace * SAVE_TENTHS / 10);
    save(&gateway, path.clone(), most).await;
    let sealing = spawn_blocking(move || steps::seal(&gateway, path.as_deref()));
    finished(sealing.await);
}

/// Writes one, and gives it up when `stop` comes first.
async fn save(gateway: &Arc<Gateway>, path: Option<PathBuf>, stop: impl Future<Output = ()>) {
    let Some(path) = path else {
        return;
    };
    let give_up = GiveUp::default();
    let of_steps = (gateway.clone(), give_up.clone());
    let mut saving = spawn_blocking(move || steps::save(&of_steps.0, &path, &of_steps.1));
    let done = tokio::select! {
        done = &mut saving => done,
        () = stop => {
            give_up.now();
            saving.await
        }
    };
    finished(done);
}

fn wanted(snapshot: &Snapshot) -> Option<cache::Snapshot> {
    snapshot.config.cache.local.snapshot.clone()
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// A step that panicked is an error of ours; the gateway goes on without it.
fn finished<T>(done: Result<T, tokio::task::JoinError>) -> Option<T> {
    done.inspect_err(|error| error!(%error, "a step of a snapshot failed"))
        .ok()
}
