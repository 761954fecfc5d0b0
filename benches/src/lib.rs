//! What the benches share: a gateway as a child process, an origin, a client, workloads, the closing
//! lines.
//!
//! A bench is one program in `src/bin` and answers the question that opens its file. It measures
//! the shipped binary from outside, so nothing here links the gateway; `rules` and the four about
//! the cache call what they measure. Stories about behaviour are in `tests/scenarios`; runs beside
//! other caches as servers are in `head_to_head`.

pub mod chance;
pub mod client;
pub mod gateway;
pub mod load;
pub mod origin;
#[cfg(feature = "peers")]
pub mod peers;
pub mod played;
pub mod process;
pub mod simulated;
pub mod traces;
pub mod verdict;
pub mod workloads;

pub use client::{Answer, Client};
pub use gateway::Gateway;
pub use origin::Origin;
pub use verdict::Verdict;
