//! Which routes can never match, because one before them takes all their requests.
//!
//! Single routes are compared, not sets of them: three routes that together cover a fourth one are
//! not found.

use crate::config::Route;
use crate::config::route::{HeaderPattern, HostPattern, Match, PathPattern};
use std::sync::Arc;

/// A route and its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) index: usize,
    pub(super) name: String,
}

/// Each route that cannot match, with the first one that covers it.
pub(super) fn unreachable(routes: &[Arc<Route>]) -> Vec<(Numbered, Numbered)> {
    let numbered = |index: usize, route: &Route| Numbered {
        index,
        name: route.name.clone(),
    };
    let mut found = Vec::new();
    for (later_index, later) in routes.iter().enumerate() {
        let earlier = routes
            .iter()
            .take(later_index)
            .enumerate()
            .find(|(_, earlier)| covers(&earlier.matches, &later.matches));
        if let Some((index, earlier)) = earlier {
            found.push((numbered(later_index, later), numbered(index, earlier)));
        }
    }
    found
}

/// Whether every request that fits `narrow` fits `wide`, too.
fn covers(wide: &Match, narrow: &Match) -> bool {
    let host = match (&wide.host, &narrow.host) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => host_covers(wide, narrow),
    };
    let path = match (&wide.path, &narrow.path) {
        (None, _) => true,
        (Some(PathPattern::Prefix(all)), None) => all == "/",
        (Some(PathPattern::Exact(_)), None) => false,
        (Some(wide), Some(narrow)) => path_covers(wide, narrow),
    };
    let methods = wide.methods.is_empty()
        || (!narrow.methods.is_empty()
            && narrow
                .methods
                .iter()
                .all(|method| wide.methods.contains(method)));
    let headers = wide.headers.iter().all(|(name, wide)| {
        narrow.headers.iter().any(|(other, narrow)| {
            name == other && (*wide == HeaderPattern::Present || wide == narrow)
        })
    });
    host && path && methods && headers
}

fn host_covers(wide: &HostPattern, narrow: &HostPattern) -> bool {
    match (wide, narrow) {
        (HostPattern::Suffix(wide), HostPattern::Exact(narrow)) => narrow.ends_with(wide.as_str()),
        (HostPattern::Suffix(wide), HostPattern::Suffix(narrow)) => narrow.ends_with(wide.as_str()),
        (HostPattern::Exact(wide), HostPattern::Exact(narrow)) => wide == narrow,
        (HostPattern::Exact(_), HostPattern::Suffix(_)) => false,
    }
}

fn path_covers(wide: &PathPattern, narrow: &PathPattern) -> bool {
    match (wide, narrow) {
        (PathPattern::Prefix(wide), PathPattern::Exact(narrow) | PathPattern::Prefix(narrow)) => {
            narrow.starts_with(wide.as_str())
        }
        (PathPattern::Exact(wide), PathPattern::Exact(narrow)) => wide == narrow,
        (PathPattern::Exact(_), PathPattern::Prefix(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::leaf::Leaf;
    use http::{Method, header::ACCEPT};

    fn at(host: &str, path: &str) -> Match {
        Match {
            host: Some(host)
                .filter(|host| !host.is_empty())
                .map(|h| HostPattern::parse(h).unwrap()),
            path: Some(path)
                .filter(|path| !path.is_empty())
                .map(|p| PathPattern::parse(p).unwrap()),
            ..Match::default()
        }
    }

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        for (wide, narrow, expected) in [
            (at("", ""), at("a.b", "/x"), true),
            (at("", "/*"), at("", ""), true),
            (at("", "/api/*"), at("a.b", "/api/v1/*"), true),
            (at("", "/api/*"), at("", "/api/x"), true),
            (at("*.b", ""), at("a.b", ""), true),
            (at("*.b", ""), at("*.a.b", ""), true),
            (at("*.b", ""), at("b", ""), false),
            (at("a.b", ""), at("*.b", ""), false),
            (at("a.b", ""), at("", ""), false),
            (at("", "/api/v1/*"), at("", "/api/*"), false),
            (at("", "/api"), at("", "/api/*"), false),
            (at("", "/api/*"), at("", ""), false),
        ] {
            assert_eq!(covers(&wide, &narrow), expected, "{wide:?} {narrow:?}");
        }
    }

    #[test]
    fn methods_and_headers_narrow_a_route() {
        let any = Match::default();
        let get = Match {
            methods: vec![Method::GET],
            ..Match::default()
        };
        let both = Match {
            methods: vec![Method::GET, Method::HEAD],
            ..Match::default()
        };
        let present = Match {
            headers: vec![(ACCEPT, HeaderPattern::Present)],
            ..Match::default()
        };
        let exact = Match {
            headers: vec![(ACCEPT, HeaderPattern::Exact("x".into()))],
            ..Match::default()
        };
        for (wide, narrow, expected) in [
            (&any, &get, true),
            (&get, &any, false),
            (&both, &get, true),
            (&get, &both, false),
            (&any, &exact, true),
            (&present, &exact, true),
            (&exact, &present, false),
            (&exact, &any, false),
        ] {
            assert_eq!(covers(wide, narrow), expected, "{wide:?} {narrow:?}");
        }
    }
}
