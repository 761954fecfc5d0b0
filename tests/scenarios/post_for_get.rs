//! A POST whose response says that it is what a GET would get (RFC 9110 section 9.3.3).

use shoal_tests::{Answer, Ask, Gateway, Origin, delete, fwd, get, ok, post};

fn form(body: &str) -> Ask {
    post("/form").body(body.to_owned())
}

fn answers_get(text: &str) -> Answer {
    ok(text.to_owned())
        .max_age(60)
        .header("Content-Location", "/form")
}

#[tokio::test]
async fn it_answers_later_gets() {
    let origin = Origin::script([
        form("x").respond(answers_get("posted")),
        get("/other").respond(ok("other").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway
        .send(form("x"))
        .await
        .expect(ok("posted").cache_status(fwd("method").stored()));
    gateway.get("/form").await.expect(ok("posted").hit());
    gateway.get("/other").await.expect(ok("other"));
}

#[tokio::test]
async fn it_replaces_what_was_stored_and_the_next_post_replaces_it() {
    let origin = Origin::script([
        get("/form").respond(ok("old").max_age(60)),
        form("x").respond(answers_get("new")),
        form("x").respond(answers_get("newer")),
        form("x").respond(ok("without a location").max_age(60)),
        get("/form").respond(ok("fetched").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/form").await.expect(ok("old"));
    gateway.send(form("x")).await.expect(ok("new"));
    gateway.get("/form").await.expect(ok("new").hit());
    gateway.send(form("x")).await.expect(ok("newer"));
    gateway.get("/form").await.expect(ok("newer").hit());
    gateway
        .send(form("x"))
        .await
        .expect(ok("without a location"));
    gateway.get("/form").await.expect(ok("fetched"));
}

#[tokio::test]
async fn it_needs_explicit_freshness_and_its_own_uri() {
    let modified = ("Last-Modified", "Tue, 01 Jan 2019 00:00:00 GMT");
    let vague = ok("vague").header("Content-Location", "/form");
    let elsewhere = ok("elsewhere").max_age(60).header("Content-Location", "/a");
    let origin = Origin::script([
        form("x").respond(vague.header(modified.0, modified.1)),
        get("/form").respond(ok("first")),
        form("x").respond(elsewhere),
        get("/form").respond(ok("second")),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.send(form("x")).await.expect(ok("vague"));
    gateway.get("/form").await.expect(ok("first"));
    gateway.send(form("x")).await.expect(ok("elsewhere"));
    gateway.get("/form").await.expect(ok("second"));
}

#[tokio::test]
async fn it_varies_like_any_other_response() {
    let varying = |text| answers_get(text).header("Vary", "Accept-Language");
    let origin = Origin::script([
        form("x")
            .header("Accept-Language", "de")
            .respond(varying("deutsch")),
        get("/form").respond(ok("english").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let german = form("x").header("Accept-Language", "de");
    gateway.send(german).await.expect(ok("deutsch"));
    let get_in = |language| get("/form").header("Accept-Language", language);
    gateway.send(get_in("de")).await.expect(ok("deutsch").hit());
    gateway.send(get_in("en")).await.expect(ok("english"));
}

#[tokio::test]
async fn what_was_invalidated_while_it_was_under_way_is_not_stored() {
    let origin = Origin::script([
        form("x").hold("slow").respond(answers_get("late")),
        delete("/form").respond(ok("gone")),
        get("/form").respond(ok("fetched").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let posting = gateway.spawn(form("x"));
    origin.wait_for("slow").await;
    gateway.send(delete("/form")).await.expect(ok("gone"));
    origin.release("slow").await;
    posting.await.unwrap().expect(ok("late"));
    gateway.get("/form").await.expect(ok("fetched"));
}

#[tokio::test]
async fn what_else_is_invalidated_meanwhile_does_not_matter() {
    let origin = Origin::script([
        form("x").hold("slow").respond(answers_get("posted")),
        delete("/elsewhere").respond(ok("gone")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let posting = gateway.spawn(form("x"));
    origin.wait_for("slow").await;
    gateway.send(delete("/elsewhere")).await.expect(ok("gone"));
    origin.release("slow").await;
    posting.await.unwrap().expect(ok("posted"));
    gateway.get("/form").await.expect(ok("posted").hit());
}

#[tokio::test]
async fn an_answer_without_content_is_stored_too() {
    let none = answers_get("").header("Content-Type", "text/plain");
    let origin = Origin::script([form("x").respond(none)]);
    let gateway = Gateway::start(&origin).await;
    gateway.send(form("x")).await.expect(ok(""));
    gateway.get("/form").await.expect(ok("").hit());
}

#[tokio::test]
async fn a_long_answer_is_passed_on_and_not_stored() {
    let long = "z".repeat(2 * 1024 * 1024);
    let origin = Origin::script([
        form("x").respond(answers_get(&long)),
        get("/form").respond(ok("fetched").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    gateway.send(form("x")).await.expect(ok(long.clone()));
    gateway.get("/form").await.expect(ok("fetched"));
}
