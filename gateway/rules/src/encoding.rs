//! `Accept-Encoding`, folded into a few classes.
//!
//! Clients write it in hundreds of ways that mean the same. Folded before the look-up, the origin sees one
//! of a few values, and responses that vary by it are stored once a class. What each class accepts, every
//! client in it accepts (RFC 9110 section 12.5.3).

use crate::field::{elements, trim};
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// The class of an `Accept-Encoding`: what the origin is sent in its place. `None`: no coding is accepted.
///
/// A field that refuses `identity`, or asks for `*`, says more than a class can: it is left as it is, which
/// `Err` tells.
pub fn class(value: &[u8]) -> Result<Option<&'static str>, Particular> {
    let (mut gzip, mut brotli, mut zstd) = (false, false, false);
    for member in elements(value) {
        let mut parts = member.split(|byte| *byte == b';');
        let coding = trim(parts.next().unwrap_or_default());
        let refused = parts.any(refuses);
        let is = |name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
        if is("*") || (is("identity") && refused) {
            return Err(Particular);
        }
        gzip |= (is("gzip") || is("x-gzip")) && !refused;
        brotli |= is("br") && !refused;
        zstd |= is("zstd") && !refused;
    }
    Ok(match (zstd, brotli, gzip) {
        (true, true, true) => Some("zstd, br, gzip"),
        (true, true, false) => Some("zstd, br"),
        (true, false, true) => Some("zstd, gzip"),
        (true, false, false) => Some("zstd"),
        (false, true, true) => Some("br, gzip"),
        (false, true, false) => Some("br"),
        (false, false, true) => Some("gzip"),
        (false, false, false) => None,
    })
}

/// The class of a request. Absent, or over several lines, the field is left as it is.
pub fn of_request(headers: &HeaderMap) -> Result<Option<&'static str>, Particular> {
    let mut lines = headers.get_all(ACCEPT_ENCODING).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => class(line.as_bytes()),
        (None, _) | (Some(_), Some(_)) => Err(Particular),
    }
}

/// An `Accept-Encoding` that is sent on and compared as the client wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Particular;

fn refuses(parameter: &[u8]) -> bool {
    let parameter = trim(parameter);
    let weight = parameter
        .strip_prefix(b"q=")
        .or_else(|| parameter.strip_prefix(b"Q="));
    weight.is_some_and(|weight| {
        !weight.is_empty() && weight.iter().all(|byte| matches!(byte, b'0' | b'.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Result<Option<&'static str>, Particular>) {
        assert_eq!(class(value.as_bytes()), expected, "{value:?}");
    }

    #[test]
    fn many_spellings_are_one_class() {
        check("", Ok(None));
        check("identity", Ok(None));
        check("deflate", Ok(None));
        check("gzip", Ok(Some("gzip")));
        check("GZIP;q=0.5, deflate", Ok(Some("gzip")));
        check("gzip, deflate, br", Ok(Some("br, gzip")));
        check("br;q=1.0, gzip;q=0.8, *;q=0.1", Err(Particular));
        check("gzip, deflate, br, zstd", Ok(Some("zstd, br, gzip")));
        check("gzip;q=0, br", Ok(Some("br")));
        check("gzip; q=0.000", Ok(None));
        check("identity;q=0, gzip", Err(Particular));
    }
}
