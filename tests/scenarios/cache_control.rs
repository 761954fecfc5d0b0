//! How `Cache-Control` is read (RFC 9111 sections 4.2.1 and 5.2): duplicates, spellings, numbers.
//!
//! A row's name is its path. The strict grammar of targeted fields is in `targeted_syntax`.

use shoal_tests::{Answer, Gateway, Origin, fwd, get, hit, ok, status};

/// A row: its path, the lines of `Cache-Control`, and the lifetime.
type Row = (&'static str, &'static [&'static str], i64);

fn answer(lines: &[&str]) -> Answer {
    lines
        .iter()
        .fold(ok("v1"), |all, line| all.header("Cache-Control", line))
}

async fn lifetimes(rows: &[Row]) {
    let steps = rows
        .iter()
        .map(|(path, lines, _)| get(path).respond(answer(lines)));
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for (path, _, expected) in rows {
        let first = fwd("uri-miss").stored().ttl(*expected);
        gateway.get(path).await.expect(ok("v1").cache_status(first));
        gateway
            .get(path)
            .await
            .expect(ok("v1").cache_status(hit().ttl(*expected)));
    }
}

/// None of these may be used without asking.
async fn unusable(rows: &[(&'static str, &'static [&'static str])]) {
    let steps = rows
        .iter()
        .map(|(path, lines)| get(path).respond(answer(lines)).times(2));
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for (path, _) in rows {
        for _ in 0..2 {
            let came = gateway.get(path).await.expect(ok("v1"));
            assert!(!came.cache_status().has("hit"), "{path}: {came:?}");
        }
    }
}

#[tokio::test]
async fn the_first_of_equal_directives_counts() {
    // Section 4.2.1 lets us choose the first or call the response stale.
    lifetimes(&[
        ("/one-line", &["max-age=300, max-age=1"], 300),
        ("/lines", &["max-age=300", "max-age=1"], 300),
        ("/s-maxage", &["s-maxage=300, s-maxage=1, max-age=2"], 300),
        (
            "/shorter-first",
            &["max-age=300, public, max-age=9000"],
            300,
        ),
    ])
    .await;
}

#[tokio::test]
async fn s_maxage_wins_wherever_it_stands() {
    lifetimes(&[
        ("/before", &["s-maxage=300, max-age=1"], 300),
        ("/line-before", &["s-maxage=300", "max-age=1"], 300),
        ("/line-after", &["max-age=9000", "s-maxage=300"], 300),
        ("/shorter", &["max-age=9000, s-maxage=300"], 300),
    ])
    .await;
}

#[tokio::test]
async fn spelling_and_unknown_directives_do_not_matter() {
    lifetimes(&[
        ("/case", &["MaX-aGe=300"], 300),
        ("/quoted", &["max-age=\"300\""], 300),
        ("/zeros", &["max-age=0000300"], 300),
        ("/unknown", &["foo, max-age=300, bar=baz"], 300),
        (
            "/unknown-quoted",
            &["foo=\"no-store, max-age=1\", max-age=300"],
            300,
        ),
        (
            "/escaped-quote",
            &["foo=\"a\\\" , no-store\", max-age=300"],
            300,
        ),
        ("/empty-members", &[",, max-age=300 ,,"], 300),
        ("/no-space", &["public,max-age=300"], 300),
        (
            "/longer-name",
            &["max-age=300, xno-store, no-storex, x-max-age=1"],
            300,
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_lifetime_beyond_what_can_be_counted_is_two_to_the_31() {
    // Section 1.2.2.
    lifetimes(&[
        ("/just", &["max-age=2147483648"], 2_147_483_648),
        ("/more", &["max-age=99999999999"], 2_147_483_648),
        (
            "/much-more",
            &["max-age=99999999999999999999999999"],
            2_147_483_648,
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_lifetime_that_is_no_number_is_no_lifetime() {
    // Section 4.2.1: invalid freshness is stale.
    unusable(&[
        ("/letters", &["max-age=abc"]),
        ("/empty", &["max-age="]),
        ("/bare", &["max-age"]),
        ("/negative", &["max-age=-300"]),
        ("/fraction", &["max-age=300.5"]),
        ("/unit", &["max-age=300s"]),
        ("/spaces", &["max-age = 300"]),
        ("/first-counts", &["max-age=abc, max-age=300"]),
        ("/s-maxage", &["s-maxage=abc, max-age=300"]),
    ])
    .await;
}

#[tokio::test]
async fn a_prohibition_counts_however_it_is_spelt() {
    unusable(&[
        ("/case", &["max-age=300, NO-STORE"]),
        ("/line", &["max-age=300", "no-store"]),
        ("/argument", &["max-age=300, no-store=1"]),
        ("/private-case", &["max-age=300, PriVate"]),
        ("/private-empty", &["max-age=300, private=\"\""]),
        ("/no-cache-line", &["no-cache", "max-age=300"]),
        ("/conflict", &["public, no-store, max-age=300"]),
    ])
    .await;
}

#[tokio::test]
async fn named_fields_are_withheld_and_the_rest_is_kept() {
    // Sections 5.2.2.4 and 5.2.2.7: the qualified forms.
    let rows = [
        ("/private", "private=\"X-One, x-two\", max-age=300"),
        ("/no-cache", "no-cache=\"X-One,X-TWO\", max-age=300"),
        ("/token", "private=X-One, private=X-Two, max-age=300"),
        (
            "/lines",
            "no-cache=\"x-one\", private=\"x-two\", max-age=300",
        ),
    ];
    let steps = rows.map(|(path, value)| {
        let fields = ok("v1")
            .header("X-One", "1")
            .header("X-Two", "2")
            .header("X-Three", "3");
        get(path).respond(fields.header("Cache-Control", value))
    });
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for (path, _) in rows {
        gateway
            .get(path)
            .await
            .expect(ok("v1").header("X-One", "1"));
        let kept = ok("v1").header("X-Three", "3").hit();
        gateway
            .get(path)
            .await
            .expect(kept.without("X-One").without("X-Two"));
    }
}

#[tokio::test]
async fn a_heuristic_lifetime_is_a_tenth_and_at_most_a_day() {
    // Section 4.2.2.
    let aged = |seconds: i64| ok("v1").last_modified(&shoal_tests::http_date(-seconds));
    let origin = Origin::script([
        get("/tenth").respond(aged(36_000)),
        get("/capped").respond(aged(100 * 24 * 3600)),
        get("/future").respond(aged(-3600)).times(2),
    ]);
    let gateway = Gateway::start(&origin).await;
    for (path, ttl) in [("/tenth", 3600), ("/capped", 86_400)] {
        let stored = fwd("uri-miss").stored().ttl(ttl);
        gateway
            .get(path)
            .await
            .expect(ok("v1").cache_status(stored));
    }
    for _ in 0..2 {
        let came = gateway.get("/future").await.expect(ok("v1"));
        assert!(!came.cache_status().has("hit"), "{came:?}");
    }
}

#[tokio::test]
async fn a_heuristic_lifetime_is_for_some_statuses_or_public_ones() {
    // RFC 9110 section 15.1 lists them; `public` admits others (section 4.2.2).
    let aged = |code: u16| status(code).last_modified(&shoal_tests::http_date(-36_000));
    let path = |kind: &str, code: u16| format!("/{kind}-{code}");
    let listed = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];
    let others = [201, 302, 303, 307, 400, 403, 500, 503];
    let steps = listed.map(|code| get(&path("listed", code)).respond(aged(code)));
    let plain = others.map(|code| get(&path("plain", code)).respond(aged(code)).times(2));
    let public =
        others.map(|code| get(&path("public", code)).respond(aged(code).cache_control("public")));
    let origin = Origin::script(steps.into_iter().chain(plain).chain(public));
    let gateway = Gateway::start(&origin).await;
    for code in listed {
        let target = path("listed", code);
        gateway.get(&target).await.expect(status(code));
        gateway.get(&target).await.expect(status(code).hit());
    }
    for code in others {
        for _ in 0..2 {
            let came = gateway.get(&path("plain", code)).await.expect(status(code));
            assert!(!came.cache_status().has("hit"), "{came:?}");
        }
        let target = path("public", code);
        gateway.get(&target).await.expect(status(code));
        gateway.get(&target).await.expect(status(code).hit());
    }
}

#[tokio::test]
async fn pragma_in_a_response_says_nothing() {
    // Section 5.4.
    let origin =
        Origin::script([get("/").respond(ok("v1").max_age(300).header("Pragma", "no-cache"))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1").hit());
}
