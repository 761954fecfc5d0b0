//! `/cache/lookup?url=`: what is stored for a URL, and what would become of a request for it.

use super::Operator;
use crate::caching::lookup::{self, Count, Located, Variants};
use crate::caching::plan::{Asked, Plan, plan};
use crate::caching::purge;
use crate::clock;
use crate::exchange::Target;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use shoal_cache::{Found, Usability};
use shoal_plugins::RequestView;
use shoal_rules::{Presented, Reuse, reuse};
use std::borrow::Cow;

#[derive(Debug, Deserialize)]
pub(super) struct Question {
    url: String,
}

/// A GET without fields of its own, asked without touching anything.
pub(super) async fn lookup(
    State(operator): State<Operator>,
    Query(question): Query<Question>,
) -> (StatusCode, Json<Value>) {
    let snapshot = operator.gateway.current.load_full();
    let target = purge::parse(&question.url);
    let headers = HeaderMap::new();
    let route = snapshot.route(crate::routing::Target {
        host: &target.host,
        path: &target.path,
        method: &Method::GET,
        headers: &headers,
    });
    let Some(route) = route else {
        return (
            StatusCode::NOT_FOUND,
            Json(json!({ "error": "no route matches this URL" })),
        );
    };
    let described = Described { target: &target };
    let keyed = route
        .plugins
        .iter()
        .filter(|plugin| plugin.hooks().cache_key);
    let edits: Vec<_> = keyed
        .filter_map(|plugin| plugin.cache_key(&described).ok())
        .collect();
    let asked = Asked {
        target: &target,
        method: &Method::GET,
        headers: &headers,
        client: None,
        grpc: false,
    };
    let lookup = match plan(route, asked, &edits) {
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
        &headers,
        clock::moment(now),
        Count::Nothing,
    );
    let answer = match found {
        Err(absent) => json!({
            "route": route.config.name,
            "resource": lookup.uri,
            "found": false,
            "variants": absent.variants == Variants::Others,
        }),
        Ok(located) => {
            let presented = Presented {
                method: &Method::GET,
                headers: &headers,
            };
            let freshness = &located.response.freshness;
            let verdict = reuse(freshness, &presented, &route.policy, now);
            describe(&route.config.name, &lookup.uri, &located, &verdict, now)
        }
    };
    (StatusCode::OK, Json(answer))
}

fn describe(
    route: &str,
    resource: &str,
    located: &Located,
    verdict: &Reuse,
    now: std::time::SystemTime,
) -> Value {
    let response = &located.response;
    let (state, body, hits) = match &located.found {
        Found::Filling(_) => ("filling", None, None),
        Found::Complete(hit) => {
            let state = match hit.usability {
                Usability::Usable => match verdict {
                    Reuse::Fresh | Reuse::StaleAccepted => "fresh",
                    Reuse::StaleWhileRevalidate | Reuse::Validate(_) | Reuse::Forward(_) => "stale",
                },
                Usability::MustValidate(_) => "must-validate",
            };
            (state, Some(hit.entry.body().len()), Some(hit.entry.hits()))
        }
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
        "state": state,
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

/// A request that nobody made: what an operator asks about.
struct Described<'a> {
    target: &'a Target,
}

impl RequestView for Described<'_> {
    fn method(&self) -> &str {
        "GET"
    }

    fn scheme(&self) -> &str {
        self.target.scheme
    }

    fn host(&self) -> &str {
        &self.target.host
    }

    fn path(&self) -> &str {
        &self.target.path
    }

    fn query(&self) -> Option<&str> {
        self.target.query.as_deref()
    }

    fn header(&self, _name: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn client_ip(&self) -> String {
        String::new()
    }

    fn for_each_header(&self, _visit: &mut dyn FnMut(&str, &str)) {}
}
