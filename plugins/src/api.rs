//! What scripts may call: the global `shoal`, and the objects that hooks receive.
//!
//! Each file under `api/` is one object or one library; none performs anything.

pub(crate) mod argument;
mod base64;
pub(crate) mod cache;
mod field;
pub(crate) mod json;
pub(crate) mod key;
mod log;
mod pattern;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod verdict;

use crate::call::Call;
use crate::limits::REP_BYTES_MAX;
use mlua::{Lua, LuaString};
use std::rc::Rc;

/// Puts the `shoal` table into the globals.
pub(crate) fn install(lua: &Lua, plugin: &str, call: &Rc<Call>) -> mlua::Result<()> {
    let shoal = lua.create_table()?;
    let log = log::library(lua, plugin, call)?;
    // `print` is what people reach for first; it goes to the log and not to the server's output.
    lua.globals()
        .set("print", log.get::<mlua::Function>("info")?)?;
    shoal.set("log", log)?;
    shoal.set("json", json::library(lua)?)?;
    shoal.set("base64", base64::library(lua)?)?;
    shoal.set("re", pattern::library(lua)?)?;
    shoal.set(
        "hash",
        lua.create_function(|_, text: LuaString| hash(&text))?,
    )?;
    verdict::install(lua, &shoal, call)?;
    shoal.set_readonly(true);
    lua.globals().set("shoal", shoal)
}

/// 128 bits in hexadecimal, the same on every node.
fn hash(text: &LuaString) -> mlua::Result<String> {
    let bytes = text.as_bytes();
    argument::at_most(bytes.len(), REP_BYTES_MAX, "the text of shoal.hash")?;
    Ok(blake3::hash(&bytes)
        .to_hex()
        .chars()
        .take(HASH_DIGITS)
        .collect())
}

const HASH_DIGITS: usize = 32;
