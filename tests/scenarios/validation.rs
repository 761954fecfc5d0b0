//! Validation on both sides (RFC 9111 section 4.3, RFC 9110 section 13).

use shoal_tests::{Gateway, Origin, fwd, get, head, http_date, not_modified, ok, status};

#[tokio::test]
async fn a_304_freshens_what_is_stored() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("1").header("X-Run", "1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().etag("1").max_age(600).header("X-Run", "2")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let freshened = fwd("stale").fwd_status(304);
    gateway
        .get("/")
        .await
        .expect(ok("v1").header("X-Run", "2").cache_status(freshened));
    gateway.get("/").await.expect(
        ok("v1")
            .header("X-Run", "2")
            .cache_status(shoal_tests::hit().ttl(600)),
    );
    gateway
        .expect_metric(
            "shoal_cache_requests_total",
            [("status", "REVALIDATED")],
            1.0,
        )
        .await;
}

#[tokio::test]
async fn a_date_validates_where_there_is_no_entity_tag() {
    let date = http_date(-600);
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).last_modified(&date)),
        get("/")
            .if_modified_since(&date)
            .respond(not_modified().max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("stale").fwd_status(304)));
}

#[tokio::test]
async fn no_cache_is_stored_and_validated_each_time() {
    let origin = Origin::script([
        get("/").respond(ok("v1").cache_control("no-cache").etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().etag("1"))
            .times(2),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored()));
    for _ in 0..2 {
        gateway
            .get("/")
            .await
            .expect(ok("v1").cache_status(fwd("stale").fwd_status(304)));
    }
}

#[tokio::test]
async fn a_client_can_demand_validation() {
    let origin = Origin::script([
        get("/").respond(ok("v1").max_age(60).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().max_age(60).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let ask = get("/").cache_control("no-cache");
    gateway
        .send(ask)
        .await
        .expect(ok("v1").cache_status(fwd("request").fwd_status(304)));
}

#[tokio::test]
async fn if_none_match_is_answered_from_the_store() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60).etag("1"))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let fits = not_modified().etag("1").hit().without("Content-Length");
    gateway.send(get("/").if_none_match("1")).await.expect(fits);
    gateway
        .send(get("/").if_none_match("W/\"1\""))
        .await
        .expect(not_modified().hit());
    gateway
        .send(get("/").if_none_match("\"0\", \"1\""))
        .await
        .expect(not_modified().hit());
    gateway
        .send(get("/").if_none_match("2"))
        .await
        .expect(ok("v1").hit());
}

#[tokio::test]
async fn if_modified_since_is_answered_from_the_store() {
    let answer = ok("v1").max_age(60).last_modified(&http_date(-600));
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let since = |seconds| get("/").if_modified_since(&http_date(seconds));
    gateway.send(since(-300)).await.expect(not_modified().hit());
    gateway.send(since(-900)).await.expect(ok("v1").hit());
}

#[tokio::test]
async fn if_match_that_does_not_hold_is_412() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60).etag("1"))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .send(get("/").header("If-Match", "\"2\""))
        .await
        .expect(status(412));
    gateway
        .send(get("/").header("If-Match", "\"1\""))
        .await
        .expect(ok("v1").hit());
}

#[tokio::test]
async fn a_conditional_request_fills_the_store_with_the_whole_response() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60).etag("1"))]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(get("/").if_none_match("1"))
        .await
        .expect(not_modified());
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn head_is_answered_from_a_stored_get() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60).etag("1"))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .send(head("/"))
        .await
        .expect(ok("").etag("1").header("Content-Length", "2").hit());
}
