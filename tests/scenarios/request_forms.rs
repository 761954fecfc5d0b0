//! Odd but legal requests, and what their senders would like the origin to believe.

use shoal_tests::{Gateway, Origin, get, head, ok, post, status};

#[tokio::test]
async fn an_absolute_target_means_the_same_as_host_and_path() {
    let origin = Origin::script([get("/a").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/a").await.expect(ok("v1"));
    gateway
        .send(get("http://shoal.test/a"))
        .await
        .expect(ok("v1").hit());
    let host = origin.requests()[0].header("Host");
    assert_eq!(host.as_deref(), Some("shoal.test"));
}

#[tokio::test]
async fn an_absolute_target_first_is_sent_as_host_and_path() {
    let origin = Origin::script([
        get("/a").respond(ok("v1").max_age(60)),
        get("/b?c").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    for (absolute, path, text) in [
        ("http://shoal.test/%61", "/a", "v1"),
        ("http://shoal.test/b?c", "/b?c", "v2"),
    ] {
        gateway.send(get(absolute)).await.expect(ok(text));
        gateway.get(path).await.expect(ok(text).hit());
    }
    let sent = &origin.requests()[1];
    assert_eq!(sent.target, "/b?c");
    assert_eq!(sent.header("Host").as_deref(), Some("shoal.test"));
}

#[tokio::test]
async fn an_absolute_target_that_contradicts_host_is_refused() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(get("http://evil.test/").host("shoal.test"))
        .await
        .expect(status(400));
}

#[tokio::test]
async fn a_fragment_is_no_part_of_the_target() {
    let origin = Origin::script([get("/a").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    let came = gateway.send(get("/a#b")).await;
    if came.status == 200 {
        gateway.get("/a").await.expect(ok("v1").hit());
    } else {
        came.expect(status(400));
        gateway.get("/a").await.expect(ok("v1"));
    }
}

#[tokio::test]
async fn who_asked_before_stays_known_over_several_lines() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::start(&origin).await;
    let ask = get("/")
        .header("X-Forwarded-For", "203.0.113.9")
        .header("X-Forwarded-For", "198.51.100.7");
    gateway.send(ask).await.expect(ok("v1"));
    let chain = origin.requests()[0].header("X-Forwarded-For");
    assert_eq!(
        chain.as_deref(),
        Some("203.0.113.9, 198.51.100.7, 127.0.0.1")
    );
}

#[tokio::test]
async fn fields_that_name_another_host_or_scheme_do_not_reach_the_origin() {
    let names = [
        "Forwarded",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "X-Forwarded-Scheme",
        "X-Forwarded-Server",
        "X-Host",
    ];
    let asked = names.iter().fold(get("/"), |ask, name| ask.without(name));
    let origin = Origin::script([asked.respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    let ask = names
        .iter()
        .fold(get("/"), |ask, name| ask.header(name, "host=evil.test"));
    gateway.send(ask).await.expect(ok("v1"));
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_neither_interim_responses_nor_chunks() {
    let hints = status(103).header("Link", "</a.css>; rel=preload");
    let origin =
        Origin::script([get("/").respond(ok("v1").max_age(60).chunked().after_interim(hints))]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        let mut client = gateway.client().await;
        client
            .write("GET / HTTP/1.0\r\nHost: shoal.test\r\n\r\n")
            .await;
        let response = client
            .receive(&get("/"))
            .await
            .expect(ok("v1").without("Transfer-Encoding"));
        assert!(response.interim.is_empty(), "{:?}", response.interim);
    }
}

#[tokio::test]
async fn content_of_a_request_that_is_answered_from_the_store_is_not_the_next_request() {
    let origin = Origin::script([get("/a").respond(ok("a").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/a").await.expect(ok("a"));
    let smuggled = "GET /secret HTTP/1.1\r\nHost: shoal.test\r\n\r\n";
    let mut client = gateway.client().await;
    client
        .send(get("/a").body(smuggled))
        .await
        .expect(ok("a").hit());
    // The connection is closed or stays usable; the content is never taken for a request.
    client
        .write_in_vain("GET /a HTTP/1.1\r\nHost: shoal.test\r\n\r\n")
        .await;
    if let Some(bytes) = client.try_raw().await {
        assert!(bytes.starts_with(b"HTTP/1.1 200"), "{bytes:?}");
    }
}

#[tokio::test]
async fn chunked_content_of_a_refused_request_is_not_the_next_request() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin)
        .no_default_route()
        .route("name: a, match: { path: \"/a\" }, upstream: origin")
        .start()
        .await;
    let mut client = gateway.client().await;
    client
        .write("POST /b HTTP/1.1\r\nHost: shoal.test\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n\r\n0\r\n\r\n")
        .await;
    client.receive(&post("/b")).await.expect(status(404));
    client
        .write_in_vain("GET /c HTTP/1.1\r\nHost: shoal.test\r\n\r\n")
        .await;
    if let Some(bytes) = client.try_raw().await {
        assert!(bytes.starts_with(b"HTTP/1.1 404"), "{bytes:?}");
    }
}

#[tokio::test]
async fn a_range_of_a_head_request_is_ignored() {
    let answer = || ok("0123456789").max_age(60);
    let origin = Origin::script([head("/").respond(answer()), get("/").respond(answer())]);
    let gateway = Gateway::start(&origin).await;
    let ask = || head("/").range("0-1");
    gateway.send(ask()).await.expect(status(200));
    gateway.get("/").await.expect(answer());
    for _ in 0..2 {
        let response = gateway.send(ask()).await.expect(status(200));
        assert_eq!(response.header("Content-Length").as_deref(), Some("10"));
    }
}

#[tokio::test]
async fn an_upgrade_to_http2_is_not_passed_on() {
    let asked = get("/").without("Upgrade").without("HTTP2-Settings");
    let origin = Origin::script([asked.respond(ok("v1"))]);
    let gateway = Gateway::start(&origin).await;
    let ask = get("/")
        .header("Connection", "Upgrade, HTTP2-Settings")
        .header("Upgrade", "h2c")
        .header("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA");
    gateway.send(ask).await.expect(ok("v1"));
}

#[tokio::test]
async fn connection_cannot_take_the_frame_of_the_content_away() {
    let origin = Origin::script([
        post("/").body("content").respond(ok("got it")),
        get("/").respond(ok("next")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.client().await;
    let ask = post("/")
        .body("content")
        .header("Connection", "Content-Length");
    let came = client.send(ask).await;
    if came.status == 400 {
        gateway
            .send(post("/").body("content"))
            .await
            .expect(ok("got it"));
    }
    gateway.get("/").await.expect(ok("next"));
}
