//! The names under which a response is stored, so that it can be invalidated with others.
//!
//! A group (RFC 9875) is a tag for operators like any other. Its origin may invalidate it too, and only its
//! own: so each group is a tag a second time, with its host.

use http::HeaderMap;
use shoal_rules::tags::{TAGS_MAX, groups, tags};

/// The tags of a response of `host` with these fields: those that the route and its plugins give, its own,
/// and its groups. Sorted, each once, at most [`TAGS_MAX`].
pub fn of(given: impl IntoIterator<Item = String>, headers: &HeaderMap, host: &str) -> Vec<String> {
    let mut all: Vec<String> = given.into_iter().collect();
    all.extend(tags(headers));
    all.extend(groups(headers).iter().map(|group| of_group(host, group)));
    all.sort_unstable();
    all.dedup();
    all.truncate(TAGS_MAX);
    all
}

/// The tag of a group of `host`. RFC 9875 groups responses by origin; schemes are not told apart here, as
/// nowhere in invalidation, since TLS often ends before the gateway.
pub fn of_group(host: &str, group: &str) -> String {
    format!("{host} {group:?}")
}
