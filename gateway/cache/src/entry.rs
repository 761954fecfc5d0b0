//! A complete stored response: what a hit hands out.
//!
//! One allocation holds all but the body, what a hit reads first: a head, then key, metadata,
//! trailers and tags. Immutable but for counters. While it is still being received it is `in_flight`.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

use bytes::Bytes;
use triomphe::ThinArc;

use crate::{
    Body, Epoch, Key, KeyHash, Listed, Moment, Refusal, Resident, Scope, Scopes,
    provenance::Tested,
    sets::{Sets, pack},
    warmth::Warmth,
    weight::{self, allocation_size},
};

/// Key, metadata, trailers and tags together: far more than any response has.
const RECORD_MAX: usize = 16 << 20;

thread_local! {
    /// Where the bytes of an entry are joined before they are copied into it.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}
/// What each thread keeps of it.
const SCRATCH_KEPT: usize = 16 << 10;

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

/// A complete stored response. Clones share it.
#[derive(Clone)]
pub struct CacheEntry(ThinArc<Head, u8>);

/// In this order, so that what a hit reads and writes fills the first 64 bytes with the count of
/// references before it.
#[repr(C)]
struct Head {
    /// High and low half.
    hash: [u64; 2],
    useful_until: Moment,
    tested: Tested,
    weight: u64,
    hits: AtomicU32,
    key_length: u32,
    /// Its place in its segment, while it is linked.
    slot: AtomicU32,
    recent: AtomicU8,
    listed: Listed,
    has_trailers: bool,
    requested: Moment,
    id: EntryId,
    stamp: Stamp,
    uri: Scope,
    host: Scope,
    meta_length: u32,
    tags_length: u32,
    warmth: Warmth,
    body: Body,
}

/// What an entry is made of.
pub(crate) struct EntryParts<'a> {
    pub(crate) id: EntryId,
    pub(crate) hash: KeyHash,
    pub(crate) key: &'a [u8],
    pub(crate) meta: &'a [u8],
    pub(crate) body: Body,
    pub(crate) trailers: Option<&'a [u8]>,
    pub(crate) stamp: Stamp,
    pub(crate) requested: Moment,
    pub(crate) useful_until: Moment,
    pub(crate) scopes: &'a Scopes,
    pub(crate) tested: Tested,
    pub(crate) warmth: Warmth,
}

impl CacheEntry {
    /// Its identity.
    #[must_use]
    pub fn id(&self) -> EntryId {
        self.head().id
    }

    /// The hash of the key it is stored under.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        let [high, low] = self.head().hash;
        KeyHash(u128::from(high) << 64 | u128::from(low))
    }

    /// What was hashed.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.bytes(0, self.head().key_length)
    }

    /// The owner's metadata.
    #[must_use]
    pub fn meta(&self) -> &[u8] {
        self.bytes(self.head().key_length, self.head().meta_length)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.head().body
    }

    /// The owner's form of the trailers, if there were any.
    #[must_use]
    pub fn trailers(&self) -> Option<&[u8]> {
        let head = self.head();
        let start = head.key_length + head.meta_length + head.tags_length;
        head.has_trailers
            .then(|| self.0.slice.get(start as usize..).unwrap_or_default())
    }

    /// The cluster's bytes.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.head().stamp
    }

    /// When its origin request began.
    #[must_use]
    pub fn requested(&self) -> Moment {
        self.head().requested
    }

    /// From then on it is not handed out.
    #[must_use]
    pub fn useful_until(&self) -> Moment {
        self.head().useful_until
    }

    /// The sets it belongs to.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        self.sets().scopes()
    }

    /// The bytes it is charged with.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.head().weight
    }

    /// How often it was handed out.
    #[must_use]
    pub fn hits(&self) -> u64 {
        u64::from(self.head().hits.load(Relaxed))
    }

    /// Copied, so that nothing of the caller's is kept alive.
    pub(crate) fn new(parts: EntryParts<'_>) -> Result<Self, Refusal> {
        let EntryParts {
            key,
            meta,
            trailers,
            scopes,
            ..
        } = parts;
        let tags_length = scopes.tags.len() * 8;
        let rest = trailers.unwrap_or_default();
        let size = key.len() + meta.len() + tags_length + rest.len();
        if size > RECORD_MAX {
            return Err(Refusal::TooLarge);
        }
        let head = Head {
            hash: [parts.hash.high(), parts.hash.low()],
            useful_until: parts.useful_until,
            tested: parts.tested,
            requested: parts.requested,
            hits: AtomicU32::new(0),
            key_length: length(key.len()),
            slot: AtomicU32::new(0),
            recent: AtomicU8::new(0),
            listed: scopes.listed,
            has_trailers: trailers.is_some(),
            weight: record_weight(size, scopes.tags.len()) + parts.body.weight(),
            id: parts.id,
            stamp: parts.stamp,
            uri: scopes.uri,
            host: scopes.host,
            meta_length: length(meta.len()),
            tags_length: length(tags_length),
            warmth: parts.warmth,
            body: parts.body,
        };
        let join = |bytes: &mut Vec<u8>| {
            bytes.clear();
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(meta);
            pack(&scopes.tags, bytes);
            bytes.extend_from_slice(rest);
            let entry = Self(ThinArc::from_header_and_slice(head, bytes));
            bytes.shrink_to(SCRATCH_KEPT);
            entry
        };
        Ok(SCRATCH.with_borrow_mut(join))
    }

    /// The entry after a validation: same key, body and count of hits.
    pub(crate) fn freshened(&self, id: EntryId, new: &Freshened) -> Result<Self, Refusal> {
        self.remade(EntryParts {
            id,
            hash: self.hash(),
            key: self.key(),
            meta: &new.meta,
            body: self.body().clone(),
            trailers: self.trailers(),
            stamp: new.stamp,
            requested: new.requested,
            useful_until: new.useful_until,
            scopes: &new.scopes,
            tested: Tested::since(new.epoch),
            warmth: Warmth::default(),
        })
    }

    /// The same response with another form of its body.
    pub(crate) fn with_body(&self, body: Body) -> Result<Self, Refusal> {
        let head = self.head();
        self.remade(EntryParts {
            id: head.id,
            hash: self.hash(),
            key: self.key(),
            meta: self.meta(),
            body,
            trailers: self.trailers(),
            stamp: head.stamp,
            requested: head.requested,
            useful_until: head.useful_until,
            scopes: &self.scopes(),
            tested: head.tested.carry(),
            warmth: head.warmth.carry(),
        })
    }

    /// Another in its place, with its count of hits.
    fn remade(&self, parts: EntryParts<'_>) -> Result<Self, Refusal> {
        let entry = Self::new(parts)?;
        let hits = self.head().hits.load(Relaxed);
        entry.head().hits.store(hits, Relaxed);
        Ok(entry)
    }

    pub(crate) fn warmth(&self) -> &Warmth {
        &self.head().warmth
    }

    /// For the one pass that asks.
    pub(crate) fn uses_since_the_last_look(&self) -> u32 {
        self.warmth().uses_since(self.head().hits.load(Relaxed))
    }

    pub(crate) fn sets(&self) -> Sets<'_> {
        let head = self.head();
        let tags = self.bytes(head.key_length + head.meta_length, head.tags_length);
        Sets::packed(head.uri, head.host, head.listed, tags)
    }

    pub(crate) fn tested(&self) -> &Tested {
        &self.head().tested
    }

    /// The place in its segment; it means something only under the segment's lock.
    pub(crate) fn slot(&self) -> u32 {
        self.head().slot.load(Relaxed)
    }

    pub(crate) fn set_slot(&self, slot: u32) {
        self.head().slot.store(slot, Relaxed);
    }

    /// Whether it is this very one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.head(), other.head())
    }

    /// Whether it is stored under this key. The full key is compared, as hashes may collide.
    pub(crate) fn is_of(&self, key: &Key) -> bool {
        self.head().hash == [key.hash.high(), key.hash.low()] && self.key() == &*key.bytes
    }

    /// Whether another is stored under the same key.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.head().hash == other.head().hash && self.key() == other.key()
    }

    /// The low half of its hash.
    pub(crate) fn low(&self) -> u64 {
        let [_, low] = self.head().hash;
        low
    }

    /// Two at once may count as one: an exact count would cost every hit a locked operation.
    pub(crate) fn count_hit(&self) {
        let hits = self.head().hits.load(Relaxed);
        self.head().hits.store(hits.wrapping_add(1), Relaxed);
    }

    fn head(&self) -> &Head {
        &self.0.header.header
    }

    fn bytes(&self, start: u32, length: u32) -> &[u8] {
        let (start, length) = (start as usize, length as usize);
        self.0.slice.get(start..start + length).unwrap_or_default()
    }
}

impl Resident for CacheEntry {
    fn weight(&self) -> u64 {
        self.head().weight
    }

    fn recent(&self) -> u8 {
        self.head().recent.load(Relaxed)
    }

    fn set_recent(&self, hits: u8) {
        self.head().recent.store(hits, Relaxed);
    }
}

/// It was compared with [`RECORD_MAX`].
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or_default()
}

/// What all but the body costs: of key, metadata, trailers and tags these are the bytes together.
pub(crate) const fn record_weight(bytes: usize, tags: usize) -> u64 {
    let head = COUNT_AND_LENGTH + size_of::<Head>() as u64;
    weight::NODE + allocation_size(head + bytes as u64) + tags as u64 * weight::TAG_ROW
}

/// Of the shared allocation.
const COUNT_AND_LENGTH: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn what_a_hit_reads_first_is_one_line_with_the_count_of_references() {
        assert!(8 + offset_of!(Head, requested) <= 64);
        assert_eq!(size_of::<Head>(), 144);
    }
}
