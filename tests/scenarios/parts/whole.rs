//! The whole response that comes where the rest of stored parts was asked for: it answers the request, and is
//! stored, as if all of it had been asked for. The origin is not asked again.

use super::{LENGTH, asked, fetch, object, part, takes};
use serde_json::json;
use shoal_tests::{Answer, Ask, Gateway, Origin, Reply, Response, Step, fwd, get, ok, status};

/// What the object is by now.
fn changed() -> Answer {
    ok("x".repeat(LENGTH)).max_age(60).etag("2")
}

/// The origin is asked for what is missing of the first edition.
fn rest() -> Ask {
    let ask = get("/big").range(&asked(&(40..100)));
    ask.header("If-Range", "\"1\"")
}

/// A gateway that has the beginning of the first edition, and an origin that has only this to say besides.
async fn begun(steps: impl IntoIterator<Item = Step>) -> (Origin, Gateway) {
    let origin = Origin::script([fetch(0..40)].into_iter().chain(steps));
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    (origin, gateway)
}

async fn asks(reply: impl Into<Reply>, ask: Ask) -> (Origin, Gateway, Response) {
    let (origin, gateway) = begun([rest().respond(reply)]).await;
    let answer = gateway.send(ask).await;
    (origin, gateway, answer)
}

#[tokio::test]
async fn an_object_that_changed_is_taken_anew() {
    let (_origin, gateway, answer) = asks(changed(), get("/big")).await;
    let expected = fwd("partial").fwd_status(200).stored().ttl(60);
    answer.expect(changed().without("Content-Range").cache_status(expected));
    let answer = gateway.send(get("/big").range("0-9")).await;
    answer.expect(status(206).body("x".repeat(10)).hit());
}

#[tokio::test]
async fn an_origin_that_forgot_ranges_is_heard_out() {
    let same = || ok(object()).max_age(60).etag("1");
    let (_origin, gateway, answer) = asks(same(), get("/big")).await;
    answer.expect(same());
    gateway.get("/big").await.expect(same().hit());
}

#[tokio::test]
async fn a_body_in_chunks_is_as_good() {
    for reply in [changed().chunked(), changed().close_delimited()] {
        let (_origin, gateway, answer) = asks(reply, get("/big")).await;
        answer.expect(changed());
        gateway.get("/big").await.expect(changed().hit());
    }
}

#[tokio::test]
async fn a_client_gets_its_range_of_what_came() {
    let (_origin, gateway, answer) = asks(changed(), get("/big").range("20-99")).await;
    let expected = status(206).body("x".repeat(80)).etag("2");
    let expected = expected.header("Content-Range", "bytes 20-99/100");
    answer.expect(expected.cache_status(fwd("partial").stored()));
    gateway.get("/big").await.expect(changed().hit());
}

#[tokio::test]
async fn if_range_is_about_what_came() {
    // The client has the beginning of the first edition, and that is not continued.
    let resumed = get("/big").range("20-99").header("If-Range", "\"1\"");
    let (_origin, gateway, answer) = asks(changed(), resumed).await;
    answer.expect(changed().without("Content-Range"));
    gateway.get("/big").await.expect(changed().hit());
    // It knows already what the gateway learns.
    let ahead = get("/big").range("20-99").header("If-Range", "\"2\"");
    let (_origin, _gateway, answer) = asks(changed(), ahead).await;
    answer.expect(status(206).body("x".repeat(80)));
}

#[tokio::test]
async fn the_clients_conditions_are_about_what_came() {
    // The stored edition is not the one that the client has, so it was to be completed.
    let known = get("/big").if_none_match("\"2\"");
    let (_origin, gateway, answer) = asks(changed(), known).await;
    answer.expect(status(304).cache_status(fwd("partial").stored()));
    gateway.get("/big").await.expect(changed().hit());
}

#[tokio::test]
async fn what_may_not_be_stored_is_sent_and_asked_for_anew() {
    let private = || changed().cache_control("no-store");
    let (origin, gateway) = begun([
        rest().respond(private()),
        get("/big").without("Range").respond(private()),
    ])
    .await;
    for why in ["partial", "uri-miss"] {
        let answer = gateway.get("/big").await;
        answer.expect(private().cache_status(fwd(why).not_stored()));
    }
    assert_eq!(origin.requests().len(), 3);
}

#[tokio::test]
async fn a_field_for_one_client_alone_is_not_stored() {
    let marked = changed().cache_control("private=\"X-Account\"");
    let marked = marked.header("X-Account", "7");
    let (_origin, gateway, answer) = asks(marked, get("/big")).await;
    let body = || ok("x".repeat(LENGTH));
    answer.expect(body().header("X-Account", "7"));
    let answer = gateway.get("/big").await;
    answer.expect(body().hit().without("X-Account"));
}

#[tokio::test]
async fn what_concerns_the_connection_ends_here() {
    let hop = changed()
        .header("Connection", "X-Hop")
        .header("X-Hop", "1")
        .header("Keep-Alive", "timeout=5");
    let (_origin, gateway, answer) = asks(hop, get("/big")).await;
    answer.expect(changed().without("X-Hop"));
    gateway
        .get("/big")
        .await
        .expect(changed().hit().without("X-Hop"));
}

#[tokio::test]
async fn a_variant_is_stored_for_those_that_it_is_for() {
    let speaks = |language: &str| get("/big").header("Accept-Language", language);
    let varying = |words: &str| ok(words.to_owned()).max_age(60).vary("Accept-Language");
    let german = rest().header("Accept-Language", "de");
    let french = speaks("fr").without("Range").respond(varying("bonjour"));
    let (_origin, gateway) = begun([german.respond(varying("hallo")), french]).await;
    gateway.send(speaks("de")).await.expect(ok("hallo"));
    gateway.send(speaks("fr")).await.expect(ok("bonjour"));
    gateway.send(speaks("de")).await.expect(ok("hallo").hit());
}

#[tokio::test]
async fn what_varies_by_coding_is_asked_for_in_the_clients_words() {
    // Parts are asked for without a coding, which is not all that this client accepts.
    let zipped = || get("/big").header("Accept-Encoding", "gzip");
    let varying = |words: &str| ok(words.to_owned()).max_age(60).vary("Accept-Encoding");
    let (origin, gateway) = begun([
        rest().respond(varying("plain")),
        zipped().without("Range").respond(varying("zipped")),
    ])
    .await;
    gateway.send(zipped()).await.expect(ok("zipped"));
    gateway.send(zipped()).await.expect(ok("zipped").hit());
    assert_eq!(origin.requests().len(), 3);
    // Any will do for this one.
    let (_origin, gateway, answer) = asks(varying("plain"), get("/big")).await;
    answer.expect(ok("plain"));
    gateway.get("/big").await.expect(ok("plain").hit());
}

#[tokio::test]
async fn a_plugin_sees_it_once() {
    let lua = "local P = { name = 'sees' }
        function P.on_response(req, res, cache, conf)
          res:set_header('X-Seen', (res:header('X-Seen') or '') .. res.status .. ';')
          if res.status == 200 then cache:ttl('10m') end
        end
        return P";
    let origin = Origin::script([fetch(0..40), rest().respond(changed())]);
    let gateway = Gateway::with(&origin).plugin("sees", lua).start().await;
    takes(&gateway, 0..40).await;
    let seen = || changed().header("X-Seen", "200;");
    let answer = gateway.get("/big").await;
    answer.expect(seen().cache_status(fwd("partial").stored().ttl(600)));
    gateway.get("/big").await.expect(seen().hit());
}

#[tokio::test]
async fn many_clients_wait_for_one_answer() {
    let (origin, gateway) = begun([rest().hold("rest").respond(changed())]).await;
    let leader = gateway.spawn(get("/big").range("20-99"));
    origin.wait_for("rest").await;
    let others: Vec<_> = (0..10).map(|_| gateway.spawn(get("/big"))).collect();
    gateway
        .wait_for_metric("shoal_cache_collapsed_total", [], |waiting| waiting >= 10.0)
        .await;
    origin.release("rest").await;
    let expected = status(206).body("x".repeat(80));
    leader.await.unwrap().expect(expected);
    for client in others {
        client.await.unwrap().expect(changed());
    }
    assert_eq!(origin.requests().len(), 2);
}

#[tokio::test]
async fn an_answer_to_ones_credentials_is_nobody_elses() {
    let as_user = |name: &str| get("/big").header("Authorization", name);
    let open = part(0..40).cache_control("public");
    let own = |words: &str| ok(words.to_owned()).max_age(60);
    let held = rest().header("Authorization", "ann").hold("rest");
    let origin = Origin::script([
        get("/big").range("0-39").respond(open),
        held.respond(own("for ann")),
        as_user("bob").without("Range").respond(own("for bob")),
    ]);
    let gateway = Gateway::start(&origin).await;
    takes(&gateway, 0..40).await;
    let ann = gateway.spawn(as_user("ann"));
    origin.wait_for("rest").await;
    let bob = gateway.spawn(as_user("bob"));
    gateway
        .wait_for_metric("shoal_cache_collapsed_total", [], |waiting| waiting >= 1.0)
        .await;
    origin.release("rest").await;
    ann.await.unwrap().expect(ok("for ann"));
    bob.await.unwrap().expect(ok("for bob"));
}

#[tokio::test]
async fn what_was_purged_while_it_was_asked_for_is_not_stored() {
    let newer = || ok("newer").max_age(60).etag("3");
    let (origin, gateway) = begun([
        rest().hold("rest").respond(changed()),
        get("/big").without("Range").respond(newer()),
    ])
    .await;
    let client = gateway.spawn(get("/big"));
    origin.wait_for("rest").await;
    let files = json!({ "files": ["http://shoal.test/big"] });
    gateway.purge(files).await;
    origin.release("rest").await;
    client.await.unwrap().expect(changed());
    gateway.get("/big").await.expect(newer());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_taken_for_the_whole() {
    let (origin, gateway) = begun([
        rest().respond(changed().hold_body("last", 59).abort_after(60)),
        get("/big").range("60-99").respond(changed()),
    ])
    .await;
    let mut client = gateway.open(get("/big")).await;
    client.first(59).await;
    origin.release("last").await;
    client.expect_broken().await;
    gateway.get("/big").await.expect(changed());
}

#[tokio::test]
async fn a_large_object_flows_through() {
    let large = || ok("y".repeat(3_000_000)).max_age(60).etag("2");
    for reply in [Reply::from(large()), large().chunked()] {
        let (_origin, gateway, answer) = asks(reply, get("/big")).await;
        answer.expect(large());
        gateway.get("/big").await.expect(large().hit());
    }
}

#[tokio::test]
async fn the_connection_that_brought_it_is_used_again() {
    let next = get("/next").respond(ok("next"));
    let (origin, gateway) = begun([rest().respond(changed()), next]).await;
    gateway.get("/big").await.expect(changed());
    gateway.get("/next").await.expect(ok("next"));
    assert!(origin.connections() <= 2, "{}", origin.connections());
}
