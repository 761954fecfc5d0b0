//! A configuration and everything that is built from it: one immutable value.
//!
//! Requests pin one; a reload builds the next and swaps it in. Building does all that can fail: it
//! compiles plugins, reads certificates, resolves names.

use crate::config::route::{Identity, QueryRule, RequestDirectives, StatusPattern};
use crate::config::{Config, OnError, Plugin, Route};
use crate::listen::tls::{Certificates, TlsError};
use crate::upstream::{Pool, resolve};
use shoal_plugins as lua;
use shoal_rules as rules;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

/// See the module.
pub struct Snapshot {
    /// What the file said.
    pub config: Arc<Config>,
    /// Counts loads of this process, from 1.
    pub version: u64,
    /// Names the file's bytes.
    pub hash: String,
    /// When it was loaded.
    pub loaded: SystemTime,
    /// Routes in the order of the file.
    pub routes: Vec<Arc<LiveRoute>>,
    /// Pools by name.
    pub pools: BTreeMap<String, Arc<Pool>>,
    /// TLS settings by `tls:` name and listener.
    pub tls: HashMap<(String, SocketAddr), Arc<rustls::ServerConfig>>,
    /// Plugins by name.
    pub plugins: BTreeMap<String, Arc<lua::Plugin>>,
}

/// A route, joined with what it refers to.
pub struct LiveRoute {
    /// What the file says.
    pub config: Arc<Route>,
    /// Where it forwards to.
    pub pool: Arc<Pool>,
    /// Its plugins, in order.
    pub plugins: Vec<Arc<lua::Plugin>>,
    /// What the rules need to know of it.
    pub policy: rules::Policy,
    /// The same for parts of a response, which only `proxy::slices` stores.
    pub parts_policy: rules::Policy,
    /// How its query enters keys.
    pub query: rules::QueryRule,
}

/// Why a valid file cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A plugin's script cannot be read.
    #[error("plugin {plugin}: {file}: {source}")]
    PluginFile {
        /// Its name.
        plugin: String,
        /// The script.
        file: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A plugin does not compile or load.
    #[error("plugin {plugin}: {source}")]
    Plugin {
        /// Its name.
        plugin: String,
        /// File, line and message.
        source: Box<lua::ScriptError>,
    },
    /// Certificates are missing or wrong.
    #[error("tls.{name}: {source}")]
    Tls {
        /// The entry's name.
        name: String,
        /// Which file, and why.
        source: Box<TlsError>,
    },
    /// A route refers to what the resolver should have refused.
    #[error("route {route}: {missing} is not defined")]
    Undefined {
        /// The route.
        route: String,
        /// What it names.
        missing: String,
    },
}

impl Snapshot {
    /// Builds everything that `config` needs. Plugins whose script did not change are taken over from
    /// `previous`, with their counters.
    pub async fn build(
        config: Config,
        hash: String,
        previous: Option<&Self>,
    ) -> Result<Self, BuildError> {
        let config = Arc::new(config);
        let mut pools = BTreeMap::new();
        for (name, upstream) in &config.upstreams {
            let earlier = previous.and_then(|previous| previous.pools.get(name));
            pools.insert(
                name.clone(),
                Arc::new(resolve::pool(upstream.clone(), earlier.map(|pool| &**pool)).await),
            );
        }
        let mut plugins = BTreeMap::new();
        for (name, plugin) in &config.plugins {
            let earlier = previous.and_then(|previous| previous.plugins.get(name));
            plugins.insert(name.clone(), load_plugin(plugin, earlier)?);
        }
        let routes = config
            .routes
            .iter()
            .map(|route| LiveRoute::build(route, &config, &pools, &plugins).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let tls = load_tls(&config)?;
        Ok(Self {
            version: previous.map_or(1, |previous| previous.version + 1),
            loaded: crate::clock::now(),
            config,
            hash,
            routes,
            pools,
            tls,
            plugins,
        })
    }

    /// The first route that fits.
    pub fn route(&self, target: crate::routing::Target<'_>) -> Option<&Arc<LiveRoute>> {
        self.routes
            .iter()
            .find(|route| route.config.matches.fits(target))
    }
}

impl LiveRoute {
    fn build(
        route: &Arc<Route>,
        config: &Config,
        pools: &BTreeMap<String, Arc<Pool>>,
        plugins: &BTreeMap<String, Arc<lua::Plugin>>,
    ) -> Result<Self, BuildError> {
        let undefined = |missing: &str| BuildError::Undefined {
            route: route.name.clone(),
            missing: missing.to_owned(),
        };
        let pool = pools
            .get(&route.upstream)
            .ok_or_else(|| undefined(&route.upstream))?
            .clone();
        let plugins = route
            .plugins
            .iter()
            .map(|name| plugins.get(name).cloned().ok_or_else(|| undefined(name)))
            .collect::<Result<_, _>>()?;
        let policy = policy(route, config);
        Ok(Self {
            parts_policy: rules::Policy {
                partial: rules::Partial::Store,
                ..policy.clone()
            },
            policy,
            query: query_rule(&route.cache.query),
            config: route.clone(),
            pool,
            plugins,
        })
    }
}

/// The route's words and the global defaults, as the rules want them.
fn policy(route: &Route, config: &Config) -> rules::Policy {
    let cache = &route.cache;
    let defaults = &config.cache.http;
    rules::Policy {
        respect_cache_control: defaults.respect_cache_control,
        ttl: cache.ttl,
        default_ttl: cache.default_ttl.or(defaults.default_ttl),
        status_ttl: cache
            .status_ttl
            .iter()
            .map(|(pattern, ttl)| {
                let pattern = match pattern {
                    StatusPattern::Exact(status) => rules::StatusMatch::Exact(*status),
                    StatusPattern::Class(class) => rules::StatusMatch::Class(*class),
                };
                (pattern, *ttl)
            })
            .collect(),
        stale_while_revalidate: cache.stale_while_revalidate,
        stale_if_error: cache.stale_if_error,
        vary_support: defaults.vary_support,
        identity: match cache.identity {
            Identity::Rfc => rules::Identity::Rfc,
            Identity::Bypass => rules::Identity::Bypass,
            Identity::Key => rules::Identity::Key,
            Identity::Shared => rules::Identity::Shared,
        },
        request_directives: match cache.request_directives {
            RequestDirectives::Honor => rules::RequestDirectives::Honor,
            RequestDirectives::Ignore => rules::RequestDirectives::Ignore,
        },
        methods: cache.methods.clone(),
        partial: rules::Partial::Refuse,
    }
}

fn query_rule(rule: &QueryRule) -> rules::QueryRule {
    rules::QueryRule {
        include: rule.include.clone(),
        exclude: rule.exclude.clone(),
        sort: rule.sort,
        drop_tracking: rule.drop_tracking,
    }
}

fn load_plugin(
    plugin: &Plugin,
    earlier: Option<&Arc<lua::Plugin>>,
) -> Result<Arc<lua::Plugin>, BuildError> {
    let text = std::fs::read_to_string(&plugin.file).map_err(|source| BuildError::PluginFile {
        plugin: plugin.name.clone(),
        file: plugin.file.clone(),
        source,
    })?;
    let source = lua::Source {
        name: plugin.name.clone(),
        file: plugin.file.clone(),
        text,
        config: plugin.config.clone(),
        cpu: plugin.cpu,
        memory: usize::try_from(plugin.memory.0).unwrap_or(usize::MAX),
        on_error: match plugin.on_error {
            OnError::Bypass => lua::OnError::Bypass,
            OnError::Continue => lua::OnError::Continue,
            OnError::Reject => lua::OnError::Reject,
        },
    };
    if let Some(earlier) = earlier.filter(|earlier| earlier.is_of(&source)) {
        return Ok(earlier.clone());
    }
    let plugin = lua::Plugin::load(source).map_err(|error| BuildError::Plugin {
        plugin: plugin.name.clone(),
        source: Box::new(error),
    })?;
    Ok(Arc::new(plugin))
}

fn load_tls(
    config: &Config,
) -> Result<HashMap<(String, SocketAddr), Arc<rustls::ServerConfig>>, BuildError> {
    let mut ready = HashMap::new();
    for (name, tls) in &config.tls {
        let failed = |error| BuildError::Tls {
            name: name.clone(),
            source: Box::new(error),
        };
        let certificates = Arc::new(Certificates::load(tls).map_err(failed)?);
        for listener in config
            .listeners
            .iter()
            .filter(|l| l.tls.as_deref() == Some(name))
        {
            let settings = certificates.server_config(listener).map_err(failed)?;
            ready.insert((name.clone(), listener.address), Arc::new(settings));
        }
    }
    Ok(ready)
}
