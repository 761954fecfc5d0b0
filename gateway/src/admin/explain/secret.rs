//! Values that identify somebody are shown as a hash: two answers can be compared, and an answer can be
//! pasted into a ticket.
//!
//! Everything else about a request is shown as it is.

use http::{HeaderMap, HeaderName, header};
use serde_json::{Value, json};

/// Digits of a hash that tell two values apart, and are too few to be of other use.
const DIGITS: usize = 12;

/// A value that is known by its hash only.
pub(super) fn hashed(value: &[u8]) -> String {
    let digits = blake3::hash(value).to_hex();
    format!("hashed:{}", digits.get(..DIGITS).unwrap_or_default())
}

/// The value of a field as it may be shown.
pub(super) fn shown(name: &str, value: &[u8]) -> String {
    let secret = [
        header::AUTHORIZATION,
        header::PROXY_AUTHORIZATION,
        header::COOKIE,
        header::SET_COOKIE,
    ];
    if secret
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_str()))
        && !value.is_empty()
    {
        hashed(value)
    } else {
        String::from_utf8_lossy(value).into_owned()
    }
}

/// Name and value of each line.
pub(super) fn lines(headers: &HeaderMap) -> Vec<Value> {
    let line = |(name, value): (&HeaderName, &http::HeaderValue)| {
        json!([name.as_str(), shown(name.as_str(), value.as_bytes())])
    };
    headers.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_identifies_somebody_is_hashed() {
        assert!(shown("Authorization", b"Bearer sesame").starts_with("hashed:"));
        assert!(!shown("cookie", b"session=sesame").contains("sesame"));
        assert_eq!(shown("accept", b"text/html"), "text/html");
        assert_eq!(hashed(b"a"), hashed(b"a"));
        assert_ne!(hashed(b"a"), hashed(b"b"));
    }
}
