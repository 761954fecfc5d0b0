//! The keys that this version accepts although their feature is not there yet.
//!
//! Each later feature deletes its line. What such a key says is checked for its form alone.

use super::tree::{Kind, Node, Path};

/// What would go wrong if a key were silently without effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    /// Something is slower, or not there.
    Serves,
    /// Somebody relies on it to keep others out.
    Protects,
}

/// A key that is not active: its path, the values that ask for nothing, and its duty.
///
/// In a path `[]` stands for every item, `NAME` for every key of a map.
const NOT_ACTIVE: &[(&str, &[&str], Duty)] = &[
    ("server.state_dir", &[], Duty::Serves),
    ("server.upgrade_socket", &[], Duty::Serves),
    ("listeners[].client_auth", &[], Duty::Protects),
    ("upstreams.NAME.health_check", &[], Duty::Serves),
    ("upstreams.NAME.outlier", &[], Duty::Serves),
    ("upstreams.NAME.circuit_breaker", &[], Duty::Serves),
    ("upstreams.NAME.purge_settle", &["0s", "0"], Duty::Serves),
    ("upstreams.NAME.retries.budget", &[], Duty::Serves),
    ("routes[].rate_limit", &[], Duty::Protects),
    ("routes[].auth", &[], Duty::Protects),
    ("routes[].cache.on_partition", &[], Duty::Serves),
    ("routes[].grpc", &[], Duty::Serves),
    ("cache.distributed.topology", &[], Duty::Serves),
    (
        "cache.distributed.cluster.multicast_address",
        &[],
        Duty::Serves,
    ),
    (
        "cache.distributed.cluster.heartbeat_interval",
        &[],
        Duty::Serves,
    ),
    (
        "cache.distributed.cluster.failure_timeout",
        &[],
        Duty::Serves,
    ),
    (
        "cache.distributed.cluster.max_cluster_size",
        &[],
        Duty::Serves,
    ),
    ("cache.distributed.cluster.transport", &[], Duty::Serves),
    ("cache.distributed.cluster.interface", &[], Duty::Serves),
    ("cache.distributed.cluster.bind", &[], Duty::Serves),
    ("cache.distributed.cluster.seeds", &[], Duty::Serves),
    ("cache.distributed.cluster.node", &[], Duty::Serves),
    ("cache.distributed.cluster.zone", &[], Duty::Serves),
    ("cache.distributed.cluster.min_members", &[], Duty::Serves),
    ("cache.distributed.cluster.witness", &["none"], Duty::Serves),
    ("cache.distributed.cluster.key", &[""], Duty::Protects),
    ("cache.distributed.ring", &[], Duty::Serves),
    ("cache.distributed.store", &["none"], Duty::Serves),
    ("cache.distributed.coherence.strategy", &[], Duty::Serves),
    (
        "cache.distributed.coherence.sync_interval",
        &[],
        Duty::Serves,
    ),
    (
        "cache.distributed.coherence.conflict_resolution",
        &[],
        Duty::Serves,
    ),
    (
        "cache.distributed.protocols.grpc.cache_idempotent_methods",
        &[],
        Duty::Serves,
    ),
    (
        "cache.distributed.protocols.grpc.stream_chunk_size",
        &[],
        Duty::Serves,
    ),
    (
        "cache.distributed.protocols.grpc.max_stream_cache_time",
        &[],
        Duty::Serves,
    ),
    ("tracing", &[], Duty::Serves),
];

/// What a file sets and this version does not do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inactive {
    /// Every such key, as a path.
    pub(super) all: Vec<String>,
    /// Those that protect.
    pub(super) protecting: Vec<String>,
}

/// The keys of `tree` that are not active.
pub(super) fn inactive(tree: &Node) -> Inactive {
    let mut found = Inactive::default();
    for (pattern, off, duty) in NOT_ACTIVE {
        for path in matches(tree, pattern) {
            let set = tree
                .find(&path)
                .is_some_and(|node| asks_for_something(node, off));
            if !set {
                continue;
            }
            if *duty == Duty::Protects {
                found.protecting.push(path.to_string());
            }
            found.all.push(path.to_string());
        }
    }
    found
}

fn asks_for_something(node: &Node, off: &[&str]) -> bool {
    // An empty list, such as `seeds: []`, asks for nothing. An empty map asks for all defaults.
    let empty_list = matches!(&node.kind, Kind::List(items) if items.is_empty());
    !node.is_null() && !empty_list && !node.text().is_some_and(|text| off.contains(&text))
}

/// The paths of `tree` that `pattern` describes.
fn matches(tree: &Node, pattern: &str) -> Vec<Path> {
    let mut paths = vec![Path::top()];
    for step in pattern.split('.') {
        let (key, each) = match step.strip_suffix("[]") {
            Some(key) => (key, true),
            None => (step, false),
        };
        paths = paths
            .iter()
            .flat_map(|path| below(tree, path, key))
            .collect();
        if each {
            paths = paths.iter().flat_map(|path| items(tree, path)).collect();
        }
    }
    paths
}

fn below(tree: &Node, path: &Path, key: &str) -> Vec<Path> {
    let entries = tree.find(path).map_or(&[][..], Node::entries);
    let fits = entries
        .iter()
        .filter(|entry| key == "NAME" || entry.key == key);
    fits.map(|entry| path.key(&entry.key)).collect()
}

fn items(tree: &Node, path: &Path) -> Vec<Path> {
    let count = tree.find(path).map_or(0, |node| node.items().len());
    (0..count).map(|index| path.index(index)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check;

    #[test]
    fn every_key_of_the_table_exists() {
        for (path, ..) in NOT_ACTIVE {
            assert!(check::exists(path), "{path}");
        }
    }
}
