//! `cache:` of a route.

use super::Resolver;
use crate::config::file::route as file;
use crate::config::leaf::{MethodName, Text};
use crate::config::route::{
    AcceptEncoding, BodyKey, Identity, QueryRule, RequestDirectives, RouteCache, StatusPattern,
    Template,
};
use crate::config::tree::Path;
use crate::config::units::ByteSize;
use http::Method;
use std::collections::BTreeMap;
use std::time::Duration;

impl Resolver<'_, '_> {
    pub(super) fn route_cache(&mut self, path: &Path, cache: file::Cache) -> RouteCache {
        let body_key = match cache.body_key {
            Some(file::BodyKey::Off) | None => BodyKey::Off,
            Some(file::BodyKey::Raw) => BodyKey::Raw,
            Some(file::BodyKey::Json) => BodyKey::Json,
            Some(file::BodyKey::Graphql) => BodyKey::Graphql,
        };
        RouteCache {
            enabled: cache.enabled.unwrap_or(true),
            cache_key: cache.cache_key.map(templates),
            query: self.query(&path.key("query"), cache.query.unwrap_or_default()),
            methods: self.stored_methods(&path.key("methods"), cache.methods, body_key),
            body_key,
            ttl: cache.ttl.map(|Text(ttl)| ttl),
            default_ttl: cache.default_ttl.map(|Text(ttl)| ttl),
            status_ttl: self.status_ttl(&path.key("status_ttl"), cache.status_ttl),
            stale_while_revalidate: cache.stale_while_revalidate.map(|Text(stale)| stale),
            stale_if_error: cache.stale_if_error.map(|Text(stale)| stale),
            cache_bypass: cache.cache_bypass.map(templates).unwrap_or_default(),
            slice: self.slice(&path.key("slice"), cache.slice),
            max_body: cache.max_body.map_or(ByteSize::mib(64), |Text(size)| size),
            collapse_timeout: cache
                .collapse_timeout
                .map_or(Duration::from_secs(5), |Text(timeout)| timeout),
            request_directives: match cache.request_directives {
                Some(file::RequestDirectives::Honor) | None => RequestDirectives::Honor,
                Some(file::RequestDirectives::Ignore) => RequestDirectives::Ignore,
            },
            identity: match cache.identity {
                Some(file::Identity::Rfc) | None => Identity::Rfc,
                Some(file::Identity::Bypass) => Identity::Bypass,
                Some(file::Identity::Key) => Identity::Key,
                Some(file::Identity::Shared) => Identity::Shared,
            },
            tags: cache.tags.map(templates).unwrap_or_default(),
            accept_encoding: match cache.accept_encoding {
                Some(file::AcceptEncoding::Normalize) | None => AcceptEncoding::Normalize,
                Some(file::AcceptEncoding::Forward) => AcceptEncoding::Forward,
            },
        }
    }

    /// Smaller slices would cost more than they carry.
    fn slice(&mut self, path: &Path, slice: Option<file::Slice>) -> Option<ByteSize> {
        match slice {
            Some(file::Slice::Size(Text(size))) => {
                if size < ByteSize::kib(1) {
                    self.error(path, "must be at least 1KiB");
                }
                Some(size)
            }
            Some(file::Slice::Word(file::Off::Off)) | None => None,
        }
    }

    fn query(&mut self, path: &Path, query: file::Query) -> QueryRule {
        let mut names = |key, names: Option<Vec<String>>| {
            let names = names.unwrap_or_default();
            for (index, name) in names.iter().enumerate() {
                let stem = name.strip_suffix('*').unwrap_or(name);
                if name.is_empty() || stem.contains('*') {
                    self.error(
                        &path.key(key).index(index),
                        "not a parameter: write a name, or a beginning and `*`, such as utm_*",
                    );
                }
            }
            names
        };
        QueryRule {
            include: names("include", query.include),
            exclude: names("exclude", query.exclude),
            sort: query.sort.unwrap_or(false),
            drop_tracking: query.drop_tracking.unwrap_or(false),
        }
    }

    fn stored_methods(
        &mut self,
        path: &Path,
        given: Option<Vec<Text<MethodName>>>,
        body_key: BodyKey,
    ) -> Vec<Method> {
        let Some(given) = given else {
            let mut methods = vec![Method::GET, Method::HEAD];
            if body_key != BodyKey::Off {
                methods.extend([Method::POST, query_method()]);
            }
            return methods;
        };
        let mut methods = Vec::new();
        for (index, Text(MethodName(method))) in given.into_iter().enumerate() {
            match shoal_rules::MethodClass::of(&method) {
                None => {
                    self.error(
                        &path.index(index),
                        "responses to this method are not stored",
                    )
                    .help("write some of GET, HEAD, POST and QUERY");
                }
                Some(class) if class.has_content() && body_key == BodyKey::Off => {
                    self.error(
                        &path.index(index),
                        "responses to this method are stored under the request's content",
                    )
                    .help("say how with body_key: raw, json or graphql");
                }
                Some(_) => {}
            }
            methods.push(method);
        }
        methods
    }

    /// Exact statuses before classes, so that the first that fits is the one that counts.
    fn status_ttl(
        &mut self,
        path: &Path,
        given: Option<BTreeMap<String, Text<Duration>>>,
    ) -> Vec<(StatusPattern, Duration)> {
        let mut exact = Vec::new();
        let mut classes = Vec::new();
        for (key, Text(ttl)) in given.unwrap_or_default() {
            match status_pattern(&key) {
                Some(pattern @ StatusPattern::Exact(_)) => exact.push((pattern, ttl)),
                Some(pattern @ StatusPattern::Class(_)) => classes.push((pattern, ttl)),
                None => {
                    self.key_error(
                        &path.key(&key),
                        "not a status: write one from 200 to 599, or a class such as 5xx",
                    );
                }
            }
        }
        exact.append(&mut classes);
        exact
    }
}

/// RFC 10008; the library has no constant for it.
fn query_method() -> Method {
    Method::from_bytes(b"QUERY").unwrap_or_default()
}

/// Informational responses (1xx) are never stored, so they are no patterns.
fn status_pattern(key: &str) -> Option<StatusPattern> {
    match key.strip_suffix("xx") {
        Some(class) => class
            .parse()
            .ok()
            .filter(|c| (2..=5).contains(c))
            .map(StatusPattern::Class),
        None => key
            .parse()
            .ok()
            .filter(|c| (200..=599).contains(c))
            .map(StatusPattern::Exact),
    }
}

fn templates(templates: Vec<Text<Template>>) -> Vec<Template> {
    templates
        .into_iter()
        .map(|Text(template)| template)
        .collect()
}
