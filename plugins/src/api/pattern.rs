//! `shoal.re`: regular expressions whose time is linear in the subject.
//!
//! A pattern is compiled once per VM. It lives outside of the Lua heap, so their number is bounded.

use super::argument::at_most;
use crate::limits::{PATTERN_BYTES_MAX, REGEX_PER_VM, REGEX_SIZE_MAX, REGEX_SUBJECT_MAX};
use mlua::{Error, Lua, LuaString, Table, Variadic};
use regex::bytes::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The library table.
pub(super) fn library(lua: &Lua) -> mlua::Result<Table> {
    let compiled: Rc<Compiled> = Rc::default();
    let re = lua.create_table()?;

    let patterns = Rc::clone(&compiled);
    let test = move |_: &Lua, (subject, pattern): (LuaString, LuaString)| {
        let regex = patterns.get(&pattern)?;
        Ok(regex.is_match(&checked(&subject)?.as_bytes()))
    };
    re.set("test", lua.create_function(test)?)?;

    let patterns = Rc::clone(&compiled);
    let find = move |lua: &Lua, (subject, pattern): (LuaString, LuaString)| {
        let regex = patterns.get(&pattern)?;
        captures(lua, &regex, checked(&subject)?)
    };
    re.set("match", lua.create_function(find)?)?;

    let patterns = Rc::clone(&compiled);
    let replace = move |lua: &Lua, (subject, pattern, by): (LuaString, LuaString, LuaString)| {
        let regex = patterns.get(&pattern)?;
        at_most(
            by.as_bytes().len(),
            PATTERN_BYTES_MAX,
            "the replacement of shoal.re",
        )?;
        lua.create_string(regex.replace_all(&checked(&subject)?.as_bytes(), &*by.as_bytes()))
    };
    re.set("replace", lua.create_function(replace)?)?;
    re.set_readonly(true);
    Ok(re)
}

/// The groups of the first match, or the whole match when there are none; nothing without a match.
fn captures(
    lua: &Lua,
    regex: &Regex,
    subject: &LuaString,
) -> mlua::Result<Variadic<Option<LuaString>>> {
    let bytes = subject.as_bytes();
    let Some(found) = regex.captures(&bytes) else {
        return Ok(Variadic::new());
    };
    let whole = usize::from(found.len() > 1);
    found
        .iter()
        .skip(whole)
        .map(|group| {
            group
                .map(|group| lua.create_string(group.as_bytes()))
                .transpose()
        })
        .collect::<mlua::Result<Vec<_>>>()
        .map(Variadic::from_iter)
}

fn checked(subject: &LuaString) -> mlua::Result<&LuaString> {
    at_most(
        subject.as_bytes().len(),
        REGEX_SUBJECT_MAX,
        "the subject of shoal.re",
    )?;
    Ok(subject)
}

/// The patterns that this VM has seen.
#[derive(Default)]
struct Compiled(RefCell<HashMap<Vec<u8>, Regex>>);

impl Compiled {
    fn get(&self, pattern: &LuaString) -> mlua::Result<Regex> {
        let bytes = pattern.as_bytes();
        if let Some(regex) = self.0.borrow().get(&*bytes) {
            return Ok(regex.clone());
        }
        at_most(bytes.len(), PATTERN_BYTES_MAX, "a pattern of shoal.re")?;
        if self.0.borrow().len() >= REGEX_PER_VM {
            return Err(Error::runtime(format!(
                "more than {REGEX_PER_VM} patterns; a pattern must not be made from a request"
            )));
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|_not_utf8| Error::runtime("a pattern of shoal.re is not UTF-8"))?;
        let regex = RegexBuilder::new(text)
            .size_limit(REGEX_SIZE_MAX)
            .dfa_size_limit(REGEX_SIZE_MAX)
            .build()
            .map_err(|problem| {
                let shown = problem.to_string();
                Error::runtime(shown.lines().last().unwrap_or_default())
            })?;
        self.0.borrow_mut().insert(bytes.to_vec(), regex.clone());
        Ok(regex)
    }
}
