//! The Lua host from outside: hooks, budgets, the sandbox, errors, shipped plugins.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod budgets;
mod errors;
mod escapes;
mod hooks;
mod lifecycle;
mod shipped;
mod world;
