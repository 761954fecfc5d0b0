//! A store's entries as a stream of bytes that survives the process.
//!
//! Here are the words and the limits. How an entry is written and read back is `record`, its body `body`;
//! which entries, and under which conditions they come back, is `store/snapshots`.

mod body;
mod record;

use std::io;

use thiserror::Error;

pub(crate) use self::record::{Record, RecordReader, RecordWriter};
use crate::Epoch;

/// A longer body is left out, however short it is compressed: both sides hold one record in memory, and one
/// such object is fetched again sooner than it would have been read.
pub(crate) const BODY_MAX: u32 = 16 << 20;
/// Key, metadata, tags and trailers together. More than any sensible response has, and little enough
/// that a damaged length allocates little.
pub(crate) const HEAD_MAX: u32 = 1 << 20;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Entries in the snapshot.
    pub entries: u64,
    /// [`Store::epoch`](crate::Store::epoch) when it began: every invalidation that came later was
    /// missed by the snapshot.
    pub epoch: Epoch,
}

/// What was read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Entries that are in the store now.
    pub entries: u64,
    /// Entries that were read and not taken: over, invalidated, or stored anew meanwhile.
    pub left_out: u64,
    /// Why it ended.
    pub ending: Ending,
}

/// Why a load ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Everything was read.
    Complete,
    /// The store is full. What comes first in a snapshot is worth most.
    Full,
    /// What follows is damaged or missing. What came before is as it was written.
    Damaged,
}

/// A snapshot was refused as a whole. Nothing was loaded.
#[derive(Debug, Error)]
pub enum Unloadable {
    /// It does not begin as a snapshot does, or its first bytes are damaged.
    #[error("this is not a snapshot, or its beginning is damaged")]
    NotASnapshot,
    /// Another version of the format.
    #[error("the snapshot has format {0}, which is not known here")]
    OtherVersion(u32),
    /// It could not be read.
    #[error("the snapshot could not be read")]
    Unreadable(#[from] io::Error),
}
