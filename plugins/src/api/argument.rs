//! Reads arguments that come from a script, each with a limit.
//!
//! Messages name the argument and never show its value, which may be a visitor's secret.

use crate::duration;
use mlua::{Error, LuaString, Value};
use std::time::Duration;

/// A text without control characters, not empty, of at most `max` bytes.
pub(super) fn text(value: &LuaString, max: usize, what: &str) -> mlua::Result<String> {
    let bytes = value.as_bytes();
    at_most(bytes.len(), max, what)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_not_utf8| Error::runtime(format!("{what} is not UTF-8")))?;
    if text.is_empty() {
        return Err(Error::runtime(format!("{what} is empty")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::runtime(format!("{what} has a control character")));
    }
    Ok(text.to_owned())
}

/// Refuses what is longer than its limit.
pub(super) fn at_most(found: usize, max: usize, what: &str) -> mlua::Result<()> {
    if found <= max {
        return Ok(());
    }
    Err(Error::runtime(format!(
        "{what} is too long: {found}, at most {max}"
    )))
}

/// A duration: a number of seconds or a text such as `"5m"`.
pub(super) fn seconds(value: &Value, function: &str) -> mlua::Result<Duration> {
    let parsed = if let Some(seconds) = number(value) {
        duration::from_seconds(seconds)
    } else if let Some(text) = value.as_string() {
        duration::parse(&text.to_string_lossy())
    } else {
        return Err(Error::runtime(format!(
            "{function} wants a duration, got {}",
            type_name(value)
        )));
    };
    parsed.map_err(|problem| Error::runtime(format!("{function}: {problem}")))
}

/// The type as authors know it: the VM tells whole numbers apart, Luau does not.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value.type_name() {
        "integer" => "number",
        other => other,
    }
}

/// A number, whichever of its two forms the VM chose.
pub(crate) fn number(value: &Value) -> Option<f64> {
    value
        .as_number()
        .or_else(|| value.as_integer().map(|whole| whole as f64))
}
