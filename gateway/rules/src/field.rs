//! Field values as lists: splitting at commas, joining lines, and the small lexical tests that
//! several fields share (RFC 9110 section 5).
//!
//! It knows no field by name. Structured Fields have a grammar of their own: [`crate::structured`].
//! Short functions are marked for inlining, because lists are read on every hit and a release is
//! built in several units.

use http::header::AsHeaderName;
use http::{HeaderMap, HeaderValue};
use std::time::Duration;

/// The largest delta-seconds; greater ones count as this one (RFC 9111 section 1.2.2).
pub const DELTA_SECONDS_MAX: u64 = 1 << 31;

/// The elements of one line, split at commas outside quoted strings, trimmed; empty ones included.
#[must_use]
pub fn elements(line: &[u8]) -> Elements<'_> {
    Elements { rest: Some(line) }
}

/// The elements of every line of a field in order, without empty ones (RFC 9110 section 5.6.1.2).
pub fn list<'a>(
    headers: &'a HeaderMap,
    name: impl AsHeaderName,
) -> impl Iterator<Item = &'a [u8]> + 'a {
    let lines = headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
    lines
        .flat_map(elements)
        .filter(|element| !element.is_empty())
}

/// The only line of a field; `Err` when there are several, where the field allows one.
pub(crate) fn singleton(
    headers: &HeaderMap,
    name: impl AsHeaderName,
) -> Result<Option<&[u8]>, SeveralLines> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => Ok(Some(trim(line.as_bytes()))),
        (Some(_), Some(_)) => Err(SeveralLines),
    }
}

/// A field that allows one line came with more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeveralLines;

/// Every line, joined as RFC 9110 section 5.3 says; absent when the field is, or is not ASCII.
pub(crate) fn combined(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    let mut joined = String::new();
    for (index, line) in headers.get_all(name).iter().enumerate() {
        if index > 0 {
            joined.push_str(", ");
        }
        joined.push_str(line.to_str().ok()?);
    }
    (!joined.is_empty()).then_some(joined)
}

/// delta-seconds: digits only; what does not fit saturates (RFC 9111 section 1.2.2).
#[inline]
pub(crate) fn delta_seconds(text: &[u8]) -> Option<Duration> {
    Some(Duration::from_secs(digits(text)?.min(DELTA_SECONDS_MAX)))
}

/// A run of digits, saturating.
#[inline]
pub(crate) fn digits(text: &[u8]) -> Option<u64> {
    let mut value: Option<u64> = None;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        let shifted = value.unwrap_or_default().saturating_mul(10);
        value = Some(shifted.saturating_add(u64::from(digit)));
    }
    value
}

/// Without optional white space at both ends (RFC 9110 section 5.6.3).
#[inline]
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Where the first of two bytes is. It looks at eight bytes at once: on the way of every hit, this
/// is most of what reading a field costs.
#[inline]
pub(crate) fn position_of_any(text: &[u8], needles: [u8; 2]) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        if let Some(at) = in_word(*word, needles) {
            return Some(index * 8 + at);
        }
    }
    match text.last_chunk::<8>() {
        // The last word overlaps the one before, which has none of the two.
        Some(last) if !rest.is_empty() => Some(text.len() - 8 + in_word(*last, needles)?),
        Some(_) => None,
        None => rest.iter().position(|byte| needles.contains(byte)),
    }
}

#[inline]
fn in_word(word: [u8; 8], needles: [u8; 2]) -> Option<usize> {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let word = u64::from_le_bytes(word);
    // A byte that is zero borrows from its own high bit. Bits above the lowest one that is set may
    // be wrong; the lowest is right.
    let zeros = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let [one, other] = needles.map(|needle| word ^ LOW.wrapping_mul(u64::from(needle)));
    let found = zeros(one) | zeros(other);
    (found != 0).then_some((found.trailing_zeros() / 8) as usize)
}

/// tchar (RFC 9110 section 5.6.2).
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// See [`elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let Some(comma) = comma_outside_quotes(rest) else {
            self.rest = None;
            return Some(trim(rest));
        };
        let (head, tail) = rest.split_at(comma);
        self.rest = tail.get(1..);
        Some(trim(head))
    }
}

#[inline]
fn comma_outside_quotes(text: &[u8]) -> Option<usize> {
    // Hardly any list has a quoted string.
    let first = position_of_any(text, *b",\"")?;
    match text.get(first) {
        Some(b',') => Some(first),
        _ => comma_behind_quotes(text),
    }
}

fn comma_behind_quotes(text: &[u8]) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return Some(at),
            _ => {}
        }
    }
    // A quote that never closes must not hide a `no-store` behind it, so it counts as no quote.
    if quoted {
        text.iter().position(|&byte| byte == b',')
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commas_inside_quotes_do_not_split() {
        let split = |text: &'static str| {
            elements(text.as_bytes())
                .map(|e| std::str::from_utf8(e).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(split("a, b"), ["a", "b"]);
        assert_eq!(split(r#"a="x, y" ,b"#), [r#"a="x, y""#, "b"]);
        assert_eq!(split(r#"a="x\", y", b"#), [r#"a="x\", y""#, "b"]);
        assert_eq!(split(" ,a,"), ["", "a", ""]);
        assert_eq!(split(r#"a="x, no-store"#), [r#"a="x"#, "no-store"]);
    }

    proptest! {
        #[test]
        fn bytes_are_found_where_they_are(text in proptest::collection::vec(0x28_u8..0x40, 0..40)) {
            let slow = text.iter().position(|byte| b",=".contains(byte));
            prop_assert_eq!(position_of_any(&text, *b",="), slow);
            let whole: Vec<u8> = text.iter().map(|byte| byte.wrapping_mul(0x91)).collect();
            let slow = whole.iter().position(|byte| b"\x80\x2d".contains(byte));
            prop_assert_eq!(position_of_any(&whole, *b"\x80\x2d"), slow);
        }
    }

    #[test]
    fn delta_seconds_are_strict_and_saturate() {
        let cases: [(&str, Option<u64>); 9] = [
            ("0", Some(0)),
            ("003600", Some(3600)),
            ("2147483648", Some(2_147_483_648)),
            ("2147483649", Some(2_147_483_648)),
            ("99999999999999999999999", Some(2_147_483_648)),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                delta_seconds(text.as_bytes()),
                expected.map(Duration::from_secs),
                "{text}"
            );
        }
    }

    #[test]
    fn lines_are_joined_in_order() {
        let mut headers = HeaderMap::new();
        headers.append("a", HeaderValue::from_static("1, 2"));
        headers.append("a", HeaderValue::from_static("3"));
        assert_eq!(combined(&headers, "a").as_deref(), Some("1, 2, 3"));
        assert_eq!(list(&headers, "a").count(), 3);
        assert_eq!(singleton(&headers, "a"), Err(SeveralLines));
    }
}
