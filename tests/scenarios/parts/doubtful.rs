//! Answers about parts that may not be taken at their word. Each was found by the model of the RFCs.

use super::{asked, bytes, fetch, hits, object, part, place, rest, takes, whole};
use shoal_tests::{Gateway, Origin, get, not_modified, ok, status};

#[tokio::test]
async fn ranges_out_of_order_want_the_whole() {
    // The origin was asked for the bytes in between alone, and the client's body broke off.
    let origin = Origin::script([fetch(0..40), rest(40..100)]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    let answer = gateway.send(get("/big").range("20-29,0-9")).await;
    answer.expect(ok(object()));
}

#[tokio::test]
async fn a_part_that_tells_two_lengths_is_not_kept() {
    let short = status(206).body(bytes(0..10)).max_age(60).etag("1");
    let short = short.header("Content-Range", &place(&(0..20)));
    let origin = Origin::script([
        get("/big").range(&asked(&(0..20))).respond(short),
        get("/big").without("Range").respond(whole()),
    ]);
    let gateway = Gateway::start(&origin).await;
    let answer = gateway.send(get("/big").range("0-19")).await;
    answer.expect(status(206).body(bytes(0..10)));
    takes(&gateway, 0..20).await;
    hits(&gateway, 50..60).await;
}

#[tokio::test]
async fn a_rest_that_tells_two_lengths_is_not_joined() {
    // The client's body broke off.
    let short = status(206).body(bytes(40..50)).max_age(60).etag("1");
    let short = short.header("Content-Range", &place(&(40..100)));
    let ask = get("/big").range(&asked(&(40..100)));
    let origin = Origin::script([
        fetch(0..40),
        ask.respond(short),
        get("/big").without("Range").respond(whole()),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    gateway.get("/big").await.expect(ok(object()));
}

#[tokio::test]
async fn a_304_with_a_weak_tag_ends_the_parts() {
    // The stored range no longer fitted to If-Range, and the whole was not there to be sent.
    let stale = get("/big").range("0-39").respond(part(0..40).age(61));
    let weak = not_modified().max_age(60).header("ETag", "W/\"1\"");
    let confirmed = get("/big").range("5-9").if_none_match("\"1\"");
    let origin = Origin::script([stale, confirmed.respond(weak), fetch(0..40)]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    let resumed = get("/big").range("5-9").header("If-Range", "\"1\"");
    let answer = gateway.send(resumed).await;
    answer.expect(status(206).body(bytes(5..10)));
    takes(&gateway, 0..40).await;
}

#[tokio::test]
async fn a_304_with_another_date_ends_the_parts() {
    // The client's copy was older by then, and the whole was not there to be sent.
    let modified = |day: u32| format!("Mon, {day:02} Jun 2026 00:00:00 GMT");
    let stale = part(0..40).age(61).header("Last-Modified", &modified(1));
    let touched = not_modified().max_age(60).etag("1");
    let touched = touched.header("Last-Modified", &modified(8));
    let origin = Origin::script([
        get("/big").range("0-39").respond(stale),
        get("/big").if_none_match("\"1\"").respond(touched),
        fetch(0..40),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    let known = get("/big").header("If-Modified-Since", &modified(1));
    gateway.send(known).await.expect(status(304));
    takes(&gateway, 0..40).await;
}

#[tokio::test]
async fn a_newer_part_keeps_a_field_from_later_clients() {
    let first = part(0..10).header("X-Account", "7");
    let second = part(20..30).cache_control("private=\"X-Account\"");
    let origin = Origin::script([
        get("/big").range("0-9").respond(first),
        get("/big").range("20-29").respond(second),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..10).await;
    takes(&gateway, 20..30).await;
    let answer = gateway.send(get("/big").range("0-9")).await;
    answer.expect(status(206).body(bytes(0..10)).hit().without("X-Account"));
}
