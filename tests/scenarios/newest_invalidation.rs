//! Invalidation in its corners (RFC 9111 section 4.4): which methods, which statuses, which URIs.
//!
//! The plain cases are in `invalidation`. A row's name is its path.

use shoal_tests::{Answer, Gateway, Origin, Step, get, method, ok, options, post, put, status};

fn page(body: &'static str) -> Answer {
    ok(body).max_age(600)
}

#[tokio::test]
async fn every_method_that_is_not_known_to_be_safe_invalidates() {
    let unsafe_ones = [
        "POST", "PUT", "DELETE", "PATCH", "MKCOL", "M-SEARCH", "LINK", "X-ANY", "get",
    ];
    let path = |name: &str| format!("/{name}");
    let steps = unsafe_ones.iter().flat_map(|name| {
        let target = path(name);
        [
            get(&target).respond(page("old")),
            method(name, &target).respond(status(204)),
            get(&target).respond(page("new")),
        ]
    });
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for name in unsafe_ones {
        let target = path(name);
        gateway.get(&target).await.expect(ok("old"));
        gateway
            .send(method(name, &target))
            .await
            .expect(status(204));
        gateway.get(&target).await.expect(ok("new"));
    }
}

#[tokio::test]
async fn safe_methods_invalidate_nothing() {
    // RFC 9110 section 9.2.1, RFC 10008 and the registry.
    let safe = ["OPTIONS", "QUERY", "PROPFIND", "REPORT", "SEARCH"];
    let steps = safe.map(|name| method(name, "/").respond(ok("answer").max_age(600)));
    let origin = Origin::script([get("/").respond(page("v1"))].into_iter().chain(steps));
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    for name in safe {
        gateway.send(method(name, "/")).await.expect(ok("answer"));
        gateway.get("/").await.expect(ok("v1").hit());
    }
}

#[tokio::test]
async fn a_redirect_is_a_success() {
    // Section 4.4: a non-error status is 2xx or 3xx.
    let codes = [200, 201, 202, 204, 205, 301, 302, 303, 307, 308];
    let path = |code: u16| format!("/{code}");
    let steps = codes.iter().flat_map(|&code| {
        [
            get(&path(code)).respond(page("old")),
            put(&path(code)).respond(status(code)),
            get(&path(code)).respond(page("new")),
        ]
    });
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for code in codes {
        gateway.get(&path(code)).await.expect(ok("old"));
        gateway
            .send(put(&path(code)).body("x"))
            .await
            .expect(status(code));
        gateway.get(&path(code)).await.expect(ok("new"));
    }
}

/// A success of `POST /folder/a` with this field leaves what is stored for `target`, or not.
async fn named(field: &str, value: &str, target: &str, forgotten: Forgotten) {
    let answer = status(201).header(field, value);
    let mut steps: Vec<Step> = vec![
        get(target).respond(page("old")),
        post("/folder/a").body("x").respond(answer),
    ];
    if forgotten == Forgotten::Yes {
        steps.push(get(target).respond(page("new")));
    }
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    gateway.get(target).await.expect(ok("old"));
    gateway
        .send(post("/folder/a").body("x"))
        .await
        .expect(status(201));
    let came = gateway.get(target).await;
    let body = if forgotten == Forgotten::Yes {
        "new"
    } else {
        "old"
    };
    assert_eq!(came.text(), body, "{field}: {value}");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forgotten {
    Yes,
    No,
}

#[tokio::test]
async fn a_location_is_resolved_like_any_reference() {
    for field in ["Location", "Content-Location"] {
        for (value, target) in [
            ("b", "/folder/b"),
            ("../b", "/b"),
            ("./b?x=1", "/folder/b?x=1"),
            ("?x=1", "/folder/a?x=1"),
            ("/b#part", "/b"),
            ("/x/../b", "/b"),
            ("/%62", "/b"),
            ("//shoal.test/b", "/b"),
            ("http://SHOAL.test:80/b", "/b"),
        ] {
            named(field, value, target, Forgotten::Yes).await;
        }
    }
}

#[tokio::test]
async fn a_location_elsewhere_forgets_nothing_here() {
    // Section 4.4: another origin's responses are not the answering one's to invalidate.
    for field in ["Location", "Content-Location"] {
        for value in [
            "http://other.test/b",
            "//other.test/b",
            "https://shoal.test/b",
            "http://shoal.test:8080/b",
            "http://shoal.test.evil/b",
            "http://shoal.test@other.test/b",
            "mailto:a@shoal.test",
            "/b/c",
            "/b?x",
        ] {
            named(field, value, "/b", Forgotten::No).await;
        }
    }
}

#[tokio::test]
async fn a_failure_forgets_no_location_either() {
    let origin = Origin::script([
        get("/b").respond(page("v1")),
        post("/a")
            .body("x")
            .respond(status(400).header("Location", "/b")),
        post("/a")
            .body("x")
            .respond(status(503).header("Content-Location", "/b")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/b").await.expect(ok("v1"));
    gateway.send(post("/a").body("x")).await.expect(status(400));
    gateway.send(post("/a").body("x")).await.expect(status(503));
    gateway.get("/b").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn a_location_of_a_safe_request_forgets_nothing() {
    let origin = Origin::script([
        get("/b").respond(page("v1")),
        get("/a").respond(status(302).header("Location", "/b")),
        options("/a").respond(status(204).header("Content-Location", "/b")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/b").await.expect(ok("v1"));
    gateway.get("/a").await.expect(status(302));
    gateway.send(options("/a")).await.expect(status(204));
    gateway.get("/b").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn every_variant_is_forgotten_and_other_queries_are_not() {
    let variant = |body: &'static str| page(body).vary("X-Lang");
    let origin = Origin::script([
        get("/a").header("X-Lang", "de").respond(variant("alt")),
        get("/a").header("X-Lang", "en").respond(variant("old")),
        get("/a?x=1").respond(page("query")),
        put("/a").respond(status(204)),
        get("/a").header("X-Lang", "de").respond(variant("neu")),
        get("/a").header("X-Lang", "en").respond(variant("new")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let ask = |lang| get("/a").header("X-Lang", lang);
    gateway.send(ask("de")).await.expect(ok("alt"));
    gateway.send(ask("en")).await.expect(ok("old"));
    gateway.get("/a?x=1").await.expect(ok("query"));
    gateway.send(put("/a").body("x")).await.expect(status(204));
    gateway.send(ask("de")).await.expect(ok("neu"));
    gateway.send(ask("en")).await.expect(ok("new"));
    gateway.get("/a?x=1").await.expect(ok("query").hit());
}
