//! Clients of HTTP/2 get what clients of HTTP/1.1 get: interim responses, the origin's `Date`, an end to
//! waiting. Their connections are in `connections`, what breaks off in `breaking_off`.

use shoal_tests::{
    Answer, Gateway, H2Client, H2Stream, Last, Origin, Reply, Response, fwd, get, head, hit,
    http_date, method, ok, post, status,
};

/// More than the window that a client's stream begins with.
const BEYOND_THE_WINDOW: usize = 300_000;

fn hint(link: &str) -> Answer {
    status(103).header("Link", link)
}

fn links(response: &Response) -> Vec<String> {
    let hints = response.interim.iter().filter(|(status, _)| *status == 103);
    hints.filter_map(|(_, fields)| fields.get("Link")).collect()
}

async fn stream(client: &H2Client, path: &str) -> H2Stream {
    let mut stream = client.stream(&get(path)).await;
    stream.write("", Last::Yes);
    stream
}

#[tokio::test]
async fn hints_pass_in_front_of_what_is_stored_and_of_what_is_not() {
    let hinted = |answer: Answer| {
        answer
            .after_interim(hint("</a.css>"))
            .after_interim(
                hint("</b.css>")
                    .header("Connection", "X-Hop")
                    .header("X-Hop", "1"),
            )
            .after_interim(hint("</c.js>"))
    };
    let origin = Origin::script([
        get("/stored").respond(hinted(ok("stored").max_age(60))),
        get("/private").respond(hinted(ok("private").cache_control("private"))),
        post("/posted").respond(hinted(ok("posted"))),
        head("/head").respond(hinted(ok("head"))),
    ]);
    let gateway = Gateway::start(&origin).await;
    let client = gateway.h2c().await;
    for (ask, expected) in [
        (
            get("/stored"),
            ok("stored").cache_status(fwd("uri-miss").stored()),
        ),
        (get("/private"), ok("private").into()),
        (post("/posted"), ok("posted").into()),
        (head("/head"), ok("").into()),
    ] {
        let came = client.send(ask).await.expect(expected);
        assert_eq!(links(&came), ["</a.css>", "</b.css>", "</c.js>"]);
        assert!(came.header("Link").is_none());
    }
    let came = client.send(get("/stored")).await.expect(ok("stored").hit());
    assert!(came.interim.is_empty(), "{:?}", came.interim);
}

#[tokio::test]
async fn a_hint_passes_at_once() {
    let answer = ok("v1").max_age(60).after_interim(hint("</a.css>"));
    let origin = Origin::script([get("/").respond(answer.hold_body("body", 0))]);
    let gateway = Gateway::start(&origin).await;
    let client = gateway.h2c().await;
    let mut stream = stream(&client, "/").await;
    assert_eq!(stream.interim(1).await[0].0, 103);
    origin.release("body").await;
    assert_eq!(stream.finish().await.body, "v1");
}

#[tokio::test]
async fn hints_without_end_are_not_kept_without_end() {
    let endless = (0..1_000).fold(Reply::from(ok("v1")), |answer, _| {
        answer.after_interim(hint("</a.css>"))
    });
    let origin = Origin::script([get("/").respond(endless)]);
    let gateway = Gateway::start(&origin).await;
    let came = gateway.h2c().await.send(get("/")).await.expect(ok("v1"));
    assert_eq!(links(&came).len(), 32);
}

#[tokio::test]
async fn the_date_is_the_origins() {
    let then = http_date(-100);
    let dated = |answer: Answer| answer.header("Date", &then);
    let origin = Origin::script([
        get("/stored").respond(dated(ok("stored").max_age(600))),
        get("/private").respond(dated(ok("private").cache_control("private"))),
        get("/undated").respond(ok("undated").cache_control("private")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let client = gateway.h2c().await;
    let came = client.send(get("/stored")).await;
    came.expect(dated(ok("stored")).cache_status(fwd("uri-miss").stored()));
    let came = client.send(get("/stored")).await;
    came.expect(dated(ok("stored")).cache_status(hit()));
    client
        .send(get("/private"))
        .await
        .expect(dated(ok("private")));
    // RFC 9110 6.6.1: where the origin has none, whoever receives it says when.
    let came = client.send(get("/undated")).await.expect(ok("undated"));
    assert!(came.header("Date").is_some());
}

#[tokio::test]
async fn a_client_that_waits_for_permission_to_send_gets_it() {
    let graphql = r#"{ "query": "{ a }" }"#;
    let origin = Origin::script([post("/graphql").respond(ok("a").max_age(60))]);
    let gateway = Gateway::with(&origin)
        .route_cache("methods: [GET, POST], body_key: json")
        .start()
        .await;
    let ask = post("/graphql")
        .header("Content-Type", "application/json")
        .header("Expect", "100-continue");
    let client = gateway.h2c().await;
    let mut stream = client.stream(&ask).await;
    assert_eq!(stream.interim(1).await[0].0, 100);
    stream.write(graphql, Last::Yes);
    assert_eq!(stream.finish().await.body, "a");
}

#[tokio::test]
async fn a_client_that_opens_no_window_is_cut_off_and_counted() {
    let body = vec![b'x'; BEYOND_THE_WINDOW];
    let origin = Origin::script([
        get("/stored").respond(ok(body.clone()).max_age(600)),
        get("/private").respond(ok(body.clone()).cache_control("private")),
    ]);
    let gateway = Gateway::with(&origin)
        .listener("protocols: [http1, h2c], write_timeout: 200ms")
        .start()
        .await;
    let client = gateway.h2c().await;
    // One that fills the store, one that is not stored, one that is answered from the store.
    let mut cut = 0.0;
    for path in ["/stored", "/private", "/stored"] {
        let mut stream = stream(&client, path).await;
        assert_eq!(stream.head().await.status, 200);
        cut += 1.0;
        gateway
            .expect_metric("shoal_clients_stalled_total", [], cut)
            .await;
        stream.expect_reset().await;
    }
    // Its other streams, and what it asked for, are none the worse for it.
    let came = client.send(get("/stored")).await;
    came.expect(ok(body).hit());
    let stalled = [("failure", "client-stalled")];
    gateway
        .expect_metric("shoal_failures_total", stalled, 2.0)
        .await;
}

#[tokio::test]
async fn a_client_that_opens_no_window_holds_up_nobody() {
    let body = vec![b'x'; BEYOND_THE_WINDOW];
    let answer = ok(body.clone()).max_age(600).hold_body("rest", 200_000);
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    let client = gateway.h2c().await;
    let mut leader = stream(&client, "/").await;
    assert_eq!(leader.head().await.status, 200);
    let follower = gateway.open(get("/")).await;
    origin.release("rest").await;
    follower.finish().await.expect(ok(body.clone()));
    assert_eq!(leader.finish().await.body, body);
}

#[tokio::test]
async fn a_request_with_two_authorities_is_refused_and_a_client_of_such_requests_is_shown_the_door()
{
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::start(&origin).await;
    let client = gateway.h2c().await;
    let ambiguous = || get("/").header("Host", "a.test").header("Host", "b.test");
    client.send(get("/")).await.expect(ok("v1"));
    for _ in 0..31 {
        client.send(ambiguous()).await.expect(status(400));
    }
    // Whether it still hears of the last one is for the moment to say.
    let _last = client.stream(&ambiguous()).await;
    let reason = [("reason", "closed")];
    gateway
        .expect_metric("shoal_connections_closed_total", reason, 1.0)
        .await;
}

#[tokio::test]
async fn a_tunnel_is_refused() {
    let gateway = Gateway::start(&Origin::script([])).await;
    let came = gateway.h2c().await.send(method("CONNECT", "")).await;
    came.expect(status(405));
}

#[tokio::test]
async fn a_client_that_asks_and_resets_has_no_more_requests_under_way_than_streams() {
    let origin = Origin::script([
        get("/slow").hold("fill").respond(ok("slow").max_age(60)),
        get("/next").respond(ok("next")),
        get("/other").respond(ok("other")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let leader = gateway.spawn(get("/slow"));
    origin.wait_for("fill").await;
    let client = gateway.h2c().await;
    for number in 1..=100 {
        let follower = stream(&client, "/slow").await;
        gateway
            .wait_for_metric("shoal_cache_collapsed_total", [], |waiting| {
                waiting >= f64::from(number)
            })
            .await;
        follower.cancel();
    }
    let next = stream(&client, "/next").await;
    gateway.send(get("/other")).await.expect(ok("other"));
    origin.release("fill").await;
    leader.await.unwrap().expect(ok("slow"));
    assert_eq!(next.finish().await.body, "next");
    let asked: Vec<_> = origin
        .requests()
        .into_iter()
        .map(|asked| asked.target)
        .collect();
    assert_eq!(asked, ["/slow", "/other", "/next"]);
}
