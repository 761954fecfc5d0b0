//! What must not share a stored response: other upstreams, other routes, other queries, other fields.

use shoal_tests::{Ask, Gateway, Origin, get, ok, raw};

#[tokio::test]
async fn routes_to_different_upstreams_do_not_share() {
    let shop = Origin::script([get("/").respond(ok("shop").max_age(60))]);
    let lab = Origin::script([get("/").respond(ok("lab").max_age(60))]);
    let route = "name: lab, match: { path: \"/*\", headers: { x-lab: \"1\" } }, upstream: lab";
    let gateway = Gateway::with(&shop)
        .upstream_at("lab", lab.address())
        .route(route)
        .start()
        .await;
    gateway.get("/").await.expect(ok("shop"));
    let ask = || get("/").header("X-Lab", "1");
    gateway.send(ask()).await.expect(ok("lab"));
    gateway.send(ask()).await.expect(ok("lab").hit());
    gateway.get("/").await.expect(ok("shop").hit());
}

#[tokio::test]
async fn keys_of_different_routes_do_not_meet() {
    let origin = Origin::script([
        get("/users?id=1").respond(ok("user").max_age(60)),
        get("/orders?id=1").respond(ok("order").max_age(60)),
    ]);
    let route = |name: &str| {
        format!(
            "name: {name}, match: {{ path: \"/{name}\" }}, upstream: origin, \
             cache: {{ cache_key: [\"$query.id\"] }}"
        )
    };
    let gateway = Gateway::with(&origin)
        .route(&route("users"))
        .route(&route("orders"))
        .start()
        .await;
    gateway.get("/users?id=1").await.expect(ok("user"));
    gateway.get("/orders?id=1").await.expect(ok("order"));
    gateway.get("/users?id=1").await.expect(ok("user").hit());
}

#[tokio::test]
async fn values_that_differ_late_are_different_keys() {
    let long = "q".repeat(6000);
    let (first, second) = (format!("/?{long}&user=1"), format!("/?{long}&user=2"));
    let origin = Origin::script([
        get(&first).respond(ok("one").max_age(60)),
        get(&second).respond(ok("two").max_age(60)),
    ]);
    let cache = "cache_key: [\"$path\", \"$query\"]";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    gateway.get(&first).await.expect(ok("one"));
    gateway.get(&second).await.expect(ok("two"));
    gateway.get(&second).await.expect(ok("two").hit());
}

const QUERY_ONLY: &str = "local P = { name = 'keys' }
    function P.cache_key(req, key, conf) key:query_only('id', 'part') end
    return P";

#[tokio::test]
async fn an_escaped_separator_does_not_make_two_parameters_of_one() {
    let origin = Origin::script([
        get("/?id=1%26part%3D2").respond(ok("odd").max_age(60)),
        get("/?id=1&part=2").respond(ok("plain").max_age(60)),
    ]);
    let gateway = Gateway::with(&origin)
        .plugin("keys", QUERY_ONLY)
        .start()
        .await;
    gateway.get("/?id=1%26part%3D2").await.expect(ok("odd"));
    gateway.get("/?id=1&part=2").await.expect(ok("plain"));
}

#[tokio::test]
async fn a_parameter_that_is_given_twice_is_not_taken_for_its_first() {
    let origin = Origin::script([
        get("/?id=1&id=2").respond(ok("two").max_age(60)),
        get("/?id=1").respond(ok("one").max_age(60)),
    ]);
    let gateway = Gateway::with(&origin)
        .plugin("keys", QUERY_ONLY)
        .start()
        .await;
    gateway.get("/?id=1&id=2").await.expect(ok("two"));
    gateway.get("/?id=1").await.expect(ok("one"));
}

#[tokio::test]
async fn a_cookie_beside_broken_bytes_still_counts() {
    let origin = Origin::script([
        get("/").respond(ok("german").max_age(60)),
        get("/").respond(ok("plain").max_age(60)),
    ]);
    let cache = "cache_key: [\"$path\", \"$cookie.lang\"]";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    let mut client = gateway.client().await;
    let mut request =
        b"GET / HTTP/1.1\r\nHost: shoal.test\r\nCookie: x=\xff; lang=de\r\n\r\n".to_vec();
    client.write(&request).await;
    client.receive(&get("/")).await.expect(ok("german"));
    gateway.get("/").await.expect(ok("plain"));
    request.retain(|&byte| byte != 0xff);
    client.write(&request).await;
    client.receive(&get("/")).await.expect(ok("german").hit());
}

/// The origin sees no such field, so its answer must not be kept for those who really send it.
async fn listed_field_does_not_select(cache: &str, vary: &str) {
    let origin = Origin::script([
        get("/")
            .without("X-Lang")
            .respond(ok("plain").max_age(60).vary(vary)),
        get("/")
            .header("X-Lang", "de")
            .respond(ok("german").max_age(60).vary(vary)),
    ]);
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    let german = || -> Ask { get("/").header("X-Lang", "de") };
    gateway
        .send(german().header("Connection", "X-Lang"))
        .await
        .expect(ok("plain"));
    gateway.send(german()).await.expect(ok("german"));
}

#[tokio::test]
async fn a_field_that_connection_lists_does_not_select_a_variant() {
    listed_field_does_not_select("", "X-Lang").await;
}

#[tokio::test]
async fn a_field_that_connection_lists_does_not_enter_the_key() {
    listed_field_does_not_select("cache_key: [\"$path\", \"$header.x-lang\"]", "Accept").await;
}

#[tokio::test]
async fn paths_with_different_bytes_beyond_ascii_do_not_meet() {
    let origin = Origin::script([get("/*")
        .respond(raw(
            "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\n\r\none",
        ))
        .repeat()]);
    let gateway = Gateway::start(&origin).await;
    for byte in [0xfe_u8, 0xff] {
        let mut client = gateway.client().await;
        let request = [
            b"GET /",
            &[byte][..],
            b" HTTP/1.1\r\nHost: shoal.test\r\n\r\n",
        ]
        .concat();
        client.write(request).await;
        let response = client.receive(&get("/")).await;
        assert!(
            response.status == 400 || !response.cache_status().has("hit"),
            "{response:?}"
        );
    }
}
