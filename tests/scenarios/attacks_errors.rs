//! Cache-poisoned denial of service: a request that makes the origin fail, so that the error is
//! stored and everybody gets it.
//!
//! The attacker asks first; the victim's plain request must reach the origin and succeed.

use shoal_tests::{Ask, Gateway, Origin, get, ok, status};

/// The error that this request brings is not what others get.
async fn recovers(cache: &str, attack: Ask, code: u16) {
    let origin = Origin::script([
        get("/").respond(status(code).body("error")),
        get("/").respond(ok("good").max_age(600)),
    ]);
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    gateway.send(attack).await.expect(status(code));
    gateway.get("/").await.expect(ok("good"));
    gateway.get("/").await.expect(ok("good").hit());
}

/// What an operator may have said about lifetimes.
const ROUTES: [&str; 3] = ["", "ttl: 1h", "default_ttl: 1h"];

#[tokio::test]
async fn an_oversized_header_that_the_origin_refuses() {
    // HHO: below our limit and above the origin's.
    for cache in ROUTES {
        let attack = || get("/").header("X-Oversized", &"x".repeat(20_000));
        for code in [400, 413, 431] {
            recovers(cache, attack(), code).await;
        }
    }
}

#[tokio::test]
async fn a_meta_character_that_the_origin_refuses() {
    // HMC: legal on the wire, and too much for some.
    for cache in ROUTES {
        for value in ["a\tb", "\u{e9}", "${jndi:x}", "%00"] {
            recovers(cache, get("/").header("X-Meta", value), 400).await;
        }
    }
}

#[tokio::test]
async fn a_method_override_that_the_origin_refuses() {
    // HMO: it never arrives.
    for name in [
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
    ] {
        let origin = Origin::script([get("/").without(name).respond(ok("good").max_age(600))]);
        let gateway = Gateway::with(&origin).route_cache("ttl: 1h").start().await;
        gateway
            .send(get("/").header(name, "DELETE"))
            .await
            .expect(ok("good"));
        gateway.get("/").await.expect(ok("good").hit());
    }
}

#[tokio::test]
async fn a_server_error_that_a_request_provokes() {
    for cache in ROUTES {
        for code in [500, 502, 503, 504] {
            recovers(cache, get("/").header("Accept", "*/*;q=boom"), code).await;
        }
    }
}

#[tokio::test]
async fn a_demand_that_the_origin_cannot_meet() {
    for cache in ROUTES {
        recovers(cache, get("/").header("Accept", "x/y"), 406).await;
        recovers(cache, get("/").header("Expect", "x"), 417).await;
        recovers(cache, get("/").header("X-Expect", "1"), 417).await;
    }
}

#[tokio::test]
async fn a_refusal_of_the_gateway_itself() {
    // Neither its 400 and 431 nor its 502 is stored.
    let origin = Origin::script([
        get("/").respond(shoal_tests::raw("nonsense")),
        get("/").respond(ok("good").max_age(600)),
    ]);
    let gateway = Gateway::with(&origin).route_cache("ttl: 1h").start().await;
    gateway
        .get("/")
        .await
        .expect(status(502).header("Cache-Control", "no-store"));
    let mut client = gateway.client().await;
    let huge = "x".repeat(100 * 1024);
    client
        .write_in_vain(format!(
            "GET / HTTP/1.1\r\nHost: shoal.test\r\nX: {huge}\r\n\r\n"
        ))
        .await;
    let _refused = client.try_raw().await;
    gateway.get("/").await.expect(ok("good"));
    gateway.get("/").await.expect(ok("good").hit());
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_one_clients_affair() {
    // If-Match and its like are not passed on where the cache fills, so no 412 can be stored.
    let origin = Origin::script([get("/")
        .without("If-Match")
        .without("If-Unmodified-Since")
        .respond(ok("good").max_age(600).etag("1"))]);
    let gateway = Gateway::start(&origin).await;
    gateway.send(get("/").header("If-Match", "\"9\"")).await;
    gateway.get("/").await.expect(ok("good").hit());
}

#[tokio::test]
async fn an_error_that_its_origin_wants_kept_is_kept() {
    // The counterpart: with explicit freshness any final status may be stored (RFC 9111 section 3).
    let origin = Origin::script([get("/").respond(status(400).body("no").max_age(600))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(status(400).body("no"));
    gateway.get("/").await.expect(status(400).body("no").hit());
}
