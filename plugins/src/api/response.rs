//! `res`: the origin's response head, read through its ticket; header edits are noted.
//!
//! Storing is `cache`.

use super::field;
use super::request::{add_line, unknown};
use crate::call::Ticket;
use mlua::{IntoLua, LuaString, MetaMethod, UserData, UserDataFields, UserDataMethods, Value};

/// The Lua object.
pub(crate) struct Response(pub(crate) Ticket);

impl UserData for Response {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("status", |_, this| {
            this.0.response(|response| response.status())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("header", |lua, this, name: LuaString| {
            let name = name.to_str()?;
            this.0
                .response(|response| response.header(&name).as_deref().into_lua(lua))?
        });
        methods.add_method("headers", |lua, this, ()| {
            let table = lua.create_table()?;
            let mut outcome = Ok(());
            this.0.response(|response| {
                response.for_each_header(&mut |name, value| {
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
                let call = this.0.call("res")?;
                field::push(
                    &mut call.cache.borrow_mut().headers,
                    field::set(&name, &value)?,
                )
            },
        );
        methods.add_method("remove_header", |_, this, name: LuaString| {
            let call = this.0.call("res")?;
            field::push(&mut call.cache.borrow_mut().headers, field::remove(&name)?)
        });
        methods.add_meta_method(MetaMethod::Index, |_, _, name: Value| unknown("res", &name));
    }
}
