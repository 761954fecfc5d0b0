//! Fields that belong to one connection and are neither forwarded nor stored (RFC 9110 section
//! 7.6.1, RFC 9111 section 3.1).
//!
//! Tags and targeted fields are another matter: they are stored and hidden from the client.

use crate::cache_control::qualified_fields;
use crate::date;
use crate::field::list;
use crate::targeted::TARGETED_FIELDS;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, DATE, HOST,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName};
use std::time::SystemTime;

/// Removes the fields of the connection and those that `Connection` lists.
///
/// `Upgrade` goes too: whoever lets an upgrade through decides that before.
pub fn strip(headers: &mut HeaderMap) {
    let listed: Vec<HeaderName> = listed(headers).collect();
    for name in CONNECTION_FIELDS.iter().chain(&listed) {
        headers.remove(name);
    }
}

/// The fields of a response that are stored: without those of the connection, and without those
/// that `no-cache="…"` and `private="…"` name. A response without `Date` gets one (RFC 9110 section
/// 6.6.1).
#[must_use]
pub fn storable_headers(response: &HeaderMap, received: SystemTime) -> HeaderMap {
    let mut headers = response.clone();
    // All of them, also where one field governs alone: to leave out too much is safe.
    for source in TARGETED_FIELDS.into_iter().chain([CACHE_CONTROL]) {
        for name in qualified_fields(response, source) {
            if let Ok(name) = HeaderName::from_bytes(name) {
                headers.remove(name);
            }
        }
    }
    strip(&mut headers);
    headers
        .entry(DATE)
        .or_insert_with(|| date::format(received));
    headers
}

/// Is `name` a field of the connection, by itself or because `headers` lists it in `Connection`?
pub(crate) fn is_connection_field(headers: &HeaderMap, name: &HeaderName) -> bool {
    CONNECTION_FIELDS.contains(name) || listed(headers).any(|listed| listed == *name)
}

const CONNECTION_FIELDS: [HeaderName; 10] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("proxy-authentication-info"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Fields that no `Connection` can take away: a client could make the origin see another request
/// than the one that the key was made from. RFC 9110 section 7.6.1 forbids to list such fields.
const END_TO_END: [HeaderName; 6] = [
    HOST,
    AUTHORIZATION,
    COOKIE,
    CACHE_CONTROL,
    CONTENT_LENGTH,
    CONTENT_TYPE,
];

fn listed(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let names = list(headers, CONNECTION).filter_map(|name| HeaderName::from_bytes(name).ok());
    names.filter(|name| !END_TO_END.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
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
    fn listed_fields_go_with_the_connection() {
        let mut headers = fields(&[
            ("connection", "A, b"),
            ("a", "1"),
            ("b", "2"),
            ("c", "3"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
        ]);
        strip(&mut headers);
        assert_eq!(headers, fields(&[("c", "3")]));
    }

    #[test]
    fn a_client_cannot_list_end_to_end_fields() {
        let mut headers = fields(&[("connection", "host, authorization"), ("host", "a")]);
        strip(&mut headers);
        assert_eq!(headers, fields(&[("host", "a")]));
    }

    #[test]
    fn qualified_fields_are_not_stored() {
        let headers = fields(&[
            (
                "cache-control",
                "no-cache=\"a, b\", max-age=9, private=\"set-cookie\"",
            ),
            ("a", "1"),
            ("b", "2"),
            ("set-cookie", "x=y"),
            ("cdn-cache-control", "max-age=9, private=\"d\""),
            ("d", "4"),
            ("c", "3"),
        ]);
        let stored = storable_headers(&headers, UNIX_EPOCH);
        let mut names: Vec<_> = stored.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["c", "cache-control", "cdn-cache-control", "date"]);
    }
}
