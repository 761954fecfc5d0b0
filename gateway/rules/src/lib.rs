//! What HTTP's standards say about caching, as pure functions: RFC 9110, 9111, 9211, 9213, 5861,
//! 8246, 9875 and 10008.
//!
//! A function here takes the messages, the route's [`Policy`] and the time, and returns a decision
//! as a value. It reads no clock, does no I/O, draws no random number and holds no lock; whoever
//! calls it makes the decision happen.

pub mod age;
pub mod body_key;
pub mod cache_control;
pub mod cache_status;
pub mod date;
pub mod deception;
pub mod encoding;
pub mod field;
pub mod freshness;
pub mod grpc;
pub mod hop_by_hop;
pub mod invalidation;
pub mod key;
mod lifetime;
pub mod message;
pub mod method;
pub mod partial;
pub mod path;
pub mod policy;
pub mod precondition;
pub mod query;
pub mod range;
pub mod reason;
pub mod reuse;
pub mod staleness;
pub mod storability;
pub mod structured;
pub mod tags;
pub mod targeted;
pub mod uri;
pub mod validation;
pub mod validator;
pub mod vary;

pub use body_key::BodyKey;
pub use cache_status::{CacheStatus, Collapsed, Forward, Handling, Stored};
pub use freshness::{Freshness, LifetimeSource, Obligations};
pub use key::{FullKey, KeyBuilder};
pub use message::{Presented, Received, Target, Times};
pub use method::{MethodClass, is_unsafe, lookup_class, lookup_method};
pub use partial::{Combination, Parts, Slice, slices};
pub use path::normalize_path;
pub use policy::{Identity, Overrides, Partial, Policy, RequestDirectives, StatusMatch};
pub use precondition::Precondition;
pub use query::{QueryRule, TRACKING_PARAMETERS, normalize_query};
pub use range::RangeVerdict;
pub use reason::{Group, Reason};
pub use reuse::{Reuse, only_if_cached, reuse};
pub use staleness::{Failure, may_serve_stale_on_error};
pub use storability::{post_as_get, storability};
pub use uri::normalize_host;
pub use vary::{Selector, selecting_key};
