//! The configuration changes while requests are under way.

use serde_json::json;
use shoal_tests::{Gateway, Origin, eventually, fwd, get, ok};

#[tokio::test]
async fn a_reload_takes_effect_and_the_cache_survives() {
    let origin = Origin::script([
        get("/a").respond(ok("a").max_age(60)),
        get("/b").respond(ok("b").max_age(60)),
    ]);
    let mut gateway = Gateway::start(&origin).await;
    gateway.get("/a").await.expect(ok("a"));
    gateway
        .reconfigure(|config| config.route_cache("ttl: 10m"))
        .await;
    gateway.get("/a").await.expect(ok("a").hit());
    gateway
        .get("/b")
        .await
        .expect(ok("b").cache_status(fwd("uri-miss").stored().ttl(600)));
}

#[tokio::test]
async fn an_edit_of_the_file_is_enough() {
    let origin = Origin::script([get("/*").respond(ok("v1").max_age(60)).repeat()]);
    let mut gateway = Gateway::start(&origin).await;
    gateway
        .get("/before")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(60)));
    gateway.write_config(|config| config.route_cache("ttl: 10m"));
    let mut run = 0;
    let new = async || {
        run += 1;
        gateway
            .get(&format!("/{run}"))
            .await
            .cache_status()
            .ttl()
            .filter(|ttl| *ttl > 60)
    };
    assert!(eventually("the edit to take effect", new).await > 590);
}

#[tokio::test]
async fn sighup_reloads() {
    let origin = Origin::script([get("/*").respond(ok("v1").max_age(60)).repeat()]);
    let mut gateway = Gateway::start(&origin).await;
    let before = gateway.config_status().await["hash"].clone();
    gateway.write_config(|config| config.route_cache("ttl: 10m"));
    gateway.signal("HUP");
    gateway
        .wait_for_config("a new hash", |status| status["hash"] != before)
        .await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(600)));
}

#[tokio::test]
async fn a_broken_file_keeps_the_last_good_one() {
    let origin = Origin::script([get("/*").respond(ok("v1").max_age(60)).repeat()]);
    let mut gateway = Gateway::start(&origin).await;
    let good = gateway.config_status().await["hash"].clone();
    gateway.write_config(|config| config.route_cache("tttl: 10m"));
    let refused = gateway.reload().await;
    assert!((400..500).contains(&refused.status), "{}", refused.status);
    let status = gateway.config_status().await;
    assert_eq!(status["hash"], good, "{status}");
    assert_eq!(status["last_reload"]["result"], "failed", "{status}");
    let problems = status["last_reload"]["error"].to_string();
    assert!(
        problems.contains("tttl") && problems.contains("ttl"),
        "{problems}"
    );
    assert_eq!(
        gateway
            .metric("shoal_config_last_reload_successful", [])
            .await,
        0.0
    );
    gateway
        .get("/1")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(60)));
    gateway
        .reconfigure(|config| config.route_cache("ttl: 10m"))
        .await;
    assert_eq!(
        gateway.config_status().await["last_reload"]["result"],
        "applied"
    );
    gateway
        .get("/2")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(600)));
}

#[tokio::test]
async fn the_same_bytes_are_no_reload() {
    let origin = Origin::script([]);
    let mut gateway = Gateway::start(&origin).await;
    let before = gateway.config_status().await["hash"].clone();
    gateway.reconfigure(|config| config).await;
    assert_eq!(gateway.config_status().await["hash"], before);
}

#[tokio::test]
async fn a_request_under_way_keeps_its_configuration() {
    let origin = Origin::script([get("/").hold("slow").respond(ok("v1").max_age(60))]);
    let mut gateway = Gateway::start(&origin).await;
    let early = gateway.spawn(get("/"));
    origin.wait_for("slow").await;
    gateway
        .reconfigure(|config| config.route_cache("ttl: 10m"))
        .await;
    origin.release("slow").await;
    early
        .await
        .unwrap()
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(60)));
}

#[tokio::test]
async fn an_edited_plugin_takes_effect() {
    let lua = |ttl: &str| {
        format!(
            "local P = {{ name = 'ttl' }}\nfunction P.on_response(req, res, cache, conf) cache:ttl('{ttl}') end\nreturn P"
        )
    };
    let origin = Origin::script([get("/*").respond(ok("v1")).repeat()]);
    let gateway = Gateway::with(&origin)
        .plugin("ttl", &lua("1m"))
        .start()
        .await;
    gateway
        .get("/before")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(60)));
    gateway.write_file("ttl.lua", &lua("10m"));
    let reloaded = gateway.reload().await;
    assert_eq!(reloaded.status, 200, "{}", reloaded.text());
    gateway
        .get("/after")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(600)));
    gateway.write_file("ttl.lua", "this is no Lua");
    let refused = gateway.reload().await;
    assert!((400..500).contains(&refused.status), "{}", refused.text());
    gateway
        .get("/still")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(600)));
}

#[tokio::test]
async fn routes_and_upstreams_change_too() {
    let origin = Origin::script([get("/x/1").respond(ok("old"))]);
    let other = Origin::script([get("/x/2").respond(ok("new"))]);
    let address = other.address();
    let mut gateway = Gateway::start(&origin).await;
    gateway.get("/x/1").await.expect(ok("old"));
    gateway
        .reconfigure(|config| {
            config
                .upstream_at("other", address)
                .route("name: x, match: { path: \"/x/*\" }, upstream: other")
        })
        .await;
    gateway.get("/x/2").await.expect(ok("new"));
}

#[tokio::test]
async fn sigterm_lets_a_request_finish() {
    let origin = Origin::script([get("/").hold("slow").respond(ok("v1"))]);
    let mut gateway = Gateway::start(&origin).await;
    let early = gateway.spawn(get("/"));
    origin.wait_for("slow").await;
    gateway.signal("TERM");
    let draining = async || (gateway.admin_get("/readyz").await.status != 200).then_some(());
    eventually("readyz to say no", draining).await;
    origin.release("slow").await;
    early.await.unwrap().expect(ok("v1"));
    assert_eq!(gateway.wait_for_exit().await, Some(0));
}

#[tokio::test]
async fn a_file_with_a_mistake_does_not_start() {
    let text = "lisener: []\n";
    let refused = Gateway::at(Origin::nowhere())
        .whole(text)
        .expect_refused()
        .await;
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("did you mean \"listeners\""),
        "{}",
        refused.stderr
    );
}

#[tokio::test]
async fn a_key_that_protects_and_is_not_built_keeps_the_gateway_from_starting() {
    let route = "name: guarded, match: { path: \"/g/*\" }, upstream: origin, rate_limit: { rate: 1/s, burst: 1, key: \"$client_ip\" }";
    let refused = Gateway::at(Origin::nowhere())
        .route(route)
        .expect_refused()
        .await;
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("rate_limit"), "{}", refused.stderr);
}

#[tokio::test]
async fn reload_answers_with_what_it_did() {
    let origin = Origin::script([]);
    let mut gateway = Gateway::start(&origin).await;
    gateway.write_config(|config| config.route_cache("ttl: 10m"));
    let answer = gateway.admin_post("/reload", json!({})).await;
    // The watcher may have been faster: then nothing is left to do.
    let result = &answer.json()["result"];
    assert!(
        [json!("applied"), json!("unchanged")].contains(result),
        "{result}"
    );
    assert_eq!(answer.status, 200);
    assert_eq!(gateway.config_status().await["version"], 2);
}
