//! A valid targeted field decides alone (RFC 9213 section 2.2): `Shoal-Cache-Control`, then
//! `CDN-Cache-Control`, then `Surrogate-Control`, then `Cache-Control` with `Expires`.
//!
//! A row's name is its path. What is valid is in `targeted_syntax`.

use shoal_tests::{Answer, Gateway, Origin, fwd, get, hit, http_date, not_modified, ok, status};

const OWN: &str = "Shoal-Cache-Control";
const CDN: &str = "CDN-Cache-Control";
const SURROGATE: &str = "Surrogate-Control";
const GENERAL: &str = "Cache-Control";

/// A row: its path, the field lines of the answer, and the lifetime.
type Row = (&'static str, &'static [(&'static str, &'static str)], i64);

fn answer(lines: &[(&str, &str)]) -> Answer {
    lines
        .iter()
        .fold(ok("v1"), |all, (name, value)| all.header(name, value))
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

#[tokio::test]
async fn the_more_specific_field_comes_first() {
    lifetimes(&[
        (
            "/own",
            &[
                (GENERAL, "max-age=1"),
                (SURROGATE, "max-age=2"),
                (CDN, "max-age=3"),
                (OWN, "max-age=400"),
            ],
            400,
        ),
        (
            "/cdn",
            &[
                (GENERAL, "max-age=1"),
                (SURROGATE, "max-age=2"),
                (CDN, "max-age=300"),
            ],
            300,
        ),
        (
            "/surrogate",
            &[(GENERAL, "max-age=1"), (SURROGATE, "max-age=200")],
            200,
        ),
        (
            "/own-is-shorter",
            &[(CDN, "max-age=600"), (OWN, "max-age=400")],
            400,
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_field_that_cannot_be_read_leaves_the_word_to_the_next() {
    lifetimes(&[
        (
            "/to-cdn",
            &[
                (OWN, "max-age=\"1\""),
                (CDN, "max-age=300"),
                (GENERAL, "no-store"),
            ],
            300,
        ),
        (
            "/to-surrogate",
            &[(OWN, "&&"), (CDN, "Max-Age=1"), (SURROGATE, "max-age=200")],
            200,
        ),
        (
            "/to-general",
            &[
                (OWN, "max-age=1,"),
                (CDN, "max-age=x"),
                (GENERAL, "max-age=100"),
            ],
            100,
        ),
        (
            "/empty",
            &[(OWN, ""), (CDN, "max-age=300"), (GENERAL, "no-store")],
            300,
        ),
    ])
    .await;
}

#[tokio::test]
async fn directives_of_several_fields_are_not_mixed() {
    lifetimes(&[
        (
            "/no-store",
            &[
                (OWN, "max-age=400"),
                (CDN, "no-store"),
                (GENERAL, "private"),
            ],
            400,
        ),
        (
            "/s-maxage",
            &[
                (OWN, "max-age=400"),
                (CDN, "s-maxage=1"),
                (GENERAL, "s-maxage=2"),
            ],
            400,
        ),
        (
            "/no-cache",
            &[
                (CDN, "max-age=300"),
                (GENERAL, "no-cache, max-age=0, must-revalidate"),
            ],
            300,
        ),
    ])
    .await;
}

#[tokio::test]
async fn expires_does_not_count_beside_a_targeted_field() {
    // Neither as a date in the past, nor to give the lifetime that the targeted field lacks.
    let old = http_date(-3600);
    let soon = http_date(3600);
    let origin = Origin::script([
        get("/past").respond(ok("v1").header(CDN, "max-age=300").header("Expires", &old)),
        get("/zero").respond(ok("v1").header(CDN, "max-age=300").header("Expires", "0")),
        get("/soon")
            .respond(ok("v1").header(CDN, "public").header("Expires", &soon))
            .times(2),
    ]);
    let gateway = Gateway::start(&origin).await;
    for path in ["/past", "/zero"] {
        gateway.get(path).await.expect(ok("v1"));
        gateway
            .get(path)
            .await
            .expect(ok("v1").cache_status(hit().ttl(300)));
    }
    for _ in 0..2 {
        let refused = fwd("uri-miss").not_stored().detail("no-freshness");
        gateway
            .get("/soon")
            .await
            .expect(ok("v1").cache_status(refused));
    }
}

#[tokio::test]
async fn max_age_of_cache_control_does_not_fill_a_gap() {
    let sparse = answer(&[(CDN, "stale-if-error=60"), (GENERAL, "max-age=600")]);
    let origin = Origin::script([
        get("/").respond(sparse.etag("1")),
        get("/").if_none_match("1").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v2").cache_status(fwd("stale").stored()));
}

#[tokio::test]
async fn what_is_aimed_at_this_cache_stays_here_and_the_rest_goes_on() {
    let expires = http_date(60);
    let full = answer(&[
        (OWN, "max-age=400"),
        (CDN, "max-age=300"),
        (SURROGATE, "max-age=200"),
        (GENERAL, "private, max-age=10"),
        ("Expires", &expires),
        ("Other-CDN-Cache-Control", "max-age=5"),
    ]);
    let broken = answer(&[
        (OWN, "&&"),
        (CDN, "&&"),
        (SURROGATE, "x"),
        (GENERAL, "max-age=10"),
    ]);
    let origin = Origin::script([get("/full").respond(full), get("/broken").respond(broken)]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        let expected = ok("v1")
            .header(GENERAL, "private, max-age=10")
            .header("Expires", &expires)
            .header("Other-CDN-Cache-Control", "max-age=5");
        let came = gateway.get("/full").await;
        came.expect(expected.without(OWN).without(CDN).without(SURROGATE));
        let came = gateway.get("/broken").await;
        came.expect(ok("v1").without(OWN).without(CDN).without(SURROGATE));
    }
}

#[tokio::test]
async fn a_targeted_field_may_forbid_what_cache_control_allows() {
    let rows = [
        ("/own-no-store", OWN, "no-store", "no-store"),
        ("/cdn-no-store", CDN, "no-store", "no-store"),
        ("/surrogate-no-store", SURROGATE, "no-store", "no-store"),
        ("/cdn-private", CDN, "private", "private"),
        (
            "/cdn-private-lifetime",
            CDN,
            "private, max-age=60",
            "private",
        ),
    ];
    let steps = rows.map(|(path, name, value, _)| {
        get(path)
            .respond(answer(&[(name, value), (GENERAL, "public, max-age=600")]))
            .times(2)
    });
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for (path, _, _, reason) in rows {
        for _ in 0..2 {
            let refused = fwd("uri-miss").not_stored().detail(reason);
            gateway
                .get(path)
                .await
                .expect(ok("v1").cache_status(refused));
        }
    }
}

#[tokio::test]
async fn no_cache_in_a_targeted_field_demands_validation() {
    let careful = answer(&[(CDN, "no-cache, max-age=600"), (GENERAL, "max-age=600")]);
    let origin = Origin::script([
        get("/").respond(careful.etag("1")),
        get("/")
            .if_none_match("1")
            .respond(
                not_modified()
                    .etag("1")
                    .header(CDN, "no-cache, max-age=600"),
            )
            .times(2),
    ]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..3 {
        gateway.get("/").await.expect(ok("v1"));
    }
}

#[tokio::test]
async fn s_maxage_in_a_targeted_field_wins_and_forbids_stale_responses() {
    // RFC 9111 section 5.2.2.10.
    let answer = answer(&[(CDN, "max-age=9000, s-maxage=60, stale-while-revalidate=600")]);
    let origin = Origin::script([
        get("/").respond(answer.age(61)),
        get("/").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v2").cache_status(fwd("stale")));
}

#[tokio::test]
async fn must_revalidate_in_a_targeted_field_lets_credentials_share() {
    // RFC 9111 section 3.5, read from the field that governs.
    let shared = answer(&[
        (CDN, "max-age=600, must-revalidate"),
        (GENERAL, "max-age=600"),
    ]);
    let kept = answer(&[(CDN, "max-age=600"), (GENERAL, "public, max-age=600")]);
    let origin = Origin::script([
        get("/shared").respond(shared),
        get("/kept").respond(kept).times(2),
    ]);
    let gateway = Gateway::start(&origin).await;
    let ask = |path, user| get(path).header("Authorization", user);
    gateway
        .send(ask("/shared", "Basic YQ=="))
        .await
        .expect(ok("v1"));
    gateway
        .send(ask("/shared", "Basic Yg=="))
        .await
        .expect(ok("v1").hit());
    for user in ["Basic YQ==", "Basic Yg=="] {
        let refused = fwd("uri-miss").not_stored().detail("authorization");
        let came = gateway.send(ask("/kept", user)).await;
        came.expect(ok("v1").cache_status(refused));
    }
}

#[tokio::test]
async fn a_304_may_change_the_targeted_lifetime() {
    let origin = Origin::script([
        get("/").respond(answer(&[(CDN, "max-age=60")]).age(61).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().etag("1").header(CDN, "max-age=900")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1").without(CDN));
    let kept = gateway.get("/").await;
    kept.expect(ok("v1").cache_status(hit().ttl(900)).without(CDN));
}

#[tokio::test]
async fn a_targeted_field_in_a_request_says_nothing() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(600))]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(get("/").header(CDN, "no-store"))
        .await
        .expect(ok("v1"));
    for name in [OWN, CDN, SURROGATE] {
        gateway
            .send(get("/").header(name, "no-cache, no-store"))
            .await
            .expect(ok("v1").hit());
    }
}

#[tokio::test]
async fn a_targeted_lifetime_makes_any_final_status_storable() {
    let origin = Origin::script([
        get("/302").respond(
            status(302)
                .header("Location", "/x")
                .header(CDN, "max-age=300"),
        ),
        get("/503").respond(status(503).header(CDN, "max-age=300")),
    ]);
    let gateway = Gateway::start(&origin).await;
    for code in [302, 503] {
        let path = format!("/{code}");
        let first = fwd("uri-miss").stored().ttl(300);
        gateway
            .get(&path)
            .await
            .expect(status(code).cache_status(first));
        gateway.get(&path).await.expect(status(code).hit());
    }
}
