//! The commands that speak to a running gateway: what they print and how they end.

use shoal_tests::{Gateway, Origin, get, ok};

#[tokio::test]
async fn status_says_what_runs() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let shown = gateway.shoal(&["status"]).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.stdout.contains("version 1"), "{shown:?}");
    let json = gateway.shoal(&["status", "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["config"]["version"], 1, "{json}");
    assert_eq!(gateway.shoal_unread(&["status"]).await, Some(0));
}

#[tokio::test]
async fn purge_forgets_and_says_how_much() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60)).times(2)]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let purged = gateway.shoal(&["purge", "--url", "shoal.test/"]).await;
    assert_eq!(purged.code, Some(0), "{purged:?}");
    assert!(purged.stdout.contains("\"purged\":1"), "{purged:?}");
    gateway.get("/").await.expect(ok("v1"));
    let nothing = gateway.shoal(&["purge"]).await;
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    let bad = gateway.shoal(&["purge", "--regex", "("]).await;
    assert_eq!(bad.code, Some(5), "{bad:?}");
    assert!(
        bad.stdout.is_empty() && bad.stderr.contains("regex"),
        "{bad:?}"
    );
}

#[tokio::test]
async fn reload_says_what_is_wrong() {
    let origin = Origin::script([]);
    let mut gateway = Gateway::start(&origin).await;
    assert_eq!(gateway.shoal(&["reload"]).await.code, Some(0));
    gateway.write_config(|config| config.route_cache("tttl: 1m"));
    for command in ["reload", "check"] {
        let refused = gateway.shoal(&[command]).await;
        assert_eq!(refused.code, Some(3), "{command}: {refused:?}");
        assert!(
            refused.stderr.contains("did you mean \"ttl\""),
            "{refused:?}"
        );
        assert!(!refused.stderr.contains('\u{1b}'), "no colour in a pipe");
    }
    let shown = gateway.shoal(&["status"]).await;
    assert!(shown.stdout.contains("failed by"), "{shown:?}");
}

#[tokio::test]
async fn nobody_there_and_no_right_to_ask_are_told_apart() {
    let origin = Origin::script([]);
    let nowhere = Origin::nowhere().to_string();
    let gateway = Gateway::with(&origin)
        .admin("token: \"secret\"")
        .start()
        .await;
    for command in ["status", "stat", "reload"] {
        let gone = gateway.shoal(&[command, "--admin", &nowhere]).await;
        assert_eq!(gone.code, Some(4), "{command}: {gone:?}");
        assert!(gone.stderr.contains(&nowhere), "{gone:?}");
        let refused = gateway.shoal(&[command, "--token", "wrong"]).await;
        assert_eq!(refused.code, Some(5), "{command}: {refused:?}");
        assert!(refused.stdout.is_empty(), "{command}: {refused:?}");
        // Without one the token of ./shoal.yaml is used.
        let allowed = gateway.shoal(&[command]).await;
        assert_eq!(allowed.code, Some(0), "{command}: {allowed:?}");
    }
}

#[tokio::test]
async fn check_refuses_what_run_refuses() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let route = "name: g, match: { path: \"/g/*\" }, upstream: origin, rate_limit: { rate: 1/s, burst: 1, key: \"$client_ip\" }";
    let other = Gateway::with(&origin).route(route).expect_refused().await;
    assert_eq!(other.code, Some(3));
    let mut gateway = gateway;
    gateway.write_config(|config| config.route(route));
    let checked = gateway.shoal(&["check"]).await;
    assert_eq!(checked.code, Some(3), "{checked:?}");
}

#[tokio::test]
async fn stat_shows_the_cache_in_numbers() {
    let origin = Origin::script([
        get("/a").respond(ok("one").max_age(60)),
        get("/b").respond(ok("two").max_age(60)),
    ]);
    let gateway = Gateway::with(&origin).local("segments: 4").start().await;
    for path in ["/a", "/b", "/a"] {
        gateway.get(path).await;
    }
    let shown = gateway.shoal(&["stat"]).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for words in ["entries        2", "1 hits", "window", "ghost hits     0"] {
        assert!(shown.stdout.contains(words), "{words}: {}", shown.stdout);
    }
    let rows = shown.stdout.lines().rev();
    let segments = rows.take_while(|line| !line.contains("segment")).count();
    assert_eq!(segments, 4, "{}", shown.stdout);
    let json = gateway.shoal(&["stat", "--json"]).await;
    let stats: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(stats["hits"], 1, "{stats}");
    assert_eq!(stats["evictions"]["abroad"], 0, "{stats}");
}

#[tokio::test]
async fn what_is_saved_can_change_while_it_runs() {
    let origin = Origin::script([get("/").respond(ok("kept").max_age(60))]);
    let mut gateway = Gateway::with(&origin)
        .local("optimize: bytes")
        .start()
        .await;
    gateway.get("/").await.expect(ok("kept"));
    gateway
        .reconfigure(|config| config.local("optimize: objects, max_memory: 8MiB"))
        .await;
    gateway.get("/").await.expect(ok("kept").hit());
    let status = gateway.config_status().await;
    assert_eq!(status["not_active"], serde_json::json!([]), "{status}");
    assert_eq!(status["version"], 2, "{status}");
}
