//! The variants of a resource: which values of `Vary` are known, and which variant the request selects
//! under each, in the order in which a look-up tries them.
//!
//! Only a look: nothing here counts as use.

use super::secret;
use crate::caching::plan::variant;
use crate::caching::stored_response::Stored;
use crate::caching::varying::{VALUES_MAX, Varying};
use crate::template::joined;
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value, json};
use shoal_cache::{Found, Key, Moment, Store};

/// A list, empty when nothing is stored or nothing varies.
pub(super) fn section(store: &Store, primary: &Key, request: &HeaderMap, now: Moment) -> Value {
    let index = match store.peek(primary, now) {
        Some(Found::Complete(hit)) => Stored::decode(hit.entry.meta()),
        Some(Found::Filling(_)) | None => None,
    };
    let values = match index {
        Some(Stored::VaryIndex(values)) => values,
        Some(Stored::Response(_) | Stored::Parts(_) | Stored::Part) | None => Vec::new(),
    };
    let values = values.iter().take(VALUES_MAX);
    Value::Array(
        values
            .map(|vary| selected(store, primary, vary, request, now))
            .collect(),
    )
}

fn selected(
    store: &Store,
    primary: &Key,
    varying: &Varying,
    request: &HeaderMap,
    now: Moment,
) -> Value {
    let vary = &varying.value;
    let is_stored = |selector: &[u8; 16]| store.peek(&variant(primary, *selector), now).is_some();
    let mut selectors = varying.selectors(request);
    let own = selectors.next();
    let found = own.into_iter().chain(selectors).find(is_stored);
    let selector = found
        .or(own)
        .map(|selector| format!("{:032x}", u128::from_be_bytes(selector)));
    let stored = found.is_some();
    let mut fields = Map::new();
    for name in vary
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let value = HeaderName::try_from(name)
            .ok()
            .and_then(|name| joined(request, &name))
            .map(|value| secret::shown(name, value.as_bytes()));
        fields.insert(name.to_ascii_lowercase(), json!(value));
    }
    json!({ "vary": vary, "request": fields, "selector": selector, "stored": stored })
}
