//! The demo's own folder: configuration, Lua plugin, the gateway's log. It goes with the demo.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Names that are tried before the folder counts as impossible.
const ATTEMPTS_MAX: u32 = 100;

/// Lines of the gateway's log that a failure shows: the last ones.
const LOG_LINES_MAX: usize = 20;

/// How long a product is fresh, and its tag.
const PLUGIN: &str = r#"-- products.lua: how long a product's page is fresh, and its tag.
local P = { name = "products" }

function P.on_response(req, res, cache, conf)
  cache:ttl("60s")
  cache:tag("product:" .. (req:query("id") or "all"))
end

return P
"#;

/// The same, edited: a longer lifetime, and one page a product wherever its reader comes from.
const PLUGIN_EDITED: &str = r#"-- products.lua: how long a product's page is fresh, its tag, and what its key is made of.
local P = { name = "products" }

function P.cache_key(req, key, conf)
  key:query_only("id")
end

function P.on_response(req, res, cache, conf)
  cache:ttl("5m")
  cache:tag("product:" .. (req:query("id") or "all"))
end

return P
"#;

/// See the module.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Creates it, with a configuration for these origins.
    pub(super) fn create(pages: SocketAddr, greeter: SocketAddr) -> io::Result<Self> {
        // Owned before it is filled, so that a failure leaves nothing.
        let folder = Self { path: fresh()? };
        std::fs::write(folder.config(), configuration(pages, greeter))?;
        std::fs::write(folder.plugin(), PLUGIN)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn config(&self) -> PathBuf {
        self.path.join("shoal.yaml")
    }

    pub(super) fn plugin(&self) -> PathBuf {
        self.path.join("products.lua")
    }

    /// Where the gateway's messages go.
    pub(super) fn create_log(&self) -> io::Result<std::fs::File> {
        std::fs::File::create(self.path.join("gateway.log"))
    }

    /// The end of what the gateway said.
    pub(super) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.path.join("gateway.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(LOG_LINES_MAX);
        let shown = lines.get(from..).unwrap_or_default().join("\n");
        format!("the gateway's log:\n{shown}")
    }

    /// Edits the plugin as an editor does: a new file takes the old one's name.
    pub(super) fn edit_plugin(&self) -> io::Result<()> {
        let new = self.path.join("products.lua.new");
        std::fs::write(&new, PLUGIN_EDITED)?;
        std::fs::rename(new, self.plugin())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It is in the system's folder for what may be lost.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A folder that did not exist and that only this user sees.
fn fresh() -> io::Result<PathBuf> {
    let process = std::process::id();
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for attempt in 0..ATTEMPTS_MAX {
        let path = std::env::temp_dir().join(format!("shoal-demo-{process}-{attempt}"));
        match std::fs::DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

fn configuration(pages: SocketAddr, greeter: SocketAddr) -> String {
    format!(
        r#"listeners:
  - address: "127.0.0.1:0"
upstreams:
  pages: {{ targets: ["{pages}"] }}
  greeter: {{ targets: ["{greeter}"], protocol: h2c }}
plugins:
  products: {{ file: products.lua }}
routes:
  - name: products
    match: {{ path: "/products" }}
    upstream: pages
    plugins: [products]
  - name: greeter
    match: {{ path: "/demo.Greeter/*" }}
    upstream: greeter
  - name: pages
    upstream: pages
admin:
  address: "127.0.0.1:0"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_good_and_the_folder_goes() {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let folder = Folder::create(nowhere, nowhere).unwrap();
        let config = crate::config::load::from_file(&folder.config()).unwrap();
        assert!(config.warnings.is_empty() && config.not_active.is_empty());
        let path = folder.path().to_owned();
        folder.edit_plugin().unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
