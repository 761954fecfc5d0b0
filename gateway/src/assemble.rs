//! The one place where the parts are joined: a configuration becomes a running gateway.

mod stop;

use crate::access_log::AccessLog;
use crate::admin;
use crate::drain::Drain;
use crate::gateway::Gateway;
use crate::listen::accept::{ListenError, Listeners, Shared};
use crate::metrics::CacheMetrics;
use crate::proxy::Proxy;
use crate::reload::{self, ReloadError, Reloader};
use crate::restart::{Restart, keeping};
use crate::snapshot::Snapshot;
use crate::{caching, maintenance, upstream, watch};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{ListenFds, RunArgs, Server, ShutdownWatch};
use pingora_core::services::Service;
use pingora_proxy::HttpProxy;
use serde::Serialize;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Connection attempts of one request; each upstream's `retries` stop sooner.
const ATTEMPTS_MAX: usize = 16;

/// Idle connections to origins that are kept, over all targets.
const IDLE_CONNECTIONS_MAX: usize = 1024;

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be run.
    #[error(transparent)]
    Config(#[from] ReloadError),
    /// Metrics cannot be set up.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The system refuses.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

/// What a supervisor and a test read from standard output.
#[derive(Serialize)]
struct Listening {
    event: &'static str,
    listeners: Vec<SocketAddr>,
    admin: SocketAddr,
    pid: u32,
}

/// Runs the configuration at `path` until the process is told to stop.
///
/// # Errors
/// See [`StartError`]. Once running, it returns when everything is drained.
pub fn run(path: PathBuf) -> Result<(), StartError> {
    // The folder in which the process was started may change; events name files by their whole path.
    let path = std::path::absolute(path)?;
    let starting = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let snapshot = starting.block_on(reload::load(&path, None))?;
    drop(starting);
    crate::logging::start(&snapshot.config.log.level);
    for key in &snapshot.config.not_active {
        tracing::warn!(key, "not active yet");
    }
    let gateway = gateway(snapshot)?;
    serve(path, gateway);
    Ok(())
}

fn gateway(snapshot: Snapshot) -> Result<Arc<Gateway>, StartError> {
    let store = caching::engine::start(&snapshot.config.cache.local);
    let metrics = CacheMetrics::new(&snapshot.config.cache.metrics.histogram_buckets)?;
    Ok(Arc::new(Gateway {
        current: ArcSwap::from_pointee(snapshot),
        store,
        door: caching::purge::Door::default(),
        restart: Restart::default(),
        metrics: Arc::new(metrics),
        access_log: AccessLog::start()?,
        drain: Drain::new(),
    }))
}

fn serve(path: PathBuf, gateway: Arc<Gateway>) {
    let snapshot = gateway.current.load_full();
    let conf = ServerConf {
        threads: snapshot.config.server.threads,
        max_retries: ATTEMPTS_MAX,
        upstream_keepalive_pool_size: IDLE_CONNECTIONS_MAX,
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(0),
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();

    let mut proxy = HttpProxy::new(Proxy::new(gateway.clone()), server.configuration.clone());
    proxy.handle_init_modules();
    let reloader = Reloader::new(path, gateway.clone());
    server.add_service(Everything {
        gateway: gateway.clone(),
        reloader,
        proxy: Arc::new(proxy),
    });
    let signal = Box::new(stop::Stop::new(gateway));
    server.run(RunArgs {
        shutdown_signal: signal,
    });
}

/// The one service: listeners, admin, maintenance. Pingora gives it its threads.
struct Everything {
    gateway: Arc<Gateway>,
    reloader: Arc<Reloader>,
    proxy: Arc<HttpProxy<Proxy>>,
}

#[async_trait]
impl Service for Everything {
    async fn start_service(
        &mut self,
        _fds: Option<ListenFds>,
        _shutdown: ShutdownWatch,
        _listeners_per_fd: usize,
    ) {
        let gateway = &self.gateway;
        let listeners = Listeners::new(Shared {
            proxy: self.proxy.clone(),
            drain: gateway.drain.clone(),
            metrics: gateway.metrics.clone(),
        });
        // Before anybody is served: a stop that comes at once waits for what was stored by then.
        let busy = gateway.drain.busy();
        let loading = keeping::restore(gateway).await;
        let (tell, bound) = oneshot::channel();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(listeners.follow(self.reloader.changes(), tell));
        let admin = match admin::bind(gateway).await {
            Ok(admin) => admin,
            Err(failure) => return give_up(&[failure]),
        };
        match bound.await {
            Ok(Ok(bound)) => announce(bound, admin.address()),
            Ok(Err(failures)) => return give_up(&failures),
            Err(_closed) => return,
        }
        tasks.spawn(admin.serve(gateway.clone(), self.reloader.clone()));
        tasks.spawn(watch::run(self.reloader.clone(), gateway.drain.clone()));
        let changes = self.reloader.changes();
        tasks.spawn(keeping::keep(gateway.clone(), changes, loading, busy));
        tasks.spawn(maintenance::sweep(gateway.clone()));
        tasks.spawn(maintenance::sample(gateway.clone()));
        tasks.spawn(upstream::resolve::keep_resolving(gateway.clone()));
        while tasks.join_next().await.is_some() {}
    }

    fn name(&self) -> &str {
        "shoal"
    }
}

/// One line of JSON on standard output: from here on clients are served.
fn announce(listeners: Vec<SocketAddr>, admin: SocketAddr) {
    let pid = std::process::id();
    let line = Listening {
        event: "listening",
        listeners,
        admin,
        pid,
    };
    // Plain data always serialises, and a closed standard output stops nobody from being served.
    let line = serde_json::to_string(&line).unwrap_or_default();
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A gateway that cannot listen where it was told to is no gateway.
fn give_up(failures: &[ListenError]) {
    for failure in failures {
        let _ = writeln!(std::io::stderr().lock(), "error: {failure}");
    }
    std::process::exit(1);
}
