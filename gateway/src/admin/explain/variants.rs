//! The variants of a resource: which values of `Vary` are known, and which variant the request selects
//! under each, in the order in which a look-up tries them.
//!
//! Only a look: nothing here counts as use.

use super::secret;
use crate::caching::lookup::VARY_VALUES_MAX;
use crate::caching::plan::variant;
use crate::caching::stored_response::Stored;
use crate::template::joined;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Map, Value, json};
use shoal_cache::{Found, Key, Moment, Store};
use shoal_rules::vary::{Selector, selecting_key};

/// A list, empty when nothing is stored or nothing varies.
pub(super) fn section(store: &Store, primary: &Key, request: &HeaderMap, now: Moment) -> Value {
    let index = match store.peek(primary, now) {
        Some(Found::Complete(hit)) => Stored::decode(hit.entry.meta()),
        Some(Found::Filling(_)) | None => None,
    };
    let values = match index {
        Some(Stored::VaryIndex(values)) => values,
        Some(Stored::Response(_)) | None => Vec::new(),
    };
    let values = values.iter().take(VARY_VALUES_MAX);
    Value::Array(
        values
            .map(|vary| selected(store, primary, vary, request, now))
            .collect(),
    )
}

fn selected(store: &Store, primary: &Key, vary: &str, request: &HeaderMap, now: Moment) -> Value {
    let nominating = HeaderValue::from_str(vary)
        .map(|vary| HeaderMap::from_iter([(header::VARY, vary)]))
        .unwrap_or_default();
    let (selector, stored) = match selecting_key(&nominating, request) {
        Selector::Key(selector) => {
            let key = variant(primary, selector);
            let selector = format!("{:032x}", u128::from_be_bytes(selector));
            (Some(selector), store.peek(&key, now).is_some())
        }
        Selector::None | Selector::Star => (None, false),
    };
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
