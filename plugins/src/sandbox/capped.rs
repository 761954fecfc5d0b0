//! Builtins with a limit on their work.
//!
//! The VM looks at its budget between instructions, not inside of a builtin. So no builtin may run
//! long in one go; what is refused here could hold a thread for seconds.

use crate::api::argument;
use crate::limits::{
    FORMAT_BYTES_MAX, PATTERN_BYTES_MAX, REP_BYTES_MAX, SUBJECT_BYTES_MAX, TABLE_ITEMS_MAX,
};
use mlua::{Error, Function, Lua, MultiValue, Table, Value};

/// Replaces the builtins in their libraries.
pub(super) fn install(lua: &Lua) -> mlua::Result<()> {
    let string: Table = lua.globals().get("string")?;
    for name in ["find", "match", "gmatch", "gsub", "split"] {
        cap(lua, &string, name, |args| {
            at_most(bytes(args.front()), SUBJECT_BYTES_MAX, "subject")?;
            at_most(bytes(args.get(1)), PATTERN_BYTES_MAX, "pattern")
        })?;
    }
    cap(lua, &string, "format", |args| {
        at_most(bytes(args.front()), FORMAT_BYTES_MAX, "format")
    })?;
    cap(lua, &string, "rep", |args| {
        let times = number(args.get(1)).max(0.0);
        at_most(
            size(bytes(args.front()).max(1), times),
            REP_BYTES_MAX,
            "result",
        )
    })?;
    let table: Table = lua.globals().get("table")?;
    cap(lua, &table, "create", |args| {
        at_most(size(1, number(args.front())), TABLE_ITEMS_MAX, "table")
    })?;
    cap(lua, &table, "move", |args| {
        let span = number(args.get(2)) - number(args.get(1)) + 1.0;
        at_most(size(1, span), TABLE_ITEMS_MAX, "range")
    })?;
    for name in ["sort", "concat"] {
        cap(lua, &table, name, |args| {
            let length = args
                .front()
                .and_then(Value::as_table)
                .map_or(0, Table::raw_len);
            at_most(length, TABLE_ITEMS_MAX, "table")
        })?;
    }
    Ok(())
}

fn cap(
    lua: &Lua,
    library: &Table,
    name: &'static str,
    check: impl Fn(&MultiValue) -> Result<(), String> + 'static,
) -> mlua::Result<()> {
    let builtin: Function = library.get(name)?;
    let capped = lua.create_function(move |_, args: MultiValue| {
        check(&args).map_err(|problem| Error::runtime(format!("{name}: {problem}")))?;
        builtin.call::<MultiValue>(args)
    })?;
    library.set(name, capped)
}

fn at_most(found: usize, max: usize, what: &str) -> Result<(), String> {
    if found <= max {
        Ok(())
    } else {
        Err(format!("the {what} is too long, at most {max}"))
    }
}

fn bytes(value: Option<&Value>) -> usize {
    value
        .and_then(Value::as_string)
        .map_or(0, |text| text.as_bytes().len())
}

/// A number, also when it comes as a text, as builtins take it.
fn number(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::String(text)) => text
            .to_string_lossy()
            .trim()
            .parse()
            .unwrap_or(f64::INFINITY),
        Some(other) => argument::number(other).unwrap_or(0.0),
        None => 0.0,
    }
}

fn size(each: usize, times: f64) -> usize {
    if times.is_nan() || times <= 0.0 {
        return 0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and a cast from a float stops at the largest value"
    )]
    let times = times as usize;
    each.saturating_mul(times)
}
