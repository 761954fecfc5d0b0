//! Parameter cloaking: a parameter that the origin sees and the key does not, so that one client
//! chooses what others are served.
//!
//! In every story the attacker asks first; the victim must reach the origin.

use shoal_tests::{Ask, Gateway, Origin, get, ok};

/// The victim's plain request is not answered with what any of these brought.
async fn stays_clean(cache: &str, attacks: &[&str], victim: &str) {
    let poison = attacks
        .iter()
        .map(|target| get(target).respond(ok("evil").max_age(600)));
    let origin = Origin::script(poison.chain([get(victim).respond(ok("good").max_age(600))]));
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    for target in attacks {
        gateway.get(target).await.expect(ok("evil"));
    }
    gateway.get(victim).await.expect(ok("good"));
    gateway.get(victim).await.expect(ok("good").hit());
}

#[tokio::test]
async fn a_tracking_parameter_hides_no_other_behind_a_semicolon() {
    let attacks = [
        "/js?utm_content=x;callback=evil",
        "/js?gclid=1;callback=evil",
        "/js?;callback=evil&utm_source=x",
        "/js?fbclid=1&utm_x=;callback=evil",
    ];
    stays_clean("query: { drop_tracking: true }", &attacks, "/js").await;
}

#[tokio::test]
async fn an_excluded_parameter_hides_no_other_behind_a_semicolon() {
    let attacks = ["/js?ref=x;callback=evil", "/js?ref=x;;callback=evil"];
    stays_clean("query: { exclude: [ref] }", &attacks, "/js").await;
}

#[tokio::test]
async fn an_included_parameter_is_not_hidden_behind_a_semicolon() {
    let attacks = ["/page?x=1;id=5", "/page?x;id=5"];
    stays_clean("query: { include: [id] }", &attacks, "/page").await;
}

#[tokio::test]
async fn a_parameter_of_a_key_is_not_hidden_behind_a_semicolon() {
    let attacks = ["/page?x=1;id=5", "/page?id=;id=5"];
    stays_clean("cache_key: [\"$path\", \"$query.id\"]", &attacks, "/page").await;
}

#[tokio::test]
async fn a_parameter_that_is_given_twice_is_not_taken_for_its_first() {
    // One origin takes the first value, another the last.
    let attacks = ["/page?id=1&id=2", "/page?id=1&%69d=2", "/page?id=1&x&id="];
    stays_clean(
        "cache_key: [\"$path\", \"$query.id\"]",
        &attacks,
        "/page?id=1",
    )
    .await;
}

#[tokio::test]
async fn an_escaped_name_is_the_same_name() {
    let attacks = ["/page?%69d=5", "/page?i%64=5", "/page?x=1&%69%64=5"];
    stays_clean("query: { include: [id] }", &attacks, "/page").await;
}

#[tokio::test]
async fn a_name_that_a_framework_takes_for_an_included_one_counts() {
    // PHP takes `.`, ` ` and `[` for `_`, skips spaces before, and ends at a zero byte; ASP.NET knows
    // no case.
    let attacks = [
        "/page?user.id=5",
        "/page?user%20id=5",
        "/page?user+id=6",
        "/page?user%5bid=5",
        "/page?%20user_id=5",
        "/page?USER_ID=5",
        "/page?user_id%00x=5",
    ];
    stays_clean("query: { include: [user_id] }", &attacks, "/page").await;
}

#[tokio::test]
async fn sorting_does_not_swap_values_of_one_name() {
    let origin = Origin::script([
        get("/page?a=1&%61=2").respond(ok("evil").max_age(600)),
        get("/page?%61=2&a=1").respond(ok("good").max_age(600)),
        get("/page?a=2;b&a=1").respond(ok("semicolon").max_age(600)),
        get("/page?a=1&a=2;b").respond(ok("other semicolon").max_age(600)),
    ]);
    let gateway = Gateway::with(&origin)
        .route_cache("query: { sort: true }")
        .start()
        .await;
    for (target, body) in [
        ("/page?a=1&%61=2", "evil"),
        ("/page?%61=2&a=1", "good"),
        ("/page?a=2;b&a=1", "semicolon"),
        ("/page?a=1&a=2;b", "other semicolon"),
    ] {
        gateway.get(target).await.expect(ok(body));
    }
}

#[tokio::test]
async fn what_looks_like_a_tracking_parameter_and_is_none_counts() {
    let attacks = [
        "/js?UTM_SOURCE=x",
        "/js?gclidx=1",
        "/js?x_utm_source=1",
        "/js?utm=1",
        "/js?utm%5Fx%3D1&cb=evil",
    ];
    stays_clean("query: { drop_tracking: true }", &attacks, "/js").await;
}

#[tokio::test]
async fn a_question_mark_or_hash_in_the_query_ends_nothing() {
    let attacks = [
        "/js?x=1?utm_source=y&cb=evil",
        "/js?a%23b",
        "/js?a%26utm_source=x",
    ];
    stays_clean("query: { drop_tracking: true }", &attacks, "/js").await;
}

async fn cookies_stay_apart(attack: &str, victim: &str) {
    let origin = Origin::script([
        get("/")
            .header("Cookie", attack)
            .respond(ok("evil").max_age(600)),
        get("/")
            .header("Cookie", victim)
            .respond(ok("good").max_age(600)),
    ]);
    let cache = "cache_key: [\"$path\", \"$cookie.lang\"]";
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    let ask = |cookie| -> Ask { get("/").header("Cookie", cookie) };
    gateway.send(ask(attack)).await.expect(ok("evil"));
    gateway.send(ask(victim)).await.expect(ok("good"));
    gateway.send(ask(victim)).await.expect(ok("good").hit());
}

#[tokio::test]
async fn a_cookie_that_is_given_twice_is_not_taken_for_its_first() {
    cookies_stay_apart("lang=de; lang=evil", "lang=de").await;
}

#[tokio::test]
async fn a_cookie_in_quotes_is_not_taken_for_one_without() {
    // RFC 6265 section 4.1.1: the quotes are part of the value, and an origin may not know it.
    cookies_stay_apart("lang=\"de\"", "lang=de").await;
}
