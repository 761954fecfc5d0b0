//! `stale-if-error` in its corners (RFC 5861 section 4): what is an error, who may be served, and
//! what may not be hidden.
//!
//! The plain cases are in `stale`. A row's name is its path.

use shoal_tests::{Answer, Gateway, Origin, fwd, get, hit, not_modified, ok, post, raw, status};

/// Stale for a second, with a window of ten minutes for errors.
fn stale() -> Answer {
    ok("v1").age(61).max_age(60).sie(600)
}

fn down() -> Answer {
    status(503).body("down")
}

#[tokio::test]
async fn these_statuses_are_errors() {
    let codes = [500, 502, 503, 504];
    let path = |code: u16| format!("/{code}");
    let steps = codes.iter().flat_map(|&code| {
        [
            get(&path(code)).respond(stale()),
            get(&path(code)).respond(status(code).body("down")),
        ]
    });
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for code in codes {
        gateway.get(&path(code)).await.expect(ok("v1"));
        gateway.get(&path(code)).await.expect(ok("v1").age(61));
    }
}

#[tokio::test]
async fn these_statuses_are_answers() {
    let codes = [400, 401, 403, 404, 410, 429, 501, 505, 599];
    let path = |code: u16| format!("/{code}");
    let steps = codes.iter().flat_map(|&code| {
        [
            get(&path(code)).respond(stale()),
            get(&path(code)).respond(status(code).body("no")),
        ]
    });
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for code in codes {
        gateway.get(&path(code)).await.expect(ok("v1"));
        gateway
            .get(&path(code))
            .await
            .expect(status(code).body("no"));
    }
}

#[tokio::test]
async fn past_its_window_an_error_is_passed_on() {
    let old = || ok("v1").age(130).max_age(60).sie(60).etag("1");
    let origin = Origin::script([
        get("/status").respond(old()),
        get("/status").respond(down()),
        get("/cut").respond(old()),
        get("/cut").respond(raw("")).repeat(),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/status").await.expect(ok("v1"));
    gateway.get("/status").await.expect(down());
    gateway.get("/cut").await.expect(ok("v1"));
    gateway.get("/cut").await.expect(status(502));
}

#[tokio::test]
async fn a_stale_response_stands_in_for_an_origin_that_is_late() {
    let origin = Origin::script([
        get("/").respond(stale()),
        get("/").hold("never").respond(ok("late")),
    ]);
    let gateway = Gateway::with(&origin)
        .upstream("read_timeout: 200ms")
        .start()
        .await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1").age(61));
}

#[tokio::test]
async fn what_forbids_stale_responses_wins() {
    // RFC 9111 section 4.2.4: an error is no reason to forget what the origin forbade.
    for directive in ["proxy-revalidate", "no-cache", "s-maxage=60"] {
        let origin = Origin::script([
            get("/").respond(stale().cache_control(directive).etag("1")),
            get("/").if_none_match("1").respond(down()),
        ]);
        let gateway = Gateway::start(&origin).await;
        gateway.get("/").await.expect(ok("v1"));
        let second = gateway.get("/").await;
        assert_eq!(second.status, 503, "with {directive}");
    }
}

#[tokio::test]
async fn a_client_may_grant_it_where_the_origin_is_silent() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("1")),
        get("/").respond(down()).times(2),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let ask = get("/").cache_control("stale-if-error=600");
    gateway.send(ask).await.expect(ok("v1").age(61));
    gateway.get("/").await.expect(down());
}

#[tokio::test]
async fn a_client_cannot_grant_what_the_origin_denies() {
    for denied in ["stale-if-error=0", "must-revalidate", "s-maxage=60"] {
        let first = ok("v1").age(61).max_age(60).cache_control(denied).etag("1");
        let origin = Origin::script([get("/").respond(first), get("/").respond(down())]);
        let gateway = Gateway::start(&origin).await;
        gateway.get("/").await.expect(ok("v1"));
        let ask = get("/").cache_control("stale-if-error=600");
        let came = gateway.send(ask).await;
        assert_eq!(came.status, 503, "with {denied}");
    }
}

#[tokio::test]
async fn a_client_that_demands_freshness_gets_the_error() {
    for demand in ["no-cache", "max-age=10", "min-fresh=1"] {
        let origin = Origin::script([
            get("/").respond(stale().etag("1")),
            get("/").respond(down()),
        ]);
        let gateway = Gateway::start(&origin).await;
        gateway.get("/").await.expect(ok("v1"));
        let came = gateway.send(get("/").cache_control(demand)).await;
        assert_eq!(came.status, 503, "with {demand}");
    }
}

#[tokio::test]
async fn a_targeted_grant_counts_and_that_of_cache_control_does_not() {
    let targeted = |value: &str| {
        ok("v1")
            .age(61)
            .etag("1")
            .header("CDN-Cache-Control", value)
            .header("Cache-Control", "max-age=60, stale-if-error=600")
    };
    let origin = Origin::script([
        get("/with").respond(targeted("max-age=60, stale-if-error=600")),
        get("/with").respond(down()),
        get("/without").respond(targeted("max-age=60")),
        get("/without").respond(down()),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/with").await.expect(ok("v1"));
    gateway.get("/with").await.expect(ok("v1"));
    gateway.get("/without").await.expect(ok("v1"));
    gateway.get("/without").await.expect(down());
}

#[tokio::test]
async fn after_an_error_the_origin_is_asked_again() {
    let origin = Origin::script([
        get("/").respond(stale().etag("1")),
        get("/").if_none_match("1").respond(down()),
        get("/").if_none_match("1").respond(status(500)),
        get("/").if_none_match("1").respond(ok("v2").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    for body in ["v1", "v1", "v1", "v2"] {
        gateway.get("/").await.expect(ok(body));
    }
    gateway.get("/").await.expect(ok("v2").hit());
}

#[tokio::test]
async fn after_an_error_a_304_makes_it_fresh_again() {
    let origin = Origin::script([
        get("/").respond(stale().etag("1")),
        get("/").if_none_match("1").respond(down()),
        get("/")
            .if_none_match("1")
            .respond(not_modified().max_age(600).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..3 {
        gateway.get("/").await.expect(ok("v1"));
    }
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(hit().ttl(600)));
}

#[tokio::test]
async fn the_error_is_not_kept_in_place_of_the_stale_response() {
    // Nor an error that might be stored: it would end the window.
    let origin = Origin::script([
        get("/").respond(stale().etag("1")),
        get("/").if_none_match("1").respond(down().max_age(600)),
        get("/").if_none_match("1").respond(ok("v2").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    for body in ["v1", "v1", "v2"] {
        gateway.get("/").await.expect(ok(body));
    }
}

#[tokio::test]
async fn a_client_whose_copy_is_the_stale_one_is_spared_the_body() {
    let origin = Origin::script([
        get("/").respond(stale().etag("1")),
        get("/").respond(down()),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let came = gateway.send(get("/").if_none_match("1")).await;
    came.expect(status(304).etag("1"));
}

#[tokio::test]
async fn a_route_may_grant_what_the_origin_does_not_say() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60)),
        get("/").respond(down()),
    ]);
    let gateway = Gateway::with(&origin)
        .route_cache("stale_if_error: 1h")
        .start()
        .await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1").age(61));
}

#[tokio::test]
async fn an_unsafe_method_is_told_about_the_error() {
    let origin = Origin::script([
        get("/").respond(stale()),
        post("/").body("x").respond(down()),
        get("/").respond(down()),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .send(post("/").body("x"))
        .await
        .expect(down().cache_status(fwd("method")));
    // A failure invalidates nothing, so the stale response still stands in.
    gateway.get("/").await.expect(ok("v1"));
}

#[tokio::test]
async fn another_variant_does_not_stand_in() {
    let german = stale().vary("X-Lang");
    let origin = Origin::script([
        get("/").header("X-Lang", "de").respond(german),
        get("/").header("X-Lang", "en").respond(down()),
    ]);
    let gateway = Gateway::start(&origin).await;
    let ask = |lang| get("/").header("X-Lang", lang);
    gateway.send(ask("de")).await.expect(ok("v1"));
    gateway.send(ask("en")).await.expect(down());
}
