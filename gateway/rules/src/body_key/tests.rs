//! Which contents share a digest, and what enters it beside them.

use super::*;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

const JSON: Option<&[u8]> = Some(b"application/json");

fn of(kind: BodyKey, content_type: &str, body: &str) -> [u8; 32] {
    digest(kind, Some(content_type.as_bytes()), body.as_bytes()).unwrap()
}

#[test]
fn the_digest_is_the_same_on_every_node_and_in_every_version() {
    let digest = digest(BodyKey::Json, JSON, b"{\"b\":1, \"a\":2}").unwrap();
    let mut written = b"j\x01\x10\0\0\0\0\0\0\0application/json".to_vec();
    written.extend_from_slice(br#"{"a":2,"b":1}"#);
    assert_eq!(digest, *blake3::hash(&written).as_bytes());
}

#[test]
fn kind_type_and_content_tell_requests_apart() {
    let all = [
        of(BodyKey::Raw, "application/json", "{}"),
        of(BodyKey::Json, "application/json", "{}"),
        of(BodyKey::Json, "application/ld+json", "{}"),
        of(BodyKey::Json, "application/json; charset=utf-16", "{}"),
        of(BodyKey::Json, "application/json", "[]"),
        of(BodyKey::Raw, "", "{}"),
        digest(BodyKey::Raw, None, b"{}").unwrap(),
        of(BodyKey::Raw, "a/b", "{}"),
        of(BodyKey::Raw, "a/b", "{ }"),
    ];
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn form_without_meaning_does_not() {
    assert_eq!(
        of(BodyKey::Json, "application/json", "{\"a\":1}"),
        of(
            BodyKey::Json,
            "Application/JSON;charset=UTF-8",
            " {\"\\u0061\" : 1.0} "
        )
    );
    assert_eq!(
        of(BodyKey::Graphql, "application/json", r#"{"query":"{a,b}"}"#),
        of(
            BodyKey::Graphql,
            "application/json",
            r#"{"query":"{ a\n b }","variables":{}}"#
        )
    );
    assert_eq!(
        of(BodyKey::Raw, "a/b;x=1;y=2", "z"),
        of(BodyKey::Raw, "A/b; y=2; x=\"1\"", "z")
    );
}

#[test]
fn what_has_no_key_says_why() {
    for (kind, body, reason) in [
        (BodyKey::Off, "", Reason::MethodBypass),
        (BodyKey::Json, "{", Reason::BodyNotCanonical),
        (BodyKey::Json, "", Reason::BodyNotCanonical),
        (BodyKey::Graphql, "{}", Reason::BodyNotCanonical),
        (
            BodyKey::Graphql,
            r#"{"query":"mutation {a}"}"#,
            Reason::GraphqlMutation,
        ),
        (
            BodyKey::Graphql,
            r#"{"query":"subscription {a}"}"#,
            Reason::GraphqlSubscription,
        ),
    ] {
        assert_eq!(
            digest(kind, JSON, body.as_bytes()),
            Err(reason),
            "{kind:?} {body}"
        );
    }
}

#[test]
fn a_coded_content_has_no_key() {
    let of = |lines: &[(HeaderName, &'static str)]| {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        of_request(BodyKey::Raw, &headers, b"a")
    };
    assert_eq!(
        of(&[(CONTENT_ENCODING, "gzip")]),
        Err(Reason::BodyNotCanonical)
    );
    assert_eq!(
        of(&[(CONTENT_ENCODING, "identity, br")]),
        Err(Reason::BodyNotCanonical)
    );
    assert_eq!(of(&[(CONTENT_ENCODING, "Identity")]), of(&[]));
    assert_eq!(of(&[]), digest(BodyKey::Raw, None, b"a"));
    let plain = of(&[(CONTENT_TYPE, "text/plain")]);
    assert_eq!(plain, digest(BodyKey::Raw, Some(b"text/plain"), b"a"));
    let twice = [(CONTENT_TYPE, "text/plain"), (CONTENT_TYPE, "text/html")];
    assert_eq!(of(&twice), Err(Reason::BodyNotCanonical));
}

proptest! {
    #[test]
    fn nothing_panics_and_raw_contents_differ(
        one in proptest::collection::vec(any::<u8>(), 0..40),
        other in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        for kind in [BodyKey::Off, BodyKey::Raw, BodyKey::Json, BodyKey::Graphql] {
            let _ = digest(kind, Some(&other), &one);
        }
        let raw = |body| digest(BodyKey::Raw, None, body).unwrap();
        prop_assert_eq!(raw(&one) == raw(&other), one == other);
    }
}
