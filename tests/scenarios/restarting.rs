//! What outlives the process: stored responses come back, and nothing that was purged comes with them.
//!
//! Snapshots that cannot be trusted are in `doubtful`.

mod doubtful;

use serde_json::{Value, json};
use shoal_tests::{Answer, Gateway, Origin, fwd, get, hit, not_modified, ok, post, status};
use std::os::unix::fs::PermissionsExt as _;

const SNAPSHOT: &str = "l1.snapshot";
/// Written at the stop only, as far as these stories go.
const AT_THE_STOP: &str = "snapshot: { path: l1.snapshot, interval: 1h }";
const OFTEN: &str = "snapshot: { path: l1.snapshot, interval: 50ms }";

async fn start(origin: &Origin, local: &str) -> Gateway {
    Gateway::with(origin).local(local).start().await
}

/// Starts again, and awaits that all came back: listeners wait for it a second only.
async fn restart(gateway: &mut Gateway, signal: &str) {
    gateway.restart(signal).await;
    gateway
        .expect_metric("shoal_snapshot_loads_total", [], 1.0)
        .await;
}

#[tokio::test]
async fn what_is_stored_is_a_hit_after_a_restart() {
    let origin = Origin::script([
        get("/").respond(ok("v1").age(7).max_age(600)),
        get("/varies").respond(ok("de").max_age(600).vary("accept-language")),
    ]);
    let mut gateway = start(&origin, AT_THE_STOP).await;
    let german = || get("/varies").header("Accept-Language", "de");
    gateway.get("/").await.expect(ok("v1"));
    gateway.send(german()).await.expect(ok("de"));
    restart(&mut gateway, "TERM").await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").age(7).cache_status(hit()));
    gateway.send(german()).await.expect(ok("de").hit());
    gateway
        .expect_metric("shoal_snapshot_loads_total", [("result", "complete")], 1.0)
        .await;
    // The variant, the index that finds it, and the other.
    gateway
        .expect_metric("shoal_snapshot_loaded_entries", [], 3.0)
        .await;
}

#[tokio::test]
async fn after_a_crash_the_last_snapshot_is_there() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(600))]);
    let mut gateway = start(&origin, OFTEN).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .wait_for_metric("shoal_snapshot_entries", [], |entries| entries >= 1.0)
        .await;
    restart(&mut gateway, "KILL").await;
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn without_the_key_it_starts_cold() {
    let page = || get("/").respond(ok("v1").max_age(600));
    let origin = Origin::script([page(), page()]);
    let mut gateway = start(&origin, "segments: 4").await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.restart("TERM").await;
    let missed = ok("v1").cache_status(fwd("uri-miss").stored());
    gateway.get("/").await.expect(missed);
    assert!(!gateway.folder().join(SNAPSHOT).exists());
}

/// What an operator may name, and it names `/gone` and not `/stays`.
fn purges() -> Vec<Value> {
    vec![
        json!({ "files": ["http://shoal.test/gone"] }),
        json!({ "tags": ["gone"] }),
        json!({ "prefixes": ["shoal.test/go"] }),
        json!({ "regex": "/gon." }),
    ]
}

fn gone() -> Answer {
    ok("v1").max_age(600).etag("1").header("Cache-Tag", "gone")
}

/// `/gone` and `/stays` are in a snapshot, of which a running gateway began.
async fn both_came_back(more: impl IntoIterator<Item = shoal_tests::Step>) -> (Gateway, Origin) {
    let steps = [
        get("/gone").respond(gone()),
        get("/stays").respond(ok("s").max_age(600)),
    ];
    let origin = Origin::script(steps.into_iter().chain(more));
    let mut gateway = start(&origin, AT_THE_STOP).await;
    gateway.get("/gone").await.expect(ok("v1"));
    gateway.get("/stays").await.expect(ok("s"));
    restart(&mut gateway, "TERM").await;
    gateway.get("/gone").await.expect(ok("v1").hit());
    (gateway, origin)
}

#[tokio::test]
async fn what_was_purged_stays_purged_after_a_stop_and_after_a_crash() {
    for signal in ["TERM", "KILL"] {
        for purge in purges() {
            let again = get("/gone").respond(ok("v2").max_age(600));
            let (mut gateway, _origin) = both_came_back([again]).await;
            gateway.purge(purge.clone()).await;
            restart(&mut gateway, signal).await;
            gateway.get("/stays").await.expect(ok("s").hit());
            let missed = ok("v2").cache_status(fwd("uri-miss").stored());
            gateway.get("/gone").await.expect(missed);
            // The next start knows of it too.
            restart(&mut gateway, signal).await;
            let found = gateway.lookup("/gone").await;
            assert!(!found["tags"].to_string().contains("gone"), "{found}");
        }
    }
}

#[tokio::test]
async fn after_everything_was_purged_a_crash_brings_nothing_back() {
    let (mut gateway, _origin) = both_came_back([]).await;
    gateway.purge(json!({ "purge_everything": true })).await;
    restart(&mut gateway, "KILL").await;
    for path in ["/gone", "/stays"] {
        assert_eq!(gateway.lookup(path).await["found"], false);
    }
}

#[tokio::test]
async fn what_an_unsafe_method_invalidated_does_not_come_back_after_a_crash() {
    let (mut gateway, _origin) = both_came_back([
        post("/gone").respond(status(204)),
        get("/gone").respond(ok("v2")),
    ])
    .await;
    gateway.send(post("/gone")).await.expect(status(204));
    restart(&mut gateway, "KILL").await;
    gateway.get("/gone").await.expect(ok("v2"));
}

#[tokio::test]
async fn what_was_softly_purged_is_validated_after_a_stop_and_after_a_crash() {
    for signal in ["TERM", "KILL"] {
        let asked = get("/gone").if_none_match("1");
        let (mut gateway, _origin) =
            both_came_back([asked.respond(not_modified().max_age(600))]).await;
        gateway
            .purge(json!({ "tags": ["gone"], "soft": true }))
            .await;
        restart(&mut gateway, signal).await;
        gateway
            .get("/gone")
            .await
            .expect(ok("v1").cache_status(fwd("stale").fwd_status(304).stored()));
        gateway.get("/gone").await.expect(ok("v1").hit());
    }
}

#[tokio::test]
async fn only_its_owner_may_read_it() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(600))]);
    let mut gateway = start(&origin, AT_THE_STOP).await;
    gateway.get("/").await.expect(ok("v1"));
    restart(&mut gateway, "TERM").await;
    for name in [SNAPSHOT, "l1.snapshot.since-0", "l1.snapshot.lock"] {
        let file = gateway.folder().join(name).metadata();
        let mode = file.unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn the_key_may_come_move_and_go_while_it_runs() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(600))]);
    let mut gateway = start(&origin, "segments: 4").await;
    gateway.get("/").await.expect(ok("v1"));
    let written = |count: f64| move |sum: f64| sum >= count;
    let is_there = |gateway: &Gateway, name: &str| gateway.folder().join(name).exists();
    let local = |keys: &'static str| move |config: shoal_tests::Config| config.local(keys);
    gateway.reconfigure(local(AT_THE_STOP)).await;
    gateway
        .wait_for_metric("shoal_snapshot_saves_total", [], written(1.0))
        .await;
    assert!(is_there(&gateway, SNAPSHOT));
    gateway
        .reconfigure(local("snapshot: { path: other.snapshot, interval: 1h }"))
        .await;
    gateway
        .wait_for_metric("shoal_snapshot_saves_total", [], written(2.0))
        .await;
    // It would miss what is invalidated from here on.
    assert!(!is_there(&gateway, SNAPSHOT) && is_there(&gateway, "other.snapshot"));
    gateway
        .reconfigure(local("snapshot: { path: other.snapshot, interval: 50ms }"))
        .await;
    gateway
        .wait_for_metric("shoal_snapshot_saves_total", [], written(4.0))
        .await;
    gateway.reconfigure(local("segments: 4")).await;
    let gone = async || (!is_there(&gateway, "other.snapshot")).then_some(());
    shoal_tests::eventually("the snapshot to go", gone).await;
}

#[tokio::test]
async fn stat_says_what_came_back_and_what_was_written() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(600))]);
    let mut gateway = start(&origin, AT_THE_STOP).await;
    gateway.get("/").await.expect(ok("v1"));
    restart(&mut gateway, "TERM").await;
    let said = gateway.shoal(&["stat"]).await.stdout;
    assert!(
        said.contains("snapshot       1 entries came back"),
        "{said}"
    );
    gateway.reconfigure(|config| config.local(OFTEN)).await;
    gateway
        .wait_for_metric("shoal_snapshot_bytes", [], |bytes| bytes > 0.0)
        .await;
    let said = gateway.shoal(&["stat"]).await.stdout;
    assert!(said.contains("snapshot       1 entries, "), "{said}");
}
