//! The name under which a response is stored.
//!
//! How a key is made from a request is the gateway's; here it is a hash and the bytes it stands
//! for.

use bytes::Bytes;

/// A 128-bit hash of a key, the same on every node of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(pub u128);

/// A full key. The hash finds it, the bytes prove it: both are compared on every hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The stable hash of `bytes`.
    pub hash: KeyHash,
    /// What was hashed.
    pub bytes: Bytes,
}

impl KeyHash {
    /// The high half; it chooses the segment.
    pub(crate) const fn high(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// The low half; with a seed of this process it places the key in a table.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low half is what is asked for"
    )]
    pub(crate) const fn low(self) -> u64 {
        self.0 as u64
    }
}
