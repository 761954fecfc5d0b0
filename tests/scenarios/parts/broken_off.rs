//! A whole response that breaks off leaves what came, and the next request asks for the rest.

use super::{LENGTH, asked, bytes, hits, object, rest, takes, whole};
use serde_json::json;
use shoal_tests::{Answer, Gateway, Origin, Reply, fwd, get, http_date, ok, raw};

/// Bytes that come of the first answer.
const CAME: usize = 40;

/// The first answer, which breaks off when the client has all but the last byte that comes.
fn breaks_off(answer: Answer) -> Reply {
    answer.hold_body("last", CAME - 1).abort_after(CAME)
}

async fn meets_the_end(gateway: &Gateway, origin: &Origin) {
    let mut incoming = gateway.open(get("/big")).await;
    assert_eq!(incoming.first(CAME - 1).await, bytes(0..CAME - 1));
    origin.release("last").await;
    incoming.expect_broken().await;
}

async fn purge(gateway: &Gateway) {
    let files = json!({ "files": ["http://shoal.test/big"] });
    gateway.purge(files).await;
}

#[tokio::test]
async fn only_the_rest_is_asked_for() {
    let origin = Origin::script([get("/big").respond(breaks_off(whole())), rest(CAME..LENGTH)]);
    let gateway = Gateway::start(&origin).await;
    meets_the_end(&gateway, &origin).await;
    hits(&gateway, 10..CAME).await;
    let answer = gateway.get("/big").await;
    answer.expect(ok(object()).cache_status(fwd("partial").stored()));
    gateway.get("/big").await.expect(ok(object()).hit());
}

#[tokio::test]
async fn a_rest_that_is_of_another_version_is_not_laid_beside_it() {
    let other = || ok("another").max_age(60).etag("2");
    let range = CAME..LENGTH;
    let changed = get("/big").range(&asked(&range));
    let origin = Origin::script([
        get("/big").respond(breaks_off(whole())),
        changed.header("If-Range", "\"1\"").respond(other()),
    ]);
    let gateway = Gateway::start(&origin).await;
    meets_the_end(&gateway, &origin).await;
    gateway.get("/big").await.expect(ok("another"));
    gateway.get("/big").await.expect(ok("another").hit());
}

#[tokio::test]
async fn what_cannot_be_completed_is_not_kept() {
    let unfit = [
        ok(object()).max_age(60),
        ok(object()).max_age(60).header("ETag", "W/\"1\""),
        whole().vary("X-Any"),
        whole().header("Accept-Ranges", "none"),
        ok(object()).cache_control("private").etag("1"),
    ];
    for answer in unfit {
        let plain = get("/big").without("Range").without("If-Range");
        let origin = Origin::script([
            get("/big").respond(breaks_off(answer.clone())),
            plain.respond(answer.clone()),
        ]);
        let gateway = Gateway::start(&origin).await;
        meets_the_end(&gateway, &origin).await;
        gateway.get("/big").await.expect(ok(object()));
    }
}

/// The model found it: nobody knows by which clock the origin dates its changes.
#[tokio::test]
async fn a_date_of_ours_makes_no_validator_strong() {
    let head = format!(
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nLast-Modified: {}\r\nContent-Length: {LENGTH}\r\n\r\n",
        http_date(-6000)
    );
    let plain = get("/big").without("Range").without("If-Range");
    let origin = Origin::script([
        get("/big").respond(raw(head + &bytes(0..CAME))),
        plain.respond(whole()),
    ]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.client().await;
    let ask = "GET /big HTTP/1.1\r\nHost: shoal.test\r\nConnection: close\r\n\r\n";
    client.write(ask).await;
    while client.try_raw().await.is_some() {}
    gateway.get("/big").await.expect(ok(object()));
}

#[tokio::test]
async fn a_purge_takes_what_came_too() {
    let plain = get("/big").without("Range").without("If-Range");
    let origin = Origin::script([
        get("/big").respond(breaks_off(whole())),
        plain.respond(whole()),
    ]);
    let gateway = Gateway::start(&origin).await;
    meets_the_end(&gateway, &origin).await;
    purge(&gateway).await;
    gateway.get("/big").await.expect(ok(object()));
}

#[tokio::test]
async fn a_purge_while_it_came_keeps_it_out() {
    let plain = get("/big").without("Range").without("If-Range");
    let origin = Origin::script([
        get("/big").respond(breaks_off(whole())),
        plain.respond(whole()),
    ]);
    let gateway = Gateway::start(&origin).await;
    let mut leader = gateway.open(get("/big")).await;
    assert_eq!(leader.first(CAME - 1).await, bytes(0..CAME - 1));
    purge(&gateway).await;
    origin.release("last").await;
    leader.expect_broken().await;
    gateway.get("/big").await.expect(ok(object()));
}

#[tokio::test]
async fn what_is_stored_whole_is_not_hidden_by_what_came() {
    let origin = Origin::script([
        get("/big").respond(whole().age(61)),
        get("/big")
            .if_none_match("1")
            .respond(breaks_off(ok(object()).max_age(60).etag("2"))),
        get("/big").if_none_match("1").respond(ok("v3").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..LENGTH).await;
    meets_the_end(&gateway, &origin).await;
    gateway.get("/big").await.expect(ok("v3"));
}
