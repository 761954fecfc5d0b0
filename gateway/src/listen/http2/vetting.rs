//! Whether a request may go on, from its head alone.
//!
//! What is malformed as HTTP/2 the `h2` crate has refused before; here is what would become ambiguous in
//! the HTTP/1.1 that an origin speaks. What the request means is `proxy`'s.

use http::{Method, header};
use pingora_core::protocols::http::authority::{
    RawTargetAuthority, raw_target_authority, validate_request_authority,
};
use pingora_http::RequestHeader;

/// Why a stream is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A byte that ends a line or a word in HTTP/1.1: the stream is reset (RFC 9113 8.1.1).
    ForbiddenByte,
    /// Not exactly one authority: 400 (RFC 9113 8.3.1).
    Authority,
}

pub(super) fn vet(request: &RequestHeader) -> Result<(), Refusal> {
    let target = request.raw_path();
    if target.iter().any(|byte| b"\0\n\r ".contains(byte)) {
        return Err(Refusal::ForbiddenByte);
    }
    let named = request.uri.authority().is_some() || request.headers.contains_key(header::HOST);
    if !named || validate_request_authority(request).is_err() {
        return Err(Refusal::Authority);
    }
    // A path with a scheme and a host of its own names a second authority. CONNECT has no path.
    let plain = matches!(raw_target_authority(target), RawTargetAuthority::None);
    if request.method != Method::CONNECT && !plain {
        return Err(Refusal::Authority);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &str, host: &[&str], expected: Result<(), Refusal>) {
        let mut request = http::Request::builder()
            .version(http::Version::HTTP_2)
            .uri(uri);
        for host in host {
            request = request.header(header::HOST, *host);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(vet(&parts.into()), expected, "{uri} {host:?}");
    }

    #[test]
    fn a_request_names_one_authority() {
        check("http://a.test/", &[], Ok(()));
        check("http://a.test/p?q=1", &["a.test"], Ok(()));
        check("/p", &["a.test"], Ok(()));
        check("/p", &[], Err(Refusal::Authority));
        check("http://a.test/", &["b.test"], Err(Refusal::Authority));
        check(
            "http://a.test/",
            &["a.test", "a.test"],
            Err(Refusal::Authority),
        );
        check("http://user@a.test/", &[], Err(Refusal::Authority));
        check("/p", &["user@a.test"], Err(Refusal::Authority));
    }

    #[test]
    fn the_path_is_no_second_target() {
        let mut request = RequestHeader::build("GET", b"http://b.test/", None).unwrap();
        request.insert_header(header::HOST, "b.test").unwrap();
        assert_eq!(vet(&request), Err(Refusal::Authority));
    }
}
