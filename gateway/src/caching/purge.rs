//! The one door through which every invalidation enters: admin, command line, PURGE, plugins, unsafe
//! methods. The cluster subscribes here.

use super::plan::{host_scope, tag_scope, uri_scope};
use crate::clock;
use crate::exchange::Target as Asked;
use crate::gateway::Gateway;
use crate::snapshot::Snapshot;
use http::{HeaderMap, Method, Uri};
use shoal_cache::{Applied, BadPattern, Invalidation, Strength, Target};

/// Applies `invalidation` to this node, at once.
pub fn apply(gateway: &Gateway, invalidation: &Invalidation) -> Result<Applied, BadPattern> {
    let applied = gateway
        .store
        .apply(invalidation, clock::moment(clock::now()))?;
    gateway.metrics.purged(kind(&invalidation.target), &applied);
    Ok(applied)
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
    /// The invalidation that it means under `snapshot`, whose routes say which part of a query counts.
    pub fn invalidation(&self, snapshot: &Snapshot, strength: Strength) -> Invalidation {
        let target = match self {
            Self::Url(url) => Target::Uri(uri_scope(&resource(url, snapshot))),
            Self::Tag(tag) => Target::Tag(tag_scope(tag)),
            Self::Host(host) => Target::Host(host_scope(&host.to_ascii_lowercase())),
            Self::Prefix(prefix) => Target::Prefix(without_scheme(prefix).into()),
            Self::Regex(pattern) => Target::Ban(pattern.as_str().into()),
            Self::All => Target::All,
        };
        Invalidation { target, strength }
    }
}

/// `host/path?query` of a URL, normalised as requests are, with the query as its route's rule leaves it.
pub fn resource(url: &str, snapshot: &Snapshot) -> String {
    let target = parse(url);
    let headers = HeaderMap::new();
    let route = snapshot.route(crate::routing::Target {
        host: &target.host,
        path: &target.path,
        method: &Method::GET,
        headers: &headers,
    });
    let query = target.query.as_deref().map(|query| match route {
        Some(route) => shoal_rules::normalize_query(query, &route.query).into_owned(),
        None => query.to_owned(),
    });
    target.resource(query.filter(|query| !query.is_empty()).as_deref())
}

/// A URL as a request would name it. What does not parse as a URI is taken as it stands, and matches
/// nothing.
pub fn parse(url: &str) -> Asked {
    let scheme = if url.starts_with("https://") {
        "https"
    } else {
        "http"
    };
    let rest = without_scheme(url);
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

fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .unwrap_or(url)
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
