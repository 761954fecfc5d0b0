//! A plugin may fail, loop or eat memory within its budget; then `on_error` decides.

use shoal_tests::{Gateway, Origin, fwd, get, ok, status};

const BROKEN: &str = "local P = { name = 'broken' }
    function P.on_request(req, conf) local x = nil; return x.y end
    return P";
const ENDLESS: &str = "local P = { name = 'endless' }
    function P.on_request(req, conf) while true do pcall(function() while true do end end) end end
    return P";
const GREEDY: &str = "local P = { name = 'greedy' }
    function P.on_response(req, res, cache, conf)
      local t = {}; while true do t[#t + 1] = ('x'):rep(1000) .. #t end
    end
    return P";

async fn errors(gateway: &Gateway) -> f64 {
    gateway.metric("shoal_plugin_errors_total", []).await
}

#[tokio::test]
async fn with_bypass_the_request_goes_on_without_the_cache() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60)).times(2)]);
    let gateway = Gateway::with(&origin)
        .plugin("broken", BROKEN)
        .start()
        .await;
    for _ in 0..2 {
        let expected = fwd("bypass").not_stored().detail("plugin-failed");
        gateway
            .get("/")
            .await
            .expect(ok("v1").cache_status(expected));
    }
    assert!(errors(&gateway).await >= 2.0);
}

#[tokio::test]
async fn with_continue_the_request_goes_on_as_if_there_were_no_plugin() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::with(&origin)
        .plugin_with("broken", BROKEN, "on_error: continue")
        .start()
        .await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored()));
    gateway.get("/").await.expect(ok("v1").hit());
    assert!(errors(&gateway).await >= 1.0);
}

#[tokio::test]
async fn with_reject_the_request_is_refused() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin)
        .plugin_with("broken", BROKEN, "on_error: reject")
        .start()
        .await;
    let refused = gateway.get("/").await;
    assert!((500..600).contains(&refused.status), "{}", refused.status);
    // What went wrong inside is for the log.
    assert!(!refused.text().contains("broken.lua"), "{}", refused.text());
}

#[tokio::test]
async fn an_endless_loop_is_contained() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::with(&origin)
        .plugin("endless", ENDLESS)
        .start()
        .await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("bypass").detail("plugin-failed")));
    gateway.admin_get("/healthz").await.expect(status(200));
}

#[tokio::test]
async fn a_plugin_that_eats_memory_is_contained() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::with(&origin)
        .plugin_with("greedy", GREEDY, "cpu: 1s, memory: 8MiB, on_error: bypass")
        .start()
        .await;
    let before = gateway.rss_bytes();
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").not_stored()));
    let grown = gateway.rss_bytes().saturating_sub(before);
    assert!(grown < 64 * 1024 * 1024, "grew by {grown} bytes");
}

#[tokio::test]
async fn a_plugin_that_does_not_compile_keeps_the_gateway_from_starting() {
    let origin = Origin::script([]);
    let refused = Gateway::with(&origin)
        .plugin("typo", "local P = {\n  name = 'x'\nfunction")
        .expect_refused()
        .await;
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("typo.lua:3"), "{}", refused.stderr);
}
