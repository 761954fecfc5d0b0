//! A `Content-Type` in one form (RFC 9110 section 8.3.1): case, white space, quotes and the order
//! of parameters make no difference.
//!
//! What it does not understand it leaves as it is: such a request shares its key with its like
//! only.

use crate::field::{is_token_byte, trim};

/// Whether the `charset` parameter says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// It decides what the bytes mean.
    Matters,
    /// The format is UTF-8 by definition: saying so says nothing (RFC 8259 sections 8.1 and 11).
    IsUtf8,
}

/// The form that stands in a digest.
pub(super) fn normalize(value: &[u8], charset: Charset) -> Vec<u8> {
    // No media type begins with a space, so the two forms do not meet.
    understood(value, charset).unwrap_or_else(|| [b" ", value].concat())
}

/// `type/subtype;name="value"`, parameters sorted, values always quoted.
fn understood(value: &[u8], charset: Charset) -> Option<Vec<u8>> {
    let mut pieces = Pieces { rest: Some(value) };
    let essence = pieces.next()?.to_ascii_lowercase();
    let mut halves = essence.split(|&byte| byte == b'/');
    let well = halves.next().is_some_and(is_token) && halves.next().is_some_and(is_token);
    if !well || halves.next().is_some() {
        return None;
    }
    let mut parameters = Vec::new();
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        parameters.push(parameter(piece)?);
    }
    parameters.sort();
    let names = || parameters.iter().map(|(name, _)| name);
    // Which of two equal names counts is anybody's guess.
    if names()
        .zip(names().skip(1))
        .any(|(one, other)| one == other)
    {
        return None;
    }
    let mut text = essence;
    for (name, value) in &parameters {
        if charset == Charset::IsUtf8 && name == b"charset" && value == b"utf-8" {
            continue;
        }
        for part in [b";", name.as_slice(), b"=\"", value, b"\""] {
            text.extend_from_slice(part);
        }
    }
    Some(text)
}

/// Name in lower case and value without quotes. A backslash is left to the form as it is.
fn parameter(piece: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (name, rest) = piece.split_at(piece.iter().position(|&byte| byte == b'=')?);
    let value = match rest.get(1..)? {
        [b'"', inner @ .., b'"'] if !inner.iter().any(|byte| b"\"\\".contains(byte)) => inner,
        token if is_token(token) => token,
        _ => return None,
    };
    let name = name.to_ascii_lowercase();
    let value = if name == b"charset" {
        value.to_ascii_lowercase()
    } else {
        value.to_vec()
    };
    is_token(&name).then_some((name, value))
}

fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_token_byte(byte))
}

/// The pieces between semicolons outside quotes, trimmed.
struct Pieces<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let mut quoted = false;
        let end = rest.iter().position(|&byte| {
            quoted ^= byte == b'"';
            byte == b';' && !quoted
        });
        let (head, tail) = rest.split_at(end.unwrap_or(rest.len()));
        self.rest = tail.get(1..);
        Some(trim(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(value: &str, charset: Charset) -> String {
        String::from_utf8(normalize(value.as_bytes(), charset)).unwrap()
    }

    #[test]
    fn what_means_the_same_looks_the_same() {
        for (value, expected) in [
            ("Application/JSON", "application/json"),
            ("a/b; x=1;Y=\"2\"", "a/b;x=\"1\";y=\"2\""),
            ("a/b;y=2 ; X=1;", "a/b;x=\"1\";y=\"2\""),
            ("text/plain;charset=UTF-8", "text/plain;charset=\"utf-8\""),
            ("a/b;boundary=\"A; b\"", "a/b;boundary=\"A; b\""),
            // Left as they are.
            ("json", " json"),
            ("a/b/c", " a/b/c"),
            ("a/b;x", " a/b;x"),
            ("a/b;x=1;X=2", " a/b;x=1;X=2"),
            ("a/b;x=\"a\\\"b\"", " a/b;x=\"a\\\"b\""),
            ("", " "),
        ] {
            assert_eq!(form(value, Charset::Matters), expected);
        }
        let json = |value| form(value, Charset::IsUtf8);
        assert_eq!(json("application/json; charset=utf-8"), "application/json");
        assert_eq!(json("a/json;charset=utf-16"), "a/json;charset=\"utf-16\"");
    }

    proptest! {
        #[test]
        fn a_form_is_its_own_form(value in "[aA/; =\"\\\\b]{0,12}") {
            let once = form(&value, Charset::Matters);
            if !once.starts_with(' ') {
                prop_assert_eq!(form(&once, Charset::Matters), once);
            }
        }
    }
}
