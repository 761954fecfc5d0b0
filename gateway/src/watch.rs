//! What asks for reloads from outside: changed files and SIGHUP.
//!
//! Folders are watched, not files: editors and configuration management replace files.

use crate::drain::Drain;
use crate::reload::{Reloader, Trigger};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::warn;

/// A save is several events; they count as one when they come within this time.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// Events that wait while a reload runs; one is enough to run another.
const EVENTS_MAX: usize = 16;

/// Reloads when a watched file changes or SIGHUP comes, until the gateway drains.
pub async fn run(reloader: Arc<Reloader>, drain: Arc<Drain>) {
    let (tell, mut changed) = mpsc::channel(EVENTS_MAX);
    let mut folders = Folders::new(tell);
    folders.follow(&reloader);
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => return warn!(%error, "SIGHUP cannot be received"),
    };
    loop {
        let trigger = tokio::select! {
            Some(path) = changed.recv() => {
                if !reloader.watched().iter().any(|watched| same(watched, &path)) {
                    continue;
                }
                tokio::time::sleep(DEBOUNCE).await;
                while changed.try_recv().is_ok() {}
                Trigger::File
            }
            _ = hangup.recv() => Trigger::Signal,
            () = drain.started() => return,
        };
        reloader.reload(trigger).await;
        folders.follow(&reloader);
    }
}

/// The folders of all watched files.
struct Folders {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

impl Folders {
    fn new(tell: mpsc::Sender<PathBuf>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            if event.kind.is_access() {
                return;
            }
            for path in event.paths {
                // Full: a reload is due anyway.
                let _ = tell.try_send(path);
            }
        });
        if let Err(error) = &watcher {
            warn!(%error, "files cannot be watched; reload with SIGHUP or `shoal reload`");
        }
        Self {
            watcher: watcher.ok(),
            watched: BTreeSet::new(),
        }
    }

    fn follow(&mut self, reloader: &Reloader) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let folder = |file: PathBuf| file.parent().map(PathBuf::from);
        let wanted: BTreeSet<PathBuf> = reloader.watched().into_iter().filter_map(folder).collect();
        for gone in self.watched.difference(&wanted) {
            // It may be gone from the disk too.
            let _ = watcher.unwatch(gone);
        }
        for new in wanted.difference(&self.watched) {
            if let Err(error) = watcher.watch(new, RecursiveMode::NonRecursive) {
                warn!(folder = %new.display(), %error, "a folder cannot be watched");
            }
        }
        self.watched = wanted;
    }
}

/// Whether an event's path is the watched file. Kubernetes mounts swap a symbolic link beside it.
fn same(watched: &std::path::Path, path: &std::path::Path) -> bool {
    watched == path || path.file_name().is_some_and(|name| name == "..data")
}
