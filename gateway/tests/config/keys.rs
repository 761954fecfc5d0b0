//! Every key outside of `routes` reaches the typed configuration: each test fails when the resolver
//! drops the key that it names.

use super::loading::loaded;
use shoal::config::cache::{Algorithm, Compression};
use shoal::config::listener::{ClientAuthMode, Protocols, TlsVersion};
use shoal::config::upstream::{Balance, UpstreamProtocol, Verify};
use shoal::config::{AccessFormat, ByteSize, LogPath, OnError};
use std::path::Path;
use std::time::Duration;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn distributed_enabled() {
    assert!(
        loaded("cache: { distributed: { enabled: true } }")
            .cache
            .distributed
    );
}

#[test]
fn local_algorithm() {
    let config = loaded("cache: { distributed: { local: { algorithm: lru } } }");
    assert_eq!(config.cache.local.algorithm, Algorithm::Lru);
}

#[test]
fn local_max_memory() {
    let config = loaded("cache: { distributed: { local: { max_memory: 3MB } } }");
    assert_eq!(config.cache.local.max_memory, ByteSize::mib(3));
}

#[test]
fn local_segments() {
    let config = loaded("cache: { distributed: { local: { segments: 4 } } }");
    assert_eq!(config.cache.local.segments, 4);
}

#[test]
fn local_cleanup_interval() {
    let config = loaded("cache: { distributed: { local: { cleanup_interval: 11s } } }");
    assert_eq!(config.cache.local.cleanup_interval, s(11));
}

#[test]
fn local_compression() {
    let compression = |text: &str| loaded(text).cache.local.compression;
    for (word, expected) in [
        ("off", Compression::Off),
        ("adaptive", Compression::Adaptive),
        ("lz4", Compression::Lz4),
        ("zstd", Compression::Zstd),
    ] {
        let text = format!("cache: {{ distributed: {{ local: {{ compression: {word} }} }} }}");
        assert_eq!(compression(&text), expected);
    }
    assert_eq!(compression(""), Compression::Off);
}

#[test]
fn local_snapshot() {
    let snapshot = |text: &str| {
        let local = format!("cache: {{ distributed: {{ local: {{ {text} }} }} }}");
        loaded(&local).cache.local.snapshot
    };
    let given = snapshot("snapshot: { path: /a/l1, interval: 11s }").unwrap();
    assert_eq!(
        (given.path.as_path(), given.interval),
        (Path::new("/a/l1"), s(11))
    );
    let given = snapshot("snapshot: { path: l1 }").unwrap();
    assert!(given.path.is_absolute());
    assert_eq!(given.interval, s(300));
    assert_eq!(snapshot("segments: 4"), None);
}

#[test]
fn http_respect_cache_control() {
    let text = "cache: { distributed: { protocols: { http: { respect_cache_control: false } } } }";
    assert!(!loaded(text).cache.http.respect_cache_control);
}

#[test]
fn http_default_ttl() {
    let text = "cache: { distributed: { protocols: { http: { default_ttl: 300s } } } }";
    assert_eq!(loaded(text).cache.http.default_ttl, Some(s(300)));
    assert_eq!(loaded("").cache.http.default_ttl, None);
}

#[test]
fn http_vary_support() {
    let text = "cache: { distributed: { protocols: { http: { vary_support: false } } } }";
    assert!(!loaded(text).cache.http.vary_support);
}

#[test]
fn metrics_enabled() {
    assert!(
        !loaded("cache: { metrics: { enabled: false } }")
            .cache
            .metrics
            .enabled
    );
}

#[test]
fn metrics_collection_interval() {
    let config = loaded("cache: { metrics: { collection_interval: 11s } }");
    assert_eq!(config.cache.metrics.collection_interval, s(11));
}

#[test]
fn metrics_histogram_buckets() {
    let config = loaded("cache: { metrics: { histogram_buckets: [0.5, 1, 2e1] } }");
    assert_eq!(config.cache.metrics.histogram_buckets, [0.5, 1.0, 20.0]);
}

#[test]
fn server() {
    let config = loaded(
        "server: { threads: 3, grace_period: 9s, state_dir: state, upgrade_socket: /run/x.sock }",
    );
    assert_eq!(config.server.threads, 3);
    assert_eq!(config.server.grace_period, s(9));
    assert_eq!(config.server.state_dir, Path::new("/etc/shoal/state"));
    assert_eq!(config.server.upgrade_socket, Path::new("/run/x.sock"));
    assert_eq!(
        config.not_active,
        ["server.state_dir", "server.upgrade_socket"]
    );
}

#[test]
fn listeners() {
    let config = loaded(
        "listeners:
  - { address: \"127.0.0.1:1\", protocols: [http1], max_connections: 2, header_timeout: 3s,
      keepalive_timeout: 4s, write_timeout: 5s }
  - { address: \"127.0.0.1:2\", tls: public, client_auth: { ca: ca.pem, mode: optional } }
tls: { public: { certificates: [{ cert: a.pem, key: /k }], min_version: 1.3 } }",
    );
    let [clear, tls] = config.listeners.as_slice() else {
        panic!("two listeners")
    };
    assert_eq!(clear.address.port(), 1);
    assert_eq!(
        clear.protocols,
        Protocols {
            http1: true,
            h2: false,
            h2c: false
        }
    );
    assert_eq!(clear.max_connections, 2);
    assert_eq!(
        (clear.header_timeout, clear.keepalive_timeout),
        (s(3), s(4))
    );
    assert_eq!((clear.write_timeout, tls.write_timeout), (s(5), s(60)));
    assert_eq!(
        tls.protocols,
        Protocols {
            http1: true,
            h2: true,
            h2c: false
        }
    );
    assert_eq!(tls.tls.as_deref(), Some("public"));
    let auth = tls.client_auth.as_ref().unwrap();
    assert_eq!(
        (auth.ca.as_path(), auth.mode),
        (Path::new("/etc/shoal/ca.pem"), ClientAuthMode::Optional)
    );
    assert_eq!(config.unprotected, ["listeners[1].client_auth"]);
    let public = &config.tls["public"];
    assert_eq!(
        (public.name.as_str(), public.min_version),
        ("public", TlsVersion::V1_3)
    );
    assert_eq!(public.certificates[0].cert, Path::new("/etc/shoal/a.pem"));
    assert_eq!(public.certificates[0].key, Path::new("/k"));
}

#[test]
fn upstreams() {
    let config = loaded(
        "upstreams:
  a: { targets: [\"A.example:1\", { address: \"[::1]:2\", weight: 3 }], protocol: h2,
       tls: { server_name: x.example, verify: dangerously_off }, balance: round_robin,
       connect_timeout: 4s, read_timeout: 5s, write_timeout: 6s, idle_timeout: 7s,
       retries: { attempts: 2, on: [connect_failure] } }
  b: { targets: [\"b:1\"], balance: { hash: $path }, protocol: auto, retries: { on: [] } }
  c: { targets: [\"c:1\"], balance: random, protocol: h2c }
  d: { targets: [\"d:1\"] }",
    );
    let a = &config.upstreams["a"];
    assert_eq!(a.name, "a");
    assert_eq!(
        (a.targets[0].address.as_str(), a.targets[0].weight),
        ("a.example:1", 1)
    );
    assert_eq!(
        (a.targets[1].address.as_str(), a.targets[1].weight),
        ("[::1]:2", 3)
    );
    assert_eq!(a.protocol, UpstreamProtocol::H2);
    let tls = a.tls.as_ref().unwrap();
    assert_eq!(
        (tls.server_name.as_deref(), tls.verify),
        (Some("x.example"), Verify::DangerouslyOff)
    );
    assert!(matches!(a.balance, Balance::RoundRobin));
    assert_eq!((a.connect_timeout, a.read_timeout), (s(4), s(5)));
    assert_eq!((a.write_timeout, a.idle_timeout), (s(6), s(7)));
    assert_eq!(a.retries.attempts, 2);
    let b = &config.upstreams["b"];
    assert!(matches!(&b.balance, Balance::Hash(template) if template.0.len() == 1));
    assert_eq!(
        (b.protocol, b.retries.attempts),
        (UpstreamProtocol::Auto, 0)
    );
    let (c, d) = (&config.upstreams["c"], &config.upstreams["d"]);
    assert!(matches!(c.balance, Balance::Random) && c.protocol == UpstreamProtocol::H2c);
    assert!(matches!(d.balance, Balance::LeastRequests) && d.retries.attempts == 1);
    assert!(d.protocol == UpstreamProtocol::Http1 && d.tls.is_none());
}

#[test]
fn plugins() {
    let config = loaded(
        "plugins:
  products: { file: p.lua, config: { ttl: 10m, n: 3, on: true, list: [1.5, \"2\", null] },
              on_error: reject, cpu: 3ms, memory: 5MiB }",
    );
    let plugin = &config.plugins["products"];
    assert_eq!(plugin.name, "products");
    assert_eq!(plugin.file, Path::new("/etc/shoal/p.lua"));
    let conf = serde_json::json!({ "ttl": "10m", "n": 3, "on": true, "list": [1.5, "2", null] });
    assert_eq!(plugin.config, conf);
    assert_eq!(plugin.on_error, OnError::Reject);
    assert_eq!(
        (plugin.cpu, plugin.memory),
        (Duration::from_millis(3), ByteSize::mib(5))
    );
}

#[test]
fn admin() {
    let config = loaded(
        "admin: { address: \"0.0.0.0:1\", token: secret, purge_from: [10.0.0.0/8, \"::1\"] }",
    );
    assert_eq!(config.admin.address.to_string(), "0.0.0.0:1");
    assert_eq!(
        config.admin.token.map(|token| token.0).as_deref(),
        Some("secret")
    );
    let ranges = &config.admin.purge_from;
    assert!(ranges[0].contains([10, 1, 1, 1].into()) && ranges[1].prefix == 128);
    assert!(loaded("admin: { token: \"\" }").admin.token.is_none());
}

#[test]
fn log() {
    let config = loaded("log: { level: debug, access: { format: combined, path: /a.log } }");
    assert_eq!(config.log.level, "debug");
    let access = config.log.access.unwrap();
    assert_eq!(access.format, AccessFormat::Combined);
    assert_eq!(access.path, LogPath::File("/a.log".into()));
    let access = loaded("log: { access: { path: stdout } }")
        .log
        .access
        .unwrap();
    assert_eq!(
        (access.format, access.path),
        (AccessFormat::Json, LogPath::Stdout)
    );
}
