//! The Lua host: compiles, runs and bounds plugins.
//!
//! It sees a request through [`RequestView`] and hands back decisions as values; it performs none of
//! them, does no I/O, and knows no server. Start with [`Plugin`], then read `vm` for one call's life.

mod api;
mod breaker;
mod budget;
mod call;
mod cpu_clock;
mod duration;
mod error;
mod host;
mod lent;
pub mod limits;
mod phase;
mod sandbox;
mod script;
mod states;
mod stats;
mod verdict;
mod view;
mod vm;

pub use error::{HookError, ScriptError};
pub use host::Plugin;
pub use phase::{Hooks, Phase};
pub use script::{OnError, Source};
pub use stats::{BreakerState, PhaseStats, PluginStats};
pub use verdict::{
    CacheDecision, HeaderEdit, KeyEdit, KeyOp, Reply, RequestDecision, RequestVerdict,
};
pub use view::{RequestView, ResponseView};
