//! Preconditions of a client's request, evaluated against the stored response that would answer it
//! (RFC 9110 section 13, RFC 9111 section 4.3.2).
//!
//! The conditions that the cache itself sends to an origin are in [`crate::validation`].

use crate::age::date_value;
use crate::date;
use crate::message::Presented;
use crate::method::retrieves;
use crate::validator::{EntityTag, Listed, last_modified, last_modified_is_strong, listed};
use http::header::{
    CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, IF_MATCH, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, VARY,
};
use http::{HeaderMap, HeaderName, StatusCode};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the preconditions make of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Send the stored response.
    Proceed,
    /// Send a 304 with [`not_modified_headers`].
    NotModified,
    /// Send a 412.
    Failed,
}

/// Evaluates the preconditions in the order of section 13.2.2. It does not allocate.
#[must_use]
pub fn evaluate(
    request: &Presented<'_>,
    stored_status: StatusCode,
    stored_headers: &HeaderMap,
    now: SystemTime,
) -> Precondition {
    // A response that is not a success would be the same without the condition (section 13.2.1).
    if !stored_status.is_success() {
        return Precondition::Proceed;
    }
    if !state_matches(request.headers, stored_headers, now) {
        return Precondition::Failed;
    }
    let retrieves = retrieves(request.method);
    // If-Modified-Since is for these methods only (section 13.1.3).
    let counts = retrieves || request.headers.contains_key(IF_NONE_MATCH);
    match counts && unchanged(request.headers, stored_headers, now) {
        false => Precondition::Proceed,
        true if retrieves => Precondition::NotModified,
        true => Precondition::Failed,
    }
}

/// Does `If-Range` hold, so that a range may be sent? It does where the field is absent. Only
/// strong validators count, and a date must be the very one (section 13.1.5).
#[must_use]
pub fn if_range_holds(request: &Presented<'_>, stored_headers: &HeaderMap) -> bool {
    let Some(wanted) = request.headers.get(IF_RANGE) else {
        return true;
    };
    let wanted = wanted.as_bytes();
    if wanted.starts_with(b"\"") || wanted.starts_with(b"W/") {
        let tags = EntityTag::parse(wanted).zip(EntityTag::of(stored_headers));
        return tags.is_some_and(|(wanted, stored)| wanted.matches_strongly(stored));
    }
    // The epoch stands in for now: dates of these fields decide nothing about a century.
    let same = stored_headers
        .get(LAST_MODIFIED)
        .is_some_and(|stored| stored.as_bytes() == wanted);
    same && last_modified_is_strong(stored_headers, UNIX_EPOCH)
}

/// The fields that a 304 made from a stored response carries (section 15.4.5). `Age` and
/// `Cache-Status` come on top.
#[must_use]
pub fn not_modified_headers(stored: &HeaderMap) -> HeaderMap {
    const CARRIED: [HeaderName; 6] = [CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, VARY];
    let mut headers = HeaderMap::new();
    // Without a tag, the date is what the client needs to update its own stored response.
    let date = (!stored.contains_key(ETAG)).then_some(LAST_MODIFIED);
    for name in CARRIED.into_iter().chain(date) {
        for value in stored.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// `If-Match`, or else `If-Unmodified-Since` (sections 13.1.1 and 13.1.4).
fn state_matches(request: &HeaderMap, stored: &HeaderMap, now: SystemTime) -> bool {
    if request.contains_key(IF_MATCH) {
        let tag = EntityTag::of(stored);
        return listed(request.get_all(IF_MATCH).iter()).any(|wanted| match wanted {
            Listed::Any => true,
            Listed::Tag(wanted) => tag.is_some_and(|tag| wanted.matches_strongly(tag)),
        });
    }
    let limit = date::of_field(request, &IF_UNMODIFIED_SINCE, now).moment();
    match limit.zip(last_modified(stored, now)) {
        Some((limit, modified)) => modified <= limit,
        None => true,
    }
}

/// `If-None-Match`, or else `If-Modified-Since` (sections 13.1.2 and 13.1.3): true when the client
/// has the response already.
fn unchanged(request: &HeaderMap, stored: &HeaderMap, now: SystemTime) -> bool {
    if request.contains_key(IF_NONE_MATCH) {
        let tag = EntityTag::of(stored);
        return listed(request.get_all(IF_NONE_MATCH).iter()).any(|had| match had {
            Listed::Any => true,
            Listed::Tag(had) => tag.is_some_and(|tag| had.matches_weakly(tag)),
        });
    }
    let Some(since) = date::of_field(request, &IF_MODIFIED_SINCE, now).moment() else {
        return false;
    };
    // Without Last-Modified, the response's own date is the latest moment at which it changed
    // (RFC 9111 section 4.3.2).
    let dated = || stored.contains_key(DATE).then(|| date_value(stored, now));
    last_modified(stored, now)
        .or_else(dated)
        .is_some_and(|modified| modified <= since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Method};

    const EARLY: &str = "Sun, 06 Nov 1994 08:00:00 GMT";
    const MIDDLE: &str = "Sun, 06 Nov 1994 09:00:00 GMT";
    const LATE: &str = "Sun, 06 Nov 1994 10:00:00 GMT";

    fn fields(list: &[(HeaderName, &'static str)]) -> HeaderMap {
        let fields = list
            .iter()
            .cloned()
            .map(|(n, value)| (n, HeaderValue::from_static(value)));
        fields.collect()
    }

    #[test]
    fn preconditions_follow_the_order_of_the_rfc() {
        use Precondition::{Failed, NotModified, Proceed};
        let stored = fields(&[(ETAG, "\"a\""), (LAST_MODIFIED, MIDDLE), (DATE, LATE)]);
        let rows: [(&[(HeaderName, &'static str)], Precondition); 17] = [
            (&[], Proceed),
            (&[(IF_NONE_MATCH, "\"a\"")], NotModified),
            (&[(IF_NONE_MATCH, "W/\"a\"")], NotModified),
            (&[(IF_NONE_MATCH, "\"1\", \"a\", \"2\"")], NotModified),
            (
                &[(IF_NONE_MATCH, "\"1\""), (IF_NONE_MATCH, "\"a\"")],
                NotModified,
            ),
            (&[(IF_NONE_MATCH, "*")], NotModified),
            (
                &[(IF_NONE_MATCH, "\"b\""), (IF_MODIFIED_SINCE, LATE)],
                Proceed,
            ),
            (&[(IF_MODIFIED_SINCE, MIDDLE)], NotModified),
            (&[(IF_MODIFIED_SINCE, LATE)], NotModified),
            (&[(IF_MODIFIED_SINCE, EARLY)], Proceed),
            (&[(IF_MODIFIED_SINCE, "yesterday")], Proceed),
            (&[(IF_MATCH, "\"a\"")], Proceed),
            (&[(IF_MATCH, "W/\"a\"")], Failed),
            (&[(IF_MATCH, "\"b\""), (IF_UNMODIFIED_SINCE, LATE)], Failed),
            (&[(IF_UNMODIFIED_SINCE, EARLY)], Failed),
            (&[(IF_UNMODIFIED_SINCE, MIDDLE)], Proceed),
            (&[(IF_MATCH, "*"), (IF_NONE_MATCH, "\"a\"")], NotModified),
        ];
        for (request, expected) in rows {
            let headers = fields(request);
            let request = Presented {
                method: &Method::GET,
                headers: &headers,
            };
            let got = evaluate(&request, StatusCode::OK, &stored, UNIX_EPOCH);
            assert_eq!(got, expected, "{headers:?}");
            let got = evaluate(&request, StatusCode::NOT_FOUND, &stored, UNIX_EPOCH);
            assert_eq!(got, Proceed, "a 404 ignores {headers:?}");
        }
    }

    #[test]
    fn a_query_is_asked_like_a_get_and_a_post_is_not() {
        use Precondition::{Failed, NotModified, Proceed};
        let stored = fields(&[(ETAG, "\"a\""), (LAST_MODIFIED, MIDDLE), (DATE, LATE)]);
        for (method, by_tag, by_date) in [
            ("GET", NotModified, NotModified),
            ("HEAD", NotModified, NotModified),
            ("QUERY", NotModified, NotModified),
            ("POST", Failed, Proceed),
        ] {
            let method: Method = method.parse().unwrap();
            for (condition, expected) in [
                ((IF_NONE_MATCH, "\"a\""), by_tag),
                ((IF_MODIFIED_SINCE, LATE), by_date),
            ] {
                let headers = fields(&[condition]);
                let request = Presented {
                    method: &method,
                    headers: &headers,
                };
                let got = evaluate(&request, StatusCode::OK, &stored, UNIX_EPOCH);
                assert_eq!(got, expected, "{method} {headers:?}");
            }
        }
    }

    #[test]
    fn date_stands_in_for_a_missing_last_modified() {
        let headers = fields(&[(IF_MODIFIED_SINCE, LATE)]);
        let request = Presented {
            method: &Method::GET,
            headers: &headers,
        };
        let stored = fields(&[(DATE, MIDDLE)]);
        let got = evaluate(&request, StatusCode::OK, &stored, UNIX_EPOCH);
        assert_eq!(got, Precondition::NotModified);
        let got = evaluate(&request, StatusCode::OK, &HeaderMap::new(), UNIX_EPOCH);
        assert_eq!(got, Precondition::Proceed);
    }

    #[test]
    fn if_range_wants_a_strong_validator() {
        let stored = fields(&[(ETAG, "\"a\""), (LAST_MODIFIED, MIDDLE), (DATE, LATE)]);
        let weak = fields(&[(ETAG, "W/\"a\""), (LAST_MODIFIED, MIDDLE), (DATE, MIDDLE)]);
        let holds = |value: &'static str, stored: &HeaderMap| {
            let headers = fields(&[(IF_RANGE, value)]);
            if_range_holds(
                &Presented {
                    method: &Method::GET,
                    headers: &headers,
                },
                stored,
            )
        };
        for value in ["\"a\"", MIDDLE] {
            assert!(holds(value, &stored), "{value}");
            assert!(!holds(value, &weak), "{value}");
        }
        for value in ["W/\"a\"", "\"b\"", LATE, EARLY, ""] {
            assert!(!holds(value, &stored), "{value}");
        }
        let none = HeaderMap::new();
        assert!(if_range_holds(
            &Presented {
                method: &Method::GET,
                headers: &none
            },
            &weak
        ));
    }

    #[test]
    fn a_304_carries_the_tag_and_no_content_fields() {
        let mut stored = fields(&[
            (ETAG, "\"a\""),
            (LAST_MODIFIED, MIDDLE),
            (VARY, "a"),
            (VARY, "b"),
        ]);
        stored.insert("content-type", HeaderValue::from_static("text/html"));
        let made = not_modified_headers(&stored);
        assert_eq!(made.get_all(VARY).iter().count(), 2);
        assert!(made.contains_key(ETAG));
        assert!(!made.contains_key(LAST_MODIFIED) && !made.contains_key("content-type"));
        stored.remove(ETAG);
        assert!(not_modified_headers(&stored).contains_key(LAST_MODIFIED));
    }
}
