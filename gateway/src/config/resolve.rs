//! From the mirror of the file to the typed configuration: defaults, references, and what words
//! mean together.
//!
//! Single words were read before (`leaf`, `check`); a value that is missing here though the file
//! has it was reported there. One file for each part of the configuration.

mod admin;
mod cache;
mod listener;
mod operation;
mod reach;
mod reference;
mod route;
mod route_cache;
mod upstream;

use super::Config;
use super::file::File;
use super::leaf::Text;
use super::problem::report::{Help, Report};
use super::tree::{Node, Path};
use std::path::PathBuf;
use std::time::Duration;

/// The configuration that `file` describes; `tree` knows the places, `folder` is the file's.
pub(super) fn resolve(file: File, tree: &Node, folder: PathBuf, report: &mut Report<'_>) -> Config {
    let mut resolver = Resolver {
        tree,
        folder,
        report,
    };
    let config = Config {
        server: resolver.server(file.server.unwrap_or_default()),
        listeners: resolver.listeners(file.listeners),
        tls: resolver.tls(file.tls.unwrap_or_default()),
        upstreams: resolver.upstreams(file.upstreams.unwrap_or_default()),
        routes: resolver.routes(file.routes.unwrap_or_default()),
        plugins: resolver.plugins(file.plugins.unwrap_or_default()),
        cache: resolver.cache(file.cache.unwrap_or_default()),
        admin: resolver.admin(file.admin.unwrap_or_default()),
        log: resolver.log(file.log.unwrap_or_default()),
        not_active: Vec::new(),
        unprotected: Vec::new(),
        warnings: Vec::new(),
    };
    resolver.addresses_are_free(&config);
    config
}

struct Resolver<'r, 's> {
    tree: &'r Node,
    folder: PathBuf,
    report: &'r mut Report<'s>,
}

impl Resolver<'_, '_> {
    fn error(&mut self, path: &Path, message: impl Into<String>) -> Help<'_> {
        self.report.error(self.tree.place(path), path, message)
    }

    /// As `error`, with the caret under the key instead of its value.
    fn key_error(&mut self, path: &Path, message: impl Into<String>) -> Help<'_> {
        self.report.error(self.tree.key_place(path), path, message)
    }

    /// A time that must not be zero: zero would mean never, or at once and again for ever.
    fn time(&mut self, path: &Path, given: Option<Text<Duration>>, default: Duration) -> Duration {
        match given {
            Some(Text(Duration::ZERO)) => {
                self.error(path, "must be more than zero");
                default
            }
            Some(Text(time)) => time,
            None => default,
        }
    }

    /// Relative paths start from the file's folder.
    fn absolute(&self, path: PathBuf) -> PathBuf {
        let path = self.folder.join(path);
        std::path::absolute(&path).unwrap_or(path)
    }
}
