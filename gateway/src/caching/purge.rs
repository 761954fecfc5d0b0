//! The one door through which every invalidation enters: admin, command line, PURGE, plugins, unsafe
//! methods. The cluster subscribes here.

use super::plan::{host_scope, tag_scope, uri_scope};
use crate::clock;
use crate::exchange::Target as Asked;
use crate::gateway::Gateway;
use crate::restart::journal::Journals;
use crate::snapshot::Snapshot;
use http::Uri;
use parking_lot::{Mutex, MutexGuard};
use shoal_cache::{Applied, BadPattern, EntryId, Invalidation, Key, Strength, Target};

/// One invalidation passes at a time: who holds the door knows that no other comes between, and that each is
/// in the store and in the journals, or in neither.
#[derive(Debug, Default)]
pub struct Door(Mutex<Journals>);

/// The door, held.
pub struct Held<'a> {
    gateway: &'a Gateway,
    journals: MutexGuard<'a, Journals>,
}

/// Applies `invalidation` to this node, at once.
pub fn apply(gateway: &Gateway, invalidation: &Invalidation) -> Result<Applied, BadPattern> {
    hold(gateway).apply(invalidation)
}

/// Removes one stored response that may not be used any more, so that no restart brings it back.
pub fn forget(gateway: &Gateway, key: &Key, id: EntryId) {
    let mut door = hold(gateway);
    if gateway.store.remove(key, Some(id)) {
        door.write_down(&Invalidation {
            target: Target::Key(key.hash),
            strength: Strength::Hard,
        });
    }
}

/// Keeps others out until it is dropped. Not for long: everybody's purges wait.
pub fn hold(gateway: &Gateway) -> Held<'_> {
    Held {
        gateway,
        journals: gateway.door.0.lock(),
    }
}

impl Door {
    /// What was invalidated since the snapshots. While it is held no invalidation passes.
    pub fn journals(&self) -> MutexGuard<'_, Journals> {
        self.0.lock()
    }
}

impl Held<'_> {
    /// As [`apply`].
    pub fn apply(&mut self, invalidation: &Invalidation) -> Result<Applied, BadPattern> {
        let gateway = self.gateway;
        let now = clock::moment(clock::now());
        let applied = gateway.store.apply(invalidation, now)?;
        self.write_down(invalidation);
        gateway.metrics.purged(kind(&invalidation.target), &applied);
        Ok(applied)
    }

    fn write_down(&mut self, invalidation: &Invalidation) {
        if let Err(lost) = self.journals.record(invalidation) {
            tracing::error!(%lost, "an invalidation cannot be written down; the snapshot is removed");
            self.gateway.metrics.restart().not_written(&lost);
        }
    }
}

/// What an operator may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A URL, with or without a scheme; all its variants.
    Url(String),
    /// Everything with this tag.
    Tag(String),
    /// Everything of this host.
    Host(String),
    /// Everything whose `host/path?query` begins so, with or without a scheme.
    Prefix(String),
    /// Everything whose `host/path?query` matches this regular expression.
    Regex(String),
    /// Everything.
    All,
}

impl Named {
    /// The invalidations that it means under `snapshot`, whose routes say which part of a query counts.
    /// Several, when routes that tell requests apart by more than the URL treat its query differently.
    pub fn invalidations(&self, snapshot: &Snapshot, strength: Strength) -> Vec<Invalidation> {
        let target = match self {
            Self::Url(url) => {
                return resources(url, snapshot)
                    .iter()
                    .map(|uri| Invalidation {
                        target: Target::Uri(uri_scope(uri)),
                        strength,
                    })
                    .collect();
            }
            Self::Tag(tag) => Target::Tag(tag_scope(tag)),
            Self::Host(host) => {
                let (scheme, host) = split_scheme(host);
                let host = host.trim_end_matches('/');
                Target::Host(host_scope(&shoal_rules::normalize_host(host, scheme)))
            }
            Self::Prefix(prefix) => Target::Prefix(normal_prefix(prefix).into()),
            Self::Regex(pattern) => Target::Ban(pattern.as_str().into()),
            Self::All => Target::All,
        };
        vec![Invalidation { target, strength }]
    }
}

/// `host/path?query` of a URL, normalised as requests are, with the query as the rules of the routes leave
/// it that may take it: methods and fields of the requests for it are not known.
pub fn resources(url: &str, snapshot: &Snapshot) -> Vec<String> {
    let target = parse(url);
    let Some(query) = &target.query else {
        return vec![target.resource(None)];
    };
    let routes = snapshot.routes.iter();
    let mut resources: Vec<String> = routes
        .filter(|route| route.config.matches.may_fit(&target.host, &target.path))
        .map(|route| shoal_rules::normalize_query(query, &route.query))
        .map(|query| target.resource(Some(&*query).filter(|query| !query.is_empty())))
        .collect();
    resources.push(target.resource(Some(query.as_str()).filter(|query| !query.is_empty())));
    resources.sort_unstable();
    resources.dedup();
    resources
}

/// A URL as a request would name it. What does not parse as a URI is taken as it stands, and matches
/// nothing.
pub fn parse(url: &str) -> Asked {
    let (scheme, rest) = split_scheme(url);
    let uri: Option<Uri> = format!("{scheme}://{rest}").parse().ok();
    let Some(uri) = uri else {
        return Asked {
            scheme,
            host: rest.to_owned(),
            ..Asked::default()
        };
    };
    Asked {
        scheme,
        host: shoal_rules::normalize_host(
            uri.authority().map_or("", |authority| authority.as_str()),
            scheme,
        )
        .into_owned(),
        path: shoal_rules::normalize_path(uri.path()).into_owned(),
        query: uri.query().map(str::to_owned),
    }
}

/// `https` or `http`, whatever its case (RFC 3986 section 3.1), and what follows. None: `http`.
fn split_scheme(url: &str) -> (&'static str, &str) {
    for (scheme, start) in [("https", "https://"), ("http", "http://")] {
        let written = url.get(..start.len());
        if written.is_some_and(|written| written.eq_ignore_ascii_case(start)) {
            return (scheme, url.get(start.len()..).unwrap_or_default());
        }
    }
    ("http", url)
}

/// The beginning of a `host/path?query`, normalised as whole ones are.
fn normal_prefix(prefix: &str) -> String {
    let (scheme, rest) = split_scheme(prefix);
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = shoal_rules::normalize_host(host, scheme);
    if path.is_empty() {
        return host.into_owned();
    }
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    format!("{host}{}{query}", shoal_rules::normalize_path(path))
}

fn kind(target: &Target) -> &'static str {
    match target {
        Target::Key(_) => "key",
        Target::Uri(_) => "uri",
        Target::Host(_) => "host",
        Target::Tag(_) => "tag",
        Target::Prefix(_) => "prefix",
        Target::Ban(_) => "regex",
        Target::All => "all",
    }
}
