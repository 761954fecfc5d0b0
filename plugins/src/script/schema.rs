//! Checks a plugin's configuration against the `schema` that the plugin declares.
//!
//! Works on plain values; knows no VM. Messages name keys and types.

use super::nearest;
use crate::duration;
use serde_json::{Map, Value};

/// What is wrong, and the key that it is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) key: String,
    pub(super) message: String,
}

/// The configuration with defaults filled in and durations as seconds.
pub(super) fn resolve(schema: &Value, config: &Value) -> Result<Value, Problem> {
    let fields = object(schema, "schema", "`schema` is a table of fields")?;
    let given = if config.is_null() {
        Map::new()
    } else {
        object(config, "schema", "`config` is a map")?
    };
    if let Some(unknown) = given.keys().find(|key| !fields.contains_key(*key)) {
        let hint = nearest(unknown, fields.keys().map(String::as_str)).map_or_else(
            || {
                let known: Vec<&str> = fields.keys().map(String::as_str).collect();
                format!("the plugin knows {}", known.join(", "))
            },
            |near| format!("did you mean `{near}`?"),
        );
        return Err(problem(
            "schema",
            format!("config.{unknown} is not in the schema: {hint}"),
        ));
    }
    let mut resolved = Map::new();
    for (key, field) in &fields {
        let field = Field::parse(key, field)?;
        if let Some(value) = field.value(given.get(key))? {
            resolved.insert(key.clone(), value);
        }
    }
    Ok(Value::Object(resolved))
}

struct Field<'a> {
    key: &'a str,
    kind: Kind,
    default: Option<&'a Value>,
    needed: Needed,
}

#[derive(PartialEq, Eq)]
enum Needed {
    Required,
    Optional,
}

#[derive(Clone, Copy)]
enum Kind {
    String,
    Number,
    Boolean,
    Duration,
    List,
}

impl<'a> Field<'a> {
    fn parse(key: &'a str, field: &'a Value) -> Result<Self, Problem> {
        let Some(members) = field.as_object() else {
            return Err(problem(
                key,
                format!("schema.{key} is a table such as {{ type = .. }}"),
            ));
        };
        let known = ["type", "default", "required", "description"];
        if let Some(unknown) = members.keys().find(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(problem(
                key,
                format!("schema.{key} has no `{unknown}`, only {known}"),
            ));
        }
        let kind = match members.get("type").and_then(Value::as_str) {
            Some("string") => Kind::String,
            Some("number") => Kind::Number,
            Some("boolean") => Kind::Boolean,
            Some("duration") => Kind::Duration,
            Some("list") => Kind::List,
            _ => {
                let types = "string, number, boolean, duration or list";
                return Err(problem(key, format!("schema.{key}.type is {types}")));
            }
        };
        let required = members
            .get("required")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let needed = if required {
            Needed::Required
        } else {
            Needed::Optional
        };
        Ok(Self {
            key,
            kind,
            default: members.get("default"),
            needed,
        })
    }

    fn value(&self, given: Option<&Value>) -> Result<Option<Value>, Problem> {
        let path = if given.is_some() {
            "config"
        } else {
            "the default of schema"
        };
        match given.or(self.default) {
            Some(value) => self.kind.read(value).map(Some).map_err(|wanted| {
                problem(
                    self.key,
                    format!("{path}.{} is {wanted}, not {}", self.key, name(value)),
                )
            }),
            None if self.needed == Needed::Required => {
                Err(problem(self.key, format!("config.{} is missing", self.key)))
            }
            None => Ok(None),
        }
    }
}

impl Kind {
    /// The value as scripts see it, or what was wanted instead.
    fn read(self, value: &Value) -> Result<Value, &'static str> {
        match self {
            Self::String if value.is_string() => Ok(value.clone()),
            Self::String => Err("a string"),
            Self::Number if value.is_number() => Ok(value.clone()),
            Self::Number => Err("a number"),
            Self::Boolean if value.is_boolean() => Ok(value.clone()),
            Self::Boolean => Err("true or false"),
            // An empty Lua table says neither list nor map.
            Self::List if value.as_object().is_some_and(Map::is_empty) => Ok(Value::Array(vec![])),
            Self::List if value.is_array() => Ok(value.clone()),
            Self::List => Err("a list"),
            Self::Duration => {
                let parsed = match (value.as_f64(), value.as_str()) {
                    (Some(seconds), _) => duration::from_seconds(seconds),
                    (None, Some(text)) => duration::parse(text),
                    (None, None) => Err(DURATION),
                };
                parsed
                    .map(|length| Value::from(length.as_secs_f64()))
                    .map_err(|_why| DURATION)
            }
        }
    }
}

fn object(value: &Value, key: &str, message: &str) -> Result<Map<String, Value>, Problem> {
    value
        .as_object()
        .cloned()
        .ok_or_else(|| problem(key, message.to_owned()))
}

fn problem(key: &str, message: String) -> Problem {
    Problem {
        key: key.to_owned(),
        message,
    }
}

fn name(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => "this string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
    }
}

const DURATION: &str = "a duration such as \"30s\", \"5m\" or a number of seconds";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_are_filled_in_and_durations_are_seconds() {
        let schema = json!({
            "ttl": { "type": "duration", "default": "5m" },
            "grace": { "type": "duration" },
            "langs": { "type": "list", "default": {} },
            "name": { "type": "string", "required": true },
        });
        assert_eq!(
            resolve(&schema, &json!({ "name": "x", "grace": 2.5 })),
            Ok(json!({ "ttl": 300.0, "grace": 2.5, "langs": [], "name": "x" }))
        );
        assert_eq!(
            resolve(&schema, &Value::Null).unwrap_err().message,
            "config.name is missing"
        );
    }

    #[test]
    fn wrong_values_are_named() {
        let schema = json!({
            "ttl": { "type": "duration" }, "n": { "type": "number" }, "s": { "type": "string" },
            "b": { "type": "boolean" }, "l": { "type": "list" },
        });
        let table = [
            (json!({ "ttl": "5x" }), "config.ttl is a duration such as"),
            (json!({ "ttl": -1 }), "config.ttl is a duration such as"),
            (json!({ "n": "1" }), "config.n is a number, not this string"),
            (json!({ "s": 1 }), "config.s is a string, not 1"),
            (
                json!({ "b": "yes" }),
                "config.b is true or false, not this string",
            ),
            (json!({ "l": { "a": 1 } }), "config.l is a list, not a map"),
            (
                json!({ "tttl": 1 }),
                "config.tttl is not in the schema: did you mean `ttl`?",
            ),
            (json!([1]), "`config` is a map"),
        ];
        for (config, wanted) in table {
            let problem = resolve(&schema, &config).unwrap_err();
            assert!(problem.message.starts_with(wanted), "{}", problem.message);
        }
        let bad = json!({ "x": { "type": "strin" } });
        let problem = resolve(&bad, &Value::Null).unwrap_err();
        assert_eq!(
            problem.message,
            "schema.x.type is string, number, boolean, duration or list"
        );
    }
}
