//! Stories about the gateway as its clients, origins and operators see it.
//!
//! One binary, a module a topic, in the order in which a newcomer should read them. The words are
//! the harness's (`tests/harness`); what one function decides is tested beside that function.

mod access_log;
mod access_log_files;
mod admin;
mod attacks_keys;
mod attacks_parameters;
mod body_keys;
mod breaking_off;
mod cache_control;
mod cache_groups;
mod cache_keys;
mod changed_validations;
mod collapsing;
mod command_line;
mod connections;
mod draining;
mod early_hints;
mod explain;
mod failures;
mod freshness;
mod grpc;
mod invalidation;
mod limits;
mod listeners;
mod mission;
mod mission_memory;
mod must_understand;
mod newest_age;
mod newest_invalidation;
mod operators;
mod plugin_failures;
mod plugins;
mod post_for_get;
mod preconditions;
mod proxying;
mod purging;
mod ranges;
mod reload;
mod request_directives;
mod request_forms;
mod routing;
mod slices;
mod stale;
mod stale_if_error;
mod stale_while_revalidate;
mod storability;
mod streaming;
mod surrogate_control;
mod targeted_fields;
mod targeted_syntax;
mod tls;
mod validation;
mod vary;
mod watching;
