//! Snapshots that cannot be trusted, or not be written: the gateway says so, counts it and serves.

use super::{AT_THE_STOP, OFTEN, SNAPSHOT, restart, start};
use shoal_tests::{Gateway, Origin, fwd, get, ok};
use std::path::PathBuf;

/// Bytes of the gateway's header and of the engine's.
const HEADERS: usize = (8 + 4 + 1 + 16 + 8 + 16) + (8 + 4 + 32 + 16);

/// One page is in the snapshot of a gateway that was stopped.
async fn stopped() -> (Gateway, Origin) {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(600)).repeat()]);
    let mut gateway = start(&origin, AT_THE_STOP).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.signal("TERM");
    assert_eq!(gateway.wait_for_exit().await, Some(0));
    (gateway, origin)
}

fn file(gateway: &Gateway) -> PathBuf {
    gateway.folder().join(SNAPSHOT)
}

/// Starts cold for this reason, and the next start is not offered it again.
async fn expect_refused(mut gateway: Gateway, reason: &str) {
    gateway.start_again().await;
    let loads = "shoal_snapshot_loads_total";
    gateway
        .expect_metric(loads, [("result", reason)], 1.0)
        .await;
    assert!(gateway.stderr().contains("refused"), "{}", gateway.stderr());
    assert!(!file(&gateway).exists() && gateway.folder().join("l1.snapshot.refused").exists());
    let missed = ok("v1").cache_status(fwd("uri-miss").stored());
    gateway.get("/").await.expect(missed);
    restart(&mut gateway, "TERM").await;
    gateway.get("/").await.expect(ok("v1").hit());
}

#[tokio::test]
async fn one_that_is_foreign_damaged_or_cut_is_refused() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change); 6] = [
        ("not-a-snapshot", |bytes| bytes.clear()),
        ("not-a-snapshot", |bytes| *bytes = vec![b'x'; 4096]),
        ("not-a-snapshot", |bytes| bytes[20] ^= 1),
        ("not-a-snapshot", |bytes| bytes[HEADERS - 20] ^= 1),
        ("not-a-snapshot", |bytes| bytes.truncate(HEADERS - 1)),
        ("other-version", |bytes| bytes[9] += 1),
    ];
    for (reason, change) in changes {
        let (gateway, _origin) = stopped().await;
        let mut bytes = std::fs::read(file(&gateway)).unwrap();
        change(&mut bytes);
        std::fs::write(file(&gateway), bytes).unwrap();
        expect_refused(gateway, reason).await;
    }
}

#[tokio::test]
async fn one_whose_journal_is_missing_or_damaged_is_refused() {
    let (gateway, _origin) = stopped().await;
    let journal = gateway.folder().join("l1.snapshot.since-0");
    let whole = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &whole[..whole.len() - 1]).unwrap();
    expect_refused(gateway, "no-journal").await;
    let (gateway, _origin) = stopped().await;
    std::fs::remove_file(gateway.folder().join("l1.snapshot.since-0")).unwrap();
    expect_refused(gateway, "no-journal").await;
}

#[tokio::test]
async fn what_comes_before_the_damage_is_used_and_nothing_after() {
    let page = |path: &str| get(path).respond(ok(path.to_owned()).max_age(600)).repeat();
    let paths = ["/1", "/2", "/3"];
    let origin = Origin::script(paths.map(page));
    let mut gateway = start(&origin, AT_THE_STOP).await;
    for path in paths {
        gateway.get(path).await.expect(ok(path.to_owned()));
    }
    gateway.signal("TERM");
    gateway.wait_for_exit().await;
    let mut bytes = std::fs::read(file(&gateway)).unwrap();
    let middle = HEADERS + (bytes.len() - HEADERS) / 2;
    bytes[middle] ^= 0x80;
    std::fs::write(file(&gateway), bytes).unwrap();
    gateway.start_again().await;
    gateway
        .expect_metric("shoal_snapshot_loads_total", [("result", "damaged")], 1.0)
        .await;
    gateway
        .expect_metric("shoal_snapshot_loaded_entries", [], 1.0)
        .await;
    for path in paths {
        gateway.get(path).await.expect(ok(path.to_owned()));
    }
    assert_eq!(origin.requests().len(), 3 + 2);
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_named_and_the_gateway_serves() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(600))]);
    let gateway = start(
        &origin,
        "snapshot: { path: none/l1.snapshot, interval: 50ms }",
    )
    .await;
    for metric in ["shoal_snapshot_loads_total", "shoal_snapshot_saves_total"] {
        gateway
            .wait_for_metric(metric, [("result", "no-folder")], |count| count >= 1.0)
            .await;
    }
    assert!(gateway.stderr().contains("its folder does not exist"));
    gateway.get("/").await.expect(ok("v1"));
    gateway.get("/").await.expect(ok("v1").hit());
    let said = gateway.shoal(&["stat"]).await.stdout;
    assert!(said.contains("the last one failed: its folder"), "{said}");
}

#[tokio::test]
async fn a_file_that_another_gateway_has_is_left_to_it() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(600)).repeat()]);
    let first = start(&origin, OFTEN).await;
    first.get("/").await.expect(ok("v1"));
    first
        .wait_for_metric("shoal_snapshot_entries", [], |entries| entries >= 1.0)
        .await;
    let path = file(&first).display().to_string();
    let local = format!("snapshot: {{ path: \"{path}\", interval: 50ms }}");
    let second = start(&origin, &local).await;
    for metric in ["shoal_snapshot_loads_total", "shoal_snapshot_saves_total"] {
        second
            .wait_for_metric(metric, [("result", "in-use")], |count| count >= 1.0)
            .await;
    }
    let missed = ok("v1").cache_status(fwd("uri-miss").stored());
    second.get("/").await.expect(missed);
    assert!(file(&first).exists());
}

#[tokio::test]
async fn while_a_folder_cannot_be_written_the_snapshot_before_stays() {
    let (mut gateway, _origin) = stopped().await;
    let before = std::fs::read(file(&gateway)).unwrap();
    // A folder where the next one would be written, which even root cannot replace by a file.
    let obstacle = gateway.folder().join("l1.snapshot.partial");
    std::fs::create_dir(&obstacle).unwrap();
    gateway.start_again().await;
    gateway.reconfigure(|config| config.local(OFTEN)).await;
    gateway
        .wait_for_metric(
            "shoal_snapshot_saves_total",
            [("result", "failed")],
            |count| count >= 2.0,
        )
        .await;
    assert_eq!(std::fs::read(file(&gateway)).unwrap(), before);
    restart(&mut gateway, "KILL").await;
    gateway.get("/").await.expect(ok("v1").hit());
}
