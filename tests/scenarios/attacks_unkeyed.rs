//! Cache poisoning by what reaches the origin and is in no key: fields that frameworks obey, content
//! of a GET, the host in several places (design after "Practical Web Cache Poisoning").
//!
//! The attacker asks first; the victim's plain request must not get what that brought.

use shoal_tests::{Ask, Gateway, Origin, fwd, get, head, ok, post, status};

const UNKEYED: [&str; 18] = [
    "Forwarded",
    "Front-End-Https",
    "X-Forwarded-Path",
    "X-Forwarded-Prefix",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Forwarded-Uri",
    "X-HTTP-Host-Override",
    "X-HTTP-Method",
    "X-HTTP-Method-Override",
    "X-Method-Override",
    "X-Host",
    "X-Original-Host",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Url-Scheme",
];

#[tokio::test]
async fn fields_that_frameworks_obey_do_not_reach_the_origin() {
    let steps = UNKEYED.map(|name| {
        let path = format!("/{name}");
        get(&path).without(name).respond(ok("good").max_age(600))
    });
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for name in UNKEYED {
        let ask = get(&format!("/{name}")).header(name, "evil.test");
        gateway.send(ask).await.expect(ok("good"));
    }
}

#[tokio::test]
async fn what_the_origin_is_told_about_the_client_is_our_word() {
    let origin = Origin::script([get("/").respond(ok("good").max_age(600))]);
    let gateway = Gateway::start(&origin).await;
    let ask = get("/")
        .header("X-Forwarded-Host", "evil.test")
        .header("X-Forwarded-Host", "evil.test:8080")
        .header("X-Forwarded-Proto", "https")
        .header("x-forwarded-proto", "nothttps");
    gateway.send(ask).await.expect(ok("good"));
    let seen = &origin.requests()[0];
    assert_eq!(seen.fields.all("X-Forwarded-Host"), ["shoal.test"]);
    assert_eq!(seen.fields.all("X-Forwarded-Proto"), ["http"]);
}

#[tokio::test]
async fn listing_fields_in_connection_does_not_take_ours_away() {
    // Refused, or obeyed for what the client sent and not for what we add.
    for list in [
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "Host",
        "close, Content-Length, Via",
    ] {
        let origin = Origin::script([get("/").respond(ok("good").max_age(600)).repeat()]);
        let gateway = Gateway::start(&origin).await;
        let came = gateway.send(get("/").header("Connection", list)).await;
        assert!([200, 400].contains(&came.status), "with {list}: {came:?}");
        for seen in origin.requests() {
            let ours = ["X-Forwarded-For", "X-Forwarded-Host", "Host", "Via"];
            let missing = ours.iter().find(|name| !seen.fields.has(name));
            assert_eq!(missing, None, "with {list}: {seen:?}");
        }
    }
}

/// The response to this request is not kept for a plain GET.
async fn not_kept(attack: Ask, reason: &str) {
    let origin = Origin::script([
        get("/").respond(ok("evil").max_age(600)),
        get("/").respond(ok("good").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let refused = fwd("uri-miss").not_stored().detail(reason);
    gateway
        .send(attack)
        .await
        .expect(ok("evil").cache_status(refused));
    gateway.get("/").await.expect(ok("good"));
    gateway.get("/").await.expect(ok("good").hit());
}

#[tokio::test]
async fn content_of_a_get_poisons_nothing() {
    // "Fat GET": frameworks that read parameters from the content of a GET.
    let attack = get("/")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("callback=evil");
    not_kept(attack, "request-content").await;
}

#[tokio::test]
async fn chunked_content_of_a_get_poisons_nothing() {
    let attack = get("/")
        .header("Transfer-Encoding", "chunked")
        .body("d\r\ncallback=evil\r\n0\r\n\r\n");
    not_kept(attack, "request-content").await;
}

#[tokio::test]
async fn content_of_a_get_over_http2_poisons_nothing() {
    let origin = Origin::script([
        get("/").respond(ok("evil").max_age(600)),
        get("/").respond(ok("good").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let client = gateway.h2c().await;
    client
        .send(get("/").body("callback=evil"))
        .await
        .expect(ok("evil"));
    client.send(get("/")).await.expect(ok("good"));
    gateway.get("/").await.expect(ok("good").hit());
}

#[tokio::test]
async fn those_who_wait_do_not_get_what_content_of_a_get_brought() {
    let origin = Origin::script([
        get("/").hold("evil").respond(ok("evil").max_age(600)),
        get("/").respond(ok("good").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let attack = gateway.spawn(get("/").body("callback=evil"));
    origin.wait_for("evil").await;
    let victim = gateway.spawn(get("/"));
    origin.release("evil").await;
    attack.await.unwrap().expect(ok("evil"));
    victim.await.unwrap().expect(ok("good"));
}

#[tokio::test]
async fn a_head_with_content_poisons_nothing() {
    let evil = ok("good")
        .header("X-Callback", "evil")
        .etag("1")
        .max_age(600);
    let origin = Origin::script([
        get("/").respond(ok("good").etag("1").max_age(60).age(61)),
        head("/").respond(evil),
        get("/")
            .if_none_match("1")
            .respond(status(304).etag("1").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("good"));
    gateway
        .send(head("/").body("callback=evil"))
        .await
        .expect(status(200));
    gateway
        .get("/")
        .await
        .expect(ok("good").without("X-Callback"));
}

#[tokio::test]
async fn a_method_in_the_query_or_content_is_the_origins_affair() {
    // The gateway sees a POST: it is not answered from the store, not stored, and it invalidates.
    let origin = Origin::script([
        get("/").respond(ok("good").max_age(600)),
        post("/")
            .body("_method=GET")
            .respond(ok("evil").max_age(600)),
        get("/").respond(ok("fresh").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("good"));
    let ask = post("/")
        .header("X-HTTP-Method-Override", "GET")
        .body("_method=GET");
    gateway.send(ask).await.expect(ok("evil"));
    gateway.get("/").await.expect(ok("fresh"));
}

#[tokio::test]
async fn a_range_leaves_nothing_behind_that_answers_a_plain_get() {
    // Neither a part nor what is said of a range takes the place of the whole.
    let part = status(206)
        .body("0")
        .header("Content-Range", "bytes 0-0/10")
        .etag("1")
        .max_age(600);
    let outside = status(416)
        .header("Content-Range", "bytes */10")
        .max_age(600);
    let rest = status(206)
        .body("123456789")
        .header("Content-Range", "bytes 1-9/10")
        .etag("1")
        .max_age(600);
    let origin = Origin::script([
        get("/").range("0-0").respond(part),
        get("/").range("1-9").respond(rest),
        get("/late").range("99-").respond(outside),
        get("/late")
            .without("Range")
            .respond(ok("0123456789").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(get("/").range("0-0"))
        .await
        .expect(status(206).body("0"));
    gateway.get("/").await.expect(ok("0123456789"));
    gateway
        .send(get("/late").range("99-"))
        .await
        .expect(status(416));
    gateway.get("/late").await.expect(ok("0123456789"));
}

#[tokio::test]
async fn a_206_that_nobody_asked_for_is_not_taken_for_the_whole() {
    let part = status(206)
        .body("0")
        .header("Content-Range", "bytes 0-0/10")
        .max_age(600);
    let origin = Origin::script([
        get("/").respond(part),
        get("/").respond(ok("0123456789").max_age(600)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let first = gateway.get("/").await;
    assert!(!first.cache_status().has("stored"), "{first:?}");
    gateway.get("/").await.expect(ok("0123456789"));
}

#[tokio::test]
async fn vary_star_keeps_a_response_out_wherever_it_stands() {
    let rows = ["*", "Accept, *", "*, Accept", " * ", "Accept,*,X"];
    for vary in rows {
        let answer = |body: &'static str| ok(body).max_age(600).vary(vary);
        let origin = Origin::script([
            get("/").respond(answer("one")),
            get("/").respond(answer("two")),
        ]);
        let gateway = Gateway::start(&origin).await;
        gateway.get("/").await.expect(ok("one"));
        let second = gateway.get("/").await;
        assert_eq!(second.text(), "two", "with Vary: {vary}");
    }
}

#[tokio::test]
async fn a_flood_of_variants_neither_mixes_them_nor_fails() {
    let origin = Origin::script([get("/")
        .respond(ok("any").max_age(600).vary("X-Any"))
        .repeat()]);
    let gateway = Gateway::start(&origin).await;
    for n in 0..40 {
        let came = gateway.send(get("/").header("X-Any", &n.to_string())).await;
        let came = came.expect(ok("any"));
        assert!(!came.cache_status().has("hit"), "variant {n}: {came:?}");
    }
}
