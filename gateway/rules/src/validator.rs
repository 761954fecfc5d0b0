//! Validators: entity tags and modification dates, and how they compare (RFC 9110 section 8.8).
//!
//! Who compares what with what is in [`crate::precondition`] (clients) and [`crate::validation`]
//! (origins).

use crate::age::date_value;
use crate::date;
use crate::field::trim;
use http::header::{ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue};
use std::time::{Duration, SystemTime};

/// An entity tag. What an origin sends without quotes is kept as it is, and compares with itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityTag<'a> {
    weak: bool,
    opaque: &'a [u8],
}

impl<'a> EntityTag<'a> {
    /// Reads one tag; absent when there is nothing to read.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let text = trim(text);
        let (weak, opaque) = match text {
            [b'W', b'/', opaque @ ..] => (true, opaque),
            opaque => (false, opaque),
        };
        (!opaque.is_empty()).then_some(Self { weak, opaque })
    }

    /// The tag of a response.
    #[must_use]
    pub fn of(headers: &'a HeaderMap) -> Option<Self> {
        Self::parse(headers.get(ETAG)?.as_bytes())
    }

    /// Is it marked as weak?
    #[must_use]
    pub fn is_weak(self) -> bool {
        self.weak
    }

    /// Equal and both strong (section 8.8.3.2).
    #[must_use]
    pub fn matches_strongly(self, other: EntityTag<'_>) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// Equal, strong or not (section 8.8.3.2).
    #[must_use]
    pub fn matches_weakly(self, other: EntityTag<'_>) -> bool {
        self.opaque == other.opaque
    }
}

/// What `If-Match` and `If-None-Match` list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listed<'a> {
    /// `*`: any representation.
    Any,
    Tag(EntityTag<'a>),
}

/// The members of the lines of `If-Match` or `If-None-Match`.
pub(crate) fn listed<'a>(
    lines: impl Iterator<Item = &'a HeaderValue>,
) -> impl Iterator<Item = Listed<'a>> {
    lines
        .flat_map(|line| Tags {
            rest: line.as_bytes(),
        })
        .filter_map(|element| match element {
            b"*" => Some(Listed::Any),
            text => EntityTag::parse(text).map(Listed::Tag),
        })
}

/// Splits a list of entity tags. A backslash in a tag is a plain character (section 8.8.3), so the
/// splitter of quoted strings would be wrong here.
struct Tags<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Tags<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let mut quoted = false;
        let end = self.rest.iter().position(|&byte| {
            quoted ^= byte == b'"';
            byte == b',' && !quoted
        });
        let (head, tail) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = tail.get(1..).unwrap_or_default();
        Some(trim(head))
    }
}

/// `Last-Modified`, where it is a date.
pub(crate) fn last_modified(headers: &HeaderMap, now: SystemTime) -> Option<SystemTime> {
    date::of_field(headers, &LAST_MODIFIED, now).moment()
}

/// Is `Last-Modified` a strong validator: at least a second before `Date` (section 8.8.2.2)?
pub(crate) fn last_modified_is_strong(headers: &HeaderMap, now: SystemTime) -> bool {
    let Some(modified) = last_modified(headers, now) else {
        return false;
    };
    let second_later = modified.checked_add(Duration::from_secs(1));
    let dated = headers.contains_key(http::header::DATE);
    dated && second_later.is_some_and(|later| later <= date_value(headers, modified))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_compare_as_in_the_table_of_the_rfc() {
        let rows = [
            ("W/\"1\"", "W/\"1\"", false, true),
            ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true),
            ("\"1\"", "\"1\"", true, true),
            ("abc", "abc", true, true),
            ("abc", "\"abc\"", false, false),
        ];
        for (a, b, strong, weak) in rows {
            let (a, b) = (
                EntityTag::parse(a.as_bytes()),
                EntityTag::parse(b.as_bytes()),
            );
            let (a, b) = (a.unwrap(), b.unwrap());
            assert_eq!(
                (a.matches_strongly(b), a.matches_weakly(b)),
                (strong, weak),
                "{a:?} {b:?}"
            );
        }
    }

    #[test]
    fn a_backslash_in_a_tag_hides_no_quote() {
        let lines = [HeaderValue::from_static(r#""a\", "b,c" ,W/"d""#)];
        let tags = listed(lines.iter()).filter_map(|listed| match listed {
            Listed::Any => None,
            Listed::Tag(tag) => Some(tag.opaque),
        });
        let tags: Vec<_> = tags.collect();
        assert_eq!(tags, [br#""a\""#.as_slice(), br#""b,c""#, br#""d""#]);
    }
}
