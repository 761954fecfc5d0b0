//! Saves are noticed, however they are made, and mistakes that are taken back are forgotten.

use shoal_tests::{Gateway, Origin, eventually, fwd, get, ok};

const TTL: &str =
    "local P = { name = 'p' }\nfunction P.on_response(q, r, cache) cache:ttl('10m') end\nreturn P";

async fn applied(gateway: &Gateway, version: u64) {
    let what = format!("version {version}");
    gateway
        .wait_for_config(&what, |status| status["version"] == version)
        .await;
}

#[tokio::test]
async fn a_busy_log_in_the_same_folder_hides_no_save() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(600))]);
    let mut gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    let address = gateway.address();
    let traffic = tokio::spawn(async move {
        let mut client = shoal_tests::Client::connect(address).await;
        loop {
            client.send(get("/")).await.expect(ok("v1").hit());
        }
    });
    for version in 2..6 {
        gateway.write_config(|config| config.route_cache(&format!("ttl: {version}m")));
        applied(&gateway, version).await;
    }
    traffic.abort();
}

#[tokio::test]
async fn a_file_that_is_replaced_by_a_rename_is_noticed() {
    let origin = Origin::script([]);
    let mut gateway = Gateway::start(&origin).await;
    let path = gateway.folder().join("shoal.yaml");
    let aside = gateway.folder().join("aside");
    for version in 2..5 {
        let old = std::fs::read(&path).unwrap();
        gateway.write_config(|config| config.route_cache(&format!("ttl: {version}m")));
        // As if the new one had been written elsewhere: removed, then put in place whole.
        std::fs::rename(&path, &aside).unwrap();
        std::fs::write(&path, old).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::rename(&aside, &path).unwrap();
        gateway
            .wait_for_config("applied", |status| {
                status["last_reload"]["result"] != "failed"
            })
            .await;
        applied(&gateway, version).await;
    }
}

#[tokio::test]
async fn an_empty_file_is_no_configuration() {
    // A file is empty for a moment while it is written, and for longer when the disk is full.
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::start(&origin).await;
    gateway.write_file("shoal.yaml", "\n");
    gateway
        .wait_for_config("a failure", |status| {
            status["last_reload"]["result"] == "failed"
        })
        .await;
    gateway.get("/").await.expect(ok("v1"));
    assert_eq!(gateway.shoal(&["check"]).await.code, Some(3));
}

#[tokio::test]
async fn the_last_of_many_quick_saves_wins() {
    let origin = Origin::script([get("/*").respond(ok("v1").max_age(5)).repeat()]);
    let mut gateway = Gateway::start(&origin).await;
    for ttl in 100..200 {
        gateway.write_config(|config| config.route_cache(&format!("ttl: {ttl}s")));
        tokio::task::yield_now().await;
    }
    let mut run = 0;
    let last = async || {
        run += 1;
        let ttl = gateway.get(&format!("/{run}")).await.cache_status().ttl();
        ttl.filter(|ttl| *ttl > 197)
    };
    eventually("the last save", last).await;
}

#[tokio::test]
async fn a_mistake_that_is_taken_back_is_forgotten() {
    let origin = Origin::script([]);
    let gateway = Gateway::with(&origin).plugin("p", TTL).start().await;
    gateway.write_file("p.lua", "no lua");
    gateway
        .wait_for_config("a failure", |status| {
            status["last_reload"]["result"] == "failed"
        })
        .await;
    gateway
        .expect_metric("shoal_config_last_reload_successful", [], 0.0)
        .await;
    gateway.write_file("p.lua", TTL);
    gateway
        .wait_for_config("no failure", |status| {
            status["last_reload"]["result"] != "failed"
        })
        .await;
    gateway
        .expect_metric("shoal_config_last_reload_successful", [], 1.0)
        .await;
}

#[tokio::test]
async fn a_plugin_may_come_after_the_configuration_that_names_it() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let mut gateway = Gateway::start(&origin).await;
    gateway.write_config(|config| config.plugin("p", TTL).without_files());
    gateway
        .wait_for_config("a failure", |status| {
            status["last_reload"]["result"] == "failed"
        })
        .await;
    gateway.write_file("p.lua", TTL);
    applied(&gateway, 2).await;
    gateway
        .get("/")
        .await
        .expect(ok("v1").cache_status(fwd("uri-miss").stored().ttl(600)));
}

#[tokio::test]
async fn two_hundred_reloads_leave_nothing_behind() {
    let origin = Origin::script([get("/*").respond(ok("v1")).repeat()]);
    let mut gateway = Gateway::with(&origin).plugin("p", TTL).start().await;
    let mut reload = async |run: u32| {
        let lua = format!("{TTL}\n-- {run}");
        gateway
            .reconfigure(|config| config.file("p.lua", &lua))
            .await;
        gateway.get(&format!("/{run}")).await.expect(ok("v1"));
        gateway.rss_bytes()
    };
    let mut before = 0;
    for run in 0..40 {
        before = reload(run).await;
    }
    let mut after = 0;
    for run in 40..240 {
        after = reload(run).await;
    }
    let grown = after.saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes more after 200 reloads");
}
