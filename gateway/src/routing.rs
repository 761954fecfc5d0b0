//! Which route takes a request: the first whose every part fits.
//!
//! Only comparison: hosts and paths arrive normalised, patterns arrive parsed.

use crate::config::route::{HeaderPattern, HostPattern, Match, PathPattern};
use http::{HeaderMap, Method};

/// What routing looks at.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Lower case, without port.
    pub host: &'a str,
    /// Normalised, without the query.
    pub path: &'a str,
    /// The request's method.
    pub method: &'a Method,
    /// The request's fields.
    pub headers: &'a HeaderMap,
}

impl Match {
    /// Whether every part that is given fits.
    pub fn fits(&self, target: Target<'_>) -> bool {
        self.host
            .as_ref()
            .is_none_or(|pattern| pattern.fits(target.host))
            && self
                .path
                .as_ref()
                .is_none_or(|pattern| pattern.fits(target.path))
            && (self.methods.is_empty() || self.methods.contains(target.method))
            && self.headers.iter().all(|(name, pattern)| match pattern {
                HeaderPattern::Present => target.headers.contains_key(name),
                HeaderPattern::Exact(value) => target
                    .headers
                    .get_all(name)
                    .iter()
                    .any(|line| line.as_bytes() == value.as_bytes()),
            })
    }
}

impl Match {
    /// Whether some request for this host and path fits.
    pub fn may_fit(&self, host: &str, path: &str) -> bool {
        self.host.as_ref().is_none_or(|pattern| pattern.fits(host))
            && self.path.as_ref().is_none_or(|pattern| pattern.fits(path))
    }
}

impl HostPattern {
    fn fits(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => name == host,
            Self::Suffix(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
        }
    }
}

impl PathPattern {
    fn fits(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == path,
            Self::Prefix(prefix) => path.starts_with(prefix.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    #[derive(PartialEq)]
    enum Fits {
        Yes,
        No,
    }

    #[track_caller]
    fn check(route: &Match, request: (&Method, &str, &str), expected: Fits) {
        let mut headers = HeaderMap::new();
        headers.insert("x-canary", http::HeaderValue::from_static("yes"));
        let target = Target {
            method: request.0,
            host: request.1,
            path: request.2,
            headers: &headers,
        };
        assert_eq!(
            route.fits(target),
            expected == Fits::Yes,
            "{request:?} against {route:?}"
        );
    }

    #[test]
    fn every_given_part_must_fit() {
        let any = Match::default();
        check(&any, (&Method::GET, "shop.example", "/"), Fits::Yes);

        let host = Match {
            host: Some(HostPattern::Suffix(".shop.example".into())),
            ..any.clone()
        };
        check(&host, (&Method::GET, "eu.shop.example", "/"), Fits::Yes);
        check(&host, (&Method::GET, "shop.example", "/"), Fits::No);
        check(&host, (&Method::GET, "evilshop.example", "/"), Fits::No);

        let path = Match {
            path: Some(PathPattern::Prefix("/api/".into())),
            ..any.clone()
        };
        check(&path, (&Method::GET, "", "/api/items"), Fits::Yes);
        check(&path, (&Method::GET, "", "/apis"), Fits::No);

        let method = Match {
            methods: vec![Method::GET, Method::HEAD],
            ..any.clone()
        };
        check(&method, (&Method::HEAD, "", "/"), Fits::Yes);
        check(&method, (&Method::POST, "", "/"), Fits::No);

        let canary = HeaderName::from_static("x-canary");
        let header = |pattern| Match {
            headers: vec![(canary.clone(), pattern)],
            ..any.clone()
        };
        check(
            &header(HeaderPattern::Present),
            (&Method::GET, "", "/"),
            Fits::Yes,
        );
        check(
            &header(HeaderPattern::Exact("yes".into())),
            (&Method::GET, "", "/"),
            Fits::Yes,
        );
        check(
            &header(HeaderPattern::Exact("no".into())),
            (&Method::GET, "", "/"),
            Fits::No,
        );
    }
}
