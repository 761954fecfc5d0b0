//! `/cache/lookup?url=`: what is stored for a URL. What would become of a request for it is `explain`.

use super::Operator;
use super::explain::request::Described;
use super::explain::stored::state;
use crate::caching::lookup::{self, Count, Located, Variants};
use crate::caching::parts::{Kept, kept};
use crate::caching::plan::{Plan, plan};
use crate::clock;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use shoal_cache::{Found, Key, Store};
use std::ops::Range;
use std::time::SystemTime;

#[derive(Debug, Deserialize)]
pub(super) struct Question {
    url: String,
}

/// A GET without fields of its own, asked without touching anything.
pub(super) async fn lookup(
    State(operator): State<Operator>,
    question: Result<Query<Question>, QueryRejection>,
) -> (StatusCode, Json<Value>) {
    let question = match question {
        Ok(Query(question)) => question,
        Err(refused) => {
            let error = json!({ "error": refused.body_text() });
            return (refused.status(), Json(error));
        }
    };
    let snapshot = operator.gateway.current.load_full();
    let described = Described::get(&question.url);
    let Some(route) = snapshot.route(described.routed()) else {
        return (
            StatusCode::NOT_FOUND,
            Json(json!({ "error": "no route matches this URL" })),
        );
    };
    let keyed = route
        .plugins
        .iter()
        .filter(|plugin| plugin.hooks().cache_key);
    let edits: Vec<_> = keyed
        .filter_map(|plugin| plugin.cache_key(&described).ok())
        .collect();
    let lookup = match plan(route, described.asked(), &edits) {
        Plan::Bypass(reason) => {
            let answer =
                json!({ "route": route.config.name, "found": false, "bypass": reason.label() });
            return (StatusCode::OK, Json(answer));
        }
        Plan::Lookup(lookup) => lookup,
    };
    let now = clock::now();
    let store = &operator.gateway.store;
    let found = lookup::find(
        store,
        &lookup.key,
        &described.headers,
        clock::moment(now),
        Count::Nothing,
    );
    let answer = match found {
        Err(absent) => json!({
            "route": route.config.name,
            "resource": lookup.uri,
            "found": false,
            "variants": absent.variants == Variants::Others,
            "parts": stored_parts(store, &lookup.key, now),
        }),
        Ok(located) => describe(&route.config.name, &lookup.uri, &located, now),
    };
    (StatusCode::OK, Json(answer))
}

/// First and last positions of what is stored in parts; null where nothing is.
fn stored_parts(store: &Store, primary: &Key, now: SystemTime) -> Option<Vec<[u64; 2]>> {
    let Kept::Parts(index) = kept(store, primary, clock::moment(now), Count::Nothing) else {
        return None;
    };
    let ends = |range: &Range<u64>| [range.start, range.end.saturating_sub(1)];
    Some(index.parts.ranges.iter().map(ends).collect())
}

fn describe(route: &str, resource: &str, located: &Located, now: SystemTime) -> Value {
    let response = &located.response;
    let (body, hits) = match &located.found {
        Found::Filling(_) => (None, None),
        Found::Complete(hit) => (Some(hit.entry.body().len()), Some(hit.entry.hits())),
    };
    let fields: Vec<Value> = response
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    json!({
        "route": route,
        "stored_by": response.route,
        "resource": resource,
        "key": format!("{:032x}", located.key.hash.0),
        "found": true,
        "state": state(located, now),
        "status": response.status.as_u16(),
        "age": response.freshness.current_age(now).as_secs(),
        "ttl": response.freshness.remaining(now),
        "lifetime_from": response.freshness.source.label(),
        "tags": response.tags,
        "bytes": body,
        "hits": hits,
        "headers": fields,
    })
}
