//! Tags: the names under which a response can be invalidated with others.
//!
//! Four fields carry them, each with its own separator. They stay with the stored response and are
//! not sent on to the client.

use crate::field::{combined, elements};
use crate::structured::{self, Bare, Member};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The most tags of one response; further ones are ignored. An index entry costs memory for each.
pub const TAGS_MAX: usize = 128;

/// The longest tag in bytes; a longer one is ignored.
pub const TAG_LENGTH_MAX: usize = 256;

/// The fields that carry tags.
pub const TAG_FIELDS: [HeaderName; 4] = [
    HeaderName::from_static("surrogate-key"),
    HeaderName::from_static("cache-tag"),
    HeaderName::from_static("xkey"),
    HeaderName::from_static("cache-groups"),
];

/// The tags of a response, each once, in the order in which they stand.
#[must_use]
pub fn tags(headers: &HeaderMap) -> Vec<String> {
    let [surrogate_key, cache_tag, xkey, cache_groups] = &TAG_FIELDS;
    let spaced = [surrogate_key, xkey]
        .into_iter()
        .flat_map(|name| lines(headers, name));
    let spaced = spaced.flat_map(|line| line.split(|&byte| byte == b' ' || byte == b'\t'));
    let commas = lines(headers, cache_tag).flat_map(elements);

    let mut tags = Vec::new();
    for tag in spaced.chain(commas) {
        if let Ok(tag) = std::str::from_utf8(tag) {
            add(&mut tags, tag);
        }
    }
    for group in strings(headers, cache_groups) {
        add(&mut tags, &group);
    }
    tags
}

/// The groups that a response belongs to (RFC 9875 section 2).
#[must_use]
pub fn groups(headers: &HeaderMap) -> Vec<String> {
    let [.., cache_groups] = &TAG_FIELDS;
    listed(headers, cache_groups)
}

/// The groups that the response to an unsafe request invalidates (RFC 9875 section 3).
#[must_use]
pub fn invalidated_groups(headers: &HeaderMap) -> Vec<String> {
    listed(headers, &CACHE_GROUP_INVALIDATION)
}

const CACHE_GROUP_INVALIDATION: HeaderName = HeaderName::from_static("cache-group-invalidation");

fn listed(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let mut groups = Vec::new();
    for group in strings(headers, name) {
        add(&mut groups, &group);
    }
    groups
}

fn add(tags: &mut Vec<String>, tag: &str) {
    let fits = !tag.is_empty() && tag.len() <= TAG_LENGTH_MAX && tags.len() < TAGS_MAX;
    if fits && !tags.iter().any(|known| known == tag) {
        tags.push(tag.to_owned());
    }
}

fn lines<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> + 'a {
    headers.get_all(name).into_iter().map(HeaderValue::as_bytes)
}

/// A list of Strings; one member of another type refuses the field (RFC 9875 section 2).
fn strings(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let members = combined(headers, name).and_then(|text| structured::list(&text));
    let strings = members
        .unwrap_or_default()
        .into_iter()
        .map(|member| match member {
            Member::Item(Bare::String(text)) => Some(text),
            Member::Item(_) | Member::InnerList(_) => None,
        });
    strings.collect::<Option<Vec<_>>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[(&'static str, &str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(*name, value.parse().unwrap());
        }
        tags(&headers)
    }

    #[test]
    fn every_field_has_its_own_separator() {
        assert_eq!(
            of(&[("surrogate-key", "a  b,c"), ("surrogate-key", "d")]),
            ["a", "b,c", "d"]
        );
        assert_eq!(of(&[("cache-tag", "a b, c,,a b")]), ["a b", "c"]);
        assert_eq!(of(&[("xkey", "a b")]), ["a", "b"]);
        assert_eq!(of(&[("cache-groups", "\"a b\", \"c\";x")]), ["a b", "c"]);
        assert_eq!(of(&[("cache-groups", "\"a\", b")]), Vec::<String>::new());
    }

    #[test]
    fn tags_are_bounded_in_number_and_length() {
        let many: Vec<String> = (0..TAGS_MAX + 5).map(|n| n.to_string()).collect();
        assert_eq!(of(&[("xkey", &many.join(" "))]).len(), TAGS_MAX);
        assert_eq!(of(&[("xkey", &"x".repeat(TAG_LENGTH_MAX + 1))]).len(), 0);
    }

    #[test]
    fn groups_are_invalidated_by_their_own_field() {
        let mut headers = HeaderMap::new();
        headers.insert(
            CACHE_GROUP_INVALIDATION,
            HeaderValue::from_static("\"a\", \"b\""),
        );
        assert_eq!(invalidated_groups(&headers), ["a", "b"]);
    }
}
