//! Gives a single value the type that the schema expects there.

use super::shape::{self, Shape};
use crate::config::environment::{Environment, Syntax, expand};
use crate::config::leaf;
use crate::config::leaf::Leaf;
use crate::config::problem::nearest::nearest;
use crate::config::route::Template;
use crate::config::tree::{Kind, Node, Style};
use serde_json::Value;

/// Why a value does not fit.
pub(super) struct Misfit {
    pub(super) message: String,
    /// The word that may have been meant.
    pub(super) nearest: Option<&'static str>,
}

/// The value of `node`, with variables put in, as `shape` expects it.
pub(super) fn read(node: &Node, shape: &Shape, env: Environment<'_>) -> Result<Value, Misfit> {
    let Kind::Scalar { text, style } = &node.kind else {
        return Err(misfit(format!("expected {}", shape.expected())));
    };
    let is_template = shape
        .scalars()
        .any(|schema| shape::text(schema, "format") == Some(Template::FORMAT));
    let syntax = if is_template {
        Syntax::Template
    } else {
        Syntax::Literal
    };
    let expanded = expand(text, syntax, env).map_err(misfit)?;
    // `"${THREADS}"` must be quoted in a flow map and may still stand for a number.
    let style = if expanded == *text {
        *style
    } else {
        Style::Plain
    };
    if shape.takes_all() {
        return Ok(match style {
            Style::Plain => infer(&expanded),
            Style::Quoted => Value::String(expanded),
        });
    }
    let words = shape.words();
    if words.contains(&expanded.as_str()) {
        return Ok(Value::String(expanded));
    }
    let mut typed = shape
        .scalars()
        .filter(|schema| shape::words_of(schema).is_empty())
        .peekable();
    if typed.peek().is_none() {
        return Err(Misfit {
            message: format!("expected one of {}", words.join(", ")),
            nearest: nearest(&expanded, words.into_iter()),
        });
    }
    let mut first_misfit = None;
    for schema in typed {
        match as_type(&expanded, style, schema) {
            Ok(value) => return Ok(value),
            Err(misfit) => first_misfit = first_misfit.or(Some(misfit)),
        }
    }
    let mut misfit = first_misfit.unwrap_or_else(|| misfit("expected another value".to_owned()));
    if !words.is_empty() {
        misfit.message = format!("expected {}, or: {}", words.join(", "), misfit.message);
    }
    Err(misfit)
}

fn as_type(text: &str, style: Style, schema: &'static Value) -> Result<Value, Misfit> {
    if shape::is(schema, "string") {
        let format = shape::text(schema, "format").unwrap_or_default();
        leaf::fits(format, text).map_err(misfit)?;
        return Ok(Value::String(text.to_owned()));
    }
    let (expected, read) = match () {
        () if shape::is(schema, "boolean") => ("true or false", boolean(text)),
        () if shape::is(schema, "integer") => ("a whole number", integer(text)),
        () => ("a number", number(text)),
    };
    match read {
        Some(_) if style == Style::Quoted => {
            Err(misfit(format!("expected {expected}: remove the quotes")))
        }
        Some(value) => bounded(value, schema),
        None => Err(misfit(format!("expected {expected}"))),
    }
}

/// `value`, if it lies within what `schema` allows.
fn bounded(value: Value, schema: &'static Value) -> Result<Value, Misfit> {
    let bound = |name| schema.get(name).and_then(Value::as_f64);
    let Some(number) = value.as_f64() else {
        return Ok(value);
    };
    match (bound("minimum"), bound("maximum")) {
        (Some(least), _) if number < least => Err(misfit(format!("must be at least {least}"))),
        (_, Some(most)) if number > most => Err(misfit(format!("must be at most {most}"))),
        (least, None) if shape::is(schema, "integer") && number > f64::from(u32::MAX) => {
            Err(misfit(format!(
                "must be from {} to {}",
                least.unwrap_or(0.0),
                u32::MAX
            )))
        }
        _ => Ok(value),
    }
}

/// What YAML 1.2's core schema makes of a plain scalar.
fn infer(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        _ => boolean(text)
            .or_else(|| integer(text))
            .or_else(|| number(text))
            .unwrap_or_else(|| Value::String(text.to_owned())),
    }
}

fn boolean(text: &str) -> Option<Value> {
    matches!(text, "true" | "false").then(|| Value::Bool(text == "true"))
}

fn integer(text: &str) -> Option<Value> {
    text.parse::<i64>()
        .ok()
        .map(Value::from)
        .filter(|_| !text.starts_with('+'))
}

fn number(text: &str) -> Option<Value> {
    let digits = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let number: f64 = text.chars().all(digits).then(|| text.parse().ok())??;
    serde_json::Number::from_f64(number).map(Value::Number)
}

fn misfit(message: String) -> Misfit {
    Misfit {
        message,
        nearest: None,
    }
}
