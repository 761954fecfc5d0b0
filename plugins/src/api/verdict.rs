//! `shoal.bypass` and `shoal.respond`: values that `on_request` returns.
//!
//! Making one does nothing; returning it does.

use super::argument::{at_most, text, type_name};
use super::field;
use crate::call::{Call, only_in};
use crate::limits::{HEADER_EDITS_MAX, REASON_BYTES_MAX, REPLY_BODY_MAX};
use crate::phase::Phase;
use crate::verdict::{HeaderEdit, Reply, RequestVerdict};
use mlua::{Error, Lua, LuaString, Table, UserData, Value};
use std::rc::Rc;

/// A verdict on its way from `shoal.bypass` to the return of the hook.
struct Made(RequestVerdict);

impl UserData for Made {}

/// Adds the two functions to `shoal`.
pub(super) fn install(lua: &Lua, shoal: &Table, call: &Rc<Call>) -> mlua::Result<()> {
    let of_bypass = Rc::clone(call);
    let bypass = lua.create_function(move |_, reason: LuaString| {
        only_in(&of_bypass, Phase::OnRequest, "shoal.bypass")?;
        let reason = text(&reason, REASON_BYTES_MAX, "the reason of shoal.bypass")?;
        of_bypass.verdict_made.set(true);
        Ok(Made(RequestVerdict::Bypass(reason)))
    })?;
    let of_respond = Rc::clone(call);
    let respond = lua.create_function(move |_, answer: Table| {
        only_in(&of_respond, Phase::OnRequest, "shoal.respond")?;
        let reply = reply(&answer)?;
        of_respond.verdict_made.set(true);
        Ok(Made(RequestVerdict::Respond(reply)))
    })?;
    shoal.set("bypass", bypass)?;
    shoal.set("respond", respond)
}

/// Reads what `on_request` returned.
pub(crate) fn returned(call: &Call, value: &Value) -> mlua::Result<RequestVerdict> {
    if value.is_nil() {
        if call.verdict_made.get() {
            return Err(Error::runtime(
                "on_request made a verdict and did not return it: write `return shoal.bypass(..)`",
            ));
        }
        return Ok(RequestVerdict::Continue);
    }
    match value.as_userdata() {
        Some(object) if object.is::<Made>() => Ok(object.take::<Made>()?.0),
        _ => Err(Error::runtime(format!(
            "on_request returns nothing, shoal.bypass(..) or shoal.respond{{..}}, not a {}",
            type_name(value)
        ))),
    }
}

fn reply(answer: &Table) -> mlua::Result<Reply> {
    for pair in answer.pairs::<Value, Value>() {
        let (key, _) = pair?;
        let name = key
            .as_string()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default();
        if !["status", "headers", "body"].contains(&name.as_str()) {
            return Err(Error::runtime(format!("shoal.respond knows no `{name}`")));
        }
    }
    let status = answer.get::<Option<u16>>("status")?.unwrap_or(200);
    // 1xx are not final (RFC 9110 section 15.2).
    if !(200..=599).contains(&status) {
        return Err(Error::runtime("the status of shoal.respond is 200 to 599"));
    }
    let body = answer.get::<Option<LuaString>>("body")?;
    let body = body
        .map(|body| body.as_bytes().to_vec())
        .unwrap_or_default();
    at_most(body.len(), REPLY_BODY_MAX, "the body of shoal.respond")?;
    let mut headers = Vec::new();
    if let Some(table) = answer.get::<Option<Table>>("headers")? {
        for pair in table.pairs::<LuaString, LuaString>() {
            let (name, value) = pair?;
            at_most(
                headers.len(),
                HEADER_EDITS_MAX - 1,
                "the headers of shoal.respond",
            )?;
            if let HeaderEdit::Set { name, value } = field::set(&name, &value)? {
                headers.push((name, value));
            }
        }
    }
    // The order of a Lua table is not defined; the same script gives the same answer.
    headers.sort();
    Ok(Reply {
        status,
        headers,
        body,
    })
}
