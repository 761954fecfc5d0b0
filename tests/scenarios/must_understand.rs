//! `must-understand`: storing depends on whether the status is understood (RFC 9111 section
//! 5.2.2.3).
//!
//! A row's path is its status, so a failure names it. What is stored without the directive is in
//! `storability`.

use shoal_tests::{Answer, Gateway, Origin, fwd, get, hit, ok, status};

fn understanding(code: u16) -> Answer {
    status(code).max_age(600).cache_control("must-understand")
}

fn path(code: u16) -> String {
    format!("/{code}")
}

/// Each of these is stored.
async fn stored(codes: &[u16], answer: impl Fn(u16) -> Answer) {
    let steps = codes
        .iter()
        .map(|&code| get(&path(code)).respond(answer(code)));
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for &code in codes {
        let first = fwd("uri-miss").fwd_status(code).stored();
        gateway
            .get(&path(code))
            .await
            .expect(status(code).cache_status(first));
        gateway.get(&path(code)).await.expect(status(code).hit());
    }
}

/// None of these is stored, for this reason.
async fn refused(codes: &[u16], reason: &str, answer: impl Fn(u16) -> Answer) {
    let steps = codes
        .iter()
        .map(|&code| get(&path(code)).respond(answer(code)).times(2));
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for &code in codes {
        for _ in 0..2 {
            let expected = fwd("uri-miss").not_stored().detail(reason);
            gateway
                .get(&path(code))
                .await
                .expect(status(code).cache_status(expected));
        }
    }
}

#[tokio::test]
async fn no_store_does_not_count_where_the_status_is_understood() {
    let codes = [200, 203, 204, 301, 302, 307, 308, 404, 410, 451, 500, 501];
    stored(&codes, |code| understanding(code).cache_control("no-store")).await;
}

#[tokio::test]
async fn a_status_that_is_not_understood_is_not_stored() {
    let codes = [299, 399, 499, 599];
    refused(&codes, "status-not-understood", understanding).await;
}

#[tokio::test]
async fn no_store_counts_all_the_more_where_the_status_is_not_understood() {
    let codes = [299, 599];
    refused(&codes, "status-not-understood", |code| {
        understanding(code).cache_control("no-store")
    })
    .await;
}

#[tokio::test]
async fn without_must_understand_an_unknown_status_with_a_lifetime_is_stored() {
    stored(&[299, 499, 599], |code| status(code).max_age(600)).await;
}

#[tokio::test]
async fn neither_public_nor_a_longer_lifetime_helps_an_unknown_status() {
    refused(&[299, 599], "status-not-understood", |code| {
        understanding(code)
            .cache_control("public")
            .cache_control("s-maxage=3600")
    })
    .await;
}

#[tokio::test]
async fn private_still_counts() {
    refused(&[200, 404], "private", |code| {
        understanding(code)
            .cache_control("private")
            .cache_control("no-store")
    })
    .await;
}

#[tokio::test]
async fn must_understand_gives_no_lifetime() {
    refused(&[500, 302], "no-freshness", |code| {
        status(code).cache_control("must-understand")
    })
    .await;
}

#[tokio::test]
async fn it_is_found_in_any_order_case_and_line() {
    let rows = [
        ("/first", vec!["must-understand, no-store, max-age=600"]),
        ("/last", vec!["no-store, max-age=600, must-understand"]),
        ("/case", vec!["No-Store, Max-Age=600, MUST-Understand"]),
        ("/lines", vec!["no-store", "max-age=600", "must-understand"]),
        (
            "/argument",
            vec!["no-store, max-age=600, must-understand=1"],
        ),
    ];
    let steps = rows.iter().map(|(path, lines)| {
        let answer = lines
            .iter()
            .fold(ok("v1"), |all, line| all.header("Cache-Control", line));
        get(path).respond(answer)
    });
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for (path, _) in &rows {
        gateway
            .get(path)
            .await
            .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(600)));
        gateway.get(path).await.expect(ok("v1").hit());
    }
}

#[tokio::test]
async fn it_is_no_permission_to_store_what_credentials_got() {
    // Section 3.5 names public, s-maxage and must-revalidate.
    let answer = ok("mine").max_age(600).cache_control("must-understand");
    let origin = Origin::script([get("/").respond(answer).times(2)]);
    let gateway = Gateway::start(&origin).await;
    for user in ["one", "two"] {
        let ask = get("/").header("Authorization", &format!("Bearer {user}"));
        let expected = fwd("uri-miss").not_stored().detail("authorization");
        gateway
            .send(ask)
            .await
            .expect(ok("mine").cache_status(expected));
    }
}

#[tokio::test]
async fn the_no_store_of_a_client_is_not_overridden() {
    // It stands in the request; section 5.2.2.3 speaks of the response's.
    let answer = ok("v1").max_age(600).cache_control("must-understand");
    let origin = Origin::script([get("/").respond(answer).times(2)]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        let ask = get("/").cache_control("no-store");
        let expected = fwd("uri-miss").not_stored().detail("request-no-store");
        gateway
            .send(ask)
            .await
            .expect(ok("v1").cache_status(expected));
    }
}

#[tokio::test]
async fn it_works_in_a_targeted_field_and_only_there_for_that_field() {
    let targeted = |text: &str, general: &str| {
        ok("v1")
            .header("CDN-Cache-Control", text)
            .header("Cache-Control", general)
    };
    let origin = Origin::script([
        get("/inside").respond(targeted(
            "max-age=600, must-understand, no-store",
            "private",
        )),
        get("/outside")
            .respond(targeted(
                "max-age=600, no-store",
                "max-age=600, must-understand",
            ))
            .times(2),
        get("/status")
            .respond(
                status(599)
                    .header("CDN-Cache-Control", "max-age=600, must-understand")
                    .header("Cache-Control", "max-age=600"),
            )
            .times(2),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/inside").await.expect(ok("v1"));
    gateway
        .get("/inside")
        .await
        .expect(ok("v1").cache_status(hit().ttl(600)));
    for _ in 0..2 {
        let no_store = fwd("uri-miss").not_stored().detail("no-store");
        gateway
            .get("/outside")
            .await
            .expect(ok("v1").cache_status(no_store));
        let unknown = fwd("uri-miss").not_stored().detail("status-not-understood");
        gateway
            .get("/status")
            .await
            .expect(status(599).cache_status(unknown));
    }
}
