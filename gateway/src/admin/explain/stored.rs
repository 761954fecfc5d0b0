//! The stored response that the request selects, and the state that it is in.
//!
//! Its age is in `freshness`; what its state means for this request is in `outcome`.

use super::secret;
use crate::caching::lookup::{Absent, Located, Variants};
use serde_json::{Value, json};
use shoal_cache::{Found, Usability, Why};
use shoal_rules::Reason;
use std::time::SystemTime;

pub(super) fn absent(absent: &Absent) -> Value {
    json!({
        "found": false,
        "other_variants": absent.variants == Variants::Others,
    })
}

pub(super) fn section(located: &Located, now: SystemTime) -> Value {
    let response = &located.response;
    let (bytes, hits) = match &located.found {
        Found::Filling(_) => (None, None),
        Found::Complete(hit) => (Some(hit.entry.body().len()), Some(hit.entry.hits())),
    };
    let must = must_validate(located);
    json!({
        "found": true,
        "state": state(located, now),
        "why": must.map(Reason::label),
        "explanation": must.map(Reason::explanation),
        "key": format!("{:032x}", located.key.hash.0),
        "status": response.status.as_u16(),
        "stored_by": response.route,
        "tags": response.tags,
        "bytes": bytes,
        "hits": hits,
        "headers": secret::lines(&response.headers),
    })
}

/// One word for where a stored response stands, whoever asks.
pub(crate) fn state(located: &Located, now: SystemTime) -> &'static str {
    match &located.found {
        Found::Filling(_) => "filling",
        Found::Complete(_) if must_validate(located).is_some() => "must-validate",
        Found::Complete(_) if located.response.freshness.is_fresh(now) => "fresh",
        Found::Complete(_) => "stale",
    }
}

/// Why it is validated before every use, whatever its age.
fn must_validate(located: &Located) -> Option<Reason> {
    let no_cache = located.response.freshness.obligations.no_cache;
    withheld(located).or(no_cache.then_some(Reason::ResponseNoCache))
}

/// Why the store hands it out for validation only.
pub(super) fn withheld(located: &Located) -> Option<Reason> {
    match &located.found {
        Found::Filling(_) => None,
        Found::Complete(hit) => match hit.usability {
            Usability::Usable => None,
            Usability::MustValidate(Why::SoftPurge) => Some(Reason::SoftPurged),
            Usability::MustValidate(Why::Fenced) => Some(Reason::FreshnessUnproven),
        },
    }
}
