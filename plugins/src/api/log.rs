//! `shoal.log.*`: lines of a plugin, with its name, in the gateway's log.
//!
//! A line has a limit, and so has a call: a script must not fill a disk.

use crate::call::Call;
use crate::limits::{LOG_BYTES_MAX, LOG_LINES_MAX};
use mlua::{Lua, Table, Value, Variadic};
use std::rc::Rc;
use tracing::Level;

/// The library table.
pub(super) fn library(lua: &Lua, plugin: &str, call: &Rc<Call>) -> mlua::Result<Table> {
    let levels = [
        ("debug", Level::DEBUG),
        ("info", Level::INFO),
        ("warn", Level::WARN),
        ("error", Level::ERROR),
    ];
    let log = lua.create_table()?;
    for (name, level) in levels {
        let call = Rc::clone(call);
        let plugin: Rc<str> = plugin.into();
        let write = move |_: &Lua, parts: Variadic<Value>| {
            let lines = call.log_lines.get().saturating_add(1);
            call.log_lines.set(lines);
            if lines <= LOG_LINES_MAX {
                emit(level, &plugin, &line(&parts)?);
            } else if lines == LOG_LINES_MAX + 1 {
                emit(
                    Level::WARN,
                    &plugin,
                    "more log lines than one call may write",
                );
            }
            Ok(())
        };
        log.set(name, lua.create_function(write)?)?;
    }
    log.set_readonly(true);
    Ok(log)
}

fn line(parts: &[Value]) -> mlua::Result<String> {
    let mut line = String::new();
    for part in parts {
        if !line.is_empty() {
            line.push(' ');
        }
        for c in part.to_string()?.chars() {
            if line.len() >= LOG_BYTES_MAX {
                return Ok(line);
            }
            // A line break from a request would forge a log line.
            line.push(if c.is_control() { ' ' } else { c });
        }
    }
    Ok(line)
}

fn emit(level: Level, plugin: &str, line: &str) {
    match level {
        Level::ERROR => tracing::error!(target: "shoal::plugin", plugin, "{line}"),
        Level::WARN => tracing::warn!(target: "shoal::plugin", plugin, "{line}"),
        Level::INFO => tracing::info!(target: "shoal::plugin", plugin, "{line}"),
        _ => tracing::debug!(target: "shoal::plugin", plugin, "{line}"),
    }
}
