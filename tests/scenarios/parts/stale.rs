//! Stale parts: validated before use, or used as stale responses are (RFC 9111 section 4.2.4, RFC 5861).

use super::{edition, hits, object, part, rest, takes};
use shoal_tests::{Gateway, Origin, eventually, get, not_modified, ok, status};

#[tokio::test]
async fn stale_parts_are_validated_before_use() {
    let stale = get("/big").range("0-39").respond(part(0..40).age(61));
    let confirmed = get("/big").range("5-9").if_none_match("\"1\"");
    let origin = Origin::script([
        stale,
        confirmed.respond(not_modified().max_age(60).etag("1")),
        rest(40..100),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    takes(&gateway, 5..10).await;
    hits(&gateway, 0..40).await;
    gateway.get("/big").await.expect(ok(object()));
}

#[tokio::test]
async fn stale_parts_that_changed_leave() {
    let stale = get("/big").range("0-39").respond(part(0..40).age(61));
    let changed = get("/big").range("5-9").if_none_match("\"1\"");
    let origin = Origin::script([
        stale,
        changed.respond(edition(5..10, "2")),
        get("/big").range("0-4").respond(edition(0..5, "2")),
        get("/big").range("10-39").respond(edition(10..40, "2")),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    takes(&gateway, 5..10).await;
    hits(&gateway, 5..10).await;
    takes(&gateway, 0..40).await;
}

#[tokio::test]
async fn a_stale_part_is_served_while_it_is_validated() {
    let stale = part(0..40).age(61).swr(600);
    let origin = Origin::script([
        get("/big").range("0-39").respond(stale),
        get("/big")
            .if_none_match("\"1\"")
            .hold("refresh")
            .respond(not_modified().max_age(60).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    hits(&gateway, 0..10).await;
    origin.wait_for("refresh").await;
    origin.release("refresh").await;
    let fresh = async || {
        let answer = takes(&gateway, 10..20).await;
        answer.cache_status().ttl().filter(|ttl| *ttl > 0)
    };
    eventually("fresh parts", fresh).await;
}

#[tokio::test]
async fn a_stale_part_stands_in_for_an_origin_that_fails() {
    let stale = part(0..40).age(61).sie(600);
    let origin = Origin::script([
        get("/big").range("0-39").respond(stale),
        get("/big").if_none_match("\"1\"").respond(status(503)),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    takes(&gateway, 0..10).await;
}

#[tokio::test]
async fn a_stale_part_is_replaced_in_the_background_too() {
    let stale = part(0..40).age(61).swr(600);
    let changed = get("/big").range("0-9").if_none_match("\"1\"");
    let new = edition(0..10, "2").header("X-Edition", "new");
    let origin = Origin::script([
        get("/big").range("0-39").respond(stale),
        changed.respond(new),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    hits(&gateway, 0..10).await;
    let new = async || {
        let came = takes(&gateway, 0..10).await;
        Some(came).filter(|came| came.header("X-Edition").is_some())
    };
    eventually("the new part", new).await;
}
