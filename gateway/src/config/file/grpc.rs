//! `grpc:` of a route, as written.

use crate::config::leaf::{FilePath, Percent, Text};
use crate::config::units::ByteSize;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How gRPC calls are cached.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grpc {
    /// Where the types of messages come from.
    pub descriptors: Option<Vec<Descriptor>>,
    /// How calls with credentials are treated. Default: bypass.
    pub identity: Option<Identity>,
    /// How long a call may fill the cache. Default: 10s.
    pub fill_timeout: Option<Text<Duration>>,
    /// With these codes a stale response may be served.
    pub stale_if_error_on: Option<Vec<Code>>,
    /// How long failures are stored, by code.
    pub negative: Option<BTreeMap<String, Text<Duration>>>,
    /// A longer request message is not looked up. Default: 60KB.
    pub max_key_message: Option<Text<ByteSize>>,
    /// A longer response message is not stored. Default: 4MB.
    pub max_message: Option<Text<ByteSize>>,
    /// A longer stream is not stored. Default: 16MB.
    pub max_stream_bytes: Option<Text<ByteSize>>,
    /// This share of hits is compared with the origin. Default: 0%.
    pub verify_sample: Option<Text<Percent>>,
    /// By full name, such as "/shop.v1.Catalog/GetItem".
    pub methods: Option<BTreeMap<String, Method>>,
}

/// One source of descriptors: source files, a compiled set, or the server itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Descriptor {
    /// Source files.
    pub protos: Option<Vec<Text<FilePath>>>,
    /// Folders in which their imports are looked for.
    pub include: Option<Vec<Text<FilePath>>>,
    /// A compiled descriptor set.
    pub set: Option<Text<FilePath>>,
    /// True: the server is asked.
    pub reflection: Option<bool>,
    /// How often the server is asked again.
    pub refresh: Option<Text<Duration>>,
}

/// How calls with credentials are treated.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// They skip the cache.
    Bypass,
    /// Each credential has its own responses.
    Key,
    /// Everybody shares.
    Shared,
}

/// How one method is cached.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// How long its responses are fresh.
    pub ttl: Option<Text<Duration>>,
    /// What of the request message makes the key.
    pub key: Option<MethodKey>,
    /// Names under which responses can be purged together.
    pub tags: Option<Vec<String>>,
    /// What a successful call purges.
    pub purges: Option<Vec<String>>,
}

/// What of the request message makes the key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodKey {
    /// Fields that do not.
    pub ignore: Option<Vec<String>>,
}

/// A gRPC status code.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the codes are gRPC's own and explained there")]
pub enum Code {
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}
