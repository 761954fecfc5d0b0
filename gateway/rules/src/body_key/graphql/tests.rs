//! Which GraphQL requests share a key, and which have none.

use super::*;

#[track_caller]
fn is(body: &str, expected: &str) {
    assert_eq!(
        canonical(body.as_bytes()).as_deref(),
        Ok(expected),
        "{body}"
    );
}

#[track_caller]
fn refused(body: &str, reason: Reason) {
    assert_eq!(canonical(body.as_bytes()), Err(reason), "{body}");
}

#[test]
fn requests_that_say_the_same_look_the_same() {
    let form = r#"{"query":"{ a ( b : 1 ) }"}"#;
    for body in [
        r#"{"query":"{a(b:1)}"}"#,
        r#"{"query":"\n{ a(b: 1,)\r\n} # why","variables":{},"operationName":null}"#,
        r#"{"variables":null,"extensions":{},"query":"{a(b:1)}"}"#,
    ] {
        is(body, form);
    }
    is(
        r#"{"variables":{"b":1.0,"a":[{"d":1,"c":null}]},"query":"query Q{a}","operationName":"Q"}"#,
        r#"{"operationName":"Q","query":"query Q { a }","variables":{"a":[{"c":null,"d":1}],"b":1}}"#,
    );
}

#[test]
fn what_could_matter_to_a_server_stays() {
    is(
        r#"{"query":"{a}","extensions":{"trace":true},"id":null,"operationName":""}"#,
        r#"{"extensions":{"trace":true},"id":null,"operationName":"","query":"{ a }"}"#,
    );
    is(
        r#"{"query":"{a(b:\"x  #y\")}"}"#,
        r#"{"query":"{ a ( b : \"x  #y\" ) }"}"#,
    );
}

#[test]
fn only_queries_have_a_key() {
    refused(r#"{"query":"mutation{a}"}"#, Reason::GraphqlMutation);
    refused(
        r#"{"query":"subscription{a}"}"#,
        Reason::GraphqlSubscription,
    );
    let two =
        |name| format!(r#"{{"query":"query A{{a}} mutation B{{b}}","operationName":{name}}}"#);
    assert!(canonical(two(r#""A""#).as_bytes()).is_ok());
    refused(&two(r#""B""#), Reason::GraphqlMutation);
    refused(&two("null"), Reason::BodyNotCanonical);
    refused(&two("1"), Reason::BodyNotCanonical);
}

#[test]
fn a_hash_stands_for_a_query_without_text() {
    is(
        r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}},"query":null}"#,
        r#"{"extensions":{"persistedQuery":{"sha256Hash":"ab","version":1}}}"#,
    );
    for body in [
        "{}",
        r#"{"extensions":{"persistedQuery":{"sha256Hash":""}}}"#,
        r#"{"extensions":{"persistedQuery":"ab"}}"#,
        r#"{"query":1,"extensions":{"persistedQuery":{"sha256Hash":"ab"}}}"#,
        r#"{"query":"","extensions":{"persistedQuery":{"sha256Hash":"ab"}}}"#,
    ] {
        refused(body, Reason::BodyNotCanonical);
    }
    // With text, the text says what runs.
    refused(
        r#"{"query":"mutation{a}","extensions":{"persistedQuery":{"sha256Hash":"ab"}}}"#,
        Reason::GraphqlMutation,
    );
}

#[test]
fn what_is_no_single_request_has_no_key() {
    for body in [
        "",
        "[]",
        r#"[{"query":"{a}"}]"#,
        "{a}",
        r#"{"query":"{a"}"#,
        r#""{a}""#,
    ] {
        refused(body, Reason::BodyNotCanonical);
    }
    refused(
        r#"{"query":"{a}","query":"mutation{a}"}"#,
        Reason::BodyNotCanonical,
    );
}
