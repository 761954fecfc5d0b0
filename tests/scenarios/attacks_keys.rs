//! Two requests that a key must not confuse, and one request that its readers must not see
//! differently: hosts, delimiters, targets, HTTP/2's pseudo-fields.
//!
//! That upstreams and routes do not share is in `cache_keys`.

use shoal_tests::{Gateway, Origin, delete, get, ok};

#[tokio::test]
async fn the_border_of_host_and_path_cannot_be_moved() {
    let origin = Origin::script([
        get("/b")
            .host("a.test")
            .respond(ok("short host").max_age(600)),
        get("/b")
            .host("a.testb")
            .respond(ok("long host").max_age(600)),
        get("/b/b")
            .host("a.test")
            .respond(ok("long path").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    for (host, path, body) in [
        ("a.test", "/b", "short host"),
        ("a.testb", "/b", "long host"),
        ("a.test", "/b/b", "long path"),
    ] {
        gateway.send(get(path).host(host)).await.expect(ok(body));
        gateway
            .send(get(path).host(host))
            .await
            .expect(ok(body).hit());
    }
}

#[tokio::test]
async fn the_border_of_path_and_query_cannot_be_moved() {
    let rows = [
        "/a?b", "/a%3Fb", "/a?b?", "/a?", "/a", "/a?b&", "/a?&b", "/a/?b",
    ];
    let origin = Origin::script(rows.map(|target| get(target).respond(ok(target).max_age(600))));
    let gateway = Gateway::start(&origin).await;
    for target in rows {
        let came = gateway.get(target).await;
        assert_eq!(came.text(), target);
    }
}

#[tokio::test]
async fn the_border_of_two_parts_of_a_key_cannot_be_moved() {
    let rows = [
        "/?a=1&b=23",
        "/?a=12&b=3",
        "/?a=123",
        "/?b=123",
        "/?a=1%00&b=23",
        "/?a=1,2&b=3",
    ];
    let origin = Origin::script(rows.map(|target| get(target).respond(ok(target).max_age(600))));
    let cache = "cache_key: [\"$query.a\", \"$query.b\"]";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    for target in rows {
        gateway.get(target).await.expect(ok(target));
    }
}

#[tokio::test]
async fn a_host_with_a_path_in_it_is_refused() {
    // It would be the name of another resource: `a.test/b` and `/c` beside `a.test` and `/b/c`.
    let origin = Origin::script([get("/b/c").host("a.test").respond(ok("v1").max_age(600))]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(get("/b/c").host("a.test"))
        .await
        .expect(ok("v1"));
    let hosts = [
        "a.test/b",
        "a.test?b",
        "a.test#b",
        "a.test\\b",
        "user@a.test",
        "a.test b",
        "a.test\tb",
        "",
    ];
    for host in hosts {
        let came = gateway.send(delete("/c").host(host)).await;
        assert_eq!(came.status, 400, "for {host:?}");
    }
    gateway
        .send(get("/b/c").host("a.test"))
        .await
        .expect(ok("v1").hit());
}

#[tokio::test]
async fn a_port_is_part_of_the_host() {
    let rows = ["a.test", "a.test:81", "a.test:080", "a.test:443"];
    let steps = rows.map(|host| get("/").host(host).respond(ok(host).max_age(600)));
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for host in rows {
        let came = gateway.send(get("/").host(host)).await;
        assert!(
            came.status == 400 || came.body == host,
            "for {host}: {came:?}"
        );
    }
    // The default port is none (RFC 9110 section 4.2.3), and case does not matter.
    gateway
        .send(get("/").host("A.test:80"))
        .await
        .expect(ok("a.test").hit());
}

#[tokio::test]
async fn two_hosts_are_refused_wherever_they_stand() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let heads = [
        "GET / HTTP/1.1\r\nHost: shoal.test\r\nHost: evil.test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: shoal.test\r\nhost: shoal.test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: shoal.test, evil.test\r\n\r\n",
        "GET http://evil.test/ HTTP/1.1\r\nHost: shoal.test\r\n\r\n",
        "GET http://shoal.test:81/ HTTP/1.1\r\nHost: shoal.test\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: evil.test\r\nHost: shoal.test\r\n\r\n",
    ];
    for head in heads {
        let mut client = gateway.client().await;
        client.write_in_vain(head).await;
        let answer = client.try_raw().await.unwrap_or_default();
        let refused = answer.is_empty() || answer.starts_with(b"HTTP/1.1 400");
        assert!(refused, "after {head:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_host_field_cannot_contradict_the_authority_of_http2() {
    // RFC 9113 section 8.3.1.
    let origin = Origin::script([get("/")
        .host("shoal.test")
        .respond(ok("good").max_age(600))
        .repeat()]);
    let gateway = Gateway::start(&origin).await;
    let request = http::Request::builder()
        .uri("http://shoal.test/")
        .header("host", "evil.test")
        .body(())
        .unwrap();
    let stream = tokio::net::TcpStream::connect(gateway.address())
        .await
        .unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    let driver = tokio::spawn(connection);
    let (response, _) = client.send_request(request, true).unwrap();
    // Refused by a status or by a reset; if it is answered, then for the authority.
    if let Ok(response) = shoal_tests::within("an answer", response).await {
        assert!(
            [200, 400, 421].contains(&response.status().as_u16()),
            "{response:?}"
        );
    }
    driver.abort();
    for request in origin.requests() {
        assert_eq!(request.fields.all("Host"), ["shoal.test"]);
    }
    gateway
        .send(get("/").host("shoal.test"))
        .await
        .expect(ok("good"));
}

#[tokio::test]
async fn an_absolute_target_is_keyed_like_its_parts() {
    let origin = Origin::script([get("/a").host("shoal.test").respond(ok("v1").max_age(600))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/a").await.expect(ok("v1"));
    gateway
        .send(get("HTTP://shoal.test/a"))
        .await
        .expect(ok("v1").hit());
}

#[tokio::test]
async fn an_encoded_slash_is_not_a_slash() {
    let rows = ["/a/b", "/a%2Fb", "/a%5Cb", "/a//b", "/a/b/", "/a%252Fb"];
    let origin = Origin::script(rows.map(|target| get(target).respond(ok(target).max_age(600))));
    let gateway = Gateway::start(&origin).await;
    for target in rows {
        gateway.get(target).await.expect(ok(target));
        gateway.get(target).await.expect(ok(target).hit());
    }
    gateway.get("/a%2fb").await.expect(ok("/a%2Fb").hit());
}

#[tokio::test]
async fn the_path_that_is_keyed_is_the_path_that_is_asked_for() {
    // Whatever is odd about it: key and origin must not read it differently.
    let rows = [
        "/%61",
        "/a/./b",
        "/a/../b",
        "/a/%2e%2e/b",
        "/%zz",
        "/a%",
        "/%2%65",
        "/a;b=c",
        "/a|b",
        "/a'b",
        "/%C3%A9",
        "/%c3%a9",
        "//a",
        "/a//../b",
        "/~a",
        "/%7Ea",
    ];
    let origin = Origin::script([get("/*").respond(ok("any").max_age(600)).repeat()]);
    let gateway = Gateway::start(&origin).await;
    for target in rows {
        let before = origin.requests().len();
        let came = gateway.get(target).await;
        if came.status == 400 {
            continue;
        }
        let seen = origin
            .requests()
            .get(before)
            .map(|request| request.target.clone());
        // What the origin saw, asked for in those words, is what was stored.
        if let Some(seen) = seen {
            let again = gateway.get(&seen).await;
            assert!(
                again.cache_status().has("hit"),
                "{target} was sent as {seen}: {again:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_purge_of_one_does_not_reach_a_neighbour_by_delimiters() {
    let rows = ["/a", "/a?b", "/a%3Fb", "/a/b", "/ab"];
    let origin = Origin::script(rows.map(|target| get(target).respond(ok(target).max_age(600))));
    let gateway = Gateway::start(&origin).await;
    for target in rows {
        gateway.get(target).await.expect(ok(target));
    }
    let receipt = gateway
        .purge(serde_json::json!({ "files": ["http://shoal.test/c?/a"] }))
        .await;
    assert_eq!(receipt["purged"], 0, "{receipt}");
    for target in rows {
        gateway.get(target).await.expect(ok(target).hit());
    }
}
