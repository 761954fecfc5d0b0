//! `key`: which parts of a request make its cache key.
//!
//! Notes steps in order; the gateway builds the key from them.

use super::argument::{at_most, text, type_name};
use super::field::token;
use super::request::unknown;
use crate::call::Ticket;
use crate::limits::{KEY_BYTES_MAX, KEY_NAMES_MAX, KEY_OPS_MAX};
use crate::verdict::KeyOp;
use mlua::{Error, LuaString, MetaMethod, UserData, UserDataMethods, Value, Variadic};

/// The Lua object.
pub(crate) struct Key(pub(crate) Ticket);

impl UserData for Key {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("query_only", |_, this, names: Variadic<LuaString>| {
            let names = list(&names, "a name of key:query_only")?;
            this.push(names.iter().map(String::len).sum(), KeyOp::QueryOnly(names))
        });
        methods.add_method("query_exclude", |_, this, names: Variadic<LuaString>| {
            let names = list(&names, "a name of key:query_exclude")?;
            this.push(
                names.iter().map(String::len).sum(),
                KeyOp::QueryExclude(names),
            )
        });
        methods.add_method("header", |_, this, name: LuaString| {
            let name = token(&name)?;
            this.push(name.len(), KeyOp::Header(name))
        });
        methods.add_method("cookie", |_, this, name: LuaString| {
            let name = text(&name, KEY_BYTES_MAX, "a cookie name")?;
            this.push(name.len(), KeyOp::Cookie(name))
        });
        methods.add_method("add", |_, this, value: Value| {
            let part = part(&value)?;
            this.push(part.len(), KeyOp::Add(part))
        });
        methods.add_meta_method(MetaMethod::Index, |_, _, name: Value| unknown("key", &name));
    }
}

impl Key {
    fn push(&self, bytes: usize, op: KeyOp) -> mlua::Result<()> {
        let call = self.0.call("key")?;
        let total = call.key_bytes.get().saturating_add(bytes);
        at_most(total, KEY_BYTES_MAX, "the cache key")?;
        let mut key = call.key.borrow_mut();
        if key.ops.len() >= KEY_OPS_MAX {
            return Err(Error::runtime(format!(
                "more than {KEY_OPS_MAX} steps on the cache key"
            )));
        }
        call.key_bytes.set(total);
        key.ops.push(op);
        Ok(())
    }
}

fn list(names: &[LuaString], what: &str) -> mlua::Result<Vec<String>> {
    at_most(names.len(), KEY_NAMES_MAX, "the list of names")?;
    names
        .iter()
        .map(|name| text(name, KEY_BYTES_MAX, what))
        .collect()
}

/// A part of the key. `nil` is refused: a key that quietly lacks a part mixes visitors up.
fn part(value: &Value) -> mlua::Result<String> {
    match type_name(value) {
        "string" | "number" | "boolean" => {}
        other => {
            return Err(Error::runtime(format!(
                "key:add wants a string, a number or a boolean, got {other}"
            )));
        }
    }
    let text = value.to_string()?;
    at_most(text.len(), KEY_BYTES_MAX, "a part of the cache key")?;
    Ok(text)
}
