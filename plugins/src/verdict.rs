//! What a hook decided, as values.
//!
//! The gateway performs them; the Lua side that fills them is in `api`.

use std::time::Duration;

/// What `on_request` decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestDecision {
    /// How the request goes on.
    pub verdict: RequestVerdict,
    /// Edits to the request's headers, in order.
    pub headers: Vec<HeaderEdit>,
}

/// How a request goes on after `on_request`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RequestVerdict {
    /// As if there were no plugin.
    #[default]
    Continue,
    /// Past the cache, with the plugin's reason.
    Bypass(String),
    /// The plugin answers; the origin is not asked.
    Respond(Reply),
}

/// A whole response made by a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status, 200 to 599.
    pub status: u16,
    /// Headers without framing fields: the gateway adds those.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`crate::limits::REPLY_BODY_MAX`] bytes.
    pub body: Vec<u8>,
}

/// What `cache_key` did to the key, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyEdit {
    /// The steps, at most [`crate::limits::KEY_OPS_MAX`].
    pub ops: Vec<KeyOp>,
}

/// One step on a cache key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOp {
    /// Of the query, only these parameters count; none of them: the query does not count.
    QueryOnly(Vec<String>),
    /// Of the query, these parameters do not count; a trailing `*` stands for any rest.
    QueryExclude(Vec<String>),
    /// A request header counts; the name is in lower case.
    Header(String),
    /// A cookie counts.
    Cookie(String),
    /// A text of the plugin's own counts.
    Add(String),
}

/// What `on_response` decided about storing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheDecision {
    /// The freshness lifetime; `None` leaves the origin's word.
    pub ttl: Option<Duration>,
    /// RFC 5861 section 3.
    pub stale_while_revalidate: Option<Duration>,
    /// RFC 5861 section 4.
    pub stale_if_error: Option<Duration>,
    /// Names for later invalidation, without repeats.
    pub tags: Vec<String>,
    /// The response must not be stored, with the plugin's reason; wins over `ttl`.
    pub no_store: Option<String>,
    /// Edits to the response's headers, in order, before it is stored.
    pub headers: Vec<HeaderEdit>,
}

/// One edit to a header section. Names are in lower case and never a framing or hop-by-hop field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderEdit {
    /// Replaces every line of that name.
    Set {
        /// The field name.
        name: String,
        /// The field value.
        value: String,
    },
    /// Removes every line of that name.
    Remove {
        /// The field name.
        name: String,
    },
}
