//! What a route and a plugin say about caching: the operator's half of every decision.
//!
//! Built once a route from the configuration; only read here.

use http::{Method, StatusCode};
use std::time::Duration;

/// The caching rules of one route.
#[derive(Debug, Clone)]
pub struct Policy {
    /// False: the origin's lifetimes and `no-cache` are ignored. The rules of `no-store`,
    /// `private`, `must-revalidate`, `Authorization` and `Set-Cookie` stay.
    pub respect_cache_control: bool,
    /// Overrides the origin's freshness lifetime, and its `no-cache`.
    pub ttl: Option<Duration>,
    /// The freshness lifetime where the origin gives none.
    pub default_ttl: Option<Duration>,
    /// Overrides by status; the first that fits counts, so exact ones come first.
    pub status_ttl: Vec<(StatusMatch, Duration)>,
    /// Overrides the origin's `stale-while-revalidate`.
    pub stale_while_revalidate: Option<Duration>,
    /// Overrides the origin's `stale-if-error`.
    pub stale_if_error: Option<Duration>,
    /// False: a response with `Vary` is not stored.
    pub vary_support: bool,
    /// How requests with credentials are treated.
    pub identity: Identity,
    /// Whether `Cache-Control` and `Pragma` of requests count.
    pub request_directives: RequestDirectives,
    /// Methods whose responses may be stored.
    pub methods: Vec<Method>,
    /// Whether a 206 may be stored.
    pub partial: Partial,
}

impl Policy {
    /// The lifetime that the route gives to `status`, if it names it.
    pub(crate) fn ttl_of_status(&self, status: StatusCode) -> Option<Duration> {
        let found = self
            .status_ttl
            .iter()
            .find(|(pattern, _)| pattern.fits(status))?;
        Some(found.1)
    }
}

/// RFC 9111 as it stands, with nothing overridden.
impl Default for Policy {
    fn default() -> Self {
        Self {
            respect_cache_control: true,
            ttl: None,
            default_ttl: None,
            status_ttl: Vec::new(),
            stale_while_revalidate: None,
            stale_if_error: None,
            vary_support: true,
            identity: Identity::Rfc,
            request_directives: RequestDirectives::Honor,
            methods: vec![Method::GET, Method::HEAD],
            partial: Partial::Refuse,
        }
    }
}

/// A status or a class of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusMatch {
    /// `404`
    Exact(u16),
    /// `5xx`: holds 5.
    Class(u16),
}

impl StatusMatch {
    /// Does the pattern cover `status`?
    #[must_use]
    pub fn fits(self, status: StatusCode) -> bool {
        match self {
            Self::Exact(code) => code == status.as_u16(),
            Self::Class(class) => class == status.as_u16() / 100,
        }
    }
}

/// How a response to a request with credentials is treated (RFC 9111 section 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Identity {
    /// Stored only with `public`, `s-maxage` or `must-revalidate`; it may then serve others.
    #[default]
    Rfc,
    /// Never stored: such a request does not reach the cache.
    Bypass,
    /// The credential is part of the key, so the response serves its owner only.
    Key,
    /// Stored like any other response.
    Shared,
}

/// Whether a client's cache directives count (RFC 9111 section 5.2.1 lets a cache ignore them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestDirectives {
    /// They count.
    #[default]
    Honor,
    /// They do not: clients cannot bust the cache.
    Ignore,
}

/// Whether a 206 may be stored as a part (RFC 9111 section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Partial {
    /// It may not.
    #[default]
    Refuse,
    /// The owner knows how to keep parts and never answers a plain GET from one.
    Store,
}

/// What a plugin decided about one response. It is the last word on lifetimes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overrides {
    /// The freshness lifetime; zero: do not store.
    pub ttl: Option<Duration>,
    /// Replaces route and origin.
    pub stale_while_revalidate: Option<Duration>,
    /// Replaces route and origin.
    pub stale_if_error: Option<Duration>,
    /// Do not store.
    pub no_store: bool,
}
