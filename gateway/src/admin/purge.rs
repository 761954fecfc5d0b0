//! `POST /purge`: the JSON that users of content delivery networks know.

use super::Operator;
use crate::caching::purge::{self, Named};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use shoal_cache::Strength;

/// Names in one request beyond it are refused: split the request.
const NAMES_MAX: usize = 1000;

/// What to purge. Everything that is named is purged.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Order {
    files: Vec<String>,
    tags: Vec<String>,
    hosts: Vec<String>,
    prefixes: Vec<String>,
    regex: Option<String>,
    purge_everything: bool,
    soft: bool,
    /// Accepted for scripts that also run against clusters; alone, a purge is done when it is answered.
    wait: Option<bool>,
    timeout: Option<String>,
}

impl Order {
    fn names(self) -> Vec<Named> {
        let _cluster_only = (self.wait, self.timeout);
        // Only a pattern can be wrong: it comes first, so that a refused order has purged nothing.
        let mut names: Vec<Named> = self.regex.map(Named::Regex).into_iter().collect();
        names.extend(self.files.into_iter().map(Named::Url));
        names.extend(self.tags.into_iter().map(Named::Tag));
        names.extend(self.hosts.into_iter().map(Named::Host));
        names.extend(self.prefixes.into_iter().map(Named::Prefix));
        names.extend(self.purge_everything.then_some(Named::All));
        names
    }
}

pub(super) async fn purge(
    State(operator): State<Operator>,
    order: Result<Json<Order>, JsonRejection>,
) -> (StatusCode, Json<Value>) {
    let order = match order {
        Ok(Json(order)) => order,
        Err(refused) => {
            let error = json!({ "error": refused.body_text() });
            return (refused.status(), Json(error));
        }
    };
    let strength = if order.soft {
        Strength::Soft
    } else {
        Strength::Hard
    };
    let names = order.names();
    if names.is_empty() || names.len() > NAMES_MAX {
        let error = format!(
            "name between 1 and {NAMES_MAX} things to purge: files, tags, hosts, prefixes, regex or purge_everything"
        );
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    }
    let snapshot = operator.gateway.current.load_full();
    let mut purged = Some(0);
    let mut id = 0;
    let invalidations = names
        .iter()
        .flat_map(|name| name.invalidations(&snapshot, strength));
    for invalidation in invalidations {
        match purge::apply(&operator.gateway, &invalidation) {
            Ok(applied) => {
                purged = purged.zip(applied.objects).map(|(sum, count)| sum + count);
                id = applied.epoch.count();
            }
            Err(bad) => {
                return (
                    StatusCode::BAD_REQUEST,
                    Json(json!({ "error": bad.to_string() })),
                );
            }
        }
    }
    let receipt = json!({ "id": id, "purged": purged, "scope": "standalone", "nodes": 1 });
    (StatusCode::OK, Json(receipt))
}
