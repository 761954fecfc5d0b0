//! What the schema expects at one place of the file.
//!
//! Only what our own mirror's schema uses is understood: references, alternatives, words, types,
//! formats, bounds and descriptions. It is not a general reader of JSON Schema.

use crate::config::schema;
use serde_json::Value;

/// A place's alternatives, each without references and without null. Empty: everything fits.
#[derive(Debug, Clone)]
pub(super) struct Shape(Vec<&'static Value>);

impl Shape {
    /// The file as a whole.
    pub(super) fn file() -> Self {
        Self::of(schema::value())
    }

    /// Whether a single value may stand here.
    pub(super) fn takes_scalar(&self) -> bool {
        self.0.is_empty() || self.scalars().next().is_some()
    }

    /// Whether a list may.
    pub(super) fn takes_list(&self) -> bool {
        self.0.is_empty() || self.of_type("array").is_some()
    }

    /// Whether a map may.
    pub(super) fn takes_map(&self) -> bool {
        self.0.is_empty() || self.of_type("object").is_some()
    }

    /// Whether everything may, as below a plugin's `config`.
    pub(super) fn takes_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there are several alternatives.
    pub(super) fn is_choice(&self) -> bool {
        self.0.len() > 1
    }

    /// The alternatives that are single values.
    pub(super) fn scalars(&self) -> impl Iterator<Item = &'static Value> {
        self.0
            .iter()
            .copied()
            .filter(|schema| !is(schema, "object") && !is(schema, "array"))
    }

    /// The words that may stand here.
    pub(super) fn words(&self) -> Vec<&'static str> {
        self.scalars().flat_map(words_of).collect()
    }

    /// Whether what stands here is never shown.
    pub(super) fn is_secret(&self) -> bool {
        self.scalars()
            .any(|schema| text(schema, "format") == Some("secret"))
    }

    /// How short and how long a list may be.
    pub(super) fn length(&self) -> (usize, usize) {
        let bound = |name| {
            let bound = self.of_type("array")?.get(name)?.as_u64()?;
            usize::try_from(bound).ok()
        };
        (
            bound("minItems").unwrap_or(0),
            bound("maxItems").unwrap_or(usize::MAX),
        )
    }

    /// What the items of a list are.
    pub(super) fn item(&self) -> Self {
        self.of_type("array")
            .and_then(|schema| schema.get("items"))
            .map_or(Self(vec![]), Self::of)
    }

    /// Of several maps the one that has `key`; the only one, where there is only one.
    pub(super) fn choose(&self, key: Option<&str>) -> Self {
        let has = |schema: &&'static Value| {
            key.is_some_and(|key| properties(schema).is_some_and(|map| map.contains_key(key)))
        };
        let maps: Vec<_> = self
            .0
            .iter()
            .copied()
            .filter(|schema| is(schema, "object"))
            .collect();
        match maps.iter().copied().find(has) {
            Some(map) => Self(vec![map]),
            None => Self(maps),
        }
    }

    /// What stands under `key` of a map; `None` where there is no such key.
    pub(super) fn entry(&self, key: &str) -> Option<Self> {
        if self.0.is_empty() {
            return Some(Self(vec![]));
        }
        self.0.iter().find_map(|schema| {
            let property = properties(schema).and_then(|map| map.get(key));
            let other = schema.get("additionalProperties");
            match (property, other) {
                (Some(property), _) => Some(Self::of(property)),
                (None, Some(Value::Bool(false))) => None,
                (None, Some(other)) => Some(Self::of(other)),
                (None, None) => properties(schema).is_none().then(|| Self(vec![])),
            }
        })
    }

    /// The keys of a map.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.0
            .iter()
            .filter_map(|schema| properties(schema))
            .flatten()
            .map(|(key, _)| key.as_str())
    }

    /// The keys that a map must have. Among several maps none is certain.
    pub(super) fn required(&self) -> Vec<&'static str> {
        match self.0.as_slice() {
            [schema] => schema
                .get("required")
                .and_then(Value::as_array)
                .map_or(vec![], |keys| {
                    keys.iter().filter_map(Value::as_str).collect()
                }),
            [] | [_, _, ..] => vec![],
        }
    }

    /// What may stand here, in words.
    pub(super) fn expected(&self) -> String {
        let scalar = self.takes_scalar().then(|| match self.words() {
            words if words.is_empty() => "a single value".to_owned(),
            words => words.join(", "),
        });
        let list = self.takes_list().then(|| "a list".to_owned());
        let map = self.takes_map().then(|| "a map".to_owned());
        scalar
            .into_iter()
            .chain(list)
            .chain(map)
            .collect::<Vec<_>>()
            .join(" or ")
    }

    fn of(schema: &'static Value) -> Self {
        let mut alternatives = Vec::new();
        collect(schema, &mut alternatives);
        Self(alternatives)
    }

    fn of_type(&self, name: &str) -> Option<&'static Value> {
        self.0.iter().copied().find(|schema| is(schema, name))
    }
}

/// Whether `schema` is of the type `name`, perhaps among others.
pub(super) fn is(schema: &Value, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == name,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(name)),
        Some(_) | None => false,
    }
}

/// The words that `schema` lists.
pub(super) fn words_of(schema: &'static Value) -> Vec<&'static str> {
    let several = schema
        .get("enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    several
        .chain(schema.get("const"))
        .filter_map(Value::as_str)
        .collect()
}

/// A text of `schema`, such as its format.
pub(super) fn text(schema: &'static Value, name: &str) -> Option<&'static str> {
    schema.get(name).and_then(Value::as_str)
}

fn properties(schema: &'static Value) -> Option<&'static serde_json::Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

fn collect(schema: &'static Value, alternatives: &mut Vec<&'static Value>) {
    if let Some(name) = text(schema, "$ref").and_then(|name| name.strip_prefix("#/$defs/")) {
        if let Some(definition) = schema::value().get("$defs").and_then(|defs| defs.get(name)) {
            collect(definition, alternatives);
        }
        return;
    }
    match schema
        .get("anyOf")
        .or_else(|| schema.get("oneOf"))
        .and_then(Value::as_array)
    {
        Some(several) => several.iter().for_each(|one| collect(one, alternatives)),
        None if text(schema, "type") == Some("null") || schema.is_boolean() => {}
        None => alternatives.push(schema),
    }
}
