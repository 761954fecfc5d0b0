//! The engine from outside: what its owner may rely on.
//!
//! One binary, one topic a file. `vocabulary` holds the words that the tests are told in.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail this way"
)]

mod at_once;
#[path = "../model/chance.rs"]
#[expect(dead_code, reason = "the model needs more of it")]
mod chance;
mod compressing;
mod fills;
mod invalidation;
mod look_up;
mod maintenance;
mod model;
mod outgrown;
mod restart;
mod snapshot;
mod stress;
mod vocabulary;
mod zipf;
