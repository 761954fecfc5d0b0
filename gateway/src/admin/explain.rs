//! `POST /explain`: everything that the gateway decides about a request before it would ask an origin.
//!
//! The functions of the request path are asked about a request that is only described; hooks run for
//! real, and nothing is stored, counted as a hit or sent. The sections are in the order of a request's
//! life, a file each.

mod freshness;
mod key;
mod outcome;
mod parts;
mod plugins;
pub(super) mod request;
mod route;
mod secret;
pub(super) mod stored;
mod variants;
mod verdict;

use super::Operator;
use crate::caching::lookup::{self, Count};
use crate::caching::plan::{Asked, Plan, plan};
use crate::clock;
use crate::gateway::Gateway;
use crate::snapshot::{LiveRoute, Snapshot};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use outcome::Outcome;
use plugins::Said;
use request::{Described, Question};
use serde_json::{Map, Value, json};
use shoal_plugins::KeyEdit;

/// 400 when the question describes no request.
pub(super) async fn explain(
    State(operator): State<Operator>,
    question: Result<Json<Question>, JsonRejection>,
) -> (StatusCode, Json<Value>) {
    let refused = |status, text: String| (status, Json(json!({ "error": text })));
    let question = match question {
        Ok(Json(question)) => question,
        Err(error) => return refused(error.status(), error.body_text()),
    };
    let described = match Described::parse(question) {
        Ok(described) => described,
        Err(unclear) => return refused(StatusCode::BAD_REQUEST, unclear.to_string()),
    };
    let snapshot = operator.gateway.current.load_full();
    let answer = sections(&operator.gateway, &snapshot, described);
    (StatusCode::OK, Json(answer))
}

/// Each section that the request gets as far as.
fn sections(gateway: &Gateway, snapshot: &Snapshot, mut described: Described) -> Value {
    let mut answer = Map::new();
    let mut add = |name: &str, section: Value| drop(answer.insert(name.to_owned(), section));
    add("request", described.section());
    let (route, section) = route::choose(snapshot, &described);
    add("route", section);
    let outcome = match route {
        None => Outcome::no_route(),
        Some(_) if described.method.as_str() == "PURGE" => Outcome::purge(snapshot, &described),
        Some(route) => {
            described.fold_encoding(route.config.cache.accept_encoding);
            let told = plugins::ask(&route, &mut described);
            described.read_content(&route);
            add("plugins", Value::Array(told.steps));
            match told.said {
                Said::Plan(edits) => planned(gateway, &route, &described, &edits, &mut add),
                Said::Bypass(reason, words) => {
                    add("cache", key::bypass(reason));
                    Outcome::bypass(&route, &described, reason, words)
                }
                Said::Answer(reply) => Outcome::plugin_answers(reply.status),
                Said::Reject => Outcome::plugin_rejects(),
            }
        }
    };
    add("outcome", outcome.section());
    Value::Object(answer)
}

/// The cache's part: the plan, what is stored, and what that makes of the request.
fn planned(
    gateway: &Gateway,
    route: &LiveRoute,
    described: &Described,
    edits: &[KeyEdit],
    add: &mut impl FnMut(&str, Value),
) -> Outcome {
    let lookup = match plan(route, described.asked(), edits) {
        Plan::Lookup(lookup) => lookup,
        Plan::Bypass(reason) => {
            add("cache", key::bypass(reason));
            return Outcome::bypass(route, described, reason, None);
        }
    };
    let now = clock::now();
    let moment = clock::moment(now);
    let headers = &described.headers;
    add("cache", key::section(route, described, &lookup, edits));
    add(
        "variants",
        variants::section(&gateway.store, &lookup.key, headers, moment),
    );
    match lookup::find(&gateway.store, &lookup.key, headers, moment, Count::Nothing) {
        Err(absent) => {
            add("stored", stored::absent(&absent));
            let key = &lookup.key;
            if let Some(told) = parts::look(&gateway.store, route, described, key, &absent, now) {
                add("parts", told.section);
                if let Some(section) = told.freshness {
                    add("freshness", section);
                }
                return told.outcome;
            }
            Outcome::absent(route, described, absent.variants).or_sliced(route, described)
        }
        Ok(located) => {
            add("stored", stored::section(&located, now));
            add("freshness", freshness::section(&located, now));
            Outcome::of(route, described, &located, now).or_sliced(route, described)
        }
    }
}
