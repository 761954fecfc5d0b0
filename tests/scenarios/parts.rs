//! Responses that are stored in parts (RFC 9111 sections 3.3 and 3.4, RFC 9110 sections 14 and 15.3.7).

mod broken_off;
mod doubtful;
mod stale;
mod whole;

use serde_json::json;
use shoal_tests::{Answer, Gateway, Origin, Step, fwd, get, ok, status};
use std::ops::Range;

const LENGTH: usize = 100;

/// Every byte tells where it stands.
fn object() -> String {
    "abcdefghijklmnopqrstuvwxyz".repeat(4)[..LENGTH].to_owned()
}

fn bytes(range: Range<usize>) -> String {
    object()[range].to_owned()
}

fn place(range: &Range<usize>) -> String {
    format!("bytes {}-{}/{LENGTH}", range.start, range.end - 1)
}

fn asked(range: &Range<usize>) -> String {
    format!("{}-{}", range.start, range.end - 1)
}

/// What the origin answers to a request for `range` of its first edition.
fn part(range: Range<usize>) -> Answer {
    edition(range, "1")
}

fn edition(range: Range<usize>, tag: &str) -> Answer {
    let place = place(&range);
    let answer = status(206).body(bytes(range)).max_age(60).etag(tag);
    answer.header("Content-Range", &place)
}

/// The origin is asked for this range, without a condition.
fn fetch(range: Range<usize>) -> Step {
    let ask = get("/big").range(&asked(&range)).without("If-Range");
    ask.respond(part(range))
}

/// The origin is asked for this rest of what is stored.
fn rest(range: Range<usize>) -> Step {
    let ask = get("/big").range(&asked(&range));
    ask.header("If-Range", "\"1\"").respond(part(range))
}

fn whole() -> Answer {
    ok(object()).max_age(60).etag("1")
}

/// The client gets this range, from wherever.
async fn takes(gateway: &Gateway, range: Range<usize>) -> shoal_tests::Response {
    let answer = gateway.send(get("/big").range(&asked(&range))).await;
    let place = place(&range);
    let length = range.len().to_string();
    let expected = status(206).body(bytes(range));
    let expected = expected.header("Content-Range", &place);
    let expected = expected.header("Content-Length", &length);
    answer.clone().expect(expected);
    answer
}

/// The client gets this range, and no origin is asked.
async fn hits(gateway: &Gateway, range: Range<usize>) {
    let place = place(&range);
    let expected = status(206).body(bytes(range.clone())).hit();
    let answer = gateway.send(get("/big").range(&asked(&range))).await;
    answer.expect(expected.header("Content-Range", &place));
}

#[tokio::test]
async fn a_range_that_is_not_stored_is_asked_for_alone_and_kept() {
    let origin = Origin::script([fetch(10..30)]);
    let gateway = Gateway::start(&origin).await;
    let answer = gateway.send(get("/big").range("10-29")).await;
    let expected = status(206).body(bytes(10..30));
    answer.expect(expected.cache_status(fwd("uri-miss").stored()));
    hits(&gateway, 10..30).await;
    hits(&gateway, 15..20).await;
    hits(&gateway, 29..30).await;
}

#[tokio::test]
async fn a_part_has_an_age_and_grows_stale() {
    let aged = get("/big").range("0-9").respond(part(0..10).age(50));
    let origin = Origin::script([aged]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..10).await;
    let answer = gateway.send(get("/big").range("2-5")).await;
    answer.expect(status(206).body(bytes(2..6)).hit().age(50));
}

#[tokio::test]
async fn only_what_is_missing_is_asked_for() {
    let origin = Origin::script([fetch(0..40), rest(40..60)]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    let answer = takes(&gateway, 20..60).await;
    assert_eq!(answer.cache_status().value("fwd"), Some("partial"));
    assert!(answer.cache_status().has("stored"), "{answer:?}");
    hits(&gateway, 0..60).await;
}

#[tokio::test]
async fn gaps_are_asked_for_one_by_one() {
    let origin = Origin::script([fetch(10..20), fetch(40..50), rest(0..10), rest(20..40)]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 10..20).await;
    takes(&gateway, 40..50).await;
    takes(&gateway, 0..45).await;
    hits(&gateway, 0..50).await;
}

#[tokio::test]
async fn a_plain_get_asks_for_the_rest_and_answers_the_whole() {
    let origin = Origin::script([fetch(0..40), rest(40..100)]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    let expected = || ok(object()).header("Content-Length", "100");
    let answer = gateway.get("/big").await;
    let completed = expected().without("Content-Range");
    answer.expect(completed.cache_status(fwd("partial").stored()));
    gateway.get("/big").await.expect(expected().hit());
    hits(&gateway, 90..100).await;
}

#[tokio::test]
async fn a_plain_get_is_never_answered_from_a_part_alone() {
    let refused = get("/big").range("40-99").respond(status(503).body("down"));
    let origin = Origin::script([
        fetch(0..40),
        refused,
        get("/big").without("Range").respond(whole()),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    gateway.get("/big").await.expect(ok(object()));
    gateway.get("/big").await.expect(ok(object()).hit());
}

#[tokio::test]
async fn parts_of_two_editions_are_never_joined() {
    let second = get("/big").range("40-59").respond(edition(40..60, "2"));
    let again = get("/big").range("0-39").respond(edition(0..40, "2"));
    let origin = Origin::script([fetch(0..40), second, again]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    takes(&gateway, 40..60).await;
    hits(&gateway, 40..60).await;
    takes(&gateway, 0..40).await;
}

#[tokio::test]
async fn an_origin_without_ranges_is_taken_whole() {
    let origin = Origin::script([get("/big").range("0-9").respond(whole())]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..10).await;
    hits(&gateway, 50..60).await;
    gateway.get("/big").await.expect(ok(object()).hit());
}

#[tokio::test]
async fn parts_that_cannot_be_joined_are_not_kept_and_the_whole_is_fetched_next() {
    let plain = || status(206).body(bytes(0..10)).max_age(60);
    let placed = || plain().header("Content-Range", "bytes 0-9/100");
    let weak = placed().header("ETag", "W/\"1\"");
    let varying = placed().etag("1").vary("Accept-Language");
    let unknown = plain().etag("1").header("Content-Range", "bytes 0-9/*");
    for (path, answer) in [("/weak", weak), ("/vary", varying), ("/unknown", unknown)] {
        let origin = Origin::script([
            get(path).range("0-9").respond(answer),
            get(path).without("Range").respond(whole()),
        ]);
        let gateway = Gateway::start(&origin).await;
        let ask = || get(path).range("0-9");
        let expected = || status(206).body(bytes(0..10));
        gateway.send(ask()).await.expect(expected());
        gateway.send(ask()).await.expect(expected());
        gateway.send(ask()).await.expect(expected().hit());
    }
}

#[tokio::test]
async fn what_may_not_be_stored_is_asked_for_as_a_range_every_time() {
    let private = || part(0..10).cache_control("no-store");
    let ask = || get("/big").range("0-9");
    let origin = Origin::script([ask().respond(private()), ask().respond(private())]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..10).await;
    takes(&gateway, 0..10).await;
}

#[tokio::test]
async fn an_error_about_the_range_is_not_the_resources() {
    let outside = status(416)
        .max_age(60)
        .header("Content-Range", "bytes */100");
    let origin = Origin::script([
        get("/big").range("200-").respond(outside),
        get("/big").without("Range").respond(whole()),
    ]);
    let gateway = Gateway::start(&origin).await;
    let answer = gateway.send(get("/big").range("200-")).await;
    answer.expect(status(416));
    gateway.get("/big").await.expect(ok(object()));
}

#[tokio::test]
async fn many_clients_fetch_a_range_once() {
    let held = get("/big").range("0-39").hold("part").respond(part(0..40));
    let origin = Origin::script([held]);
    let gateway = Gateway::start(&origin).await;
    let ask = || get("/big").range("0-39");
    let leader = gateway.spawn(ask());
    origin.wait_for("part").await;
    let others: Vec<_> = (0..10).map(|_| gateway.spawn(ask())).collect();
    gateway
        .wait_for_metric("shoal_cache_collapsed_total", [], |waiting| waiting >= 10.0)
        .await;
    origin.release("part").await;
    for client in others.into_iter().chain([leader]) {
        let answer = client.await.unwrap();
        answer.expect(status(206).body(bytes(0..40)));
    }
    assert_eq!(origin.requests().len(), 1);
}

#[tokio::test]
async fn many_clients_fetch_a_gap_once() {
    let gap = get("/big").range("40-99").header("If-Range", "\"1\"");
    let origin = Origin::script([fetch(0..40), gap.hold("gap").respond(part(40..100))]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    let leader = gateway.spawn(get("/big"));
    origin.wait_for("gap").await;
    let others: Vec<_> = (0..10).map(|_| gateway.spawn(get("/big"))).collect();
    gateway
        .wait_for_metric("shoal_cache_collapsed_total", [], |waiting| waiting >= 10.0)
        .await;
    origin.release("gap").await;
    for client in others.into_iter().chain([leader]) {
        client.await.unwrap().expect(ok(object()));
    }
    assert_eq!(origin.requests().len(), 2);
}

#[tokio::test]
async fn those_who_follow_get_the_rest_when_the_first_client_leaves() {
    let body = |length: usize| "x".repeat(length);
    let of = |first: usize, length: usize| {
        let place = format!("bytes {first}-{}/300000", first + length - 1);
        let part = status(206).body(body(length)).max_age(60).etag("1");
        part.header("Content-Range", &place)
    };
    let ask = || get("/big").range("0-199999");
    let half = of(0, 200_000).hold_body("half", 100_000);
    let rest = get("/big").range("100000-199999");
    let rest = rest.header("If-Range", "\"1\"");
    let origin = Origin::script([ask().respond(half), rest.respond(of(100_000, 100_000))]);
    let gateway = Gateway::start(&origin).await;
    let mut leader = gateway.open(ask()).await;
    leader.first(100_000).await;
    let mut follower = gateway.open(ask()).await;
    follower.first(100_000).await;
    drop(leader);
    let whole = || status(206).body(body(200_000));
    follower.finish().await.expect(whole());
    gateway.send(ask()).await.expect(whole().hit());
}

#[tokio::test]
async fn what_came_before_a_break_is_a_part() {
    let broken = get("/big")
        .range("0-39")
        .respond(part(0..40).abort_after(30));
    let origin = Origin::script([broken, rest(30..40)]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.open(get("/big").range("0-39")).await;
    client.first(30).await;
    drop(client);
    hits(&gateway, 0..30).await;
    takes(&gateway, 0..40).await;
}

#[tokio::test]
async fn a_purge_takes_every_part() {
    let targets = [
        json!({ "files": ["http://shoal.test/big"] }),
        json!({ "prefixes": ["shoal.test/b"] }),
        json!({ "tags": ["t"] }),
    ];
    for target in targets {
        let tagged = |range: Range<usize>| {
            let ask = get("/big").range(&asked(&range));
            ask.respond(part(range).header("Cache-Tag", "t"))
        };
        let origin = Origin::script([tagged(0..10), tagged(20..30), tagged(0..10), tagged(20..30)]);
        let gateway = Gateway::start(&origin).await;
        for _ in 0..2 {
            takes(&gateway, 0..10).await;
            takes(&gateway, 20..30).await;
            gateway.purge(target.clone()).await;
        }
    }
}

#[tokio::test]
async fn conditions_and_several_ranges_are_answered_from_parts() {
    let origin = Origin::script([fetch(0..60)]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..60).await;
    let conditional = get("/big").if_none_match("\"1\"");
    gateway.send(conditional).await.expect(status(304).hit());
    let failing = get("/big").range("0-9").header("If-Match", "\"2\"");
    gateway.send(failing).await.expect(status(412));
    let resumed = get("/big").range("10-19").header("If-Range", "\"1\"");
    let answer = gateway.send(resumed).await;
    answer.expect(status(206).body(bytes(10..20)).hit());
    let several = gateway.send(get("/big").range("0-1,50-51")).await;
    for part in [bytes(0..2), bytes(50..52)] {
        assert!(several.text().contains(&part), "{}", several.text());
    }
    several.expect(status(206).hit());
    let outside = status(416).header("Content-Range", "bytes */100");
    gateway
        .send(get("/big").range("100-"))
        .await
        .expect(outside);
}

#[tokio::test]
async fn a_part_that_answers_if_range_is_not_kept_alone() {
    let ask = || get("/big").range("0-9").header("If-Range", "\"1\"");
    let origin = Origin::script([ask().respond(part(0..10)), ask().respond(part(0..10))]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        let answer = gateway.send(ask()).await;
        answer.expect(status(206).body(bytes(0..10)));
    }
}

#[tokio::test]
async fn the_newest_parts_fields_count_for_all() {
    let first = get("/big")
        .range("0-9")
        .respond(part(0..10).header("X-Edition", "old"));
    let second = get("/big")
        .range("20-29")
        .respond(part(20..30).header("X-Edition", "new"));
    let origin = Origin::script([first, second]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..10).await;
    takes(&gateway, 20..30).await;
    let answer = gateway.send(get("/big").range("0-9")).await;
    answer.expect(
        status(206)
            .body(bytes(0..10))
            .header("X-Edition", "new")
            .hit(),
    );
}
