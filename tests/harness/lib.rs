//! The vocabulary of the scenarios: a scripted origin, a gateway process, clients, expectations.
//!
//! Black box on purpose: nothing here knows a crate of the gateway. The stories that use these
//! words are in `tests/scenarios`.
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a harness reports a failure by panicking in the test that uses it"
)]

mod answer;
mod ask;
mod cache_status;
mod certificates;
mod client;
mod clock;
mod expectation;
mod fields;
mod gateway;
mod grpc;
mod origin;
mod patience;
mod transcript;
mod wire;

pub use answer::{Answer, not_modified, ok, status};
pub use ask::{Ask, delete, get, head, method, options, post, purge, put};
pub use cache_status::{CacheStatus, ExpectedStatus, fwd, hit};
pub use certificates::{Authority, Issued};
pub use client::Client;
pub use client::h2::{H2Client, H2Stream, Last};
pub use client::incoming::Incoming;
pub use client::response::Response;
pub use client::tls::{Alpn, TlsHandshake};
pub use clock::http_date;
pub use expectation::Expectation;
pub use fields::Fields;
pub use gateway::Gateway;
pub use gateway::cli::Ended;
pub use gateway::config::{Config, Refused};
pub use gateway::metrics::Metrics;
pub use grpc::GrpcOrigin;
pub use origin::Origin;
pub use origin::record::Recorded;
pub use origin::reply::{Reply, raw, switching_protocols};
pub use origin::script::Step;
pub use patience::{PATIENCE, eventually, within};
