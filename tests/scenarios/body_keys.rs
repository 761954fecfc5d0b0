//! POST and QUERY looked up by their content (`body_key`): what is one key, what has none, and what such a
//! look-up must not change for everybody else.

use shoal_tests::{Ask, Gateway, H2Client, Last, Origin, Step, fwd, get, method, ok, post, status};

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn json(body: &str) -> Ask {
    post("/search").header(JSON.0, JSON.1).body(body.to_owned())
}

fn query(body: &str) -> Ask {
    method("QUERY", "/search")
        .header(JSON.0, JSON.1)
        .body(body.to_owned())
}

fn answer(text: &'static str) -> Step {
    post("/search").respond(ok(text).max_age(60))
}

async fn keyed(origin: &Origin, kind: &str) -> Gateway {
    let cache = format!("body_key: {kind}");
    Gateway::with(origin).route_cache(&cache).start().await
}

#[tokio::test]
async fn contents_that_mean_the_same_share_an_answer() {
    let origin = Origin::script([answer("one"), answer("two")]);
    let gateway = keyed(&origin, "json").await;
    let first = json(r#"{"q":"fish","page":1.0}"#);
    gateway
        .send(first)
        .await
        .expect(ok("one").cache_status(fwd("uri-miss").stored()));
    let same = json("{ \"page\": 1, \"q\": \"fi\\u0073h\" }");
    gateway.send(same).await.expect(ok("one").hit());
    let other = json(r#"{"q":"fish","page":2}"#);
    gateway.send(other).await.expect(ok("two"));
    let sent = &origin.requests()[0];
    assert_eq!(sent.body, br#"{"q":"fish","page":1.0}"#);
}

#[tokio::test]
async fn raw_contents_are_told_apart_byte_by_byte() {
    let origin = Origin::script([answer("one"), answer("two")]);
    let gateway = keyed(&origin, "raw").await;
    gateway.send(json("{}")).await.expect(ok("one"));
    gateway.send(json("{}")).await.expect(ok("one").hit());
    gateway.send(json("{ }")).await.expect(ok("two"));
}

#[tokio::test]
async fn the_content_type_is_part_of_the_key() {
    let origin = Origin::script([answer("json"), answer("plain")]);
    let gateway = keyed(&origin, "raw").await;
    gateway.send(json("{}")).await.expect(ok("json"));
    let plain = post("/search").header("Content-Type", "text/plain");
    gateway.send(plain.body("{}")).await.expect(ok("plain"));
}

#[tokio::test]
async fn a_query_is_stored_and_validated_like_a_get() {
    let origin = Origin::script([
        query("{}").respond(ok("v1").etag("1").max_age(60).age(70)),
        query("{ }")
            .if_none_match("1")
            .respond(status(304).header("Cache-Control", "max-age=60")),
    ]);
    let gateway = keyed(&origin, "json").await;
    gateway.send(query("{}")).await.expect(ok("v1"));
    gateway
        .send(query("{ }"))
        .await
        .expect(ok("v1").cache_status(fwd("stale").fwd_status(304).stored()));
    gateway.send(query("{}")).await.expect(ok("v1").hit());
}

#[tokio::test]
async fn the_methods_do_not_share() {
    let origin = Origin::script([
        answer("post"),
        query("{}").respond(ok("query").max_age(60)),
        get("/search").respond(ok("get").max_age(60)),
    ]);
    let gateway = keyed(&origin, "json").await;
    gateway.send(json("{}")).await.expect(ok("post"));
    gateway.send(query("{}")).await.expect(ok("query"));
    gateway.get("/search").await.expect(ok("get"));
    gateway.send(json("{}")).await.expect(ok("post").hit());
}

#[tokio::test]
async fn without_a_body_key_nothing_of_it_is_stored() {
    let uncached = || query("{}").respond(ok("v1").max_age(60));
    let origin = Origin::script([uncached(), uncached()]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        gateway
            .send(query("{}"))
            .await
            .expect(ok("v1").cache_status(fwd("method").not_stored()));
    }
}

#[tokio::test]
async fn an_answer_to_post_needs_explicit_freshness() {
    let vague = || {
        let modified = "Tue, 01 Jan 2019 00:00:00 GMT";
        post("/search").respond(ok("v1").header("Last-Modified", modified))
    };
    let origin = Origin::script([vague(), vague()]);
    let gateway = keyed(&origin, "json").await;
    for _ in 0..2 {
        let status = fwd("uri-miss").detail("post-without-freshness");
        gateway
            .send(json("{}"))
            .await
            .expect(ok("v1").cache_status(status));
    }
}

#[tokio::test]
async fn a_post_that_is_looked_up_invalidates_nothing() {
    let origin = Origin::script([
        get("/search").respond(ok("page").max_age(60)),
        answer("one"),
    ]);
    let gateway = keyed(&origin, "json").await;
    gateway.get("/search").await.expect(ok("page"));
    gateway.send(json("{}")).await.expect(ok("one"));
    gateway.get("/search").await.expect(ok("page").hit());
}

#[tokio::test]
async fn a_purge_of_the_url_reaches_every_content() {
    let origin = Origin::script([
        answer("one"),
        answer("two"),
        answer("three"),
        answer("four"),
    ]);
    let gateway = keyed(&origin, "json").await;
    gateway.send(json("1")).await.expect(ok("one"));
    gateway.send(json("2")).await.expect(ok("two"));
    let what = serde_json::json!({ "files": ["http://shoal.test/search"] });
    assert_eq!(gateway.purge(what).await["purged"], 2);
    gateway.send(json("1")).await.expect(ok("three"));
    gateway.send(json("2")).await.expect(ok("four"));
}

#[tokio::test]
async fn what_is_no_json_has_no_key() {
    let odd = || answer("odd");
    let origin = Origin::script([odd(), odd(), odd(), odd()]);
    let gateway = keyed(&origin, "json").await;
    let coded = json("{}").header("Content-Encoding", "gzip");
    let bodies = [
        json("{"),
        json(r#"{"a":1,"a":2}"#),
        json("\u{feff}{}"),
        coded,
    ];
    for ask in bodies {
        let status = fwd("bypass").not_stored().detail("body-not-canonical");
        gateway
            .send(ask)
            .await
            .expect(ok("odd").cache_status(status));
    }
}

#[tokio::test]
async fn graphql_queries_are_stored_and_mutations_never() {
    let graphql = |document: &str| {
        json(&serde_json::json!({ "query": document, "variables": { "id": 7 } }).to_string())
    };
    let origin = Origin::script([
        answer("items"),
        answer("done"),
        answer("items again"),
        answer("stream"),
    ]);
    let gateway = keyed(&origin, "graphql").await;
    let items = "query Items($id: ID!) { item(id: $id) { name } }";
    gateway.send(graphql(items)).await.expect(ok("items"));
    let spelled = "query Items($id:ID!){# the same\n item(id:$id){name}}";
    gateway
        .send(graphql(spelled))
        .await
        .expect(ok("items").hit());
    let mutation = graphql("mutation { drop(id: 7) }");
    let status = fwd("bypass").not_stored().detail("graphql-mutation");
    gateway
        .send(mutation)
        .await
        .expect(ok("done").cache_status(status));
    // It changed something: RFC 9111 4.4 lets nothing stored under its URI live on.
    gateway.send(graphql(items)).await.expect(ok("items again"));
    let status = fwd("bypass").not_stored().detail("graphql-subscription");
    gateway
        .send(graphql("subscription { news }"))
        .await
        .expect(ok("stream").cache_status(status));
}

#[tokio::test]
async fn one_origin_request_answers_many_that_ask_the_same() {
    let origin = Origin::script([json("{}").hold("slow").respond(ok("one").max_age(60))]);
    let gateway = keyed(&origin, "json").await;
    let asking: Vec<_> = (0..8).map(|_| gateway.spawn(json("{}"))).collect();
    origin.wait_for("slow").await;
    gateway
        .wait_for_metric("shoal_cache_collapsed_total", [], |count| count >= 7.0)
        .await;
    origin.release("slow").await;
    for asked in asking {
        assert_eq!(asked.await.unwrap().text(), "one");
    }
    assert_eq!(origin.requests().len(), 1);
}

#[tokio::test]
async fn a_stale_answer_to_post_is_fetched_without_conditions() {
    let stale = ok("v1").etag("1").max_age(60).age(70);
    let origin = Origin::script([
        json("{}").respond(stale),
        json("{}")
            .without("If-None-Match")
            .respond(ok("v2").max_age(60)),
    ]);
    let gateway = keyed(&origin, "json").await;
    gateway.send(json("{}")).await.expect(ok("v1"));
    gateway.send(json("{}")).await.expect(ok("v2"));
    gateway.send(json("{}")).await.expect(ok("v2").hit());
}

#[tokio::test]
async fn only_if_cached_counts_for_what_is_looked_up() {
    let origin = Origin::script([answer("one")]);
    let gateway = keyed(&origin, "json").await;
    let ask = || json("{}").cache_control("only-if-cached");
    gateway.send(ask()).await.expect(status(504));
    gateway.send(json("{}")).await.expect(ok("one"));
    gateway.send(ask()).await.expect(ok("one").hit());
}

#[tokio::test]
async fn a_content_that_is_too_long_is_passed_on_whole() {
    let long = "x".repeat(200 * 1024);
    let origin = Origin::script([answer("sized"), answer("chunked")]);
    let gateway = keyed(&origin, "raw").await;
    let status = || fwd("bypass").not_stored().detail("body-too-large");
    gateway
        .send(json(&long))
        .await
        .expect(ok("sized").cache_status(status()));
    let mut client = gateway.client().await;
    client
        .write("POST /search HTTP/1.1\r\nHost: shoal.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    for chunk in long.as_bytes().chunks(50 * 1024) {
        client.write(format!("{:x}\r\n", chunk.len())).await;
        client.write(chunk).await;
        client.write("\r\n").await;
    }
    client.write("0\r\n\r\n").await;
    let came = client.receive(&post("/search")).await;
    came.expect(ok("chunked").cache_status(status()));
    for sent in origin.requests() {
        assert_eq!(sent.body.len(), long.len());
    }
}

#[tokio::test]
async fn a_client_that_waits_for_100_is_told_to_go_on() {
    let origin = Origin::script([answer("one")]);
    let gateway = keyed(&origin, "raw").await;
    let head = "POST /search HTTP/1.1\r\nHost: shoal.test\r\nContent-Length: 2\r\n\
                Expect: 100-continue\r\n\r\n";
    for _ in 0..2 {
        let mut client = gateway.client().await;
        client.write(head).await;
        let interim = String::from_utf8(client.raw().await.to_vec()).unwrap();
        assert!(interim.starts_with("HTTP/1.1 100 "), "{interim}");
        client.write("{}").await;
        client.receive(&post("/search")).await.expect(ok("one"));
    }
    assert_eq!(origin.requests()[0].header("Expect"), None);
}

#[tokio::test]
async fn contents_over_http2_are_keyed_too() {
    let long = "y".repeat(120 * 1024);
    let origin = Origin::script([answer("one"), answer("long")]);
    let gateway = keyed(&origin, "json").await;
    let client: H2Client = gateway.h2c().await;
    client.send(json("[1]")).await.expect(ok("one"));
    client.send(json("[ 1 ]")).await.expect(ok("one").hit());
    let mut stream = client.stream(&post("/search").header(JSON.0, JSON.1)).await;
    stream.write(long.clone(), Last::Yes);
    stream.finish().await.expect(ok("long"));
    assert_eq!(origin.requests()[1].body, long.as_bytes());
}

#[tokio::test]
async fn a_route_can_name_the_methods() {
    let origin = Origin::script([
        answer("plain"),
        query("{}").respond(ok("query").max_age(60)),
    ]);
    let cache = "body_key: json, methods: [GET, QUERY]";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    gateway
        .send(json("{}"))
        .await
        .expect(ok("plain").cache_status(fwd("method").not_stored()));
    gateway.send(query("{}")).await.expect(ok("query"));
    gateway.send(query("{}")).await.expect(ok("query").hit());
}

#[tokio::test]
async fn explain_shows_the_content_in_the_key() {
    let origin = Origin::script([answer("one")]);
    let gateway = keyed(&origin, "json").await;
    gateway.send(json("{\"a\":1}")).await.expect(ok("one"));
    let url = "http://shoal.test/search";
    let field = "Content-Type: application/json";
    let ask = [
        "explain",
        url,
        "-X",
        "POST",
        "-H",
        field,
        "-d",
        "{ \"a\": 1 }",
    ];
    let told = gateway.shoal(&ask).await.stdout;
    assert!(told.contains("content") && told.contains("hit"), "{told}");
    let ask = ["explain", url, "-X", "POST", "-H", field, "-d", "{"];
    let told = gateway.shoal(&ask).await.stdout;
    assert!(told.contains("body-not-canonical"), "{told}");
}
