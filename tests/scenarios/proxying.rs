//! What a proxy adds, removes and passes on (RFC 9110 section 7.6).

use shoal_tests::{Gateway, Origin, get, ok, post, switching_protocols};

#[tokio::test]
async fn hop_by_hop_fields_stay_on_their_hop() {
    let asked = get("/")
        .without("Keep-Alive")
        .without("X-Hop")
        .without("Proxy-Authorization")
        .without("TE")
        .header("X-End", "1");
    let answer = ok("v1")
        .max_age(60)
        .header("X-Secret", "1")
        .header("X-End", "2");
    let answer = answer
        .header("Connection", "X-Secret")
        .header("Keep-Alive", "timeout=5");
    let origin = Origin::script([asked.respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    let ask = get("/")
        .header("Connection", "X-Hop")
        .header("X-Hop", "1")
        .header("Keep-Alive", "timeout=5")
        .header("Proxy-Authorization", "Basic eDp5")
        .header("TE", "gzip")
        .header("X-End", "1");
    gateway
        .send(ask)
        .await
        .expect(ok("v1").header("X-End", "2").without("X-Secret"));
    gateway
        .get("/")
        .await
        .expect(ok("v1").header("X-End", "2").hit().without("X-Secret"));
}

#[tokio::test]
async fn the_origin_learns_who_asks() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let seen = &origin.requests()[0];
    assert_eq!(seen.header("Host").as_deref(), Some("shoal.test"));
    assert_eq!(seen.header("X-Forwarded-For").as_deref(), Some("127.0.0.1"));
    assert_eq!(seen.header("X-Forwarded-Proto").as_deref(), Some("http"));
}

#[tokio::test]
async fn fields_that_poison_caches_do_not_reach_the_origin() {
    let asked = get("/")
        .without("X-Original-URL")
        .without("X-Rewrite-URL")
        .without("X-HTTP-Method-Override");
    let origin = Origin::script([asked.respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    let ask = get("/")
        .header("X-Forwarded-Host", "evil.test")
        .header("X-Original-URL", "/admin")
        .header("X-Rewrite-URL", "/admin")
        .header("X-HTTP-Method-Override", "DELETE");
    gateway.send(ask).await.expect(ok("v1"));
    let host = origin.requests()[0].header("X-Forwarded-Host");
    assert_ne!(host.as_deref(), Some("evil.test"));
}

#[tokio::test]
async fn the_path_is_sent_as_it_is_keyed() {
    let origin = Origin::script([get("/a/c%2Fd?q=%20").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/%61/b/../c%2fd?q=%20").await.expect(ok("v1"));
}

#[tokio::test]
async fn a_websocket_passes_through() {
    let origin = Origin::script([get("/chat")
        .header("Upgrade", "websocket")
        .hold("asked")
        .respond(switching_protocols("websocket"))]);
    let gateway = Gateway::start(&origin).await;
    let ask = get("/chat")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    let (incoming, ()) = tokio::join!(gateway.open(ask), origin.release("asked"));
    assert_eq!(incoming.response.status, 101);
    let mut upgraded = incoming.upgraded();
    for word in ["ping", "pong"] {
        upgraded.write(word).await;
        assert_eq!(upgraded.raw().await, word);
    }
}

#[tokio::test]
async fn connections_to_the_origin_are_used_again() {
    let origin = Origin::script([get("/*").respond(ok("v1")).times(20)]);
    let gateway = Gateway::start(&origin).await;
    for n in 0..20 {
        gateway.get(&format!("/{n}")).await.expect(ok("v1"));
    }
    // A client may ask again before the connection is back in the pool.
    let connections = origin.connections();
    assert!(
        connections < 10,
        "{connections} connections for 20 requests"
    );
}

#[tokio::test]
async fn http2_in_clear_text_is_spoken_on_the_same_port() {
    let origin = Origin::script([
        get("/").respond(ok("v1").max_age(60)),
        post("/").body("content").respond(ok("got it")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let client = gateway.h2c().await;
    client.send(get("/")).await.expect(ok("v1").hit());
    client
        .send(post("/").body("content"))
        .await
        .expect(ok("got it"));
}

#[tokio::test]
async fn round_robin_takes_turns() {
    let script = || Origin::script([get("/*").respond(ok("v1")).times(2)]);
    let (first, second) = (script(), script());
    let gateway = Gateway::with(&first)
        .target(second.address())
        .upstream("balance: round_robin")
        .start()
        .await;
    for path in ["/1", "/2", "/3", "/4"] {
        gateway.get(path).await.expect(ok("v1"));
    }
}
