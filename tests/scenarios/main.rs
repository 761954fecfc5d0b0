//! Stories about the gateway as its clients, origins and operators see it.
//!
//! One binary, a module a topic, in the order in which a newcomer should read them. The words are
//! the harness's (`tests/harness`); what one function decides is tested beside that function.

mod access_log;
mod admin;
mod collapsing;
mod failures;
mod freshness;
mod grpc;
mod invalidation;
mod limits;
mod mission;
mod mission_memory;
mod plugin_failures;
mod plugins;
mod proxying;
mod purging;
mod ranges;
mod reload;
mod routing;
mod stale;
mod storability;
mod streaming;
mod tls;
mod validation;
mod vary;
