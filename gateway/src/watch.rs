//! What asks for reloads from outside: changed files and SIGHUP.
//!
//! Folders are watched, not files: editors and configuration management replace files.

use crate::drain::Drain;
use crate::reload::{Reloader, Trigger};
use arc_swap::ArcSwap;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::warn;

/// A save is several events, and a file is half written between them: it is read after this much quiet.
const QUIET: Duration = Duration::from_millis(100);

/// Files that never come to rest are read after this time.
const UNREST_MAX: Duration = Duration::from_secs(2);

/// Changes that wait while a reload runs; one is enough to run another.
const CHANGES_MAX: usize = 1;

/// Reloads when a watched file changes or SIGHUP comes, until the gateway drains.
pub async fn run(reloader: Arc<Reloader>, drain: Arc<Drain>) {
    let (tell, mut changed) = mpsc::channel(CHANGES_MAX);
    let mut folders = Folders::new(tell);
    folders.follow(&reloader);
    if reloader.outdated() {
        // Somebody was quicker than the watch.
        reloader.reload(Trigger::File).await;
        folders.follow(&reloader);
    }
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => return warn!(%error, "SIGHUP cannot be received"),
    };
    loop {
        let trigger = tokio::select! {
            Some(()) = changed.recv() => {
                // What comes after it is seen after the reload.
                let _ = timeout(UNREST_MAX, quiet(&mut changed)).await;
                Trigger::File
            }
            _ = hangup.recv() => Trigger::Signal,
            () = drain.started() => return,
        };
        reloader.reload(trigger).await;
        folders.follow(&reloader);
    }
}

async fn quiet(changed: &mut mpsc::Receiver<()>) {
    while let Ok(Some(())) = timeout(QUIET, changed.recv()).await {}
}

/// The folders of all watched files.
struct Folders {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    /// What counts in them. Other files, a log perhaps, may change all the time.
    files: Arc<ArcSwap<Vec<PathBuf>>>,
}

impl Folders {
    fn new(tell: mpsc::Sender<()>) -> Self {
        let files: Arc<ArcSwap<Vec<PathBuf>>> = Arc::default();
        let counts = files.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            if event.kind.is_access() {
                return;
            }
            let files = counts.load();
            let counts = |path| files.iter().any(|file| same(file, path));
            // Lost events may have been any.
            if event.need_rescan() || event.paths.iter().any(|path| counts(path)) {
                // Full: a reload is due anyway.
                let _ = tell.try_send(());
            }
        });
        if let Err(error) = &watcher {
            warn!(%error, "files cannot be watched; reload with SIGHUP or `shoal reload`");
        }
        Self {
            watcher: watcher.ok(),
            watched: BTreeSet::new(),
            files,
        }
    }

    fn follow(&mut self, reloader: &Reloader) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let files = reloader.watched();
        let folder = |file: &PathBuf| file.parent().map(PathBuf::from);
        let mut wanted: BTreeSet<PathBuf> = files.iter().filter_map(folder).collect();
        self.files.store(Arc::new(files));
        for gone in self.watched.difference(&wanted) {
            // It may be gone from the disk too.
            let _ = watcher.unwatch(gone);
        }
        let mut failed = Vec::new();
        for new in wanted.difference(&self.watched) {
            if let Err(error) = watcher.watch(new, RecursiveMode::NonRecursive) {
                warn!(folder = %new.display(), %error, "a folder cannot be watched");
                failed.push(new.clone());
            }
        }
        // Tried again after the next reload.
        wanted.retain(|folder| !failed.contains(folder));
        self.watched = wanted;
    }
}

/// Whether an event's path is the watched file. Kubernetes mounts swap a symbolic link beside it.
fn same(watched: &std::path::Path, path: &std::path::Path) -> bool {
    watched == path || path.file_name().is_some_and(|name| name == "..data")
}
