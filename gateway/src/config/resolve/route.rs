//! `routes:`, but for their caches.

use super::{Resolver, reach};
use crate::config::Route;
use crate::config::file::route as file;
use crate::config::leaf::{FieldName, Leaf, MethodName, Text};
use crate::config::route::{HeaderPattern, Match};
use crate::config::tree::Path;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Resolver<'_, '_> {
    pub(super) fn routes(&mut self, routes: Vec<file::Route>) -> Vec<Arc<Route>> {
        let section = Path::top().key("routes");
        let routes: Vec<_> = routes
            .into_iter()
            .enumerate()
            .map(|(index, route)| Arc::new(self.route(&section.index(index), index, route)))
            .collect();
        self.names_are_unique(&section, &routes);
        for (later, earlier) in reach::unreachable(&routes) {
            // A match with a mistake is wider than what was meant.
            let doubtful = [later.index, earlier.index].iter().any(|index| {
                self.report
                    .has_error_below(&section.index(*index).key("match"))
            });
            if doubtful {
                continue;
            }
            let path = section.index(later.index);
            let message = format!(
                "route \"{}\" can never match: route \"{}\" before it takes all its requests",
                later.name, earlier.name
            );
            self.report.warning(self.tree.place(&path), &path, message);
        }
        routes
    }

    fn route(&mut self, path: &Path, index: usize, route: file::Route) -> Route {
        if let Some(Text(name)) = &route.upstream {
            self.is_defined(&path.key("upstream"), "upstreams", name);
        }
        let plugins = route.plugins.unwrap_or_default();
        for (index, Text(name)) in plugins.iter().enumerate() {
            self.is_defined(&path.key("plugins").index(index), "plugins", name);
        }
        Route {
            name: route
                .name
                .map_or_else(|| format!("route-{}", index + 1), |Text(name)| name.0),
            matches: self.matches(&path.key("match"), route.matches.unwrap_or_default()),
            // Without one, the schema's check has refused the file.
            upstream: route.upstream.map(|Text(name)| name.0).unwrap_or_default(),
            plugins: plugins.into_iter().map(|Text(name)| name.0).collect(),
            cache: self.route_cache(&path.key("cache"), route.cache.unwrap_or_default()),
        }
    }

    fn matches(&mut self, path: &Path, matches: file::Match) -> Match {
        let methods = matches.methods.unwrap_or_default();
        let mut headers = Vec::new();
        for (name, value) in matches.headers.unwrap_or_default() {
            let path = path.key("headers").key(&name);
            let pattern = match value.as_str() {
                "*" => HeaderPattern::Present,
                _ => HeaderPattern::Exact(value),
            };
            match FieldName::parse(&name) {
                Ok(FieldName(name)) => headers.push((name, pattern)),
                Err(message) => {
                    self.key_error(&path, message);
                }
            }
        }
        Match {
            host: matches.host.map(|Text(host)| host),
            path: matches.path.map(|Text(path)| path),
            methods: methods
                .into_iter()
                .map(|Text(MethodName(method))| method)
                .collect(),
            headers,
        }
    }

    fn names_are_unique(&mut self, section: &Path, routes: &[Arc<Route>]) {
        let mut seen = BTreeMap::new();
        for (index, route) in routes.iter().enumerate() {
            if let Some(first) = seen.insert(route.name.as_str(), index) {
                let path = section.index(index).key("name");
                self.error(&path, "another route has the same name")
                    .help(format!("it is routes[{first}]"));
            }
        }
    }
}
