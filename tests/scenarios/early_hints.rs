//! 103 Early Hints and other interim responses (RFC 8297, RFC 9110 section 15.2): they go to the
//! client whose request brought them, and leave nothing behind.
//!
//! That one hint passes and a hit has none is in `streaming`; HTTP/1.0 is in `request_forms`.

use shoal_tests::{
    Answer, Gateway, Origin, Response, fwd, get, head, hit, not_modified, ok, post, status,
};

fn hint(link: &str) -> Answer {
    status(103).header("Link", link)
}

fn links(response: &Response) -> Vec<String> {
    let hints = response.interim.iter().filter(|(status, _)| *status == 103);
    hints.filter_map(|(_, fields)| fields.get("Link")).collect()
}

#[tokio::test]
async fn several_hints_pass_in_their_order() {
    let answer = ok("v1")
        .max_age(60)
        .after_interim(hint("</a.css>"))
        .after_interim(hint("</b.css>"))
        .after_interim(hint("</c.js>"));
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    let came = gateway.get("/").await.expect(ok("v1"));
    assert_eq!(links(&came), ["</a.css>", "</b.css>", "</c.js>"]);
}

#[tokio::test]
async fn fields_of_a_hint_stay_out_of_the_final_response() {
    let early = hint("</early.css>").header("X-Early", "1");
    let answer = ok("v1").max_age(60).header("Link", "</late.css>");
    let origin = Origin::script([get("/").respond(answer.after_interim(early))]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        let expected = ok("v1").header("Link", "</late.css>").without("X-Early");
        gateway.get("/").await.expect(expected);
    }
}

#[tokio::test]
async fn a_lifetime_in_a_hint_is_no_lifetime_of_the_response() {
    let early = hint("</a.css>")
        .max_age(600)
        .header("CDN-Cache-Control", "max-age=600");
    let answer = || ok("v1").after_interim(early.clone());
    let origin = Origin::script([get("/").respond(answer()).times(2)]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        let refused = fwd("uri-miss").not_stored().detail("no-freshness");
        gateway
            .get("/")
            .await
            .expect(ok("v1").cache_status(refused));
    }
}

#[tokio::test]
async fn a_prohibition_in_a_hint_is_none_of_the_response() {
    let early = hint("</a.css>").cache_control("no-store").vary("*");
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60).after_interim(early))]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored()));
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn a_hint_before_a_304_reaches_the_client_once() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("1")),
        get("/").if_none_match("1").respond(
            shoal_tests::Reply::from(not_modified().max_age(600).etag("1"))
                .after_interim(hint("</a.css>")),
        ),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let came = gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("stale").stored()));
    assert_eq!(links(&came), ["</a.css>"]);
    let came = gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(hit().ttl(600)).without("Link"));
    assert!(came.interim.is_empty(), "{:?}", came.interim);
}

#[tokio::test]
async fn a_hint_before_an_error_passes_and_the_error_stays_an_error() {
    let answer = status(503).body("down").after_interim(hint("</a.css>"));
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    let came = gateway
        .get("/")
        .await
        .expect(status(503).body("down").without("Link"));
    assert_eq!(links(&came), ["</a.css>"]);
}

#[tokio::test]
async fn a_hint_passes_where_nothing_is_stored() {
    let answer = |body: &'static str| ok(body).after_interim(hint("</a.css>"));
    let origin = Origin::script([
        get("/off").respond(answer("off")),
        post("/on").body("x").respond(answer("posted")),
        get("/on").respond(
            ok("private")
                .cache_control("private")
                .after_interim(hint("</a.css>")),
        ),
    ]);
    let gateway = Gateway::with(&origin)
        .route("name: off, match: { path: \"/off\" }, upstream: origin, cache: { enabled: false }")
        .start()
        .await;
    for (ask, body) in [
        (get("/off"), "off"),
        (post("/on").body("x"), "posted"),
        (get("/on"), "private"),
    ] {
        let came = gateway.send(ask).await.expect(ok(body));
        assert_eq!(links(&came), ["</a.css>"], "with {body}");
    }
}

#[tokio::test]
async fn a_hint_before_a_check_in_the_background_reaches_nobody() {
    let fresh = ok("v2").max_age(600).after_interim(hint("</a.css>"));
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).swr(600)),
        get("/").respond(fresh),
    ]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.client().await;
    client.send(get("/")).await.expect(ok("v1"));
    let stale = client
        .send(get("/"))
        .await
        .expect(ok("v1").cache_status(hit().stale()));
    assert!(stale.interim.is_empty(), "{:?}", stale.interim);
    let new = async || Some(client.send(get("/")).await).filter(|came| came.body == "v2");
    let came = shoal_tests::eventually("the new response", new)
        .await
        .expect(ok("v2").hit());
    assert!(came.interim.is_empty(), "{:?}", came.interim);
}

#[tokio::test]
async fn a_hint_that_arrives_alone_is_passed_on_at_once() {
    // That is what it is for: the final response is still being made.
    let answer = ok("v1").max_age(60).after_interim(hint("</a.css>"));
    let origin = Origin::script([get("/").respond(answer.hold_body("body", 0))]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.client().await;
    client
        .write("GET / HTTP/1.1\r\nHost: shoal.test\r\n\r\n")
        .await;
    let first = client.raw().await;
    assert!(first.starts_with(b"HTTP/1.1 103 "), "{first:?}");
    origin.release("body").await;
}

#[tokio::test]
async fn a_hint_does_not_disturb_the_connection() {
    let hinted = |body: &'static str| ok(body).chunked().after_interim(hint("</a.css>"));
    let origin = Origin::script([
        get("/a").respond(hinted("a")),
        head("/b").respond(ok("nine bytes")),
        get("/c").respond(hinted("c")),
    ]);
    let gateway = Gateway::with(&origin)
        .route_cache("enabled: false")
        .start()
        .await;
    let mut client = gateway.client().await;
    client.send(get("/a")).await.expect(ok("a"));
    client.send(head("/b")).await.expect(status(200));
    let came = client.send(get("/c")).await.expect(ok("c"));
    assert_eq!(links(&came), ["</a.css>"]);
}

#[tokio::test]
async fn a_connection_that_ends_after_a_hint_is_a_failure() {
    let cut = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
    let origin = Origin::script([get("/").respond(shoal_tests::raw(cut)).repeat()]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(status(502));
}

#[tokio::test]
async fn other_interim_responses_are_not_stored_either() {
    let processing = status(102).header("X-Interim", "1");
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60).after_interim(processing))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1").without("X-Interim"));
    let second = gateway.get("/").await.expect(ok("v1").hit());
    assert!(second.interim.is_empty(), "{:?}", second.interim);
}
