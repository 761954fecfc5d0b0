//! Which stored variant answers a request (RFC 9111 section 4.1).
//!
//! The fields that `Vary` nominates are folded into a short key, with equal meanings spelled alike.
//! A stored response whose language or coding is what the client likes best is also recognised
//! ([`variant`]).

use crate::field::{elements, list, trim};
use crate::key::first_half;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_LANGUAGE, HeaderName, VARY,
};
use http::{HeaderMap, HeaderValue};

/// What `Vary` makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// There is no `Vary`: the one stored response answers every request.
    None,
    /// `*`, or too many fields: no request is known to match.
    Star,
    /// Requests with this key get the same variant.
    Key([u8; 16]),
}

/// The most fields of one `Vary`; a response that names more counts as one with `*`.
pub const VARY_FIELDS_MAX: usize = 32;

/// The most members that are sorted in `Accept-Language` or `Accept-Encoding`; a longer list counts
/// as it is written, so that a client cannot make us work.
const PREFERENCES_MAX: usize = 32;

/// The selecting key of a request under the `Vary` of a response. It is the same on every node.
#[must_use]
pub fn selecting_key(response_headers: &HeaderMap, request_headers: &HeaderMap) -> Selector {
    let names = match nominated(response_headers) {
        Nominated::Nothing => return Selector::None,
        Nominated::Star => return Selector::Star,
        Nominated::Fields(names) => names,
    };
    // One buffer and one hash: a hasher that is fed in pieces costs several times as much.
    let mut text = Vec::with_capacity(256);
    for name in names {
        add_lower(&mut text, name);
        text.push(b':');
        add_field(&mut text, name, request_headers);
    }
    Selector::Key(first_half(&blake3::hash(&text)))
}

/// The variant to look for, given a stored response and the selector under which it is stored.
///
/// It is [`selecting_key`], unless the stored response varies by language or coding only, and its
/// own is the one that the request likes best: then it is the stored one.
#[must_use]
pub fn variant(
    stored_headers: &HeaderMap,
    stored: Selector,
    request_headers: &HeaderMap,
) -> Selector {
    let presented = selecting_key(stored_headers, request_headers);
    let Selector::Key(_) = presented else {
        return presented;
    };
    if presented != stored && is_liked_best(stored_headers, request_headers) {
        return stored;
    }
    presented
}

/// Does `Vary` say that no request is known to match?
pub(crate) fn names_star(response_headers: &HeaderMap) -> bool {
    matches!(nominated(response_headers), Nominated::Star)
}

enum Nominated<'a> {
    Nothing,
    Star,
    /// Sorted without regard to case, each once.
    Fields(Vec<&'a [u8]>),
}

fn nominated(headers: &HeaderMap) -> Nominated<'_> {
    let mut names = Vec::new();
    for name in list(headers, VARY) {
        if name == b"*" || names.len() == VARY_FIELDS_MAX {
            return Nominated::Star;
        }
        names.push(name);
    }
    if names.is_empty() {
        return Nominated::Nothing;
    }
    if names.len() > 1 {
        names.sort_unstable_by(|a, b| lower(a).cmp(lower(b)));
        names.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    }
    Nominated::Fields(names)
}

fn lower(name: &[u8]) -> impl Iterator<Item = u8> {
    name.iter().map(u8::to_ascii_lowercase)
}

fn add_lower(text: &mut Vec<u8>, name: &[u8]) {
    text.extend(lower(name));
}

/// In eight bytes on every machine.
fn add_length(text: &mut Vec<u8>, part: &[u8]) {
    text.extend_from_slice(&(part.len() as u64).to_le_bytes());
}

/// A field that is absent differs from every value (section 4.1).
fn add_field(text: &mut Vec<u8>, name: &[u8], request: &HeaderMap) {
    let Ok(name) = std::str::from_utf8(name) else {
        text.push(b'\n');
        return;
    };
    let lines = request.get_all(name);
    let known = [ACCEPT_LANGUAGE, ACCEPT_ENCODING];
    if known
        .iter()
        .any(|known| known.as_str().eq_ignore_ascii_case(name))
        && let Some(preferences) = Preferences::of(lines.iter())
    {
        preferences.add_to(text);
    } else {
        // White space around commas and the split into lines carry no meaning (section 4.1).
        for element in lines.iter().flat_map(|line| elements(line.as_bytes())) {
            text.push(b'=');
            add_length(text, element);
            text.extend_from_slice(element);
        }
    }
    text.push(b'\n');
}

/// The members of `Accept-Language` or `Accept-Encoding`, best first; equally good ones by name
/// (RFC 9110 sections 12.5.3 and 12.5.4).
struct Preferences<'a> {
    members: Vec<(Thousandths, &'a [u8])>,
}

/// A weight: 1000 is `q=1`.
type Thousandths = u16;

impl<'a> Preferences<'a> {
    /// Absent when the list is too long to sort.
    fn of(lines: impl Iterator<Item = &'a HeaderValue>) -> Option<Self> {
        let mut members = Vec::new();
        for member in lines.flat_map(|line| elements(line.as_bytes())) {
            if members.len() == PREFERENCES_MAX {
                return None;
            }
            let mut parts = member.split(|&byte| byte == b';').map(trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(weight).unwrap_or(1000);
            members.push((weight, name));
        }
        members.sort_unstable_by(|(a, first): &(_, &[u8]), (b, second)| {
            b.cmp(a).then_with(|| lower(first).cmp(lower(second)))
        });
        Some(Self { members })
    }

    fn add_to(&self, text: &mut Vec<u8>) {
        for (weight, name) in &self.members {
            text.push(b'=');
            text.extend_from_slice(&weight.to_le_bytes());
            add_length(text, name);
            add_lower(text, name);
        }
    }

    /// Is `name` among the best ones?
    fn best_is(&self, name: &[u8]) -> bool {
        let best = self.members.first().map_or(0, |(weight, _)| *weight);
        let mut equals = self
            .members
            .iter()
            .take_while(|(weight, _)| *weight == best);
        best > 0 && equals.any(|(_, member)| member.eq_ignore_ascii_case(name))
    }
}

/// `q=0.5`; what is no weight is absent (RFC 9110 section 12.4.2).
fn weight(parameter: &[u8]) -> Option<Thousandths> {
    let [b'q' | b'Q', b'=', value @ ..] = parameter else {
        return None;
    };
    let (whole, fraction) = match value {
        [b'1', rest @ ..] => (1000, rest),
        [b'0', rest @ ..] => (0, rest),
        _ => return None,
    };
    let digits = match fraction {
        [] => return Some(whole),
        [b'.', digits @ ..] if digits.len() <= 3 => digits,
        _ => return None,
    };
    let mut value = whole;
    for (place, digit) in [100, 10, 1].into_iter().zip(digits) {
        let digit = u16::from(*digit)
            .checked_sub(u16::from(b'0'))
            .filter(|digit| *digit < 10)?;
        value += place * digit;
    }
    Some(value.min(1000))
}

/// Is the stored response in the language and coding that the request likes best? Every nominated
/// field must be one of the two, and have its `Content-*` field with one value.
fn is_liked_best(stored: &HeaderMap, request: &HeaderMap) -> bool {
    list(stored, VARY).all(|name| {
        let is = |known: &HeaderName| name.eq_ignore_ascii_case(known.as_str().as_bytes());
        if is(&ACCEPT_LANGUAGE) {
            likes(request, &ACCEPT_LANGUAGE, stored, &CONTENT_LANGUAGE)
        } else if is(&ACCEPT_ENCODING) {
            likes(request, &ACCEPT_ENCODING, stored, &CONTENT_ENCODING)
        } else {
            false
        }
    })
}

fn likes(
    request: &HeaderMap,
    accept: &HeaderName,
    stored: &HeaderMap,
    content: &HeaderName,
) -> bool {
    let mut values = list(stored, content);
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    Preferences::of(request.get_all(accept).iter()).is_some_and(|it| it.best_is(value))
}

#[cfg(test)]
mod tests;
