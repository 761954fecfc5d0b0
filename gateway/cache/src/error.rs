//! Why the store says no: a closed list for fills, one for ban patterns.
//!
//! No refusal harms what is stored already; readers of a refused fill still read to its end.

use thiserror::Error;

/// A fill or a freshening was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Refusal {
    /// The origin request began before invalidations that the store no longer remembers one by
    /// one. The response may be good; storing it could undo a purge.
    #[error("the origin request is older than the invalidations that are remembered")]
    TooOld,
    /// A matching hard invalidation was applied after the origin request began.
    #[error("a matching invalidation came while the response was on its way")]
    Invalidated,
    /// The announced size is over the limit of an object or of the store.
    #[error("the announced size is over the limit")]
    TooLarge,
    /// The body grew over its limit, or over what all fills together may hold.
    #[error("the body grew over the limit while it was received")]
    Outgrown,
    /// A response to a later origin request is stored already.
    #[error("a response to a later request is already stored")]
    Superseded,
    /// The entry that was to be freshened is not the stored one any more.
    #[error("the entry to freshen is not stored any more")]
    NotCurrent,
    /// The segment has no slot left, which needs four thousand million entries.
    #[error("the segment is full")]
    NoSlot,
}

/// A ban could not be applied. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadPattern {
    /// The text is longer than the limit.
    #[error("the pattern has {length} bytes, the limit is {limit}")]
    TooLong {
        /// Bytes given.
        length: usize,
        /// Bytes permitted.
        limit: usize,
    },
    /// The expression compiles to a program over the limit.
    #[error("the pattern compiles to more than {limit} bytes")]
    TooCostly {
        /// Bytes permitted.
        limit: usize,
    },
    /// The expression is not one.
    #[error("the pattern is not a regular expression: {0}")]
    Syntax(String),
}
