//! Replacing the configuration while the gateway runs: parse ▸ validate ▸ build ▸ one atomic swap.
//!
//! Whatever asks (a changed file, SIGHUP, the admin API) comes through [`Reloader::reload`]. On failure
//! the last good configuration stays, and log, metric and `/config/status` say why.

use crate::caching::engine;
use crate::config::{self, Config, Problems};
use crate::gateway::Gateway;
use crate::snapshot::{BuildError, Snapshot};
use parking_lot::Mutex;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tokio::sync::watch;
use tracing::{error, info, warn};

/// What asked for a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The first load.
    Start,
    /// A watched file changed.
    File,
    /// SIGHUP.
    Signal,
    /// `POST /reload`.
    Admin,
}

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The file has problems.
    #[error("{0}")]
    Invalid(Problems),
    /// The file is valid, but what it names cannot be used.
    #[error("{0}")]
    Build(#[from] BuildError),
    /// Keys that protect something are set, and this version does not act on them.
    #[error("these keys protect, and this version does not act on them yet: {}", .0.join(", "))]
    Unprotected(Vec<String>),
}

/// How a reload ended.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Outcome {
    /// The new configuration runs.
    Applied {
        /// Settings that wait for a restart.
        pending_restart: Vec<String>,
    },
    /// Nothing that the configuration is made of has changed.
    Unchanged,
    /// The last good configuration goes on.
    Failed {
        /// What is wrong, as `shoal check` prints it.
        error: String,
    },
}

/// The last reload, as `/config/status` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// What asked for it.
    pub trigger: Trigger,
    /// Seconds since 1970.
    pub time: u64,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// See the module.
pub struct Reloader {
    path: PathBuf,
    gateway: Arc<Gateway>,
    announce: watch::Sender<Arc<Snapshot>>,
    last: Mutex<Status>,
    /// Every file whose change asks for a reload. Those of a configuration that could not be built
    /// are among them: it may wait for one of them.
    watched: Mutex<Vec<PathBuf>>,
    /// One reload at a time.
    turn: tokio::sync::Mutex<()>,
}

/// Reads and builds the configuration at `path`.
///
/// # Errors
/// See [`ReloadError`].
pub async fn load(path: &Path, previous: Option<&Snapshot>) -> Result<Snapshot, ReloadError> {
    let (file, config) = read(path)?;
    build_after(file, config, previous).await
}

/// The configuration at `path`, with its file's digest. The digest is taken first: should the file
/// change in between, the next look at it finds a difference.
fn read(path: &Path) -> Result<(blake3::Hash, Config), ReloadError> {
    let file = digest(path);
    let config = config::load::from_file(path).map_err(ReloadError::Invalid)?;
    Ok((file, config))
}

fn digest(file: &Path) -> blake3::Hash {
    // A file that cannot be read fails the build, with its name.
    blake3::hash(&std::fs::read(file).unwrap_or_default())
}

/// Builds a configuration that is read already, as `check` does.
///
/// # Errors
/// See [`ReloadError`].
pub async fn build(path: &Path, config: Config) -> Result<Snapshot, ReloadError> {
    build_after(
        digest(path),
        Config {
            unprotected: Vec::new(),
            ..config
        },
        None,
    )
    .await
}

async fn build_after(
    file: blake3::Hash,
    config: Config,
    previous: Option<&Snapshot>,
) -> Result<Snapshot, ReloadError> {
    if !config.unprotected.is_empty() {
        return Err(ReloadError::Unprotected(config.unprotected));
    }
    let hash = hash(file, &config);
    Ok(Snapshot::build(config, hash, previous).await?)
}

/// Names everything that the configuration is made of: its file, scripts and certificates.
fn hash(file: blake3::Hash, config: &Config) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(file.as_bytes());
    for file in files(config) {
        hasher
            .update(file.as_os_str().as_encoded_bytes())
            .update(&[0]);
        hasher.update(digest(&file).as_bytes());
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

/// Files beside the configuration's own.
fn files(config: &Config) -> impl Iterator<Item = PathBuf> {
    let certificates = config.tls.values().flat_map(|tls| &tls.certificates);
    let certificates = certificates.flat_map(|pair| [pair.cert.clone(), pair.key.clone()]);
    config
        .plugins
        .values()
        .map(|plugin| plugin.file.clone())
        .chain(certificates)
}

impl Reloader {
    /// A reloader of the configuration that runs already.
    pub fn new(path: PathBuf, gateway: Arc<Gateway>) -> Arc<Self> {
        let snapshot = gateway.current.load_full();
        gateway.metrics.reloaded(&snapshot.hash);
        Arc::new(Self {
            watched: Mutex::new(watched(&path, &snapshot.config)),
            path,
            gateway,
            announce: watch::Sender::new(snapshot),
            last: Mutex::new(status(
                Trigger::Start,
                Outcome::Applied {
                    pending_restart: Vec::new(),
                },
            )),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// Each configuration from now on.
    pub fn changes(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.announce.subscribe()
    }

    /// The last reload.
    pub fn last(&self) -> Status {
        self.last.lock().clone()
    }

    /// The configuration's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every file whose change asks for a reload.
    pub fn watched(&self) -> Vec<PathBuf> {
        self.watched.lock().clone()
    }

    /// Whether the files have changed since what runs was read from them.
    pub fn outdated(&self) -> bool {
        let current = self.gateway.current.load();
        hash(digest(&self.path), &current.config) != current.hash
    }

    /// Loads the file again and, when it is good, swaps it in.
    pub async fn reload(&self, trigger: Trigger) -> Outcome {
        let _turn = self.turn.lock().await;
        let current = self.gateway.current.load_full();
        let outcome = match self.load(&current).await {
            Ok(next) if next.hash == current.hash => {
                self.gateway.metrics.reload_unchanged();
                Outcome::Unchanged
            }
            Ok(next) => self.swap(&current, next),
            Err(failure) => {
                error!(?trigger, %failure, "reload failed; the last good configuration goes on");
                self.gateway.metrics.reload_failed();
                Outcome::Failed {
                    error: failure.to_string(),
                }
            }
        };
        *self.last.lock() = status(trigger, outcome.clone());
        outcome
    }

    async fn load(&self, current: &Snapshot) -> Result<Snapshot, ReloadError> {
        let (file, config) = read(&self.path)?;
        *self.watched.lock() = watched(&self.path, &config);
        build_after(file, config, Some(current)).await
    }

    fn swap(&self, current: &Snapshot, next: Snapshot) -> Outcome {
        let pending_restart = pending_restart(&current.config, &next.config);
        for key in &pending_restart {
            warn!(key, "takes effect after a restart");
        }
        for key in &next.config.not_active {
            warn!(key, "not active yet");
        }
        engine::adjust(&self.gateway.store, &next.config.cache.local);
        info!(
            version = next.version,
            hash = next.hash,
            "configuration applied"
        );
        self.gateway.metrics.reloaded(&next.hash);
        let next = Arc::new(next);
        self.gateway.current.store(next.clone());
        self.announce.send_replace(next);
        Outcome::Applied { pending_restart }
    }
}

fn watched(path: &Path, config: &Config) -> Vec<PathBuf> {
    std::iter::once(path.to_owned())
        .chain(files(config))
        .collect()
}

fn status(trigger: Trigger, outcome: Outcome) -> Status {
    let time = crate::clock::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    Status {
        trigger,
        time,
        outcome,
    }
}

/// What was built once, at the start, and differs now.
fn pending_restart(current: &Config, next: &Config) -> Vec<String> {
    let differs = |key: &str, differs: bool| differs.then(|| key.to_owned());
    let (local, next_local) = (&current.cache.local, &next.cache.local);
    let (metrics, next_metrics) = (&current.cache.metrics, &next.cache.metrics);
    [
        differs(
            "server.threads",
            current.server.threads != next.server.threads,
        ),
        differs("admin.address", current.admin.address != next.admin.address),
        differs(
            "cache.distributed.local.segments",
            local.segments != next_local.segments,
        ),
        differs(
            "cache.distributed.local.algorithm",
            local.algorithm != next_local.algorithm,
        ),
        differs(
            "cache.metrics.histogram_buckets",
            metrics.histogram_buckets != next_metrics.histogram_buckets,
        ),
        differs("log.level", current.log.level != next.log.level),
    ]
    .into_iter()
    .flatten()
    .collect()
}
