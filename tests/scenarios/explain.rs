//! `POST /explain`: what is foretold about a request is what the next such request meets.
//!
//! [`foretold`] asks first and sends then; the stories differ in what is stored and who asks.
#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "the words of these stories report a failure by panicking in the test that uses them"
)]

mod plan;

use serde_json::{Value, json};
use shoal_tests::{Gateway, Origin, Response, get, head, http_date, method, not_modified, ok};

type Fields<'a> = &'a [(&'a str, &'a str)];

/// What the gateway says that it would do.
async fn explain(gateway: &Gateway, verb: &str, path: &str, headers: Fields<'_>) -> Value {
    let url = format!("http://shoal.test{path}");
    let question = json!({ "url": url, "method": verb, "headers": headers, "client": "127.0.0.1" });
    let answer = gateway.admin_post("/explain", question).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The same, and then the request itself, which must end as foretold.
async fn foretold(
    gateway: &Gateway,
    verb: &str,
    path: &str,
    headers: Fields<'_>,
) -> (Value, Response) {
    let told = explain(gateway, verb, path, headers).await;
    let ask = headers
        .iter()
        .fold(method(verb, path), |ask, (name, value)| {
            ask.header(name, value)
        });
    let came = gateway.send(ask).await;
    let outcome = &told["outcome"];
    if let Some(status) = outcome["status"].as_u64() {
        assert_eq!(u64::from(came.status), status, "{told:#}");
    }
    let words = outcome["cache_status"].as_str().expect("a Cache-Status");
    let words = shoal_tests::CacheStatus::parse(words).expect("a Cache-Status of ours");
    let real = came.cache_status();
    assert_eq!(real.has("hit"), words.has("hit"), "{real:?} {told:#}");
    assert_eq!(real.value("fwd"), words.value("fwd"), "{real:?} {told:#}");
    // What an origin answers may put its own reason in place of this one.
    if outcome["origin"].is_null() {
        assert_eq!(
            real.value("detail"),
            words.value("detail"),
            "{real:?} {told:#}"
        );
    }
    let near = |ttl: i64| words.ttl().is_some_and(|told| (told - ttl).abs() <= 2);
    assert!(
        !words.has("hit") || real.ttl().is_some_and(near),
        "{real:?} {told:#}"
    );
    (told, came)
}

#[track_caller]
fn check(told: &Value, verdict: &str, reason: Option<&str>) {
    assert_eq!(told["outcome"]["verdict"], verdict, "{told:#}");
    assert_eq!(told["outcome"]["reason"], json!(reason), "{told:#}");
}

#[tokio::test]
async fn a_miss_and_then_a_hit_are_foretold() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60).age(10))]);
    let gateway = Gateway::start(&origin).await;
    let (told, came) = foretold(&gateway, "GET", "/", &[]).await;
    check(&told, "forward", Some("uri-miss"));
    assert_eq!(told["stored"]["found"], false);
    came.expect(ok("v1"));
    let (told, came) = foretold(&gateway, "GET", "/", &[]).await;
    check(&told, "hit", None);
    came.expect(ok("v1").hit());
    assert_eq!(told["stored"]["state"], "fresh", "{told:#}");
    assert_eq!(told["stored"]["hits"], 0, "a look is no use: {told:#}");
}

#[tokio::test]
async fn the_terms_of_the_age_add_up() {
    let answer = ok("v1").max_age(60).age(10).header("Date", &http_date(-20));
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let (told, came) = foretold(&gateway, "GET", "/", &[]).await;
    let sum = &told["freshness"];
    let term = |name: &str| {
        sum[name]
            .as_f64()
            .unwrap_or_else(|| panic!("{name} in {sum:#}"))
    };
    let same = |a: f64, b: f64| (a - b).abs() < 0.002;
    assert!((20.0..22.0).contains(&term("apparent_age")), "{sum:#}");
    assert!(same(term("age_value"), 10.0), "{sum:#}");
    let corrected = term("age_value") + term("response_delay");
    assert!(same(term("corrected_age_value"), corrected), "{sum:#}");
    let initial = term("apparent_age").max(corrected);
    assert!(same(term("corrected_initial_age"), initial), "{sum:#}");
    assert!(
        same(term("current_age"), initial + term("resident_time")),
        "{sum:#}"
    );
    assert_eq!(sum["source"], "max-age");
    let age: f64 = came
        .header("Age")
        .and_then(|age| age.parse().ok())
        .expect("an Age");
    assert!((age - term("current_age").floor()).abs() <= 1.0, "{sum:#}");
}

#[tokio::test]
async fn a_validation_is_foretold_with_its_conditions() {
    let date = http_date(-600);
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).etag("1").last_modified(&date)),
        head("/")
            .if_none_match("1")
            .if_modified_since(&date)
            .respond(not_modified().etag("1").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let (told, came) = foretold(&gateway, "HEAD", "/", &[]).await;
    check(&told, "validate", Some("stale"));
    let asked = &told["outcome"]["origin"];
    assert_eq!(asked["method"], "HEAD");
    let conditions = json!([["if-none-match", "\"1\""], ["if-modified-since", date]]);
    assert_eq!(asked["conditions"], conditions);
    assert_eq!(told["outcome"]["if_origin_fails"]["unreachable"], "stale");
    assert_eq!(told["outcome"]["if_origin_fails"]["answers_5xx"], "error");
    came.expect(ok(""));
}

#[tokio::test]
async fn a_stale_hit_is_foretold_and_not_started() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(61).max_age(60).swr(3000).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().etag("1").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let told = explain(&gateway, "GET", "/", &[]).await;
    assert_eq!(told["stored"]["state"], "stale");
    assert_eq!(origin.requests().len(), 1);
    let (told, came) = foretold(&gateway, "GET", "/", &[]).await;
    check(&told, "stale-hit", None);
    came.expect(ok("v1"));
    origin.wait_for_requests(2).await;
}

#[tokio::test]
async fn clients_conditions_and_ranges_are_foretold() {
    let origin = Origin::script([get("/").respond(ok("0123456789").max_age(60).etag("1"))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("0123456789"));
    let cases: [(Fields<'_>, &str, u64); 6] = [
        (&[("If-None-Match", "\"1\"")], "not-modified", 304),
        (&[("If-None-Match", "\"2\"")], "hit", 200),
        (&[("If-Match", "\"2\"")], "precondition-failed", 412),
        (&[("Range", "bytes=2-4")], "hit", 206),
        (&[("Range", "bytes=2-4"), ("If-Range", "\"2\"")], "hit", 200),
        (&[("Range", "bytes=90-")], "range-not-satisfiable", 416),
    ];
    for (fields, verdict, status) in cases {
        let (told, _came) = foretold(&gateway, "GET", "/", fields).await;
        assert_eq!(told["outcome"]["verdict"], verdict, "{fields:?} {told:#}");
        assert_eq!(told["outcome"]["status"], status, "{fields:?} {told:#}");
    }
}

#[tokio::test]
async fn what_a_client_demands_is_foretold() {
    let origin = Origin::script([
        get("/").respond(ok("v1").max_age(60).etag("1")),
        get("/")
            .if_none_match("1")
            .respond(not_modified().max_age(60).etag("1")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let only: Fields<'_> = &[("Cache-Control", "only-if-cached")];
    let (told, _came) = foretold(&gateway, "GET", "/", only).await;
    check(&told, "only-if-cached", Some("only-if-cached"));
    gateway.get("/").await.expect(ok("v1"));
    let (told, _came) = foretold(&gateway, "GET", "/", only).await;
    check(&told, "hit", None);
    let (told, _came) = foretold(&gateway, "GET", "/", &[("Cache-Control", "no-cache")]).await;
    check(&told, "validate", Some("request-no-cache"));
    assert_eq!(told["stored"]["state"], "fresh", "whoever asks: {told:#}");
}

#[tokio::test]
async fn variants_are_listed_with_the_one_that_the_request_selects() {
    let language = |tag: &str| get("/").header("Accept-Language", tag);
    let origin = Origin::script([
        language("en").respond(ok("hello").max_age(60).vary("Accept-Language")),
        language("de").respond(ok("hallo").max_age(60).vary("Accept-Language")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.send(language("en")).await.expect(ok("hello"));
    let german: Fields<'_> = &[("Accept-Language", "de")];
    let (told, _came) = foretold(&gateway, "GET", "/", german).await;
    check(&told, "forward", Some("vary-miss"));
    assert_eq!(told["variants"][0]["vary"], "Accept-Language");
    assert_eq!(told["variants"][0]["request"]["accept-language"], "de");
    assert_eq!(told["variants"][0]["stored"], false);
    let (told, _came) = foretold(&gateway, "GET", "/", german).await;
    check(&told, "hit", None);
    assert_eq!(told["variants"][0]["stored"], true);
}

#[tokio::test]
async fn what_a_purge_left_is_foretold() {
    let answer = || {
        ok("v1")
            .max_age(60)
            .etag("1")
            .header("Surrogate-Key", "red")
    };
    let origin = Origin::script([
        get("/").respond(answer()),
        get("/")
            .if_none_match("1")
            .respond(not_modified().max_age(60).etag("1")),
        get("/").respond(ok("v2").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .purge(json!({ "tags": ["red"], "soft": true }))
        .await;
    let (told, _came) = foretold(&gateway, "GET", "/", &[]).await;
    check(&told, "validate", Some("soft-purged"));
    assert_eq!(told["stored"]["state"], "must-validate");
    assert_eq!(told["stored"]["tags"], json!(["red"]));
    let url = format!(
        "http://{}",
        told["cache"]["resource"].as_str().expect("a resource")
    );
    gateway.purge(json!({ "files": [url] })).await;
    let (told, came) = foretold(&gateway, "GET", "/", &[]).await;
    check(&told, "forward", Some("uri-miss"));
    came.expect(ok("v2"));
}

#[tokio::test]
async fn a_fill_under_way_is_followed() {
    let answer = ok("firstsecond").max_age(60).hold_body("rest", 5);
    let origin = Origin::script([get("/").respond(answer)]);
    let gateway = Gateway::start(&origin).await;
    let mut leading = gateway.open(get("/")).await;
    assert_eq!(leading.first(5).await, "first");
    let told = explain(&gateway, "GET", "/", &[]).await;
    check(&told, "hit", None);
    assert_eq!(told["stored"]["state"], "filling", "{told:#}");
    let following = gateway.spawn(get("/"));
    origin.release("rest").await;
    leading.finish().await.expect(ok("firstsecond"));
    let followed = following.await.expect("a response");
    followed.expect(ok("firstsecond").hit());
}

#[tokio::test]
async fn a_head_that_misses_is_asked_as_a_head() {
    let origin = Origin::script([
        head("/").respond(ok("v1").max_age(60)),
        get("/").respond(ok("v1").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let (told, _came) = foretold(&gateway, "HEAD", "/", &[]).await;
    assert_eq!(told["outcome"]["origin"]["method"], "HEAD");
    gateway.get("/").await.expect(ok("v1"));
    let (told, came) = foretold(&gateway, "HEAD", "/", &[]).await;
    check(&told, "hit", None);
    came.expect(ok("").hit());
}
