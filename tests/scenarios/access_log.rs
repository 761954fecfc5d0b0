//! One line a request, with the reason of the decision.

use shoal_tests::{Gateway, Origin, get, ok, post};

#[tokio::test]
async fn every_request_has_a_line_with_its_cache_status() {
    let origin = Origin::script([
        get("/a?x=1").respond(ok("hello").max_age(60)),
        post("/a").respond(ok("done")),
    ]);
    let gateway = Gateway::start(&origin).await;
    // A line is written after its response, so that lines of two requests may change places.
    gateway.get("/a?x=1").await.expect(ok("hello"));
    gateway.access_log(1).await;
    gateway.get("/a?x=1").await.expect(ok("hello").hit());
    gateway.access_log(2).await;
    gateway.send(post("/a").body("x")).await.expect(ok("done"));
    let lines = gateway.access_log(3).await;
    let expected = [
        ("GET", "MISS", "uri-miss"),
        ("GET", "HIT", ""),
        ("POST", "BYPASS", "method-bypass"),
    ];
    for (line, (method, cache, reason)) in lines.iter().zip(expected) {
        assert_eq!(line["method"], method, "{line}");
        assert_eq!(line["status"], 200, "{line}");
        assert_eq!(line["host"], "shoal.test", "{line}");
        assert_eq!(line["path"], "/a", "{line}");
        assert_eq!(line["route"], "all", "{line}");
        assert_eq!(line["cache"], cache, "{line}");
        assert_eq!(
            line["reason"].as_str().unwrap_or_default(),
            reason,
            "{line}"
        );
    }
    assert_eq!(lines[0]["bytes"], 5, "{}", lines[0]);
}

#[tokio::test]
async fn the_line_says_why_a_response_was_not_stored() {
    let origin = Origin::script([get("/").respond(ok("v1").cache_control("no-store"))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let line = &gateway.access_log(1).await[0];
    assert_eq!(line["not_stored"], "no-store", "{line}");
}

#[tokio::test]
async fn secrets_do_not_reach_the_log() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::start(&origin).await;
    let ask = get("/")
        .header("Authorization", "Bearer hunter2")
        .header("Cookie", "id=hunter2");
    gateway.send(ask).await.expect(ok("v1"));
    let line = &gateway.access_log(1).await[0];
    assert!(!line.to_string().contains("hunter2"), "{line}");
}

#[tokio::test]
async fn the_combined_preset_is_what_others_write() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::with(&origin)
        .access_format("combined")
        .start()
        .await;
    gateway.get("/").await.expect(ok("v1"));
    let line = &gateway.access_log_lines(1).await[0];
    assert!(line.starts_with("127.0.0.1 - - ["), "{line}");
    assert!(line.contains("\"GET / HTTP/1.1\" 200 2 "), "{line}");
}
