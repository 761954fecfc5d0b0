//! Every limit of the host, with its unit and its reason.
//!
//! Only what an operator cannot set stands here; CPU time and memory are in [`crate::Source`].

use std::time::Duration;

/// CPU time of a main chunk, as a multiple of a hook's: it runs once per thread and builds tables.
pub const LOAD_CPU_FACTOR: u32 = 10;
/// Wall time at which a hook is stopped, as a multiple of its CPU time: a busy machine must not
/// punish the innocent, yet no hook may hold a worker for long.
pub const WALL_FACTOR: u32 = 10;

/// Bytes of a plugin's file; larger ones are data and do not belong in a script.
pub const SOURCE_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of an error message: it goes into logs.
pub const MESSAGE_BYTES_MAX: usize = 400;

/// Tags of one response: each one costs a generation entry in the store.
pub const TAGS_MAX: usize = 64;
/// Bytes of one tag.
pub const TAG_BYTES_MAX: usize = 256;
/// Operations on one cache key.
pub const KEY_OPS_MAX: usize = 32;
/// Names in one `query_only` or `query_exclude`.
pub const KEY_NAMES_MAX: usize = 64;
/// Bytes that a plugin may add to one cache key, all parts together.
pub const KEY_BYTES_MAX: usize = 8 * 1024;
/// Header edits of one call.
pub const HEADER_EDITS_MAX: usize = 32;
/// Bytes of one header's name or value.
pub const HEADER_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a reason: it stands in a log line and in `Cache-Status`.
pub const REASON_BYTES_MAX: usize = 64;
/// Bytes of a body that a plugin answers with: pages belong to an origin.
pub const REPLY_BODY_MAX: usize = 64 * 1024;
/// The longest freshness or grace that a plugin may ask for: ten years say "for ever".
pub const DURATION_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Log lines of one call; the rest is dropped, and one line says so.
pub const LOG_LINES_MAX: u32 = 16;
/// Bytes of one log line.
pub const LOG_BYTES_MAX: usize = 1024;

/// Bytes of a subject of `find`, `match`, `gmatch`, `gsub` and `split`: the longest scan between two
/// looks at the clock.
pub const SUBJECT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a pattern: a plain search costs subject times pattern.
pub const PATTERN_BYTES_MAX: usize = 512;
/// Bytes that `string.rep` may make.
pub const REP_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a format string.
pub const FORMAT_BYTES_MAX: usize = 4 * 1024;
/// Elements that `table.create`, `table.move`, `table.sort` and `table.concat` may touch in one call.
pub const TABLE_ITEMS_MAX: usize = 16 * 1024;

/// Bytes of JSON or base64 read or written in one call.
pub const CODEC_BYTES_MAX: usize = 256 * 1024;
/// Nested tables in JSON.
pub const JSON_DEPTH_MAX: usize = 32;
/// Regular expressions of one VM: they live outside the Lua heap.
pub const REGEX_PER_VM: usize = 64;
/// Bytes of one compiled regular expression: time is linear in it.
pub const REGEX_SIZE_MAX: usize = 64 * 1024;
/// Bytes of a subject of `shoal.re`.
pub const REGEX_SUBJECT_MAX: usize = 16 * 1024;

/// Failures in a row after which a plugin is left out.
pub const BREAKER_FAILURES: u32 = 10;
/// How long a failing plugin is left out before the next try.
pub const BREAKER_COOL_DOWN: Duration = Duration::from_secs(10);
