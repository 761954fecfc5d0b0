//! A VM that a script cannot leave: which libraries it has, and which of their functions are capped.
//!
//! No `os`, `io`, `debug`, `package`, `require`, no loading of code. How long it may run is `budget`;
//! how much memory it may take is set here.

mod capped;

use crate::api;
use crate::budget::Meter;
use crate::call::Call;
use mlua::{Lua, LuaOptions, StdLib, Value};
use std::rc::Rc;

/// A new VM with the `shoal` table, without any script.
pub(crate) fn open(
    plugin: &str,
    memory: usize,
    call: &Rc<Call>,
    meter: &Rc<Meter>,
) -> mlua::Result<Lua> {
    let libraries = StdLib::COROUTINE
        | StdLib::TABLE
        | StdLib::STRING
        | StdLib::UTF8
        | StdLib::BIT
        | StdLib::MATH
        | StdLib::BUFFER
        | StdLib::VECTOR;
    let lua = Lua::new_with(libraries, LuaOptions::new())?;
    lua.set_memory_limit(memory)?;
    let globals = lua.globals();
    for name in REMOVED {
        globals.raw_set(name, Value::Nil)?;
    }
    capped::install(&lua)?;
    api::install(&lua, plugin, call)?;
    // Library tables, the string metatable and the globals become read-only.
    lua.sandbox(true)?;
    let meter = Rc::clone(meter);
    lua.set_interrupt(move |lua| meter.tick(lua));
    Ok(lua)
}

/// Globals that a plugin has no use for: code loading, environments, proxies, the collector.
const REMOVED: [&str; 10] = [
    "collectgarbage",
    "debug",
    "gcinfo",
    "getfenv",
    "io",
    "loadstring",
    "newproxy",
    "os",
    "require",
    "setfenv",
];
