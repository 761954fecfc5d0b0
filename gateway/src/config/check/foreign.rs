//! The names that users of nginx, Varnish, HAProxy, Envoy, Kong and APISIX bring, and ours.

/// Our keys for what is called `name` elsewhere, the likeliest first.
pub(super) fn ours(name: &str) -> &'static [&'static str] {
    let name = name.to_lowercase().replace(['-', '.'], "_");
    NAMES
        .iter()
        .find(|(foreign, _)| *foreign == name)
        .map_or(&[], |(_, ours)| ours)
}

const NAMES: &[(&str, &[&str])] = &[
    // nginx
    ("listen", &["listeners[].address", "listeners"]),
    ("location", &["routes[].match.path", "routes"]),
    ("server_names", &["routes[].match.host"]),
    ("proxy_pass", &["routes[].upstream"]),
    ("proxy_cache", &["routes[].cache", "routes[].cache.enabled"]),
    (
        "proxy_cache_valid",
        &["routes[].cache.status_ttl", "routes[].cache.ttl"],
    ),
    ("proxy_cache_key", &["routes[].cache.cache_key"]),
    ("proxy_cache_methods", &["routes[].cache.methods"]),
    ("proxy_cache_bypass", &["routes[].cache.cache_bypass"]),
    ("proxy_no_cache", &["routes[].cache.cache_bypass"]),
    ("proxy_cache_lock", &["routes[].cache.collapse_timeout"]),
    (
        "proxy_cache_lock_timeout",
        &["routes[].cache.collapse_timeout"],
    ),
    ("proxy_cache_use_stale", &["routes[].cache.stale_if_error"]),
    (
        "proxy_cache_background_update",
        &["routes[].cache.stale_while_revalidate"],
    ),
    (
        "proxy_cache_path",
        &["cache.distributed.local.max_memory", "cache"],
    ),
    ("proxy_connect_timeout", &["upstreams.NAME.connect_timeout"]),
    ("proxy_read_timeout", &["upstreams.NAME.read_timeout"]),
    ("proxy_send_timeout", &["upstreams.NAME.write_timeout"]),
    (
        "proxy_next_upstream",
        &["upstreams.NAME.retries.on", "upstreams.NAME.retries"],
    ),
    (
        "proxy_next_upstream_tries",
        &["upstreams.NAME.retries.attempts"],
    ),
    (
        "proxy_ssl_verify",
        &["upstreams.NAME.tls.verify", "upstreams.NAME.tls"],
    ),
    ("proxy_ssl_name", &["upstreams.NAME.tls.server_name"]),
    ("client_header_timeout", &["listeners[].header_timeout"]),
    ("send_timeout", &["listeners[].write_timeout"]),
    ("worker_processes", &["server.threads"]),
    ("worker_connections", &["listeners[].max_connections"]),
    ("worker_shutdown_timeout", &["server.grace_period"]),
    (
        "ssl_certificate",
        &["tls.NAME.certificates[].cert", "tls.NAME.certificates"],
    ),
    (
        "ssl_certificate_key",
        &["tls.NAME.certificates[].key", "tls.NAME.certificates"],
    ),
    ("ssl_protocols", &["tls.NAME.min_version"]),
    ("access_log", &["log.access"]),
    ("error_log", &["log.level"]),
    ("limit_req", &["routes[].rate_limit"]),
    // Varnish
    ("backend", &["routes[].upstream", "upstreams"]),
    ("backends", &["upstreams"]),
    (
        "grace",
        &[
            "routes[].cache.stale_while_revalidate",
            "routes[].cache.stale_if_error",
        ],
    ),
    ("keep", &["routes[].cache.stale_if_error"]),
    ("hash_data", &["routes[].cache.cache_key"]),
    ("first_byte_timeout", &["upstreams.NAME.read_timeout"]),
    ("between_bytes_timeout", &["upstreams.NAME.read_timeout"]),
    ("probe", &["upstreams.NAME.health_check"]),
    ("xkey", &["routes[].cache.tags"]),
    ("surrogate_key", &["routes[].cache.tags"]),
    // HAProxy
    ("frontend", &["listeners"]),
    ("frontends", &["listeners"]),
    ("bind", &["listeners[].address", "listeners"]),
    ("nbthread", &["server.threads"]),
    ("maxconn", &["listeners[].max_connections"]),
    // Envoy
    ("clusters", &["upstreams"]),
    ("virtual_hosts", &["routes"]),
    ("domains", &["routes[].match.host"]),
    ("prefix", &["routes[].match.path"]),
    ("lb_policy", &["upstreams.NAME.balance"]),
    ("outlier_detection", &["upstreams.NAME.outlier"]),
    ("circuit_breakers", &["upstreams.NAME.circuit_breaker"]),
    ("health_checks", &["upstreams.NAME.health_check"]),
    // Kong and APISIX
    ("services", &["upstreams"]),
    ("service", &["routes[].upstream"]),
    ("uri", &["routes[].match.path"]),
    ("uris", &["routes[].match.path"]),
    ("paths", &["routes[].match.path"]),
    ("hosts", &["routes[].match.host"]),
    ("nodes", &["upstreams.NAME.targets"]),
    ("servers", &["upstreams.NAME.targets"]),
    ("upstream_addr", &["upstreams.NAME.targets"]),
    ("upstream_id", &["routes[].upstream"]),
    ("algorithm", &["upstreams.NAME.balance"]),
    ("cache_ttl", &["routes[].cache.ttl"]),
    ("cache_method", &["routes[].cache.methods"]),
    ("request_method", &["routes[].cache.methods"]),
    ("cache_http_status", &["routes[].cache.status_ttl"]),
    ("response_code", &["routes[].cache.status_ttl"]),
    ("consumer_isolation", &["routes[].cache.identity"]),
    ("max_resp_body_size", &["routes[].cache.max_body"]),
    ("no_cache", &["routes[].cache.cache_bypass"]),
    ("cache_control", &["routes[].cache.request_directives"]),
    ("storage_ttl", &["routes[].cache.stale_if_error"]),
    ("vary_headers", &["routes[].cache.cache_key"]),
    (
        "vary_query_params",
        &["routes[].cache.query.include", "routes[].cache.query"],
    ),
    ("limit_count", &["routes[].rate_limit"]),
    ("jwt_auth", &["routes[].auth.jwt", "routes[].auth"]),
    // Words that mean the same everywhere
    ("eviction", &["cache.distributed.local.algorithm"]),
    ("policy", &["cache.distributed.local.algorithm"]),
    (
        "max_size",
        &[
            "cache.distributed.local.max_memory",
            "routes[].cache.max_body",
        ],
    ),
    ("workers", &["server.threads"]),
    ("shards", &["cache.distributed.local.segments"]),
    ("key", &["routes[].cache.cache_key"]),
    ("bypass", &["routes[].cache.cache_bypass"]),
    ("swr", &["routes[].cache.stale_while_revalidate"]),
    ("sie", &["routes[].cache.stale_if_error"]),
];

#[cfg(test)]
mod tests {
    use super::super::exists;
    use super::*;

    #[test]
    fn every_name_of_ours_exists() {
        for (foreign, ours) in NAMES {
            for path in *ours {
                assert!(exists(path), "{foreign}: {path}");
            }
        }
    }

    #[test]
    fn names_are_known_in_every_spelling() {
        assert_eq!(ours("proxy_pass"), ["routes[].upstream"]);
        assert_eq!(ours("Surrogate-Key"), ["routes[].cache.tags"]);
        assert!(ours("nonsense").is_empty());
    }
}
