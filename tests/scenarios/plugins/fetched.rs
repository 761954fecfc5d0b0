//! What Lua decides about what the gateway fetches by itself: slices, and the rest of what is stored in parts.

use serde_json::json;
use shoal_tests::{Answer, Ask, Gateway, Origin, fwd, get, not_modified, ok, status};

const SIZE: usize = 1024;
const LENGTH: usize = 2048;

fn bytes(range: std::ops::Range<usize>) -> String {
    let letters = "abcdefghijklmnopqrstuvwxyz".chars().cycle();
    letters.skip(range.start % 26).take(range.len()).collect()
}

/// Without a word about freshness.
fn part(range: std::ops::Range<usize>) -> Answer {
    let place = format!("bytes {}-{}/{LENGTH}", range.start, range.end - 1);
    let answer = status(206).body(bytes(range)).etag("1");
    answer.header("Content-Range", &place)
}

fn asked(range: std::ops::Range<usize>) -> Ask {
    get("/big").range(&format!("{}-{}", range.start, range.end - 1))
}

async fn sliced(origin: &Origin, lua: &str) -> Gateway {
    let gateway = Gateway::with(origin).route_cache("slice: 1KiB");
    gateway.plugin("decides", lua).start().await
}

/// A plugin that does this with every response.
fn plugin(words: &str) -> String {
    format!(
        "local P = {{ name = 'decides' }} function P.on_response(req, res, cache, conf) {words} end return P"
    )
}

#[tokio::test]
async fn a_plugin_sets_a_slices_lifetime() {
    let origin = Origin::script([asked(0..SIZE).respond(part(0..SIZE))]);
    let lua = plugin("if res.status == 206 and req.path == '/big' then cache:ttl('10m') end");
    let gateway = sliced(&origin, &lua).await;
    let expected = fwd("uri-miss").stored().ttl(600);
    let answer = gateway.send(asked(0..10)).await;
    answer.expect(status(206).body(bytes(0..10)).cache_status(expected));
    let answer = gateway.send(asked(10..20)).await;
    answer.expect(status(206).body(bytes(10..20)).hit());
}

#[tokio::test]
async fn a_plugin_keeps_a_slice_out() {
    let whole = || ok(bytes(0..LENGTH)).max_age(60).etag("1");
    let origin = Origin::script([
        asked(0..SIZE).respond(part(0..SIZE).max_age(60)),
        get("/big").without("Range").respond(whole()).times(2),
    ]);
    let lua = plugin("cache:no_store('not-mine')");
    let gateway = sliced(&origin, &lua).await;
    for _ in 0..2 {
        let expected = fwd("uri-miss").not_stored().detail("not-mine");
        let answer = gateway.send(asked(0..10)).await;
        answer.expect(status(206).body(bytes(0..10)).cache_status(expected));
    }
}

#[tokio::test]
async fn a_plugin_tags_slices() {
    let fetched = || asked(0..SIZE).respond(part(0..SIZE).max_age(60));
    let origin = Origin::script([fetched(), fetched()]);
    let gateway = sliced(&origin, &plugin("cache:tag('film')")).await;
    for _ in 0..2 {
        let answer = gateway.send(asked(0..10)).await;
        answer.expect(status(206).cache_status(fwd("uri-miss").stored()));
        gateway.purge(json!({ "tags": ["film"] })).await;
    }
}

#[tokio::test]
async fn a_plugin_edits_a_slices_fields() {
    let origin = Origin::script([asked(0..SIZE).respond(part(0..SIZE).max_age(60))]);
    let lua = plugin("res:set_header('X-Edition', 'plugin')");
    let gateway = sliced(&origin, &lua).await;
    for _ in 0..2 {
        let answer = gateway.send(asked(0..10)).await;
        answer.expect(status(206).header("X-Edition", "plugin"));
    }
}

#[tokio::test]
async fn a_confirmed_slice_gets_the_plugins_lifetime_again() {
    let origin = Origin::script([
        asked(0..SIZE).respond(part(0..SIZE).age(700)),
        asked(0..SIZE)
            .if_none_match("\"1\"")
            .respond(not_modified().etag("1")),
    ]);
    let gateway = sliced(&origin, &plugin("cache:ttl('10m')")).await;
    for _ in 0..2 {
        gateway.send(asked(0..10)).await.expect(status(206));
    }
    let answer = gateway.send(asked(0..10)).await;
    assert!(answer.cache_status().ttl() > Some(0), "{answer:?}");
    answer.expect(status(206).body(bytes(0..10)).hit());
}

#[tokio::test]
async fn a_plugin_that_rejects_a_slice_is_heard() {
    let origin = Origin::script([asked(0..SIZE).respond(part(0..SIZE).max_age(60))]);
    let gateway = Gateway::with(&origin)
        .route_cache("slice: 1KiB")
        .plugin_with("decides", &plugin("error('no')"), "on_error: reject")
        .start()
        .await;
    gateway.send(asked(0..10)).await.expect(status(500));
}

#[tokio::test]
async fn a_plugin_decides_about_the_rest_of_stored_parts() {
    let first = asked(0..SIZE).without("If-Range");
    let rest = || asked(SIZE..LENGTH).header("If-Range", "\"1\"");
    let origin = Origin::script([
        first.respond(part(0..SIZE)),
        rest().respond(part(SIZE..LENGTH).header("X-Draft", "1")),
        get("/big").without("Range").respond(ok("whole").etag("2")),
    ]);
    let lua = plugin(
        "if res:header('X-Draft') or res.status == 200 then cache:no_store('draft') else cache:ttl('10m') end",
    );
    let gateway = Gateway::with(&origin).plugin("decides", &lua).start().await;
    let stored = gateway.send(asked(0..SIZE)).await;
    stored.expect(status(206).cache_status(fwd("uri-miss").stored().ttl(600)));
    let answer = gateway.get("/big").await;
    let expected = fwd("uri-miss").not_stored().detail("draft");
    answer.expect(ok("whole").cache_status(expected));
}
