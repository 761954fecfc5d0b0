//! What the benches share: a gateway as a child process, an origin, a client, the closing line.
//!
//! A bench is one program in `src/bin` and answers the question that opens its file. It measures
//! the shipped binary from outside, so nothing here links the gateway; only `rules` calls what it
//! measures, the crate of the rules. Stories about behaviour are
//! in `tests/scenarios`; runs beside other caches are in `head_to_head`.

pub mod client;
pub mod gateway;
pub mod origin;
pub mod verdict;

pub use client::{Answer, Client};
pub use gateway::Gateway;
pub use origin::Origin;
pub use verdict::Verdict;
