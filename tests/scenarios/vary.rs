//! Variants of one resource (RFC 9111 section 4.1).

use shoal_tests::{Gateway, Origin, fwd, get, not_modified, ok};

#[tokio::test]
async fn two_languages_are_two_variants() {
    let language = |tag: &str| get("/").header("Accept-Language", tag);
    let origin = Origin::script([
        language("en").respond(ok("hello").max_age(60).vary("Accept-Language")),
        language("de").respond(ok("hallo").max_age(60).vary("Accept-Language")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(language("en"))
        .await
        .expect(ok("hello").cache_status(fwd("uri-miss").stored()));
    gateway
        .send(language("de"))
        .await
        .expect(ok("hallo").cache_status(fwd("vary-miss").stored()));
    gateway.send(language("en")).await.expect(ok("hello").hit());
    gateway.send(language("de")).await.expect(ok("hallo").hit());
}

#[tokio::test]
async fn a_missing_field_is_a_variant_of_its_own() {
    let origin = Origin::script([
        get("/")
            .header("X-Kind", "a")
            .respond(ok("a").max_age(60).vary("X-Kind")),
        get("/")
            .without("X-Kind")
            .respond(ok("none").max_age(60).vary("X-Kind")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(get("/").header("X-Kind", "a"))
        .await
        .expect(ok("a"));
    gateway
        .get("/")
        .await
        .expect(ok("none").cache_status(fwd("vary-miss").stored()));
    gateway.get("/").await.expect(ok("none").hit());
}

#[tokio::test]
async fn spaces_and_lines_of_a_field_make_no_variant() {
    let origin = Origin::script([get("/")
        .header("X-Kind", "a, b")
        .respond(ok("ab").max_age(60).vary("x-kind"))]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(get("/").header("X-Kind", "a, b"))
        .await
        .expect(ok("ab"));
    gateway
        .send(get("/").header("X-Kind", "a,b"))
        .await
        .expect(ok("ab").hit());
    gateway
        .send(get("/").header("X-Kind", "a").header("X-Kind", "b"))
        .await
        .expect(ok("ab").hit());
}

#[tokio::test]
async fn vary_star_is_not_stored() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60).vary("*")).times(2)]);
    let gateway = Gateway::start(&origin).await;
    for _ in 0..2 {
        let expected = fwd("uri-miss").not_stored().detail("vary-star");
        gateway
            .get("/")
            .await
            .expect(ok("v1").cache_status(expected));
    }
}

#[tokio::test]
async fn a_purge_of_the_url_takes_every_variant() {
    let kind = |kind: &str| get("/").header("X-Kind", kind);
    let answer = |body: &'static str| ok(body).max_age(60).vary("X-Kind");
    let origin = Origin::script([
        kind("a").respond(answer("a1")),
        kind("b").respond(answer("b1")),
        kind("a").respond(answer("a2")),
        kind("b").respond(answer("b2")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.send(kind("a")).await.expect(ok("a1"));
    gateway.send(kind("b")).await.expect(ok("b1"));
    let receipt = gateway
        .purge(serde_json::json!({ "files": ["http://shoal.test/"] }))
        .await;
    assert_eq!(receipt["purged"], 2, "{receipt}");
    gateway.send(kind("a")).await.expect(ok("a2"));
    gateway.send(kind("b")).await.expect(ok("b2"));
}

#[tokio::test]
async fn a_variant_in_the_language_that_a_client_likes_best_answers_it() {
    let likes = |languages: &str| get("/").header("Accept-Language", languages);
    let in_language = |body: &'static str, language: &str| {
        let body = ok(body).etag(body).max_age(60).vary("Accept-Language");
        body.header("Content-Language", language)
    };
    let origin = Origin::script([
        likes("en, de").respond(in_language("deutsch", "de")),
        likes("fr, de;q=0.5").respond(in_language("francais", "fr")),
        likes("de")
            .if_none_match("deutsch")
            .respond(not_modified().etag("deutsch").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.send(likes("en, de")).await.expect(ok("deutsch"));
    let german = || likes("fr;q=0.5, de;q=1.0");
    gateway.send(german()).await.expect(ok("deutsch").hit());
    let french = likes("fr, de;q=0.5");
    gateway.send(french).await.expect(ok("francais"));
    // It is validated where it lies, and stays there.
    let validating = likes("de").cache_control("no-cache");
    gateway
        .send(validating)
        .await
        .expect(ok("deutsch").cache_status(fwd("request").fwd_status(304).stored()));
    gateway.send(likes("de")).await.expect(ok("deutsch").hit());
    gateway.send(german()).await.expect(ok("deutsch").hit());
}

#[tokio::test]
async fn a_language_says_nothing_where_other_fields_select_too() {
    let likes = |languages: &str| {
        get("/")
            .header("Accept-Language", languages)
            .header("X-Plan", "a")
    };
    let answer = |body: &'static str| {
        let body = ok(body).max_age(60).vary("Accept-Language, X-Plan");
        body.header("Content-Language", "de")
    };
    let origin = Origin::script([
        likes("en, de").respond(answer("one")),
        likes("de").respond(answer("two")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.send(likes("en, de")).await.expect(ok("one"));
    gateway.send(likes("de")).await.expect(ok("two"));
}
