//! Hosts and references: what an absolute URI is made of, and how a relative one is resolved
//! (RFC 3986 section 5).
//!
//! Paths have [`crate::path`]; queries are left as they are here.

use crate::path::normalize_path;
use std::borrow::Cow;

/// An absolute http or https URI, normalised and without a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsoluteUri {
    scheme: String,
    host: String,
    path_and_query: String,
}

impl AbsoluteUri {
    /// Puts the parts together and normalises them.
    #[must_use]
    pub fn new(scheme: &str, host: &str, path_and_query: &str) -> Self {
        let scheme = scheme.to_ascii_lowercase();
        let host = normalize_host(host, &scheme).into_owned();
        let without_fragment = path_and_query.split('#').next().unwrap_or_default();
        let (path, query) = split_query(without_fragment);
        let path_and_query = match query {
            Some(query) => format!("{}?{query}", normalize_path(path)),
            None => normalize_path(path).into_owned(),
        };
        Self {
            scheme,
            host,
            path_and_query,
        }
    }

    /// Resolves a reference against this URI; absent for one of another scheme.
    #[must_use]
    pub fn resolve(&self, reference: &str) -> Option<Self> {
        let reference = reference.split('#').next().unwrap_or_default().trim();
        if let Some((scheme, rest)) = scheme_of(reference) {
            let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
            return if known {
                Self::with_authority(scheme, rest.strip_prefix("//")?)
            } else {
                None
            };
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::with_authority(&self.scheme, rest);
        }
        let (base, _query) = split_query(&self.path_and_query);
        let path_and_query = match reference.chars().next() {
            None => self.path_and_query.clone(),
            Some('/') => reference.to_owned(),
            Some('?') => format!("{base}{reference}"),
            Some(_) => {
                let folder = base
                    .rfind('/')
                    .and_then(|slash| base.get(..=slash))
                    .unwrap_or("/");
                format!("{folder}{reference}")
            }
        };
        Some(Self::new(&self.scheme, &self.host, &path_and_query))
    }

    /// Same scheme, host and port (RFC 9110 section 4.3.1)?
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host
    }

    fn with_authority(scheme: &str, rest: &str) -> Option<Self> {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path_and_query) = rest.split_at(end);
        // Credentials in a URI name no other origin.
        let host = authority
            .rsplit('@')
            .next()
            .filter(|host| !host.is_empty())?;
        Some(Self::new(scheme, host, path_and_query))
    }
}

impl From<AbsoluteUri> for String {
    fn from(uri: AbsoluteUri) -> Self {
        format!("{}://{}{}", uri.scheme, uri.host, uri.path_and_query)
    }
}

/// The host in lower case, without the scheme's default port or an empty one.
#[must_use]
pub fn normalize_host<'a>(host: &'a str, scheme: &str) -> Cow<'a, str> {
    let default = if scheme.eq_ignore_ascii_case("https") {
        "443"
    } else {
        "80"
    };
    let host = match host.rsplit_once(':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some((name, port)) if !port.contains(']') && (port.is_empty() || port == default) => name,
        _ => host,
    };
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

fn split_query(path_and_query: &str) -> (&str, Option<&str>) {
    match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    }
}

/// RFC 3986 section 3.1.
fn scheme_of(reference: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = reference.split_once(':')?;
    let starts = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let inside = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    (starts && scheme.chars().all(inside)).then_some((scheme, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_against_the_base() {
        let base = AbsoluteUri::new("https", "Shop.example:443", "/a/b?q=1");
        for (reference, expected) in [
            ("", "https://shop.example/a/b?q=1"),
            ("c", "https://shop.example/a/c"),
            ("../c?x", "https://shop.example/c?x"),
            ("?x=2", "https://shop.example/a/b?x=2"),
            ("/c#part", "https://shop.example/c"),
            ("//other.example/c", "https://other.example/c"),
            ("HTTP://Shop.example:80", "http://shop.example/"),
            (
                "http://u@shop.example:8080/?a",
                "http://shop.example:8080/?a",
            ),
        ] {
            let resolved = base.resolve(reference).map(String::from);
            assert_eq!(resolved.as_deref(), Some(expected), "{reference}");
        }
        for bad in ["mailto:a@b", "http:", "http://", "ftp://a/b"] {
            assert_eq!(base.resolve(bad), None, "{bad}");
        }
    }

    #[test]
    fn hosts_lose_case_and_default_ports() {
        for (host, scheme, normal) in [
            ("A.example", "http", "a.example"),
            ("a:80", "http", "a"),
            ("a:443", "https", "a"),
            ("a:443", "http", "a:443"),
            ("a:", "http", "a"),
            ("[::1]", "http", "[::1]"),
            ("[::1]:80", "http", "[::1]"),
        ] {
            assert_eq!(normalize_host(host, scheme), normal);
        }
    }
}
