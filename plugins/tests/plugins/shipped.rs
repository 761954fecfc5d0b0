//! The plugins that come with the gateway, and the types for editors.

use crate::world::*;
use serde_json::{Value, json};
use shoal_plugins::{CacheDecision, KeyEdit, KeyOp, Plugin, RequestDecision, RequestVerdict};
use std::path::PathBuf;
use std::time::Duration;

#[track_caller]
fn shipped(file: &str, config: Value) -> Plugin {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    let mut source = source(&std::fs::read_to_string(&path).unwrap());
    source.file = file.into();
    source.config = config;
    Plugin::load(source).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_default_policy_decides_nothing() {
    let plugin = shipped("lua/default_policy.lua", Value::Null);
    let request = get("/a?b=c").with("cookie", "a=b");
    assert_eq!(
        plugin.on_request(&request).unwrap(),
        RequestDecision::default()
    );
    assert_eq!(plugin.cache_key(&request).unwrap(), KeyEdit::default());
    for code in [200, 301, 404, 500] {
        let answer = status(code).with("cache-control", "max-age=5");
        assert_eq!(
            plugin.on_response(&request, &answer).unwrap(),
            CacheDecision::default()
        );
    }
}

#[test]
fn products_live_by_status_and_carry_their_tag() {
    let plugin = shipped("lua/api_products.lua", json!({ "ttl": "10m" }));
    let request = get("/api/products?id=42&lang=de&utm_source=x");
    assert_eq!(
        plugin.cache_key(&request).unwrap().ops,
        [
            KeyOp::QueryOnly(vec!["id".into(), "lang".into()]),
            KeyOp::Header("accept-language".into())
        ]
    );
    let found = plugin.on_response(&request, &status(200)).unwrap();
    assert_eq!(found.ttl, Some(Duration::from_secs(600)));
    assert_eq!(found.stale_while_revalidate, Some(Duration::from_secs(30)));
    assert_eq!(found.tags, ["product:42"]);
    let missing = plugin.on_response(&request, &status(404)).unwrap();
    assert_eq!(
        (missing.ttl, missing.tags),
        (Some(Duration::from_secs(10)), found.tags)
    );
    let broken = plugin
        .on_response(&get("/api/products"), &status(500))
        .unwrap();
    assert_eq!(broken.no_store.as_deref(), Some("status"));
    let preview = plugin
        .on_request(&get("/").with("x-preview", "1"))
        .unwrap()
        .verdict;
    assert_eq!(preview, RequestVerdict::Bypass("preview".into()));
}

#[test]
fn paths_become_tags() {
    let plugin = shipped("lua/tag_by_path.lua", json!({ "depth": 2 }));
    let tags = plugin
        .on_response(&get("/shop/shoes/42"), &status(200))
        .unwrap()
        .tags;
    assert_eq!(tags, ["path:/shop", "path:/shop/shoes"]);
    assert!(
        plugin
            .on_response(&get("/"), &status(200))
            .unwrap()
            .tags
            .is_empty()
    );
}

#[test]
fn failures_are_stored_for_a_moment() {
    let plugin = shipped("lua/negative_cache.lua", Value::Null);
    let ttl = |answer| plugin.on_response(&get("/"), &answer).unwrap().ttl;
    assert_eq!(ttl(status(200)), None);
    assert_eq!(ttl(status(404)), Some(Duration::from_secs(10)));
    assert_eq!(ttl(status(503)), Some(Duration::from_secs(1)));
    assert_eq!(ttl(status(503).with("cache-control", "no-store")), None);
    let never = shipped("lua/negative_cache.lua", json!({ "failing": 0 }));
    let decision = never.on_response(&get("/"), &status(503)).unwrap();
    assert_eq!(decision.no_store.as_deref(), Some("failing"));
}

#[test]
fn the_types_for_editors_name_what_exists() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("types/shoal.d.luau");
    let types = std::fs::read_to_string(path).unwrap();
    for (class, object) in [
        ("Request", "req"),
        ("Response", "res"),
        ("Key", "key"),
        ("Cache", "cache"),
    ] {
        let (_, body) = types
            .split_once(&format!("declare class {class}\n"))
            .unwrap();
        let (body, _) = body.split_once("\nend").unwrap();
        let names = body.lines().map(|line| {
            let line = line.trim();
            line.strip_prefix("function ")
                .unwrap_or(line)
                .split(['(', ':'])
                .next()
                .unwrap()
        });
        for name in names {
            // An unknown name is an error, so reading it is the test.
            let script = format!("local _ = {object}.{name}");
            let outcome = match object {
                "key" => cache_key(&script).cache_key(&get("/")).map(drop),
                _ => on_response(&script)
                    .on_response(&get("/"), &status(200))
                    .map(drop),
            };
            outcome.unwrap_or_else(|error| panic!("{class}.{name}: {error}"));
        }
    }
    let (_, global) = types.split_once("declare shoal: {").unwrap();
    let listed = eval(
        "(function() local names = {} for name, value in shoal do table.insert(names, name)
         if type(value) == 'table' then for inner in value do table.insert(names, inner) end end end
         return table.unpack(names) end)()",
        &get("/"),
    );
    for name in listed.split_whitespace() {
        assert!(
            global.contains(&format!("  {name}: ")),
            "shoal..{name} has no type"
        );
    }
}
