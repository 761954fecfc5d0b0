//! What Lua decides: keys, lifetimes, tags, storing.

mod fetched;

use serde_json::json;
use shoal_tests::{Gateway, Origin, fwd, get, ok, status};

#[tokio::test]
async fn a_plugin_makes_the_key() {
    let origin = Origin::script([
        get("/p?id=1&session=a").respond(ok("basic").max_age(60)),
        get("/p?id=1&session=c")
            .header("Cookie", "tier=gold")
            .respond(ok("gold").max_age(60)),
    ]);
    let lua = "local P = { name = 'keys' }
        function P.cache_key(req, key, conf)
          key:query_only('id')
          key:add(req:cookie('tier') or 'basic')
        end
        return P";
    let gateway = Gateway::with(&origin).plugin("keys", lua).start().await;
    gateway.get("/p?id=1&session=a").await.expect(ok("basic"));
    gateway
        .get("/p?id=1&session=b")
        .await
        .expect(ok("basic").hit());
    let gold = |path| get(path).header("Cookie", "tier=gold");
    gateway
        .send(gold("/p?id=1&session=c"))
        .await
        .expect(ok("gold"));
    gateway
        .send(gold("/p?id=1&session=d"))
        .await
        .expect(ok("gold").hit());
}

#[tokio::test]
async fn a_plugin_sets_the_lifetime() {
    let origin = Origin::script([
        get("/found").respond(ok("v1")),
        get("/missing").respond(status(404)),
    ]);
    let lua = "local P = { name = 'ttl', schema = { ttl = { type = 'duration', default = '5m' } } }
        function P.on_response(req, res, cache, conf)
          if res.status == 404 then cache:ttl('10s') else cache:ttl(conf.ttl) end
        end
        return P";
    let gateway = Gateway::with(&origin)
        .plugin_with("ttl", lua, "config: { ttl: 10m }")
        .start()
        .await;
    gateway
        .get("/found")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(600)));
    gateway
        .get("/missing")
        .await
        .expect(status(404).cache_status(fwd("uri-miss").stored().ttl(10)));
}

#[tokio::test]
async fn a_plugin_tags_responses() {
    let origin = Origin::script([
        get("/p?id=7").respond(ok("v1").max_age(60)),
        get("/p?id=7").respond(ok("v2").max_age(60)),
    ]);
    let lua = "local P = { name = 'tags' }
        function P.on_response(req, res, cache, conf)
          cache:tag('product:' .. req:query('id'))
        end
        return P";
    let gateway = Gateway::with(&origin).plugin("tags", lua).start().await;
    gateway.get("/p?id=7").await.expect(ok("v1"));
    let receipt = gateway.purge(json!({ "tags": ["product:7"] })).await;
    assert_eq!(receipt["purged"], 1, "{receipt}");
    gateway.get("/p?id=7").await.expect(ok("v2"));
}

#[tokio::test]
async fn a_plugin_refuses_to_store_in_its_own_words() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60)).times(2)]);
    let lua = "local P = { name = 'refuse' }
        function P.on_response(req, res, cache, conf) cache:no_store('stock-changes') end
        return P";
    let gateway = Gateway::with(&origin).plugin("refuse", lua).start().await;
    for _ in 0..2 {
        let expected = fwd("uri-miss").not_stored().detail("stock-changes");
        gateway
            .get("/")
            .await
            .expect(ok("v1").cache_status(expected));
    }
    // Words are unbounded, labels are not.
    gateway
        .expect_metric(
            "shoal_cache_not_stored_total",
            [("reason", "plugin-no-store")],
            2.0,
        )
        .await;
}

#[tokio::test]
async fn a_plugin_bypasses_or_answers_by_itself() {
    let origin = Origin::script([get("/")
        .header("X-Preview", "1")
        .respond(ok("draft").max_age(60))
        .times(2)]);
    let lua = "local P = { name = 'door' }
        function P.on_request(req, conf)
          if req.path == '/closed' then
            return shoal.respond{ status = 451, body = 'closed', headers = { ['X-Why'] = 'law' } }
          end
          if req:header('x-preview') then return shoal.bypass('preview') end
        end
        return P";
    let gateway = Gateway::with(&origin).plugin("door", lua).start().await;
    gateway
        .get("/closed")
        .await
        .expect(status(451).body("closed").header("X-Why", "law"));
    for _ in 0..2 {
        let expected = ok("draft").cache_status(fwd("bypass").not_stored().detail("preview"));
        gateway
            .send(get("/").header("X-Preview", "1"))
            .await
            .expect(expected);
    }
}

#[tokio::test]
async fn a_plugin_edits_response_fields() {
    let origin =
        Origin::script([get("/").respond(ok("v1").max_age(60).header("X-Powered-By", "php"))]);
    let lua = "local P = { name = 'fields' }
        function P.on_response(req, res, cache, conf)
          res:set_header('X-Edited', res:header('x-powered-by'))
          res:remove_header('X-Powered-By')
        end
        return P";
    let gateway = Gateway::with(&origin).plugin("fields", lua).start().await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").header("X-Edited", "php").without("X-Powered-By"));
    gateway.get("/").await.expect(
        ok("v1")
            .header("X-Edited", "php")
            .hit()
            .without("X-Powered-By"),
    );
}
