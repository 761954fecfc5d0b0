//! Requests that select the same variant, and requests that must not.

use super::*;
use proptest::prelude::*;

type Fields = [(&'static str, &'static str)];

fn fields(list: &Fields) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in list {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

#[test]
fn star_anywhere_matches_nothing() {
    let stars: [&Fields; 6] = [
        &[("vary", "*")],
        &[("vary", "*, *")],
        &[("vary", ", *")],
        &[("vary", ""), ("vary", "*")],
        &[("vary", "*, Foo")],
        &[("vary", "Foo"), ("vary", "*")],
    ];
    for response in stars {
        assert_eq!(
            selecting_key(&fields(response), &HeaderMap::new()),
            Selector::Star
        );
    }
    let none: [&Fields; 2] = [&[], &[("vary", " , ")]];
    for response in none {
        assert_eq!(
            selecting_key(&fields(response), &HeaderMap::new()),
            Selector::None
        );
    }
}

fn keys(vary: &'static str, one: &Fields, other: &Fields) -> [Selector; 2] {
    let response = fields(&[("vary", vary)]);
    [one, other].map(|request| selecting_key(&response, &fields(request)))
}

#[track_caller]
fn same(vary: &'static str, one: &Fields, other: &Fields) {
    let [first, second] = keys(vary, one, other);
    assert_eq!(first, second, "{vary}: {one:?} {other:?}");
}

#[track_caller]
fn different(vary: &'static str, one: &Fields, other: &Fields) {
    let [first, second] = keys(vary, one, other);
    assert_ne!(first, second, "{vary}: {one:?} {other:?}");
}

#[test]
fn requests_with_equal_fields_select_the_same_variant() {
    same(
        "Foo",
        &[("foo", "1"), ("other", "2")],
        &[("foo", "1"), ("other", "3")],
    );
    same("Foo", &[("foo", "1, 2")], &[("foo", "1"), ("foo", "2")]);
    same("Foo", &[("foo", "1,2")], &[("foo", " 1, 2 ")]);
    same("Foo, Bar", &[("foo", "1")], &[("foo", "1")]);
    same(
        "Accept-Language",
        &[("accept-language", "en, de")],
        &[("accept-language", "de, en")],
    );
    same(
        "Accept-Language",
        &[("accept-language", "en, de")],
        &[("accept-language", "eN, De")],
    );
    same(
        "Accept-Language",
        &[("accept-language", "en;q=0.5, de")],
        &[("accept-language", " de;q=1.000 ,   en; Q=0.50")],
    );
    same(
        "accept-encoding",
        &[("accept-encoding", "gzip, br")],
        &[("accept-encoding", "br,gzip")],
    );
}

#[test]
fn requests_with_other_fields_do_not() {
    different("Foo", &[("foo", "1")], &[("foo", "2")]);
    different("Foo", &[], &[("foo", "1")]);
    different("Foo", &[], &[("foo", "")]);
    different("Foo", &[("foo", "1")], &[("foo", "1, 1")]);
    different(
        "Foo, Bar",
        &[("foo", "1"), ("bar", "2")],
        &[("foo", "2"), ("bar", "1")],
    );
    different("Foo", &[("foo", "A")], &[("foo", "a")]);
    different(
        "Accept-Language",
        &[("accept-language", "en, de")],
        &[("accept-language", "en")],
    );
    different(
        "Accept-Language",
        &[("accept-language", "en, de")],
        &[("accept-language", "en, de;q=0.5")],
    );
    different("Accept-Language", &[], &[("accept-language", "")]);
}

#[test]
fn spelling_and_order_of_vary_do_not_matter() {
    let request = fields(&[("foo", "1"), ("bar", "2")]);
    let one = selecting_key(&fields(&[("vary", "Foo, Bar")]), &request);
    let other = selecting_key(&fields(&[("vary", "bar"), ("vary", "FOO, foo")]), &request);
    assert_eq!(one, other);
}

#[test]
fn the_language_liked_best_selects_the_stored_response() {
    let stored_headers = fields(&[("vary", "Accept-Language"), ("content-language", "de")]);
    let first = fields(&[("accept-language", "en, de")]);
    let stored = selecting_key(&stored_headers, &first);
    for (accept, selects) in [
        ("fr;q=0.5, de;q=1.0", true),
        ("DE", true),
        ("fr, de;q=0.9", false),
        ("de;q=0", false),
        ("", false),
    ] {
        let request = fields(&[("accept-language", accept)]);
        let selected = variant(&stored_headers, stored, &request) == stored;
        assert_eq!(selected, selects, "{accept}");
    }
    let mixed = fields(&[("vary", "Accept-Language, Foo"), ("content-language", "de")]);
    let stored = selecting_key(&mixed, &first);
    let request = fields(&[("accept-language", "de")]);
    assert_ne!(variant(&mixed, stored, &request), stored);
}

#[test]
fn too_many_fields_count_as_star() {
    let names = vec!["a"; VARY_FIELDS_MAX + 1].join(",");
    let mut headers = HeaderMap::new();
    headers.insert(VARY, names.parse().unwrap());
    assert_eq!(selecting_key(&headers, &HeaderMap::new()), Selector::Star);
}

proptest! {
    #[test]
    fn no_value_panics(value in proptest::collection::vec(any::<u8>(), 0..40)) {
        let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok(()) };
        let mut headers = fields(&[("vary", "accept-language, foo")]);
        headers.insert("foo", value.clone());
        headers.insert(ACCEPT_LANGUAGE, value.clone());
        prop_assert_eq!(selecting_key(&headers, &headers), selecting_key(&headers, &headers));
        headers.insert(VARY, value);
        let _ = selecting_key(&headers, &headers);
    }
}
