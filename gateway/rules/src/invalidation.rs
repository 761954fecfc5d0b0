//! What the success of an unsafe method invalidates (RFC 9111 section 4.4), and when a POST answers
//! a GET (RFC 9110 section 9.3.3).
//!
//! It names URIs; that every stored variant of them goes, on every node, is the caller's part.

use crate::message::Received;
use crate::method::is_unsafe;
use crate::uri::AbsoluteUri;
use http::header::{CONTENT_LOCATION, LOCATION};
use http::{HeaderMap, HeaderName, Method};

/// The URIs whose stored responses a response invalidates: the target, and `Location` and
/// `Content-Location` of the same origin. Normalised, each once; none for a safe method or an
/// error.
#[must_use]
pub fn targets(
    method: &Method,
    scheme: &str,
    host: &str,
    path_and_query: &str,
    response: &Received<'_>,
) -> Vec<String> {
    let success = response.status.is_success() || response.status.is_redirection();
    if !success || !is_unsafe(method) {
        return Vec::new();
    }
    let target = AbsoluteUri::new(scheme, host, path_and_query);
    let mut uris = vec![String::from(target.clone())];
    for name in [LOCATION, CONTENT_LOCATION] {
        let named = reference(response.headers, &name).and_then(|text| target.resolve(text));
        // Another origin's responses are not ours to invalidate: it would be a denial of service.
        let named = named
            .filter(|uri| uri.same_origin(&target))
            .map(String::from);
        uris.extend(named.filter(|uri| !uris.contains(uri)));
    }
    uris
}

/// Does the response to a POST answer later GETs: is its `Content-Location` its own URI? It is then
/// judged by [`mod@crate::storability`] as a GET, and needs explicit freshness.
#[must_use]
pub fn answers_get(
    scheme: &str,
    host: &str,
    path_and_query: &str,
    response_headers: &HeaderMap,
) -> bool {
    let target = AbsoluteUri::new(scheme, host, path_and_query);
    let location = reference(response_headers, &CONTENT_LOCATION);
    location
        .and_then(|text| target.resolve(text))
        .is_some_and(|uri| uri == target)
}

fn reference<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, StatusCode};

    fn invalidated(
        method: &str,
        status: u16,
        fields: &[(HeaderName, &'static str)],
    ) -> Vec<String> {
        let pairs = fields
            .iter()
            .cloned()
            .map(|(n, value)| (n, HeaderValue::from_static(value)));
        let headers: HeaderMap = pairs.collect();
        let status = StatusCode::from_u16(status).unwrap();
        let response = Received {
            status,
            headers: &headers,
        };
        targets(
            &method.parse().unwrap(),
            "http",
            "Shop.example",
            "/a/b?x",
            &response,
        )
    }

    #[test]
    fn a_success_of_an_unsafe_method_invalidates_its_uri() {
        for method in ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH"] {
            assert_eq!(invalidated(method, 200, &[]), ["http://shop.example/a/b?x"]);
            assert_eq!(invalidated(method, 303, &[]).len(), 1);
            assert!(invalidated(method, 404, &[]).is_empty());
            assert!(invalidated(method, 500, &[]).is_empty());
        }
        for method in ["GET", "HEAD", "OPTIONS", "QUERY"] {
            assert!(invalidated(method, 200, &[]).is_empty());
        }
    }

    #[test]
    fn locations_of_the_same_origin_go_too() {
        let uris = invalidated("POST", 201, &[(LOCATION, "c"), (CONTENT_LOCATION, "/d")]);
        let expected = [
            "http://shop.example/a/b?x",
            "http://shop.example/a/c",
            "http://shop.example/d",
        ];
        assert_eq!(uris, expected);
        for other in [
            "https://shop.example/c",
            "//other.example/c",
            "http://shop.example:81/c",
        ] {
            assert_eq!(
                invalidated("POST", 201, &[(LOCATION, other)]).len(),
                1,
                "{other}"
            );
        }
        assert_eq!(invalidated("POST", 201, &[(LOCATION, "/a/b?x")]).len(), 1);
    }

    #[test]
    fn a_post_answers_a_get_when_it_names_its_own_uri() {
        let answers = |location: &'static str| {
            let field = (CONTENT_LOCATION, HeaderValue::from_static(location));
            answers_get("http", "a", "/b?x", &[field].into_iter().collect())
        };
        assert!(answers("/b?x") && answers("http://A/b?x"));
        assert!(!answers("/b") && !answers("http://other/b?x"));
        assert!(!answers_get("http", "a", "/b", &HeaderMap::new()));
    }
}
