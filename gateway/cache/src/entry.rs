//! A complete stored response: what a hit hands out.
//!
//! Immutable but for counters. While it is still being received it is `in_flight`.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use bytes::Bytes;

use crate::{
    Body, Epoch, Key, KeyHash, Moment, Scopes,
    provenance::Provenance,
    weight::{self, allocation_size},
};

/// The identity of one stored response. A key that is stored anew or freshened gets another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u64);

/// Eight bytes of the cluster, kept with an entry and not understood here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stamp(pub [u8; 8]);

/// What a validation brought: everything but the body, which is kept.
#[derive(Clone, Debug)]
pub struct Freshened {
    /// The new metadata.
    pub meta: Bytes,
    /// The sets it belongs to now.
    pub scopes: Scopes,
    /// [`Store::epoch`](crate::Store::epoch) when the validation request began.
    pub epoch: Epoch,
    /// The cluster's bytes.
    pub stamp: Stamp,
    /// When the validation request began.
    pub requested: Moment,
    /// From then on it is of no use, not even stale.
    pub useful_until: Moment,
}

/// A complete stored response.
///
/// In this order, so that what a hit reads and writes stands at the beginning, close together.
#[repr(C)]
pub struct CacheEntry {
    hash: KeyHash,
    key: Box<[u8]>,
    useful_until: Moment,
    provenance: Provenance,
    hits: AtomicU32,
    requested: Moment,
    id: EntryId,
    meta: Bytes,
    body: Body,
    /// Boxed, as few responses have them.
    trailers: Option<Box<Bytes>>,
    stamp: Stamp,
}

impl CacheEntry {
    /// Its identity.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// The hash of the key it is stored under.
    #[must_use]
    pub const fn hash(&self) -> KeyHash {
        self.hash
    }

    /// What was hashed.
    #[must_use]
    pub const fn key(&self) -> &[u8] {
        &self.key
    }

    /// The owner's metadata.
    #[must_use]
    pub const fn meta(&self) -> &Bytes {
        &self.meta
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// The owner's form of the trailers, if there were any.
    #[must_use]
    pub fn trailers(&self) -> Option<&Bytes> {
        self.trailers.as_deref()
    }

    /// The cluster's bytes.
    #[must_use]
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// When its origin request began.
    #[must_use]
    pub const fn requested(&self) -> Moment {
        self.requested
    }

    /// From then on it is not handed out.
    #[must_use]
    pub const fn useful_until(&self) -> Moment {
        self.useful_until
    }

    /// The sets it belongs to.
    #[must_use]
    pub const fn scopes(&self) -> &Scopes {
        &self.provenance.scopes
    }

    /// The store's epoch when its origin request began.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.provenance.epoch()
    }

    /// The bytes it is charged with. Computed: it is asked for when an entry comes and goes only.
    #[must_use]
    pub fn weight(&self) -> u64 {
        weight::NODE
            + allocation_size(ARC_COUNTS + size_of::<Self>() as u64)
            + record_weight(&self.key, &self.meta, &self.provenance.scopes)
            + self.body.weight()
            + self
                .trailers()
                .map_or(0, |t| weight::buffer(t.len()) + BOXED_BYTES)
    }

    /// How often it was handed out.
    #[must_use]
    pub fn hits(&self) -> u64 {
        u64::from(self.hits.load(Relaxed))
    }

    pub(crate) fn new(parts: EntryParts) -> Self {
        let EntryParts {
            id,
            key,
            meta,
            body,
            trailers,
            stamp,
            requested,
            useful_until,
            provenance,
        } = parts;
        Self {
            hash: key.hash,
            key: key.bytes[..].into(),
            useful_until,
            provenance,
            hits: AtomicU32::new(0),
            requested,
            id,
            // Copied, so that nothing of the caller's is kept alive.
            meta: Bytes::copy_from_slice(&meta),
            body,
            trailers: trailers.map(|t| Box::new(Bytes::copy_from_slice(&t))),
            stamp,
        }
    }

    /// The entry after a validation: same key, body and count of hits.
    pub(crate) fn freshened(&self, id: EntryId, new: Freshened) -> Self {
        let entry = Self::new(EntryParts {
            id,
            key: Key {
                hash: self.hash,
                bytes: Bytes::copy_from_slice(&self.key),
            },
            meta: new.meta,
            body: self.body.clone(),
            trailers: self.trailers().cloned(),
            stamp: new.stamp,
            requested: new.requested,
            useful_until: new.useful_until,
            provenance: Provenance::new(new.scopes, new.epoch),
        });
        entry.hits.store(self.hits.load(Relaxed), Relaxed);
        entry
    }

    pub(crate) const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Whether it is stored under this key. The full key is compared, as hashes may collide.
    pub(crate) fn is_of(&self, key: &Key) -> bool {
        self.hash == key.hash && *self.key == *key.bytes
    }

    /// Whether another is stored under the same key.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.hash == other.hash && self.key == other.key
    }

    /// Two at once may count as one: an exact count would cost every hit a locked operation.
    pub(crate) fn count_hit(&self) {
        let hits = self.hits.load(Relaxed);
        self.hits.store(hits.wrapping_add(1), Relaxed);
    }
}

/// What an entry is made of.
pub(crate) struct EntryParts {
    pub(crate) id: EntryId,
    pub(crate) key: Key,
    pub(crate) meta: Bytes,
    pub(crate) body: Body,
    pub(crate) trailers: Option<Bytes>,
    pub(crate) stamp: Stamp,
    pub(crate) requested: Moment,
    pub(crate) useful_until: Moment,
    pub(crate) provenance: Provenance,
}

/// What key, metadata and tags cost.
pub(crate) fn record_weight(key: &[u8], meta: &[u8], scopes: &Scopes) -> u64 {
    let tags = scopes.tags.len() as u64;
    allocation_size(key.len() as u64)
        + weight::buffer(meta.len())
        + allocation_size(tags * 8)
        + tags * weight::TAG_ROW
}

/// The two counts of an `Arc`.
const ARC_COUNTS: u64 = 16;
const BOXED_BYTES: u64 = allocation_size(size_of::<Bytes>() as u64);

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn an_entry_with_its_counts_fits_the_allocators_class_of_224_bytes() {
        assert!(size_of::<CacheEntry>() as u64 + ARC_COUNTS <= 224);
    }
}
