//! `cache`: how the response is to be stored, as the plugin wants it.
//!
//! Only notes wishes; whether RFC 9111 allows them is the gateway's business.

use super::argument::{seconds, text};
use super::request::unknown;
use crate::call::Ticket;
use crate::limits::{REASON_BYTES_MAX, TAG_BYTES_MAX, TAGS_MAX};
use mlua::{Error, LuaString, MetaMethod, UserData, UserDataMethods, Value, Variadic};

/// The Lua object.
pub(crate) struct Cache(pub(crate) Ticket);

impl UserData for Cache {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("ttl", |_, this, value: Value| {
            let lifetime = seconds(&value, "cache:ttl")?;
            this.0.call("cache")?.cache.borrow_mut().ttl = Some(lifetime);
            Ok(())
        });
        methods.add_method("stale_while_revalidate", |_, this, value: Value| {
            let grace = seconds(&value, "cache:stale_while_revalidate")?;
            this.0
                .call("cache")?
                .cache
                .borrow_mut()
                .stale_while_revalidate = Some(grace);
            Ok(())
        });
        methods.add_method("stale_if_error", |_, this, value: Value| {
            let grace = seconds(&value, "cache:stale_if_error")?;
            this.0.call("cache")?.cache.borrow_mut().stale_if_error = Some(grace);
            Ok(())
        });
        methods.add_method("tag", |_, this, tags: Variadic<LuaString>| {
            tags.iter().try_for_each(|tag| this.tag(tag))
        });
        methods.add_method("no_store", |_, this, reason: Option<LuaString>| {
            let reason = match reason {
                Some(reason) => text(&reason, REASON_BYTES_MAX, "the reason of cache:no_store")?,
                None => "no reason given".to_owned(),
            };
            this.0.call("cache")?.cache.borrow_mut().no_store = Some(reason);
            Ok(())
        });
        methods.add_meta_method(MetaMethod::Index, |_, _, name: Value| {
            unknown("cache", &name)
        });
    }
}

impl Cache {
    fn tag(&self, tag: &LuaString) -> mlua::Result<()> {
        let tag = text(tag, TAG_BYTES_MAX, "a tag")?;
        let mut decision = self.0.call("cache")?.cache.borrow_mut();
        if decision.tags.contains(&tag) {
            return Ok(());
        }
        if decision.tags.len() >= TAGS_MAX {
            return Err(Error::runtime(format!("more than {TAGS_MAX} tags")));
        }
        decision.tags.push(tag);
        Ok(())
    }
}
