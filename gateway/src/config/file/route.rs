//! `routes:` as written.

use super::grpc::Grpc;
use crate::config::leaf::{MethodName, Name, Rate, SecretText, Text, Url};
use crate::config::route::{HostPattern, PathPattern, Template};
use crate::config::units::ByteSize;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is matched, where it goes, and how its responses are cached.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// For logs and metrics; unique. Default: route-N, counted from 1.
    pub name: Option<Text<Name>>,
    /// Every given part must fit. Default: every request fits.
    #[serde(rename = "match")]
    pub matches: Option<Match>,
    /// A name under `upstreams`.
    #[schemars(required)]
    pub upstream: Option<Text<Name>>,
    /// Names under `plugins`, in the order in which their hooks run. Default: none.
    pub plugins: Option<Vec<Text<Name>>>,
    /// How many requests are let through. Default: all.
    pub rate_limit: Option<RateLimit>,
    /// Who is let through. Default: everybody.
    pub auth: Option<Auth>,
    /// How responses are cached. Default: as their headers say.
    pub cache: Option<Cache>,
    /// How gRPC calls are cached. Default: the route is plain HTTP.
    pub grpc: Option<Grpc>,
}

/// Which requests a route takes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// shop.example, or *.shop.example for every name below it.
    pub host: Option<Text<HostPattern>>,
    /// /about, or /api/* for everything below it.
    pub path: Option<Text<PathPattern>>,
    /// Any of these. Default: all.
    pub methods: Option<Vec<Text<MethodName>>>,
    /// Fields by name: the exact value, or * for any.
    pub headers: Option<BTreeMap<String, String>>,
}

/// How many requests are let through.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// So many in so long, such as 100/s.
    #[schemars(required)]
    pub rate: Option<Text<Rate>>,
    /// So many may come at once. Default: as `rate`.
    #[schemars(range(min = 1))]
    pub burst: Option<u32>,
    /// Who is counted together. Default: `$client_ip`.
    pub key: Option<Text<Template>>,
}

/// Who is let through.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// A signed token in the Authorization field.
    pub jwt: Option<Jwt>,
}

/// A signed token.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// Who must have issued it.
    #[schemars(required)]
    pub issuer: Option<Text<Url>>,
    /// The issuer's keys: `file:PATH`, or the set itself as JSON.
    #[schemars(required)]
    pub jwks: Option<Text<SecretText>>,
}

/// How a route's responses are cached.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// False: the route's requests never touch the cache. Default: true.
    pub enabled: Option<bool>,
    /// What the key is made of, beside scheme and host. Default: path and query.
    #[schemars(length(min = 1))]
    pub cache_key: Option<Vec<Text<Template>>>,
    /// How the query enters the key. Default: as it is.
    pub query: Option<Query>,
    /// Whose responses may be stored. Default: [GET, HEAD], and POST and QUERY where `body_key` is set.
    #[schemars(length(min = 1))]
    pub methods: Option<Vec<Text<MethodName>>>,
    /// How long responses are fresh, whatever the origin says. Default: the origin's word counts.
    pub ttl: Option<Text<Duration>>,
    /// How long they are fresh where the origin says nothing.
    pub default_ttl: Option<Text<Duration>>,
    /// By status or class of statuses, such as 404 or 5xx.
    pub status_ttl: Option<BTreeMap<String, Text<Duration>>>,
    /// How long a stale response may be served while it is refreshed. Default: as the origin says.
    pub stale_while_revalidate: Option<Text<Duration>>,
    /// How long it may be served when the origin fails. Default: as the origin says.
    pub stale_if_error: Option<Text<Duration>>,
    /// Requests for which one of these is neither empty nor 0 skip the cache.
    pub cache_bypass: Option<Vec<Text<Template>>>,
    /// A response that outgrows it is passed on and not stored. Default: 64MiB.
    pub max_body: Option<Text<ByteSize>>,
    /// How long a request waits for another one's response. Default: 5s.
    pub collapse_timeout: Option<Text<Duration>>,
    /// Whether a client's Cache-Control counts. Default: honor.
    pub request_directives: Option<RequestDirectives>,
    /// How requests with credentials are treated. Default: rfc.
    pub identity: Option<Identity>,
    /// What a node does that cannot prove freshness. Default: cap.
    pub on_partition: Option<OnPartition>,
    /// Large responses are stored in slices of this size. Default: off.
    pub slice: Option<Slice>,
    /// How the content of POST and QUERY, up to 60 KiB of it, enters the key. Default: off.
    pub body_key: Option<BodyKey>,
    /// Whether Accept-Encoding is folded into a few classes. Default: normalize.
    pub accept_encoding: Option<AcceptEncoding>,
    /// Names under which responses can be purged together.
    pub tags: Option<Vec<Text<Template>>>,
}

/// How the query enters the key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Only these parameters; `*` at the end stands for any rest. Default: all.
    pub include: Option<Vec<String>>,
    /// Not these. Default: none.
    pub exclude: Option<Vec<String>>,
    /// The order of parameters does not matter. Default: false.
    pub sort: Option<bool>,
    /// Well-known tracking parameters are left out. Default: false.
    pub drop_tracking: Option<bool>,
}

/// Whether a client's Cache-Control counts.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestDirectives {
    /// It does, as RFC 9111 section 5.2.1 says.
    Honor,
    /// It does not.
    Ignore,
}

/// How requests with credentials are treated.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// Their responses are stored only where these allow it (RFC 9111 section 3.5).
    Rfc,
    /// They skip the cache.
    Bypass,
    /// Each credential has its own responses.
    Key,
    /// Everybody shares.
    Shared,
}

/// What a node does that cannot prove freshness.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnPartition {
    /// Serve until the staleness bound.
    Cap,
    /// Ask the origin.
    Revalidate,
    /// Serve as ever.
    Serve,
}

/// Off, or the size of a slice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Slice {
    /// Responses are stored whole.
    Word(Off),
    /// They are stored in slices.
    Size(Text<ByteSize>),
}

/// The word for a feature that is not used.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// Not used.
    Off,
}

/// How the content of POST and QUERY enters the key.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyKey {
    /// Such responses are not stored.
    Off,
    /// Byte by byte.
    Raw,
    /// As canonical JSON.
    Json,
    /// As a normalised GraphQL query.
    Graphql,
}

/// Whether Accept-Encoding is folded into a few classes.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AcceptEncoding {
    /// It is.
    Normalize,
    /// It is passed on as it is.
    Forward,
}
