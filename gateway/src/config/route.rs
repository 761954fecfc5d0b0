//! `routes:`: what is matched, where it goes, and how its responses are cached.

use super::units::ByteSize;
use http::{HeaderName, Method};
use std::time::Duration;

/// One route. The first whose [`Match`] fits a request takes it.
#[derive(Debug, Clone)]
pub struct Route {
    /// Written, or `route-N` counted from 1; unique.
    pub name: String,
    /// Every given part must fit.
    pub matches: Match,
    /// A key of `upstreams`.
    pub upstream: String,
    /// Keys of `plugins`, in the order in which their hooks run.
    pub plugins: Vec<String>,
    /// How responses are cached.
    pub cache: RouteCache,
}

/// `match:`; an empty match fits everything.
#[derive(Debug, Clone, Default)]
pub struct Match {
    /// Lower case, without port.
    pub host: Option<HostPattern>,
    /// Compared with the normalised path.
    pub path: Option<PathPattern>,
    /// Any of these; empty: all.
    pub methods: Vec<Method>,
    /// Every one must fit.
    pub headers: Vec<(HeaderName, HeaderPattern)>,
}

/// `match.host`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// `shop.example`
    Exact(String),
    /// `*.shop.example`: any name below it; holds `.shop.example`.
    Suffix(String),
}

/// `match.path`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPattern {
    /// `/about`
    Exact(String),
    /// `/api/*`: everything below; holds `/api/`. `/*` fits all.
    Prefix(String),
}

/// `match.headers.NAME`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderPattern {
    /// `*`: the field is there.
    Present,
    /// The field's value, exactly.
    Exact(String),
}

/// `cache:` of a route.
#[derive(Debug, Clone)]
pub struct RouteCache {
    /// False: the route's requests never touch the cache.
    pub enabled: bool,
    /// What joins the key beside method class, scheme, host and path and query; absent: nothing,
    /// and the whole query counts as `query` says. When given, it replaces path and query too:
    /// scheme and host always stay.
    pub cache_key: Option<Vec<Template>>,
    /// How the query enters the key.
    pub query: QueryRule,
    /// Whose responses may be stored: GET and HEAD share one stored response, POST and QUERY need a
    /// `body_key`.
    pub methods: Vec<Method>,
    /// Overrides the origin's freshness lifetime.
    pub ttl: Option<Duration>,
    /// Where the origin gives no freshness.
    pub default_ttl: Option<Duration>,
    /// By status or class, most exact first.
    pub status_ttl: Vec<(StatusPattern, Duration)>,
    /// Serve stale while one request refreshes; absent: as the origin says.
    pub stale_while_revalidate: Option<Duration>,
    /// Serve stale when the origin fails; absent: as the origin says.
    pub stale_if_error: Option<Duration>,
    /// A request for which one of them is neither empty nor `0` skips the cache.
    pub cache_bypass: Vec<Template>,
    /// A response that outgrows it stops being stored and goes on streaming.
    pub max_body: ByteSize,
    /// Large objects are stored in slices of this size; absent: whole.
    pub slice: Option<ByteSize>,
    /// How long a request waits for another that fills the same key, before it goes on alone.
    pub collapse_timeout: Duration,
    /// How the content of POST and QUERY enters the key.
    pub body_key: BodyKey,
    /// Whether a client's Cache-Control counts.
    pub request_directives: RequestDirectives,
    /// How requests with credentials are treated.
    pub identity: Identity,
    /// Tags of every response of this route.
    pub tags: Vec<Template>,
    /// `accept_encoding: normalize` folds Accept-Encoding into a few classes.
    pub accept_encoding: AcceptEncoding,
}

/// `cache.query:`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryRule {
    /// Only these enter the key; empty: all. `*` at the end matches any rest.
    pub include: Vec<String>,
    /// These do not.
    pub exclude: Vec<String>,
    /// The order of parameters does not matter.
    pub sort: bool,
    /// Well-known tracking parameters are excluded.
    pub drop_tracking: bool,
}

/// A key of `status_ttl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusPattern {
    /// `404`
    Exact(u16),
    /// `5xx`: holds 5.
    Class(u16),
}

/// `body_key:`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyKey {
    /// It does not: responses to POST and QUERY are not stored.
    #[default]
    Off,
    /// Byte by byte.
    Raw,
    /// As canonical JSON (RFC 8785).
    Json,
    /// As a GraphQL request: its document normalised, the rest as canonical JSON.
    Graphql,
}

/// `request_directives:`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestDirectives {
    /// `Cache-Control` and `Pragma` of requests count, as RFC 9111 5.2.1 says.
    #[default]
    Honor,
    /// They do not: clients cannot bust the cache.
    Ignore,
}

/// `identity:`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Identity {
    /// RFC 9111 3.5: stored only where the response allows it.
    #[default]
    Rfc,
    /// Such requests skip the cache.
    Bypass,
    /// The credential joins the key, hashed.
    Key,
    /// Everybody shares.
    Shared,
}

/// `accept_encoding:`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AcceptEncoding {
    /// A few classes: what the origin sees and what `Vary` compares.
    #[default]
    Normalize,
    /// As the client sent it.
    Forward,
}

/// A text with variables, such as `product:$query.id`.
///
/// Variables: `$scheme $host $path $query $method $client_ip $query.NAME $header.NAME $cookie.NAME`.
/// `${query.id}` sets a name off from what follows. A variable without a value is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(pub Vec<Piece>);

/// A part of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as written.
    Text(String),
    /// `$scheme`
    Scheme,
    /// `$host`, lower case, without a default port.
    Host,
    /// `$path`, normalised.
    Path,
    /// `$query`, as the route's query rule leaves it.
    Query,
    /// `$method`
    Method,
    /// `$client_ip`
    ClientIp,
    /// `$query.NAME`: the first value, percent-decoded.
    QueryParameter(String),
    /// `$header.NAME`: lines joined with `, `.
    Header(HeaderName),
    /// `$cookie.NAME`
    Cookie(String),
}
