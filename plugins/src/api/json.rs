//! `shoal.json`, and the way between Lua values and JSON that configuration takes too.
//!
//! A table with the keys 1..n is a list, any other an object; an empty one is an object.

use super::argument::{at_most, number, type_name};
use crate::limits::{CODEC_BYTES_MAX, JSON_DEPTH_MAX, TABLE_ITEMS_MAX};
use mlua::{Error, IntoLua, Lua, LuaString, Table, Value};
use serde_json::{Map, Number, Value as Json};

/// The library table.
pub(super) fn library(lua: &Lua) -> mlua::Result<Table> {
    let json = lua.create_table()?;
    json.set(
        "encode",
        lua.create_function(|_, value: Value| {
            let text = to_json(&value)?.to_string();
            at_most(text.len(), CODEC_BYTES_MAX, "the JSON")?;
            Ok(text)
        })?,
    )?;
    json.set(
        "decode",
        lua.create_function(|lua, text: LuaString| {
            let bytes = text.as_bytes();
            at_most(bytes.len(), CODEC_BYTES_MAX, "the JSON")?;
            // The parser's own message may quote the text, so only the place is told.
            let value: Json = serde_json::from_slice(&bytes).map_err(|problem| {
                Error::runtime(format!("not JSON, at column {}", problem.column()))
            })?;
            to_lua(lua, &value)
        })?,
    )?;
    json.set("null", Value::NULL)?;
    json.set_readonly(true);
    Ok(json)
}

/// A Lua value as JSON.
pub(crate) fn to_json(value: &Value) -> mlua::Result<Json> {
    Encoder { items: 0 }.value(value, 0)
}

/// JSON as a Lua value; `null` is `shoal.json.null`.
pub(crate) fn to_lua(lua: &Lua, value: &Json) -> mlua::Result<Value> {
    match value {
        Json::Null => Ok(Value::NULL),
        Json::Bool(flag) => Ok(Value::Boolean(*flag)),
        Json::Number(number) => number.as_f64().unwrap_or(f64::NAN).into_lua(lua),
        Json::String(text) => text.as_str().into_lua(lua),
        Json::Array(items) => {
            let table = lua.create_table_with_capacity(items.len(), 0)?;
            for item in items {
                table.raw_push(to_lua(lua, item)?)?;
            }
            Ok(Value::Table(table))
        }
        Json::Object(members) => {
            let table = lua.create_table_with_capacity(0, members.len())?;
            for (name, member) in members {
                table.raw_set(name.as_str(), to_lua(lua, member)?)?;
            }
            Ok(Value::Table(table))
        }
    }
}

/// Makes a table and all tables in it read-only.
pub(crate) fn freeze(value: &Value) -> mlua::Result<()> {
    if let Value::Table(table) = value {
        for pair in table.pairs::<Value, Value>() {
            freeze(&pair?.1)?;
        }
        table.set_readonly(true);
    }
    Ok(())
}

struct Encoder {
    items: usize,
}

impl Encoder {
    fn value(&mut self, value: &Value, depth: usize) -> mlua::Result<Json> {
        // Also the end of a table that contains itself.
        at_most(depth, JSON_DEPTH_MAX, "the nesting of the JSON")?;
        self.items += 1;
        at_most(self.items, TABLE_ITEMS_MAX, "the number of JSON items")?;
        if value.is_nil() || value.is_null() {
            return Ok(Json::Null);
        }
        if let Some(flag) = value.as_boolean() {
            return Ok(Json::Bool(flag));
        }
        if let Some(number) = number(value) {
            return self.number(number);
        }
        if let Some(text) = value.as_string() {
            return Ok(Json::String(text.to_str()?.to_owned()));
        }
        match value.as_table() {
            Some(table) => self.table(table, depth),
            None => Err(Error::runtime(format!(
                "a {} is not JSON",
                type_name(value)
            ))),
        }
    }

    #[expect(clippy::unused_self, reason = "reads beside its siblings")]
    fn number(&self, number: f64) -> mlua::Result<Json> {
        let whole = number.trunc();
        if number == whole && whole.abs() < EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "within the exact range")]
            return Ok(Json::from(whole as i64));
        }
        Number::from_f64(number)
            .map(Json::Number)
            .ok_or_else(|| Error::runtime("infinite and not-a-number are not JSON"))
    }

    fn table(&mut self, table: &Table, depth: usize) -> mlua::Result<Json> {
        let length = table.raw_len();
        if length > 0 {
            at_most(length, TABLE_ITEMS_MAX, "the number of JSON items")?;
            return (1..=length)
                .map(|index| self.value(&table.raw_get::<Value>(index)?, depth + 1))
                .collect::<mlua::Result<Vec<_>>>()
                .map(Json::Array);
        }
        let mut members = Map::new();
        for pair in table.pairs::<LuaString, Value>() {
            let (name, member) = pair?;
            members.insert(name.to_str()?.to_owned(), self.value(&member, depth + 1)?);
        }
        Ok(Json::Object(members))
    }
}

/// Whole numbers below 2^53 are exact in Lua.
const EXACT: f64 = 9_007_199_254_740_992.0;
