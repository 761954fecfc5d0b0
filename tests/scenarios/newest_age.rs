//! `Age` as the origin sends it: read strictly, and counted in every lifetime (RFC 9111 sections
//! 4.2.3 and 5.1).
//!
//! A row's name is its path, so a failure names it. How ages add up is tested in `rules`.

use shoal_tests::{Answer, Gateway, Origin, fwd, get, hit, http_date, not_modified, ok};

/// A row: its path, the lines of `Age`, and the age that a client is told.
type Row = (&'static str, &'static [&'static str], u32);

const LIFETIME: u32 = 3600;

/// Every row is stored for an hour less its age.
async fn ages(rows: &[Row]) {
    let answer = |lines: &[&str]| -> Answer {
        let fresh = ok("v1").max_age(u64::from(LIFETIME));
        lines
            .iter()
            .fold(fresh, |all, line| all.header("Age", line))
    };
    let steps = rows
        .iter()
        .map(|(path, lines, _)| get(path).respond(answer(lines)));
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for (path, _, age) in rows {
        let rest = i64::from(LIFETIME - age);
        gateway
            .get(path)
            .await
            .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(rest)));
        let second = gateway.get(path).await;
        let second = second.expect(ok("v1").age(u64::from(*age)).cache_status(hit().ttl(rest)));
        assert_eq!(second.fields.all("Age").len(), 1, "lines of Age for {path}");
    }
}

#[tokio::test]
async fn an_age_that_is_no_number_is_ignored() {
    ages(&[
        ("/letters", &["abc"], 0),
        ("/empty", &[""], 0),
        ("/hexadecimal", &["0x64"], 0),
        ("/exponent", &["1e3"], 0),
        ("/unit", &["100s"], 0),
        ("/space-inside", &["1 00"], 0),
        ("/quoted", &["\"100\""], 0),
        ("/parameter", &["100;foo=bar"], 0),
    ])
    .await;
}

#[tokio::test]
async fn an_age_with_a_sign_or_a_fraction_is_ignored() {
    ages(&[
        ("/negative", &["-100"], 0),
        ("/plus", &["+100"], 0),
        ("/fraction", &["100.5"], 0),
        ("/point-zero", &["100.0"], 0),
        ("/point", &["100."], 0),
    ])
    .await;
}

#[tokio::test]
async fn an_age_may_have_zeros_and_spaces_around_it() {
    ages(&[
        ("/zeros", &["000100"], 100),
        ("/spaces", &["  100  "], 100),
        ("/tab", &["\t100"], 100),
    ])
    .await;
}

#[tokio::test]
async fn the_first_of_a_list_of_ages_counts() {
    ages(&[
        ("/old-first", &["100, 0"], 100),
        ("/young-first", &["0, 100"], 0),
        ("/no-space", &["100,7"], 100),
        ("/nonsense-first", &["abc, 100"], 0),
        ("/nonsense-later", &["100, abc"], 100),
    ])
    .await;
}

#[tokio::test]
async fn the_first_of_several_lines_of_age_counts() {
    ages(&[
        ("/old-first", &["100", "0"], 100),
        ("/young-first", &["0", "100"], 0),
        ("/nonsense-first", &["abc", "100"], 0),
    ])
    .await;
}

#[tokio::test]
async fn an_age_beyond_what_can_be_counted_is_two_to_the_31() {
    // Section 1.2.2. The lifetime is the longest there is, and is still not longer than the age.
    for age in ["2147483648", "99999999999", "99999999999999999999999999"] {
        let old = ok("v1").header("Age", age).max_age(2_147_483_648).etag("1");
        let origin = Origin::script([
            get("/").respond(old),
            get("/").if_none_match("1").respond(ok("v2").max_age(60)),
        ]);
        let gateway = Gateway::start(&origin).await;
        let first = gateway.get("/").await.expect(ok("v1").age(2_147_483_648));
        assert_eq!(first.cache_status().ttl(), Some(0), "Age: {age}");
        gateway
            .get("/")
            .await
            .expect(ok("v2").cache_status(fwd("stale").stored()));
    }
}

#[tokio::test]
async fn an_age_counts_against_every_kind_of_lifetime() {
    let lived = || ok("v1").age(100);
    let rows = [
        ("/s-maxage", lived().cache_control("s-maxage=600")),
        ("/expires", lived().header("Expires", &http_date(600))),
        (
            "/targeted",
            lived().header("CDN-Cache-Control", "max-age=600"),
        ),
        (
            "/surrogate",
            lived().header("Surrogate-Control", "max-age=600"),
        ),
        ("/heuristic", lived().last_modified(&http_date(-6000))),
    ];
    let steps = rows.map(|(path, answer)| (path, get(path).respond(answer)));
    let paths = steps.each_ref().map(|(path, _)| *path);
    let origin = Origin::script(steps.map(|(_, step)| step));
    let gateway = Gateway::start(&origin).await;
    for path in paths {
        gateway.get(path).await.expect(
            ok("v1")
                .age(100)
                .cache_status(fwd("uri-miss").stored().ttl(500)),
        );
        gateway.get(path).await.expect(ok("v1").age(100).hit());
    }
}

#[tokio::test]
async fn a_date_that_is_older_than_the_age_says_counts() {
    // Section 4.2.3: the greater of apparent age and corrected age value.
    let origin = Origin::script([
        get("/date").respond(
            ok("v1")
                .age(10)
                .max_age(600)
                .header("Date", &http_date(-100)),
        ),
        get("/age").respond(
            ok("v1")
                .age(100)
                .max_age(600)
                .header("Date", &http_date(-10)),
        ),
        get("/future").respond(
            ok("v1")
                .age(100)
                .max_age(600)
                .header("Date", &http_date(900)),
        ),
    ]);
    let gateway = Gateway::start(&origin).await;
    for path in ["/date", "/age", "/future"] {
        gateway.get(path).await.expect(ok("v1"));
        gateway
            .get(path)
            .await
            .expect(ok("v1").age(100).cache_status(hit().ttl(500)));
    }
}

#[tokio::test]
async fn the_age_of_a_304_is_the_new_age() {
    // Section 4.3.4: the fields of the 304 are the stored response's, its age included.
    let origin = Origin::script([
        get("/").respond(ok("v1").age(700).max_age(600).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().age(100).max_age(600).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v1").age(100).cache_status(hit().ttl(500)));
}

#[tokio::test]
async fn a_304_without_age_makes_a_response_young_again() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(700).max_age(600).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().max_age(600).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1").age(700));
    gateway.get("/").await.expect(ok("v1").age(0));
    gateway
        .get("/")
        .await
        .expect(ok("v1").age(0).cache_status(hit().ttl(600)));
}
