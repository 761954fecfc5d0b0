//! What is foretold before the store is asked: route, plugins, key, and questions that are refused.

use super::{Fields, check, explain, foretold};
use serde_json::{Value, json};
use shoal_tests::{Config, Gateway, Origin, get, method, ok, status};

#[tokio::test]
async fn the_parts_of_the_key_have_names() {
    let origin = Origin::script([
        get("/a?b=2&a=1&utm_source=x").respond(ok("v1").cache_control("public").max_age(60))
    ]);
    let gateway = Gateway::with(&origin)
        .route_cache(
            "query: { sort: true, drop_tracking: true }, identity: key, tags: [\"p:$path\"]",
        )
        .start()
        .await;
    let mine: Fields<'_> = &[("Authorization", "Bearer sesame")];
    let (told, _came) = foretold(&gateway, "GET", "/a?b=2&a=1&utm_source=x", mine).await;
    let parts = &told["cache"]["parts"];
    let names: Vec<&str> = parts
        .as_array()
        .expect("parts")
        .iter()
        .filter_map(|part| part["part"].as_str())
        .collect();
    let wanted = [
        "method class",
        "scheme",
        "host",
        "path",
        "query",
        "credentials",
    ];
    assert_eq!(names, wanted);
    assert_eq!(parts[4]["value"], "a=1&b=2");
    assert!(!told.to_string().contains("sesame"), "{told:#}");
    assert_eq!(told["cache"]["resource"], "shoal.test/a?a=1&b=2");
    assert_eq!(told["cache"]["route_tags"], json!(["p:/a"]));
    let (told, _came) = foretold(&gateway, "GET", "/a?a=1&b=2", mine).await;
    check(&told, "hit", None);
    assert_eq!(told["stored"]["key"], told["cache"]["key"]);
}

#[tokio::test]
async fn a_bypass_is_foretold_with_its_reason() {
    let origin = Origin::script([
        get("/").respond(ok("v1").max_age(60)),
        method("POST", "/").respond(ok("done")),
    ]);
    let gateway = Gateway::with(&origin)
        .route_cache("cache_bypass: [\"$cookie.preview\"]")
        .start()
        .await;
    let (told, _came) = foretold(&gateway, "GET", "/", &[("Cookie", "preview=1")]).await;
    check(&told, "bypass", Some("route-bypass"));
    let (told, _came) = foretold(&gateway, "POST", "/", &[]).await;
    check(&told, "bypass", Some("method-bypass"));
    assert_eq!(told["outcome"]["origin"]["method"], "POST");
}

const DOOR: &str = "local P = { name = 'door' }
    function P.on_request(req, conf)
      if req.path == '/closed' then return shoal.respond{ status = 451, body = 'no' } end
      if req.path == '/broken' then error('out of order') end
      if req:header('x-preview') then return shoal.bypass('preview') end
      req:set_header('X-Seen', 'yes')
    end
    function P.cache_key(req, key, conf)
      key:query_only('id')
      key:header('X-Seen')
      key:add('tenant-7')
    end
    return P";

#[tokio::test]
async fn plugins_are_asked_for_real() {
    let origin = Origin::script([
        get("/p?id=1&s=2")
            .header("X-Seen", "yes")
            .respond(ok("v1").max_age(60)),
        get("/p").header("X-Preview", "1").respond(ok("draft")),
    ]);
    let gateway = Gateway::with(&origin)
        .plugin_with("door", DOOR, "on_error: reject, cpu: 100ms")
        .start()
        .await;
    let (told, _came) = foretold(&gateway, "GET", "/p?id=1&s=2", &[]).await;
    check(&told, "forward", Some("uri-miss"));
    assert_eq!(told["plugins"][0]["headers"], json!(["x-seen: yes"]));
    let edits = json!(["query_only id", "header x-seen", "add tenant-7"]);
    assert_eq!(told["plugins"][1]["key"], edits);
    assert_eq!(
        told["cache"]["parts"][5],
        json!({ "part": "header x-seen", "value": "yes" })
    );
    let (told, _came) = foretold(&gateway, "GET", "/p?id=1&s=3", &[]).await;
    check(&told, "hit", None);
    let (told, _came) = foretold(&gateway, "GET", "/p", &[("X-Preview", "1")]).await;
    check(&told, "bypass", Some("plugin-bypass"));
    assert_eq!(told["outcome"]["detail"], "preview");
    let (told, _came) = foretold(&gateway, "GET", "/closed", &[]).await;
    check(&told, "plugin-answers", None);
    let (told, _came) = foretold(&gateway, "GET", "/broken", &[]).await;
    check(&told, "plugin-rejects", None);
    assert_eq!(told["plugins"][0]["said"], "failed", "{told:#}");
}

fn two_doors(config: Config) -> Config {
    config
        .no_default_route()
        .route("name: api, match: { host: \"api.test\", methods: [POST] }, upstream: origin")
        .route("name: shop, match: { path: \"/shop/*\" }, upstream: origin")
}

#[tokio::test]
async fn routes_that_do_not_fit_say_why() {
    let origin = Origin::script([get("/shop/a").respond(ok("v1"))]);
    let gateway = two_doors(Gateway::with(&origin)).start().await;
    let (told, _came) = foretold(&gateway, "GET", "/shop/a", &[]).await;
    assert_eq!(told["route"]["name"], "shop", "{told:#}");
    let because = json!(["host shoal.test is not api.test", "method GET is not POST"]);
    assert_eq!(told["route"]["does_not_fit"][0]["because"], because);
    let (told, _came) = foretold(&gateway, "GET", "/", &[]).await;
    check(&told, "no-route", None);
    let because = &told["route"]["does_not_fit"][1]["because"];
    assert_eq!(*because, json!(["path / is not /shop/*"]));
}

#[tokio::test]
async fn a_purge_is_an_order_and_not_a_request() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let (told, _came) = foretold(&gateway, "PURGE", "/", &[]).await;
    assert!(
        told["outcome"]["verdict"]
            .as_str()
            .is_some_and(|v| v.starts_with("purge"))
    );
}

#[tokio::test]
async fn a_question_that_describes_no_request_is_refused() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    for question in [
        json!({ "url": "/page" }),
        json!({ "url": "ftp://shoal.test/" }),
        json!({ "url": "http://shoal.test/", "method": "a b" }),
        json!({ "url": "http://shoal.test/", "headers": [["a b", "c"]] }),
        json!({ "url": "http://shoal.test/", "headers": [["Host", "a"], ["Host", "b"]] }),
    ] {
        let refused = gateway.admin_post("/explain", question).await;
        let refused = refused.expect(status(400));
        assert!(refused.json()["error"].is_string());
    }
}

#[tokio::test]
async fn the_command_prints_it_for_people_and_for_programs() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let url = "http://shoal.test/";
    let told = gateway
        .shoal(&["explain", url, "-H", "Accept: text/html"])
        .await;
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    for line in ["accept: text/html", "HIT, 200", "Answered from the store"] {
        assert!(told.stdout.contains(line), "{}", told.stdout);
    }
    let told = gateway.shoal(&["explain", "--json", url]).await;
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    check(&told, "hit", None);
    let refused = gateway.shoal(&["explain", "ftp://shoal.test/"]).await;
    assert_eq!(refused.code, Some(5), "{}", refused.stderr);
}

#[tokio::test]
async fn a_route_with_slices_says_so() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin)
        .route_cache("slice: 1KiB")
        .start()
        .await;
    let told = explain(&gateway, "GET", "/big", &[]).await;
    check(&told, "in-slices", None);
    let told = explain(&gateway, "HEAD", "/big", &[]).await;
    check(&told, "forward", Some("uri-miss"));
}

#[tokio::test]
async fn stored_parts_are_foretold() {
    let part = |range: &str, body: &str| {
        let part = status(206).body(body.to_owned()).max_age(60).etag("1");
        part.header("Content-Range", &format!("bytes {range}/10"))
    };
    let origin = Origin::script([
        get("/").range("0-3").respond(part("0-3", "0123")),
        get("/").range("4-6").respond(part("4-6", "456")),
        get("/").range("7-9").respond(part("7-9", "789")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let ranged = |range: &'static str| [("Range", range)];
    let (told, _came) = foretold(&gateway, "GET", "/", &ranged("bytes=0-3")).await;
    check(&told, "forward-range", Some("uri-miss"));
    let (told, _came) = foretold(&gateway, "GET", "/", &ranged("bytes=1-2")).await;
    check(&told, "hit", None);
    let (told, _came) = foretold(&gateway, "GET", "/", &ranged("bytes=2-6")).await;
    check(&told, "complete-parts", Some("partial-miss"));
    assert_eq!(told["parts"]["missing"], json!(["4-6"]), "{told:#}");
    let (told, _came) = foretold(&gateway, "GET", "/", &[]).await;
    check(&told, "complete-parts", Some("partial-miss"));
    assert_eq!(told["parts"]["missing"], json!(["7-9"]), "{told:#}");
    let (told, _came) = foretold(&gateway, "GET", "/", &[]).await;
    check(&told, "hit", None);
}
