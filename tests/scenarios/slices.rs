//! Large objects in slices (RFC 9110 sections 14 and 15.3.7): `slice: 1KiB` on an object of 2,500 bytes.

use serde_json::json;
use shoal_tests::{Answer, Ask, Gateway, Origin, Step, eventually, fwd, get, hit, ok, status};

const SIZE: usize = 1024;
const LENGTH: usize = 2500;

/// Every byte tells where it stands.
fn object() -> String {
    "abcdefghijklmnopqrstuvwxyz"
        .chars()
        .cycle()
        .take(LENGTH)
        .collect()
}

fn bytes(range: impl std::slice::SliceIndex<str, Output = str>) -> String {
    object()[range].to_owned()
}

fn part(number: usize, edition: &str) -> Answer {
    let (start, end) = (number * SIZE, ((number + 1) * SIZE).min(LENGTH));
    status(206)
        .body(bytes(start..end))
        .max_age(60)
        .etag(edition)
        .header(
            "Content-Range",
            &format!("bytes {start}-{}/{LENGTH}", end - 1),
        )
}

/// The origin is asked for slice `number`, exactly.
fn asked(number: usize) -> Ask {
    let start = number * SIZE;
    get("/big").range(&format!("{start}-{}", start + SIZE - 1))
}

fn slice(number: usize) -> Step {
    asked(number).respond(part(number, "1"))
}

async fn gateway(origin: &Origin) -> Gateway {
    Gateway::with(origin)
        .route_cache("slice: 1KiB")
        .start()
        .await
}

#[tokio::test]
async fn a_range_fetches_only_the_slices_that_it_touches() {
    let origin = Origin::script([slice(1)]);
    let gateway = gateway(&origin).await;
    let expected = || {
        status(206)
            .body(bytes(1100..1200))
            .header("Content-Range", "bytes 1100-1199/2500")
    };
    let ask = || get("/big").range("1100-1199");
    let first = gateway.send(ask()).await;
    first.expect(expected().cache_status(fwd("uri-miss").stored()));
    gateway.send(ask()).await.expect(expected().hit());
}

#[tokio::test]
async fn the_whole_is_joined_from_its_slices() {
    let origin = Origin::script([slice(1), slice(2), slice(0)]);
    let gateway = gateway(&origin).await;
    gateway
        .send(get("/big").range("2040-2060"))
        .await
        .expect(status(206).body(bytes(2040..2061)));
    let whole = || {
        ok(object())
            .header("Content-Length", "2500")
            .header("Accept-Ranges", "bytes")
    };
    gateway
        .get("/big")
        .await
        .expect(whole().without("Content-Range"));
    gateway.get("/big").await.expect(whole().hit());
    gateway
        .send(get("/big").range("-1"))
        .await
        .expect(status(206).body(bytes(2499..)).hit());
}

#[tokio::test]
async fn many_clients_fetch_a_slice_once() {
    let origin = Origin::script([asked(0).hold("slice").respond(part(0, "1"))]);
    let gateway = gateway(&origin).await;
    let leader = gateway.spawn(get("/big").range("0-9"));
    origin.wait_for("slice").await;
    let others: Vec<_> = (0..10)
        .map(|n| gateway.spawn(get("/big").range(&format!("{n}-99"))))
        .collect();
    gateway
        .wait_for_metric("shoal_cache_collapsed_total", [], |waiting| waiting >= 10.0)
        .await;
    origin.release("slice").await;
    leader.await.unwrap().expect(status(206).body(bytes(..10)));
    for (n, other) in others.into_iter().enumerate() {
        other.await.unwrap().expect(status(206).body(bytes(n..100)));
    }
    assert_eq!(origin.requests().len(), 1);
}

#[tokio::test]
async fn a_stale_slice_is_validated_alone() {
    let origin = Origin::script([
        asked(0).respond(part(0, "1").age(61)),
        asked(0)
            .if_none_match("\"1\"")
            .respond(status(304).max_age(60).etag("1")),
    ]);
    let gateway = gateway(&origin).await;
    let ask = || get("/big").range("0-9");
    gateway
        .send(ask())
        .await
        .expect(status(206).body(bytes(..10)));
    gateway
        .send(ask())
        .await
        .expect(status(206).body(bytes(..10)));
    gateway
        .send(ask())
        .await
        .expect(status(206).body(bytes(..10)).hit());
}

#[tokio::test]
async fn a_slice_that_comes_stale_answers_nobody_who_asks_while_it_arrives() {
    let stale = part(0, "1").age(61).hold_body("rest", 512);
    let confirmed = asked(0).if_none_match("\"1\"");
    let origin = Origin::script([
        asked(0).respond(stale),
        confirmed.respond(status(304).max_age(60).etag("1")),
    ]);
    let gateway = gateway(&origin).await;
    let ask = || get("/big").range("0-9");
    let first = gateway.send(ask()).await;
    first.expect(status(206).body(bytes(..10)));
    let second = gateway.spawn(ask());
    origin.release("rest").await;
    let second = second.await.unwrap();
    second.expect(status(206).body(bytes(..10)));
    let third = gateway.send(ask()).await;
    third.expect(status(206).body(bytes(..10)).hit());
}

#[tokio::test]
async fn slices_of_two_editions_are_never_joined() {
    let origin = Origin::script([slice(0), asked(1).respond(part(1, "2"))]);
    let gateway = gateway(&origin).await;
    let mut client = gateway.client().await;
    client
        .write("GET /big HTTP/1.1\r\nHost: shoal.test\r\n\r\n")
        .await;
    let mut sent = Vec::new();
    while let Some(bytes) = client.try_raw().await {
        sent.extend_from_slice(&bytes);
    }
    assert!(sent.len() < LENGTH, "two editions were joined");
}

#[tokio::test]
async fn an_origin_without_ranges_is_taken_whole_and_remembered() {
    let whole = || ok("0123456789").max_age(60);
    let origin = Origin::script([
        asked(0).respond(whole()),
        get("/big").without("Range").respond(whole()),
        get("/big")
            .without("Range")
            .header("X", "1")
            .respond(whole()),
    ]);
    let gateway = gateway(&origin).await;
    gateway.get("/big").await.expect(ok("0123456789"));
    gateway.get("/big").await.expect(ok("0123456789").hit());
    let again = get("/big").header("X", "1").cache_control("no-cache");
    gateway.send(again).await.expect(ok("0123456789"));
}

#[tokio::test]
async fn a_weak_validator_cannot_hold_slices_together() {
    let weak = status(206)
        .body(bytes(..SIZE))
        .max_age(60)
        .header("ETag", "W/\"1\"")
        .header("Content-Range", "bytes 0-1023/2500");
    let origin = Origin::script([
        asked(0).respond(weak),
        get("/big")
            .without("Range")
            .respond(ok(object()).max_age(60)),
    ]);
    let gateway = gateway(&origin).await;
    gateway.get("/big").await.expect(ok(object()));
}

#[tokio::test]
async fn conditions_and_ranges_outside_are_answered_from_a_slice() {
    let origin = Origin::script([slice(0)]);
    let gateway = gateway(&origin).await;
    gateway
        .send(get("/big").range("0-0"))
        .await
        .expect(status(206).body("a"));
    gateway
        .send(get("/big").if_none_match("\"1\""))
        .await
        .expect(status(304).hit());
    let outside = status(416).header("Content-Range", "bytes */2500");
    gateway.send(get("/big").range("-0")).await.expect(outside);
    gateway
        .send(get("/big").header("If-Match", "\"2\""))
        .await
        .expect(status(412));
}

#[tokio::test]
async fn a_purge_takes_every_slice() {
    let origin = Origin::script([slice(0), slice(1), slice(0), slice(1)]);
    let gateway = gateway(&origin).await;
    let both = || get("/big").range("1000-1100");
    gateway
        .send(both())
        .await
        .expect(status(206).body(bytes(1000..1101)));
    gateway
        .purge(json!({ "files": ["http://shoal.test/big"] }))
        .await;
    gateway
        .send(both())
        .await
        .expect(status(206).body(bytes(1000..1101)));
}

#[tokio::test]
async fn a_slice_is_stored_whole_though_its_client_leaves() {
    let origin = Origin::script([asked(0).respond(part(0, "1").hold_body("rest", 100))]);
    let gateway = gateway(&origin).await;
    let mut leaving = gateway.open(get("/big").range("0-999")).await;
    leaving.first(100).await;
    drop(leaving);
    origin.release("rest").await;
    gateway
        .send(get("/big").range("0-999"))
        .await
        .expect(status(206).body(bytes(..1000)));
    assert_eq!(origin.requests().len(), 1);
}

#[tokio::test]
async fn a_stale_slice_is_served_while_it_is_validated() {
    let origin = Origin::script([
        asked(0).respond(part(0, "1").age(61).swr(600)),
        asked(0)
            .if_none_match("\"1\"")
            .hold("refresh")
            .respond(status(304).max_age(600).etag("1")),
    ]);
    let gateway = gateway(&origin).await;
    let ask = async || gateway.send(get("/big").range("0-9")).await;
    let expected = || status(206).body(bytes(..10));
    ask().await.expect(expected());
    // Not held up by the validation, and not by a second one.
    ask().await.expect(expected().cache_status(hit().stale()));
    origin.wait_for("refresh").await;
    ask().await.expect(expected().cache_status(hit().stale()));
    origin.release("refresh").await;
    let fresh = async || ask().await.cache_status().ttl().filter(|ttl| *ttl > 0);
    eventually("a fresh slice", fresh).await;
    assert_eq!(origin.requests().len(), 2);
}

#[tokio::test]
async fn a_stale_slice_is_replaced_in_the_background_too() {
    let origin = Origin::script([
        asked(0).respond(part(0, "1").age(61).swr(600)),
        asked(0)
            .if_none_match("\"1\"")
            .respond(part(0, "2").header("X-Edition", "new")),
    ]);
    let gateway = gateway(&origin).await;
    let ask = async || gateway.send(get("/big").range("0-9")).await;
    ask().await.expect(status(206).without("X-Edition"));
    ask().await.expect(status(206).hit().without("X-Edition"));
    let new = async || Some(ask().await).filter(|came| came.header("X-Edition").is_some());
    let came = eventually("the new slice", new).await;
    came.expect(status(206).body(bytes(..10)).hit());
}

#[tokio::test]
async fn a_stale_slice_stands_in_for_an_origin_that_fails() {
    let origin = Origin::script([
        asked(0).respond(part(0, "1").age(61).sie(600)),
        asked(0)
            .if_none_match("\"1\"")
            .respond(status(503).body("down")),
    ]);
    let gateway = gateway(&origin).await;
    let ask = async || gateway.send(get("/big").range("0-9")).await;
    ask().await.expect(status(206).body(bytes(..10)));
    let stale = ask().await;
    assert_eq!(stale.cache_status().value("fwd"), Some("stale"));
    stale.expect(status(206).body(bytes(..10)));
}

#[tokio::test]
async fn what_must_be_validated_does_not_stand_in() {
    let strict = part(0, "1")
        .age(61)
        .sie(600)
        .cache_control("must-revalidate");
    let origin = Origin::script([
        asked(0).respond(strict),
        asked(0)
            .if_none_match("\"1\"")
            .respond(status(503).body("down")),
        get("/big")
            .without("Range")
            .respond(status(503).body("down")),
    ]);
    let gateway = gateway(&origin).await;
    let ask = async || gateway.send(get("/big").range("0-9")).await;
    ask().await.expect(status(206).body(bytes(..10)));
    ask().await.expect(status(503).body("down"));
}

#[tokio::test]
async fn what_may_not_be_stored_is_not_sliced() {
    let content = get("/big").body("callback=x").without("Range");
    let styled = get("/account/x.css").range("0-1023");
    let page = part(0, "1").header("Content-Type", "text/html");
    let origin = Origin::script([
        content.respond(ok("for this one").max_age(60)),
        slice(0),
        styled.respond(page),
        get("/account/x.css")
            .without("Range")
            .respond(ok("a page").header("Content-Type", "text/html"))
            .times(2),
    ]);
    let gateway = gateway(&origin).await;
    let asked = get("/big").body("callback=x");
    gateway.send(asked).await.expect(ok("for this one"));
    let first = get("/big").range("0-9");
    gateway
        .send(first)
        .await
        .expect(status(206).body(bytes(..10)));
    for _ in 0..2 {
        gateway.get("/account/x.css").await.expect(ok("a page"));
    }
}
