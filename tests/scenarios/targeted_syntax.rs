//! Targeted fields are strict Structured Fields (RFC 9213 section 2.1, RFC 9651): what counts, and
//! what is as if it were not there.
//!
//! A row's name is its path. What a valid field decides is in `targeted_fields`.

use shoal_tests::{Answer, Gateway, Origin, fwd, get, hit, ok};

/// A row: its path, and the lines of `CDN-Cache-Control`.
type Row = (&'static str, &'static [&'static str]);

/// The lifetime that `Cache-Control` gives: it shows that the targeted field did not count.
const GENERAL: i64 = 1000;

async fn lifetimes(rows: &[Row], expected: i64) {
    let answer = |lines: &[&str]| -> Answer {
        let general = ok("v1").header("Cache-Control", &format!("max-age={GENERAL}"));
        lines
            .iter()
            .fold(general, |all, line| all.header("CDN-Cache-Control", line))
    };
    let origin = Origin::script(
        rows.iter()
            .map(|(path, lines)| get(path).respond(answer(lines))),
    );
    let gateway = Gateway::start(&origin).await;
    for (path, _) in rows {
        let first = fwd("uri-miss").stored().ttl(expected);
        gateway.get(path).await.expect(ok("v1").cache_status(first));
        gateway
            .get(path)
            .await
            .expect(ok("v1").cache_status(hit().ttl(expected)));
    }
}

async fn ignored(rows: &[Row]) {
    lifetimes(rows, GENERAL).await;
}

/// Every row says 300 seconds.
async fn counts(rows: &[Row]) {
    lifetimes(rows, 300).await;
}

#[tokio::test]
async fn a_lifetime_that_is_no_integer_spoils_the_field() {
    ignored(&[
        ("/string", &["max-age=\"300\""]),
        ("/decimal", &["max-age=300.5"]),
        ("/decimal-zero", &["max-age=300.0"]),
        ("/boolean", &["max-age=?1"]),
        ("/bare", &["max-age"]),
        ("/token", &["max-age=abc"]),
        ("/bytes", &["max-age=:MzAw:"]),
        ("/list", &["max-age=(300)"]),
        ("/date", &["max-age=@300"]),
    ])
    .await;
}

#[tokio::test]
async fn a_flag_that_is_no_boolean_spoils_the_field() {
    ignored(&[
        ("/no-store-number", &["max-age=300, no-store=1"]),
        ("/no-store-string", &["max-age=300, no-store=\"yes\""]),
        ("/public-token", &["max-age=300, public=yes"]),
        ("/private-number", &["max-age=300, private=3"]),
        ("/no-cache-list", &["max-age=300, no-cache=(\"a\")"]),
        ("/must-revalidate", &["max-age=300, must-revalidate=true"]),
    ])
    .await;
}

#[tokio::test]
async fn an_error_anywhere_spoils_the_field() {
    ignored(&[
        ("/end", &["max-age=300, &&&&&"]),
        ("/start", &["&&&&&, max-age=300"]),
        ("/comma-at-the-end", &["max-age=300,"]),
        ("/comma-at-the-start", &[",max-age=300"]),
        ("/two-commas", &["max-age=300,, public"]),
        ("/no-comma", &["max-age=300 public"]),
        ("/semicolon-at-the-end", &["max-age=300;"]),
        ("/open-string", &["max-age=300, no-cache=\"a"]),
        ("/open-list", &["max-age=300, x=(1 2"]),
        ("/no-value", &["max-age="]),
    ])
    .await;
}

#[tokio::test]
async fn spaces_around_the_equals_sign_spoil_the_field() {
    ignored(&[
        ("/before", &["max-age =300"]),
        ("/after", &["max-age= 300"]),
        ("/both", &["max-age = 300"]),
        ("/before-parameter", &["max-age=300 ;a=1"]),
    ])
    .await;
}

#[tokio::test]
async fn keys_are_in_lower_case() {
    ignored(&[
        ("/upper", &["MAX-AGE=300"]),
        ("/title", &["Max-Age=300"]),
        ("/other-key", &["max-age=300, Public"]),
        ("/digit-first", &["max-age=300, 1a"]),
    ])
    .await;
}

#[tokio::test]
async fn an_empty_field_is_as_if_it_were_not_there() {
    ignored(&[
        ("/empty", &[""]),
        ("/spaces", &["   "]),
        ("/lines", &["", ""]),
    ])
    .await;
}

#[tokio::test]
async fn an_integer_has_at_most_fifteen_digits() {
    ignored(&[
        ("/sixteen", &["max-age=1234567890123456"]),
        ("/zeros", &["max-age=0000000000000300"]),
        ("/plus", &["max-age=+300"]),
        ("/exponent", &["max-age=3e2"]),
        ("/hexadecimal", &["max-age=0x12C"]),
    ])
    .await;
}

#[tokio::test]
async fn a_huge_integer_is_the_longest_lifetime() {
    // RFC 9111 section 1.2.2: beyond what can be counted it is 2^31.
    let rows: [Row; 3] = [
        ("/fifteen", &["max-age=999999999999999"]),
        ("/just", &["max-age=2147483648"]),
        ("/more", &["max-age=4294967297"]),
    ];
    lifetimes(&rows, 2_147_483_648).await;
}

#[tokio::test]
async fn unknown_directives_of_any_type_do_not_matter() {
    counts(&[
        ("/flag", &["foobar, max-age=300"]),
        ("/token", &["max-age=300, foo=bar"]),
        ("/string", &["max-age=300, foo=\"a, b; c=\\\"d\\\"\""]),
        ("/list", &["foo=(\"a\" b 1;q=2), max-age=300"]),
        ("/bytes", &["max-age=300, foo=:aGVsbG8=:"]),
        ("/date", &["max-age=300, foo=@1659578233"]),
        ("/star", &["*foo=1, max-age=300"]),
    ])
    .await;
}

#[tokio::test]
async fn parameters_of_a_directive_do_not_matter() {
    // RFC 9213 section 2.1.
    counts(&[
        ("/token", &["max-age=300;foo=bar"]),
        ("/number", &["max-age=300;max-age=1"]),
        ("/flag", &["max-age=300;no-store"]),
        ("/many", &["max-age=300; a; b=1; c=\"x\""]),
        ("/of-a-flag", &["public;x=1, max-age=300"]),
    ])
    .await;
}

#[tokio::test]
async fn of_equal_directives_the_last_one_counts() {
    // RFC 9651 section 4.2.2; in Cache-Control it is the first one.
    counts(&[
        ("/number", &["max-age=1, max-age=300"]),
        ("/three", &["max-age=1, max-age=2, max-age=300"]),
        ("/between", &["max-age=1, public, max-age=300"]),
        ("/flag", &["no-store, max-age=300, no-store=?0"]),
        ("/type", &["max-age=\"1\", max-age=300"]),
    ])
    .await;
}

#[tokio::test]
async fn a_flag_may_be_said_to_be_false() {
    counts(&[
        ("/no-store", &["max-age=300, no-store=?0"]),
        ("/private", &["max-age=300, private=?0"]),
        ("/no-cache", &["max-age=300, no-cache=?0"]),
    ])
    .await;
}

#[tokio::test]
async fn lines_are_one_dictionary() {
    counts(&[
        ("/other-key", &["max-age=300", "public"]),
        ("/later-line", &["max-age=1", "max-age=300"]),
        ("/three", &["public", "foo=1", "max-age=300"]),
    ])
    .await;
}

#[tokio::test]
async fn an_error_on_one_line_spoils_the_others() {
    ignored(&[
        ("/first", &["&&&", "max-age=300"]),
        ("/last", &["max-age=300", "Public"]),
        ("/type", &["max-age=300", "max-age=\"300\""]),
    ])
    .await;
}

#[tokio::test]
async fn spaces_and_tabs_between_members_do_not_matter() {
    counts(&[
        ("/none", &["public,max-age=300"]),
        ("/tabs", &["public\t,\tmax-age=300"]),
        ("/many", &["  public  ,   max-age=300  "]),
    ])
    .await;
}
