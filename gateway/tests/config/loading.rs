//! How a file becomes a configuration: variables, secrets, folders, anchors, limits.

use shoal::config::load::{Origin, from_file, from_str};
use shoal::config::{Config, LogPath, Problems};
use std::path::Path;

/// Loads `text` as `/etc/shoal/shoal.yaml`, without any variables.
pub(crate) fn load(text: &str) -> Result<Config, Problems> {
    let origin = Origin {
        path: "/etc/shoal/shoal.yaml".into(),
    };
    from_str(text, &origin, &|_| None)
}

/// Loads what must load.
#[track_caller]
pub(crate) fn loaded(text: &str) -> Config {
    load(text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn an_empty_file_is_a_gateway_without_routes() {
    for text in [
        "",
        "# nothing",
        "{}",
        "---\n",
        "cache:\nroutes:\n",
        "\u{feff}",
    ] {
        let config = loaded(text);
        assert_eq!(config.listeners[0].address.to_string(), "0.0.0.0:8080");
        assert!(
            config.routes.is_empty() && !config.cache.distributed,
            "{text:?}"
        );
    }
}

#[test]
fn variables_are_put_in_before_types_are_given() {
    let text = r#"
        server: { threads: "${THREADS}" }
        listeners: [{ address: "${HOST:-127.0.0.1}:${PORT}", max_connections: "${MAX:-7}" }]
        upstreams: { shop: { targets: ["a:1"] } }
        routes: [{ upstream: shop, cache: { enabled: "${ON}", tags: ["${ENV}:$host"] } }]
        admin: { token: "${TOKEN}" }
    "#;
    let env = |name: &str| {
        let value = match name {
            "THREADS" => "3",
            "PORT" => "8081",
            "ON" => "false",
            "ENV" => "test",
            "TOKEN" => "hunter2",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let config = from_str(
        text,
        &Origin {
            path: "shoal.yaml".into(),
        },
        &env,
    )
    .unwrap();
    assert_eq!(config.server.threads, 3);
    assert_eq!(config.listeners[0].address.to_string(), "127.0.0.1:8081");
    assert_eq!(config.listeners[0].max_connections, 7);
    assert!(!config.routes[0].cache.enabled);
    let tag = format!("{:?}", config.routes[0].cache.tags[0]);
    assert!(tag.contains("test:") && tag.contains("Host"), "{tag}");
    assert_eq!(
        config.admin.token.as_ref().map(|token| token.0.as_str()),
        Some("hunter2")
    );
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn secrets_and_paths_start_from_the_files_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shoal.yaml");
    std::fs::write(folder.path().join("token"), "hunter2\n").unwrap();
    let text = "admin: { token: file:token }\nplugins: { p: { file: lua/p.lua } }\n\
                log: { access: { path: access.log } }\n";
    std::fs::write(&path, text).unwrap();
    let config = from_file(&path).unwrap();
    assert_eq!(
        config.admin.token.map(|token| token.0),
        Some("hunter2".to_owned())
    );
    assert_eq!(config.plugins["p"].file, folder.path().join("lua/p.lua"));
    let access = config.log.access.unwrap().path;
    assert_eq!(access, LogPath::File(folder.path().join("access.log")));
}

#[test]
fn a_file_that_is_no_configuration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shoal.yaml");
    let said = |path: &Path| from_file(path).unwrap_err().to_string();
    assert!(said(&path).contains("cannot be read"));
    std::fs::write(&path, b"server: \xff").unwrap();
    assert!(said(&path).contains("not UTF-8 from byte 8 on"));
    std::fs::write(&path, vec![b'#'; (4 << 20) + 1]).unwrap();
    assert!(said(&path).contains("more than 4 MiB"));
}

#[test]
fn anchors_and_merge_keys_work() {
    let config = loaded(
        "upstreams: { a: &a { targets: [\"a:1\"], connect_timeout: 3s },
                      b: { <<: *a, connect_timeout: 4s }, c: *a }",
    );
    let timeout = |name: &str| config.upstreams[name].connect_timeout.as_secs();
    assert_eq!((timeout("a"), timeout("b"), timeout("c")), (3, 4, 3));
    assert_eq!(config.upstreams["b"].targets[0].address, "a:1");
}

#[test]
fn what_unfolds_or_nests_without_end_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let previous = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{previous}]\n"));
    }
    assert!(
        load(&bomb)
            .unwrap_err()
            .to_string()
            .contains("aliases unfold too far")
    );
    let deep = format!("a: {}{}", "[".repeat(100), "]".repeat(100));
    assert!(load(&deep).unwrap_err().to_string().contains("levels deep"));
    let wide: String = (0..1_000)
        .map(|index| format!("unknown{index}: 1\n"))
        .collect();
    assert!(load(&wide).unwrap_err().0.len() <= 200);
}

#[test]
fn no_part_of_a_file_panics() {
    let contract = include_str!("contract.yaml");
    for (end, _) in contract.char_indices().step_by(7) {
        drop(load(&contract[..end]));
    }
    let lines: Vec<_> = contract.lines().collect();
    for left_out in 0..lines.len() {
        let mut rest = lines.clone();
        rest.remove(left_out);
        drop(load(&rest.join("\n")));
    }
    for odd in [
        "\0",
        "a: \u{7f}",
        "? [a]\n: b",
        "&a",
        "*a",
        "!!x",
        "- - -",
        "{",
        "\u{2028}:",
        "%",
    ] {
        drop(load(odd));
    }
}

#[test]
fn a_route_that_can_never_match_is_a_warning() {
    let config = loaded(
        "upstreams: { shop: { targets: [\"a:1\"] } }
routes:
  - { upstream: shop }
  - { upstream: shop, match: { path: /x } }",
    );
    assert_eq!(config.warnings.len(), 1);
    assert_eq!(config.warnings[0].path, "routes[1]");
    assert!(
        config.warnings[0]
            .to_string()
            .starts_with("warning: route \"route-2\" can never")
    );
}

#[test]
fn what_asks_for_nothing_is_active_and_defaults_are_not_nothing() {
    let upstream =
        "upstreams: { shop: { targets: [\"a:1\"], health_check: {}, purge_settle: 0s } }";
    let config = loaded(&format!(
        "{upstream}
routes: [{{ upstream: shop, auth: {{}}, cache: {{ slice: off, body_key: off }} }}]
cache: {{ distributed: {{ store: none, cluster: {{ seeds: [], witness: none, key: }} }} }}"
    ));
    assert_eq!(
        config.not_active,
        ["upstreams.shop.health_check", "routes[0].auth"]
    );
    assert_eq!(config.unprotected, ["routes[0].auth"]);
}
