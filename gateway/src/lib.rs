//! Shoal: a programmable caching API gateway on Pingora.
//!
//! The crate is the binary's library: [`cli::main`] is all that the binary calls. Start reading at
//! [`proxy`], which follows a request through its life; [`assemble`] joins the parts.

pub mod access_log;
pub mod admin;
pub mod assemble;
pub mod caching;
pub mod cli;
pub mod clock;
pub mod config;
pub mod drain;
pub mod exchange;
pub mod gateway;
pub mod listen;
pub mod logging;
pub mod maintenance;
pub mod metrics;
pub mod proxy;
pub mod reload;
pub mod restart;
pub mod routing;
pub mod snapshot;
pub mod template;
pub mod upstream;
pub mod watch;
