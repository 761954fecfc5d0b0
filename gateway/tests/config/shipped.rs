//! The files in `conf/` load, say what the code does, and name every key of the schema.

use super::loading::loaded;
use serde_json::Value;
use std::collections::BTreeSet;

const SHOAL: &str = include_str!("../../../conf/shoal.yaml");
const MINIMAL: &str = include_str!("../../../conf/minimal.yaml");
const RESEARCH: &str = include_str!("../../../conf/examples/research-document.yaml");
const CONTRACT: &str = include_str!("contract.yaml");

#[test]
fn the_shipped_file_is_the_default() {
    let (shipped, empty) = (loaded(SHOAL), loaded(""));
    assert_eq!(format!("{shipped:#?}"), format!("{empty:#?}"));
    assert!(empty.not_active.is_empty() && empty.warnings.is_empty());
}

#[test]
fn the_shipped_file_loads_with_every_key() {
    let config = loaded(&uncommented());
    assert_eq!(config.listeners.len(), 2);
    assert_eq!(config.routes.len(), 2);
    let protecting = [
        "listeners[1].client_auth",
        "routes[0].rate_limit",
        "routes[0].auth",
        "cache.distributed.cluster.key",
    ];
    assert_eq!(config.unprotected, protecting);
}

#[test]
fn the_shipped_file_names_every_key_of_the_schema() {
    let tree: Value = serde_yaml::from_str(&uncommented()).unwrap();
    let mut written = BTreeSet::new();
    keys_of(&tree, "", &mut written);
    let schema: Value = serde_json::from_str(&shoal::config::schema::json()).unwrap();
    let mut expected = BTreeSet::new();
    keys_in(&schema, &schema, "", &mut expected);
    assert!(expected.len() > 150, "{}", expected.len());
    let missing: Vec<_> = expected
        .iter()
        .filter(|path| !has(&written, path))
        .collect();
    assert!(missing.is_empty(), "conf/shoal.yaml lacks {missing:#?}");
}

#[test]
fn every_key_of_the_schema_is_described() {
    let schema: Value = serde_json::from_str(&shoal::config::schema::json()).unwrap();
    let mut properties = Vec::new();
    collect_properties(&schema, &mut properties);
    for (name, property, owner) in properties {
        // The one key of a choice, such as `hash`, is described with the choice.
        let choice = owner["properties"]
            .as_object()
            .is_some_and(|keys| keys.len() == 1);
        let described =
            property.get("description").is_some() || (choice && owner.get("description").is_some());
        assert!(described, "{name} has no description");
    }
}

#[test]
fn the_minimal_file_is_a_gateway() {
    let config = loaded(MINIMAL);
    assert_eq!(config.routes[0].upstream, "origin");
    assert!(config.routes[0].cache.enabled);
    assert!(config.not_active.is_empty());
}

#[test]
fn the_research_documents_block_stands_alone() {
    let config = loaded(RESEARCH);
    assert_eq!(config.listeners[0].address.to_string(), "0.0.0.0:8080");
    assert_eq!(config.listeners.len(), 1);
    assert_eq!(config.admin.address.to_string(), "127.0.0.1:9901");
    assert!(config.routes.is_empty());
    assert!(config.cache.distributed);
    assert!(config.unprotected.is_empty());
    assert_eq!(
        config.not_active,
        [
            "cache.distributed.cluster.multicast_address",
            "cache.distributed.cluster.heartbeat_interval",
            "cache.distributed.cluster.failure_timeout",
            "cache.distributed.cluster.max_cluster_size",
            "cache.distributed.coherence.strategy",
            "cache.distributed.coherence.sync_interval",
            "cache.distributed.coherence.conflict_resolution",
            "cache.distributed.protocols.grpc.cache_idempotent_methods",
            "cache.distributed.protocols.grpc.stream_chunk_size",
            "cache.distributed.protocols.grpc.max_stream_cache_time",
        ]
    );
}

#[test]
fn the_contract_loads() {
    let config = loaded(CONTRACT);
    assert_eq!(config.upstreams.len(), 2);
    assert!(
        config
            .not_active
            .iter()
            .any(|path| path == "routes[1].grpc")
    );
    for off in [
        "routes[0].cache.slice",
        "routes[0].cache.body_key",
        "upstreams.shop.purge_settle",
    ] {
        assert!(!config.not_active.iter().any(|path| path == off), "{off}");
    }
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

/// `conf/shoal.yaml` with its examples switched on: `#key` is one, `# prose` is not.
fn uncommented() -> String {
    let line = |line: &str| {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        match text.strip_prefix('#') {
            Some(prose) if prose.starts_with(' ') && indent.is_empty() && !is_example(prose) => {
                line.to_owned()
            }
            Some("") | None => line.to_owned(),
            Some(example) => format!("{indent}{example}"),
        }
    };
    SHOAL.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Two spaces or more: the inner lines of an example.
fn is_example(prose: &str) -> bool {
    prose.starts_with("  ")
}

fn keys_of(value: &Value, path: &str, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let path = format!("{path}.{key}");
                keys.insert(path.clone());
                keys_of(inner, &path, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys_of(item, path, keys)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The paths of all keys that the schema declares; `*` for the keys of maps by name.
fn keys_in(schema: &Value, at: &Value, path: &str, keys: &mut BTreeSet<String>) {
    if let Some(name) = at.get("$ref").and_then(Value::as_str) {
        let definition = schema.pointer(&name[1..]).unwrap();
        keys_in(schema, definition, path, keys);
    }
    for name in ["anyOf", "oneOf"] {
        for one in at.get(name).and_then(Value::as_array).into_iter().flatten() {
            keys_in(schema, one, path, keys);
        }
    }
    for (key, inner) in at
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let path = format!("{path}.{key}");
        keys.insert(path.clone());
        keys_in(schema, inner, &path, keys);
    }
    if let Some(other) = at
        .get("additionalProperties")
        .filter(|other| other.is_object())
    {
        keys_in(schema, other, &format!("{path}.*"), keys);
    }
    if let Some(items) = at.get("items") {
        keys_in(schema, items, path, keys);
    }
}

fn has(written: &BTreeSet<String>, pattern: &str) -> bool {
    // Names of maps may hold dots; the pattern's pieces between `*` must follow each other.
    written.iter().any(|path| {
        let mut pieces = pattern.split(".*");
        let Some(rest) = path.strip_prefix(pieces.next().unwrap_or_default()) else {
            return false;
        };
        let end = pieces.try_fold(rest, |rest, piece| {
            rest.find(piece)
                .filter(|at| piece.is_empty() || *at > 0)
                .map(|at| &rest[at + piece.len()..])
        });
        end.is_some_and(str::is_empty)
    })
}

/// Each key, what the schema says of it, and the schema that it belongs to.
fn collect_properties<'v>(at: &'v Value, found: &mut Vec<(&'v str, &'v Value, &'v Value)>) {
    match at {
        Value::Object(map) => {
            for (key, inner) in map {
                if key == "properties" {
                    let properties = inner.as_object().into_iter().flatten();
                    found.extend(properties.map(|(name, property)| (name.as_str(), property, at)));
                }
                collect_properties(inner, found);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_properties(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
