//! `req`: the request, read through its ticket.
//!
//! Reading costs nothing until asked for. Edits are noted for the gateway; they do not change what
//! `req` shows.

use super::field;
use crate::call::{Ticket, only_in};
use crate::phase::Phase;
use mlua::{
    Error, IntoLua, Lua, LuaString, MetaMethod, UserData, UserDataFields, UserDataMethods, Value,
};

/// The Lua object.
pub(crate) struct Request(pub(crate) Ticket);

impl UserData for Request {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("method", |lua, this| {
            this.0
                .request(|request| lua.create_string(request.method()))?
        });
        fields.add_field_method_get("scheme", |lua, this| {
            this.0
                .request(|request| lua.create_string(request.scheme()))?
        });
        fields.add_field_method_get("host", |lua, this| {
            this.0
                .request(|request| lua.create_string(request.host()))?
        });
        fields.add_field_method_get("path", |lua, this| {
            this.0
                .request(|request| lua.create_string(request.path()))?
        });
        fields.add_field_method_get("query_string", |lua, this| {
            this.0.request(|request| request.query().into_lua(lua))?
        });
        fields.add_field_method_get("client_ip", |_, this| {
            this.0.request(|request| request.client_ip())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("header", |lua, this, name: LuaString| {
            let name = name.to_str()?;
            this.0
                .request(|request| request.header(&name).as_deref().into_lua(lua))?
        });
        methods.add_method("query", |lua, this, name: LuaString| this.query(lua, &name));
        methods.add_method("cookie", |lua, this, name: LuaString| {
            this.cookie(lua, &name)
        });
        methods.add_method("headers", |lua, this, ()| {
            let table = lua.create_table()?;
            let mut outcome = Ok(());
            this.0.request(|request| {
                request.for_each_header(&mut |name, value| {
                    if outcome.is_ok() {
                        outcome = add_line(&table, name, value);
                    }
                });
            })?;
            outcome.map(|()| table)
        });
        methods.add_method(
            "set_header",
            |_, this, (name, value): (LuaString, LuaString)| {
                let call = this.0.call("req")?;
                only_in(call, Phase::OnRequest, "req:set_header")?;
                field::push(
                    &mut call.request_headers.borrow_mut(),
                    field::set(&name, &value)?,
                )
            },
        );
        methods.add_method("remove_header", |_, this, name: LuaString| {
            let call = this.0.call("req")?;
            only_in(call, Phase::OnRequest, "req:remove_header")?;
            field::push(
                &mut call.request_headers.borrow_mut(),
                field::remove(&name)?,
            )
        });
        methods.add_meta_method(MetaMethod::Index, |_, _, name: Value| unknown("req", &name));
    }
}

impl Request {
    /// The first parameter of that name, decoded as forms are.
    fn query(&self, lua: &Lua, name: &LuaString) -> mlua::Result<Option<LuaString>> {
        let value = self.0.request(|request| {
            request.query()?.split('&').find_map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(key) == *name.as_bytes()).then(|| decode(value))
            })
        })?;
        value.map(|value| lua.create_string(value)).transpose()
    }

    /// The first cookie of that name (RFC 6265 section 4.2.1), as sent.
    fn cookie(&self, lua: &Lua, name: &LuaString) -> mlua::Result<Option<LuaString>> {
        let name = name.as_bytes();
        let mut found = None;
        self.0.request(|request| {
            request.for_each_header(&mut |field, line| {
                if found.is_some() || !field.eq_ignore_ascii_case("cookie") {
                    return;
                }
                found = line.split(';').find_map(|pair| {
                    let (key, value) = pair.trim().split_once('=')?;
                    (key.as_bytes() == &*name).then(|| value.to_owned())
                });
            });
        })?;
        found.map(|value| lua.create_string(value)).transpose()
    }
}

/// Adds a header line to a table, joining lines of one name.
pub(super) fn add_line(table: &mlua::Table, name: &str, value: &str) -> mlua::Result<()> {
    match table.raw_get::<Option<String>>(name)? {
        Some(before) => table.raw_set(name, format!("{before}, {value}")),
        None => table.raw_set(name, value),
    }
}

/// A misspelt name is an error and not a silent nil.
pub(super) fn unknown(object: &str, name: &Value) -> mlua::Result<Value> {
    let name = name
        .as_string()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    Err(Error::runtime(format!(
        "`{object}` has no field or method `{name}`"
    )))
}

fn decode(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let mut ahead = bytes.clone();
                let pair = (ahead.next().and_then(digit), ahead.next().and_then(digit));
                if let (Some(high), Some(low)) = pair {
                    out.push(high << 4 | low);
                    bytes = ahead;
                } else {
                    out.push(byte);
                }
            }
            plain => out.push(plain),
        }
    }
    out
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn parameters_are_decoded_and_broken_escapes_stay() {
        let table = [
            ("a+b", "a b"),
            ("%C3%A9", "é"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("%%41", "%A"),
        ];
        for (text, wanted) in table {
            assert_eq!(decode(text), wanted.as_bytes(), "{text}");
        }
    }
}
