//! The cache plan in words: why the cache is bypassed, or the key with its parts by name.
//!
//! The parts come from the very function that puts keys together (`caching::plan`).

use super::request::Described;
use super::secret;
use crate::caching::plan::{Lookup, Part, for_each_part};
use crate::config::route::{Piece, Template};
use crate::snapshot::LiveRoute;
use serde_json::{Value, json};
use shoal_plugins::KeyEdit;
use shoal_rules::{MethodClass, Reason};

pub(super) fn bypass(reason: Reason) -> Value {
    json!({
        "plan": "bypass",
        "reason": reason.label(),
        "explanation": reason.explanation(),
    })
}

pub(super) fn section(
    route: &LiveRoute,
    described: &Described,
    lookup: &Lookup,
    edits: &[KeyEdit],
) -> Value {
    let target = &described.target;
    let part = |name: &str, value: &str| json!({ "part": name, "value": value });
    let mut parts = vec![
        part("method class", class(lookup.class)),
        part("scheme", target.scheme),
        part("host", &target.host),
    ];
    for_each_part(route, described.asked(), edits, |of_key| {
        parts.push(match of_key {
            Part::Template(template, value) => part(&spelled(template), &veiled(template, value)),
            Part::Path(path) => part("path", path),
            Part::Query(query) => part("query", query),
            Part::Content(digest) => part("content", &hex(digest)),
            Part::Credentials(secret) => part("credentials", &secret::hashed(secret)),
            Part::Header(name, value) => {
                let value = secret::shown(name, value.as_bytes());
                part(&format!("header {name}"), &value)
            }
            Part::Cookie(name, value) => part(&format!("cookie {name}"), value),
            Part::Added(text) => part("plugin", text),
        });
    });
    json!({
        "plan": "look up",
        "key": format!("{:032x}", lookup.key.hash.0),
        "parts": parts,
        "query_sent": target.query,
        "resource": lookup.uri,
        "host": target.host,
        "route_tags": lookup.tags,
    })
}

fn class(class: MethodClass) -> &'static str {
    match class {
        MethodClass::Get => "GET, HEAD",
        MethodClass::Post => "POST",
        MethodClass::Query => "QUERY",
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A template as the configuration spells it.
fn spelled(template: &Template) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Scheme => "$scheme".to_owned(),
        Piece::Host => "$host".to_owned(),
        Piece::Path => "$path".to_owned(),
        Piece::Query => "$query".to_owned(),
        Piece::Method => "$method".to_owned(),
        Piece::ClientIp => "$client_ip".to_owned(),
        Piece::QueryParameter(name) => format!("$query.{name}"),
        Piece::Header(name) => format!("$header.{name}"),
        Piece::Cookie(name) => format!("$cookie.{name}"),
    };
    template.0.iter().map(piece).collect()
}

/// What a template became, unless a field in it identifies somebody.
fn veiled(template: &Template, value: &str) -> String {
    let secret = template.0.iter().find_map(|piece| match piece {
        Piece::Header(name) => {
            (secret::shown(name.as_str(), b"x") != "x").then(|| secret::hashed(value.as_bytes()))
        }
        Piece::Text(_)
        | Piece::Scheme
        | Piece::Host
        | Piece::Path
        | Piece::Query
        | Piece::Method
        | Piece::ClientIp
        | Piece::QueryParameter(_)
        | Piece::Cookie(_) => None,
    });
    secret.unwrap_or_else(|| value.to_owned())
}
