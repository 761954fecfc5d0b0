//! The proxy: Pingora's callbacks, answered by our parts.
//!
//! The folder is in the order of a request's life: `service` lists the callbacks, one line each;
//! `request_phase`, `cache_phase`, `upstream_phase`, `response_phase` answer them. `storage` and `lock`
//! show the engine to Pingora's cache state machine. All use of `session.cache` is in `cache_phase`.

mod asked;
mod cache_phase;
mod content;
pub mod failure;
mod fast_path;
mod fields;
mod head_request;
mod invalidating;
mod lock;
mod own_requests;
mod parts;
mod plugin_hooks;
mod plugin_view;
pub mod post_as_get;
mod purge_request;
mod request_phase;
mod response_phase;
mod service;
mod slices;
mod storage;
mod storage_body;
mod storing;
mod upstream_phase;

pub use parts::{Arriving, Whole};
pub use service::Proxy;
