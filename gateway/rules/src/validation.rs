//! Validation: the conditions that the cache sends to an origin, and what a 304 or the response to
//! a HEAD does to the stored response (RFC 9111 section 4.3).
//!
//! A client's own conditions are in [`crate::precondition`]. After freshening, the stored response
//! is judged anew by [`mod@crate::storability`].

use crate::date;
use crate::field::singleton;
use crate::hop_by_hop::is_connection_field;
use crate::message::Received;
use crate::validator::EntityTag;
use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::time::SystemTime;

/// The fields that make a request conditional on the stored response, with every validator that it
/// has (section 4.3.1).
#[must_use]
pub fn conditional_headers(stored: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let condition = |of: HeaderName, name| stored.get(of).map(|value| (name, value.clone()));
    let conditions = [
        condition(ETAG, IF_NONE_MATCH),
        condition(LAST_MODIFIED, IF_MODIFIED_SINCE),
    ];
    conditions.into_iter().flatten().collect()
}

/// Does a 304 with these fields speak of the stored response (section 4.3.4)? A strong tag must be
/// the same, a weak one must match, and a date must be the same where there is no tag. A 304
/// without any validator answers the only condition that was sent.
#[must_use]
pub fn validates(stored: &HeaderMap, not_modified: &HeaderMap) -> bool {
    match (EntityTag::of(stored), EntityTag::of(not_modified)) {
        (Some(stored), Some(new)) if new.is_weak() || stored.is_weak() => {
            new.matches_weakly(stored)
        }
        (Some(stored), Some(new)) => new.matches_strongly(stored),
        (None, Some(_)) => false,
        (_, None) => match (stored.get(LAST_MODIFIED), not_modified.get(LAST_MODIFIED)) {
            (Some(stored), Some(new)) => stored == new,
            _ => true,
        },
    }
}

/// The stored fields after a 304: every field that it carries replaces the stored ones, except
/// those that describe the stored content (section 3.2).
///
/// `Age` and `Date` are those of the 304 or nothing, because the old ones would make the response
/// as old as it was before; a missing `Date` is when the 304 was received.
#[must_use]
pub fn freshen(stored: &HeaderMap, not_modified: &HeaderMap, received: SystemTime) -> HeaderMap {
    let mut headers = stored.clone();
    headers.remove(AGE);
    headers.insert(DATE, date::format(received));
    for name in not_modified.keys() {
        if DESCRIBES_CONTENT.contains(name) || is_connection_field(not_modified, name) {
            continue;
        }
        headers.remove(name);
        for value in not_modified.get_all(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// What the response to a HEAD does to a stored response to GET (section 4.3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadEffect {
    /// It speaks of the same representation: [`freshen`] with its fields.
    Freshen,
    /// It speaks of another one: invalidate the stored response.
    Invalidate,
    /// It says nothing about the stored response.
    Nothing,
}

/// Compares status, validators and length, where the response to the HEAD has them.
#[must_use]
pub fn head_effect(stored: &Received<'_>, head: &Received<'_>) -> HeadEffect {
    if head.status != StatusCode::OK {
        return HeadEffect::Nothing;
    }
    let length = |headers| singleton(headers, CONTENT_LENGTH).ok().flatten();
    let same_length = match (length(stored.headers), length(head.headers)) {
        (Some(stored), Some(new)) => stored == new,
        _ => true,
    };
    let same_tag = EntityTag::of(head.headers).is_none_or(|new| {
        EntityTag::of(stored.headers).is_some_and(|stored| new.matches_weakly(stored))
    });
    let same_date = match head.headers.get(LAST_MODIFIED) {
        Some(new) => stored.headers.get(LAST_MODIFIED) == Some(new),
        None => true,
    };
    // The RFC does not speak of the stored status; what answers differently has changed.
    if stored.status == head.status && same_length && same_tag && same_date {
        HeadEffect::Freshen
    } else {
        HeadEffect::Invalidate
    }
}

/// Fields that describe the stored content, which a 304 does not bring (section 3.2).
const DESCRIBES_CONTENT: [HeaderName; 5] = [
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    CONTENT_TYPE,
    CONTENT_RANGE,
    HeaderName::from_static("content-md5"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn fields(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = list.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs.collect()
    }

    #[test]
    fn every_validator_becomes_a_condition() {
        let stored = fields(&[("etag", "W/\"a\""), ("last-modified", "then")]);
        let names: Vec<_> = conditional_headers(&stored)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, [IF_NONE_MATCH, IF_MODIFIED_SINCE]);
        assert!(conditional_headers(&HeaderMap::new()).is_empty());
    }

    type Fields = &'static [(&'static str, &'static str)];

    /// (stored, of the 304, does it validate?)
    type Row = (Fields, Fields, bool);

    #[test]
    fn a_304_must_speak_of_the_stored_response() {
        let rows: [Row; 8] = [
            (&[("etag", "\"a\"")], &[("etag", "\"a\"")], true),
            (&[("etag", "\"a\"")], &[("etag", "\"b\"")], false),
            (&[("etag", "\"a\"")], &[("etag", "W/\"a\"")], true),
            (&[("etag", "W/\"a\"")], &[("etag", "W/\"b\"")], false),
            (&[("etag", "\"a\"")], &[], true),
            (&[], &[("etag", "\"a\"")], false),
            (&[("last-modified", "x")], &[("last-modified", "y")], false),
            (&[("last-modified", "x")], &[("last-modified", "x")], true),
        ];
        for (stored, new, expected) in rows {
            assert_eq!(
                validates(&fields(stored), &fields(new)),
                expected,
                "{stored:?} {new:?}"
            );
        }
    }

    #[test]
    fn freshening_replaces_fields_but_not_those_of_the_content() {
        let stored = fields(&[
            ("a", "1"),
            ("b", "1"),
            ("b", "2"),
            ("content-length", "5"),
            ("content-type", "text/plain"),
            ("age", "100"),
            ("date", "Sun, 06 Nov 1994 08:00:00 GMT"),
        ]);
        let new = fields(&[
            ("b", "3"),
            ("content-length", "0"),
            ("content-type", "text/html"),
            ("cache-control", "max-age=9"),
            ("connection", "c"),
            ("c", "1"),
        ]);
        let fresh = freshen(&stored, &new, UNIX_EPOCH);
        let expected = fields(&[
            ("a", "1"),
            ("b", "3"),
            ("content-length", "5"),
            ("content-type", "text/plain"),
            ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("cache-control", "max-age=9"),
        ]);
        assert_eq!(fresh, expected);
    }

    #[test]
    fn a_head_freshens_or_invalidates() {
        use HeadEffect::{Freshen, Invalidate, Nothing};
        let stored = fields(&[
            ("etag", "\"a\""),
            ("last-modified", "then"),
            ("content-length", "5"),
        ]);
        let rows: [(u16, u16, Fields, HeadEffect); 10] = [
            (200, 200, &[("etag", "\"a\"")], Freshen),
            (200, 200, &[("etag", "W/\"a\"")], Freshen),
            (200, 200, &[("last-modified", "then")], Freshen),
            (200, 200, &[("content-length", "5")], Freshen),
            (200, 200, &[], Freshen),
            (200, 200, &[("etag", "\"b\"")], Invalidate),
            (
                200,
                200,
                &[("etag", "\"a\""), ("last-modified", "now")],
                Invalidate,
            ),
            (200, 200, &[("content-length", "6")], Invalidate),
            (404, 200, &[], Invalidate),
            (200, 410, &[("etag", "\"b\"")], Nothing),
        ];
        for (of_stored, of_head, list, expected) in rows {
            let received = |status, headers| Received {
                status: StatusCode::from_u16(status).unwrap(),
                headers,
            };
            let list = fields(list);
            let effect = head_effect(&received(of_stored, &stored), &received(of_head, &list));
            assert_eq!(effect, expected, "{of_stored} {of_head} {list:?}");
        }
        let bare = HeaderMap::new();
        let received = |headers| Received {
            status: StatusCode::OK,
            headers,
        };
        assert_eq!(
            head_effect(&received(&bare), &received(&stored)),
            Invalidate
        );
    }
}
