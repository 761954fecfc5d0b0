//! Which route takes the request, and which part of each earlier one does not fit.
//!
//! The choice is `snapshot`'s and the comparison `routing`'s: a part is asked by itself, as a match of
//! nothing else.

use super::request::Described;
use crate::config::route::{HeaderPattern, HostPattern, Match, PathPattern};
use crate::routing::Target;
use crate::snapshot::{LiveRoute, Snapshot};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn choose(
    snapshot: &Snapshot,
    described: &Described,
) -> (Option<Arc<LiveRoute>>, Value) {
    let target = described.routed();
    let chosen = snapshot.route(target).cloned();
    let is_chosen = |route: &Arc<LiveRoute>| {
        chosen
            .as_ref()
            .is_some_and(|chosen| Arc::ptr_eq(chosen, route))
    };
    let earlier = snapshot.routes.iter().take_while(|route| !is_chosen(route));
    let refused: Vec<Value> = earlier
        .map(|route| {
            let because = unfit(&route.config.matches, target);
            json!({ "name": route.config.name, "because": because })
        })
        .collect();
    let section = json!({
        "name": chosen.as_ref().map(|route| &route.config.name),
        "upstream": chosen.as_ref().map(|route| &route.config.upstream),
        "does_not_fit": refused,
    });
    (chosen, section)
}

/// Every part that does not fit, in words.
fn unfit(wanted: &Match, target: Target<'_>) -> Vec<String> {
    let any = Match::default;
    let mut because = Vec::new();
    let host = Match {
        host: wanted.host.clone(),
        ..any()
    };
    if let Some(pattern) = wanted.host.as_ref().filter(|_| !host.fits(target)) {
        because.push(format!(
            "host {} is not {}",
            target.host,
            host_text(pattern)
        ));
    }
    let path = Match {
        path: wanted.path.clone(),
        ..any()
    };
    if let Some(pattern) = wanted.path.as_ref().filter(|_| !path.fits(target)) {
        because.push(format!(
            "path {} is not {}",
            target.path,
            path_text(pattern)
        ));
    }
    let methods = Match {
        methods: wanted.methods.clone(),
        ..any()
    };
    if !methods.fits(target) {
        let names: Vec<&str> = wanted.methods.iter().map(http::Method::as_str).collect();
        because.push(format!(
            "method {} is not {}",
            target.method,
            names.join(" or ")
        ));
    }
    for (name, pattern) in &wanted.headers {
        let header = Match {
            headers: vec![(name.clone(), pattern.clone())],
            ..any()
        };
        if !header.fits(target) {
            because.push(match pattern {
                HeaderPattern::Present => format!("header {name} is absent"),
                HeaderPattern::Exact(value) => format!("header {name} is not {value:?}"),
            });
        }
    }
    because
}

fn host_text(pattern: &HostPattern) -> String {
    match pattern {
        HostPattern::Exact(name) => name.clone(),
        HostPattern::Suffix(suffix) => format!("*{suffix}"),
    }
}

fn path_text(pattern: &PathPattern) -> String {
    match pattern {
        PathPattern::Exact(path) => path.clone(),
        PathPattern::Prefix(prefix) => format!("{prefix}*"),
    }
}
