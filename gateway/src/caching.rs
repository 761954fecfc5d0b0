//! Caching as the gateway means it: what is looked up under which key, what a stored response is, how
//! invalidations enter.
//!
//! The rules are `shoal_rules`', the engine is `shoal_cache`'s; here one is told about the other.

pub mod compressible;
pub mod engine;
pub mod lookup;
pub mod parts;
pub mod plan;
pub mod progress;
pub mod purge;
pub mod stored_response;
pub mod tags;
pub mod varying;
