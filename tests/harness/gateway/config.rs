//! The configuration of a gateway under test.
//!
//! Text in YAML's flow form, since a test should show the very keys that a user writes. Starting it
//! is `process`.

use super::Gateway;
use super::process::{self, Process};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

/// A configuration file in the making.
#[derive(Debug, Clone, Default)]
pub struct Config {
    listeners: Vec<String>,
    listener: String,
    server: String,
    upstream: String,
    targets: Vec<String>,
    upstreams: Vec<String>,
    routes: Vec<String>,
    default_route: Option<String>,
    route_plugins: Vec<String>,
    plugins: Vec<String>,
    cache: String,
    admin: String,
    access: Option<&'static str>,
    files: Vec<(String, String)>,
    more: String,
    whole: Option<String>,
}

/// A gateway that would not start.
#[derive(Debug)]
pub struct Refused {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Config {
    pub(super) fn for_target(target: SocketAddr) -> Self {
        Self {
            targets: vec![format!("\"{target}\"")],
            default_route: Some(String::new()),
            cache: "metrics: { collection_interval: 100ms }".to_owned(),
            ..Self::default()
        }
    }

    /// Starts the gateway and awaits that it listens.
    ///
    /// # Panics
    /// When it ends instead; the message shows what it wrote.
    pub async fn start(self) -> Gateway {
        let folder = process::folder();
        self.write(folder.path());
        Gateway {
            process: Process::start(folder).await,
            config: self,
        }
    }

    /// Starts the gateway and awaits that it refuses to run.
    ///
    /// # Panics
    /// When it listens.
    pub async fn expect_refused(self) -> Refused {
        let folder = process::folder();
        self.write(folder.path());
        let (code, stderr) = Process::refused(folder).await;
        Refused { code, stderr }
    }

    /// `cache:` of the route for everything.
    #[must_use]
    pub fn route_cache(mut self, keys: &str) -> Self {
        self.default_route = Some(keys.to_owned());
        self
    }

    /// No route for everything.
    #[must_use]
    pub fn no_default_route(mut self) -> Self {
        self.default_route = None;
        self
    }

    /// One more route before the one for everything; `upstream: origin` is the scripted one.
    #[must_use]
    pub fn route(mut self, keys: &str) -> Self {
        self.routes.push(keys.to_owned());
        self
    }

    /// More keys of the upstream `origin`.
    #[must_use]
    pub fn upstream(mut self, keys: &str) -> Self {
        self.upstream = format!(", {keys}");
        self
    }

    /// One more target of the upstream `origin`.
    #[must_use]
    pub fn target(mut self, target: SocketAddr) -> Self {
        self.targets.push(format!("\"{target}\""));
        self
    }

    /// One more upstream.
    #[must_use]
    pub fn upstream_at(mut self, name: &str, target: SocketAddr) -> Self {
        self.upstreams
            .push(format!("{name}: {{ targets: [\"{target}\"] }}"));
        self
    }

    /// More keys of the first listener.
    #[must_use]
    pub fn listener(mut self, keys: &str) -> Self {
        self.listener = format!(", {keys}");
        self
    }

    /// One more listener.
    #[must_use]
    pub fn add_listener(mut self, keys: &str) -> Self {
        self.listeners
            .push(format!("address: \"127.0.0.1:0\", {keys}"));
        self
    }

    /// A plugin that the route for everything runs.
    #[must_use]
    pub fn plugin(self, name: &str, lua: &str) -> Self {
        self.plugin_with(name, lua, "on_error: bypass")
    }

    /// The same with other keys.
    #[must_use]
    pub fn plugin_with(mut self, name: &str, lua: &str, keys: &str) -> Self {
        self.route_plugins.push(name.to_owned());
        self.plugins
            .push(format!("{name}: {{ file: {name}.lua, {keys} }}"));
        self.file(&format!("{name}.lua"), lua)
    }

    /// Keys of `cache:`, for everything; they replace the ones given before.
    #[must_use]
    pub fn cache(mut self, keys: &str) -> Self {
        self.cache = keys.to_owned();
        self
    }

    /// `cache.distributed.local`, with metrics that follow at once.
    #[must_use]
    pub fn local(self, keys: &str) -> Self {
        self.cache(&format!(
            "distributed: {{ local: {{ {keys} }} }}, metrics: {{ collection_interval: 100ms }}"
        ))
    }

    /// `cache.distributed.protocols.http`, with metrics that follow at once.
    #[must_use]
    pub fn http(self, keys: &str) -> Self {
        self.cache(&format!(
            "distributed: {{ protocols: {{ http: {{ {keys} }} }} }}, metrics: {{ collection_interval: 100ms }}"
        ))
    }

    /// More keys of `admin:`.
    #[must_use]
    pub fn admin(mut self, keys: &str) -> Self {
        self.admin = format!(", {keys}");
        self
    }

    /// `log.access.format`
    #[must_use]
    pub fn access_format(mut self, format: &'static str) -> Self {
        self.access = Some(format);
        self
    }

    /// A file beside the configuration; a second one of the same name replaces the first.
    #[must_use]
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.files.retain(|(known, _)| known != name);
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// The files that were named stay unwritten; the test writes them later.
    #[must_use]
    pub fn without_files(mut self) -> Self {
        self.files.clear();
        self
    }

    /// More keys of `server:`.
    #[must_use]
    pub fn server(mut self, keys: &str) -> Self {
        self.server = format!(", {keys}");
        self
    }

    /// More blocks at the top level.
    #[must_use]
    pub fn yaml(mut self, blocks: &str) -> Self {
        self.more.push_str(blocks);
        self.more.push('\n');
        self
    }

    /// This text instead of everything else; the files stay.
    #[must_use]
    pub fn whole(mut self, text: &str) -> Self {
        self.whole = Some(text.to_owned());
        self
    }

    pub(super) fn write(&self, folder: &Path) {
        for (name, content) in &self.files {
            std::fs::write(folder.join(name), content).expect("a writable folder");
        }
        let text = self.whole.clone().unwrap_or_else(|| self.text(folder));
        std::fs::write(folder.join(process::CONFIG), text).expect("a writable folder");
    }

    fn text(&self, folder: &Path) -> String {
        let mut text = format!("server: {{ threads: 2{} }}\nlisteners:\n", self.server);
        let first = format!("address: \"127.0.0.1:0\"{}", self.listener);
        for listener in std::iter::once(&first).chain(&self.listeners) {
            let _ = writeln!(text, "  - {{ {listener} }}");
        }
        let targets = self.targets.join(", ");
        let _ = writeln!(
            text,
            "upstreams:\n  origin: {{ targets: [{targets}]{} }}",
            self.upstream
        );
        for upstream in &self.upstreams {
            let _ = writeln!(text, "  {upstream}");
        }
        let plugins = self.route_plugins.join(", ");
        let default = self.default_route.iter().map(|cache| {
            format!(
                "name: all, match: {{ path: \"/*\" }}, upstream: origin, plugins: [{plugins}], \
                 cache: {{ {cache} }}"
            )
        });
        text.push_str("routes:\n");
        for route in self.routes.iter().cloned().chain(default) {
            let _ = writeln!(text, "  - {{ {route} }}");
        }
        if !self.plugins.is_empty() {
            text.push_str("plugins:\n");
        }
        for plugin in &self.plugins {
            let _ = writeln!(text, "  {plugin}");
        }
        let access = folder.join(process::ACCESS_LOG);
        let _ = writeln!(text, "cache: {{ {} }}", self.cache);
        let _ = writeln!(text, "admin: {{ address: \"127.0.0.1:0\"{} }}", self.admin);
        let format = self.access.unwrap_or("json");
        let access = access.display();
        let _ = writeln!(
            text,
            "log: {{ level: info, access: {{ format: {format}, path: \"{access}\" }} }}"
        );
        text + &self.more
    }
}
