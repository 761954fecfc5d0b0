//! Stored parts of a response (RFC 9111 section 3.3): an index under a key derived from the target's, and
//! every part under another. What they add up to, the rules say (`shoal_rules::partial`).
//!
//! The index says what was to be stored; only a look at a part tells whether it is there. How parts get in
//! is `proxy::parts`.

use super::lookup::Count;
use super::plan::variant;
use super::stored_response::{Stored, StoredParts};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use shoal_cache::{Found, Hit, Key, Moment, Store};
use shoal_rules::precondition::{Precondition, evaluate};
use shoal_rules::range::{RangeVerdict, evaluate as evaluate_range, requested};
use shoal_rules::{Parts, Presented, validation};
use std::ops::Range;
use std::time::SystemTime;

/// What the store knows of a target's parts.
pub enum Kept {
    /// Some are stored, or were.
    Parts(Box<Index>),
    /// The target's parts do not fit together: it is taken whole for a while.
    Whole,
    /// Nothing.
    Nothing,
}

/// What stored parts have in common.
pub struct Index {
    /// Where the index lies.
    pub key: Key,
    /// Its entry, which stands for all parts: how usable they are, and when they were asked for.
    pub hit: Hit,
    /// What it says.
    pub parts: StoredParts,
}

/// One stored part.
pub struct Part {
    /// The bytes that it has, or will have.
    pub range: Range<u64>,
    /// Where it lies.
    pub key: Key,
    /// Its bytes.
    pub found: Found,
}

/// Conditions that are answered without the range (RFC 9110 section 13.2.2): what they need is the whole.
const CONDITIONS: [HeaderName; 4] = [
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
];

/// The range that an origin may be asked for in place of the whole. Several would come as one multipart
/// body, which is not kept: then the whole is the better fill.
pub fn single_range(request: &HeaderMap) -> Option<&HeaderValue> {
    let mut lines = request.get_all(header::RANGE).iter();
    let line = lines.next().filter(|_| lines.next().is_none())?;
    let conditional = CONDITIONS.iter().any(|name| request.contains_key(name));
    let known = evaluate_range(line.as_bytes(), u64::MAX) != RangeVerdict::Whole;
    let single = !line.as_bytes().contains(&b',');
    (single && known && !conditional).then_some(line)
}

/// Looks up what is kept of the target `primary`.
pub fn kept(store: &Store, primary: &Key, now: Moment, count: Count) -> Kept {
    let key = index_key(primary);
    let Some(Found::Complete(hit)) = get(store, &key, now, count) else {
        return Kept::Nothing;
    };
    match Stored::decode(hit.entry.meta()) {
        Some(Stored::Parts(parts)) => Kept::Parts(Box::new(Index {
            key,
            hit,
            parts: *parts,
        })),
        Some(Stored::VaryIndex(_)) => Kept::Whole,
        Some(Stored::Response(_) | Stored::Part) | None => Kept::Nothing,
    }
}

impl StoredParts {
    /// The bytes that answer the request: none where a head alone does, be it that a condition fails or
    /// that a range lies outside.
    pub fn wanted(&self, request: &Presented<'_>, now: SystemTime) -> Vec<Range<u64>> {
        let (status, headers) = (self.response.status, &self.response.headers);
        if evaluate(request, status, headers, now) != Precondition::Proceed {
            return Vec::new();
        }
        match requested(request, headers, self.complete) {
            RangeVerdict::Whole => std::iter::once(0..self.complete).collect(),
            RangeVerdict::Ranges(ranges) => ranges,
            RangeVerdict::Unsatisfiable => Vec::new(),
        }
    }

    /// The parts that hold some of `wanted` and are still there, or on their way.
    pub fn holding(
        &self,
        store: &Store,
        primary: &Key,
        wanted: &[Range<u64>],
        now: Moment,
        count: Count,
    ) -> Vec<Part> {
        let touches = |range: &Range<u64>| {
            let one = |wanted: &Range<u64>| wanted.start < range.end && range.start < wanted.end;
            wanted.iter().any(one)
        };
        let part = |listed: &Range<u64>| {
            let key = self.key_of(primary, listed.start);
            let found = get(store, &key, now, count)?;
            let end = match &found {
                // It may have broken off.
                Found::Complete(hit) => listed.start + hit.entry.body().len(),
                Found::Filling(_) => listed.end,
            };
            Some(Part {
                range: listed.start..end.min(self.complete),
                key,
                found,
            })
        };
        let listed = self.ranges.iter().filter(|range| touches(range));
        listed.filter_map(part).collect()
    }

    /// What the rules make of `ranges`. Absent without a strong validator.
    pub fn add_up(
        &self,
        ranges: impl Iterator<Item = Range<u64>>,
        now: SystemTime,
    ) -> Option<Parts> {
        Parts::stored(&self.response.headers, self.complete, ranges, now)
    }

    /// What of `wanted` no part of `held` has.
    pub fn missing(
        &self,
        held: &[Part],
        wanted: &[Range<u64>],
        now: SystemTime,
    ) -> Vec<Range<u64>> {
        let held = held.iter().map(|part| part.range.clone());
        match self.add_up(held, now) {
            Some(parts) => parts.missing(wanted),
            None => wanted.to_vec(),
        }
    }

    /// Where the part that begins at `start` lies. The version is part of it: bytes of another one are
    /// never found.
    pub fn key_of(&self, primary: &Key, start: u64) -> Key {
        let headers = &self.response.headers;
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"part");
        hasher.update(&self.complete.to_be_bytes());
        hasher.update(&start.to_be_bytes());
        hasher.update(version(headers));
        variant(primary, first_half(&hasher))
    }
}

/// What tells the key of an index from all others of its target.
const INDEX: [u8; 16] = [0xfe; 16];

/// Where the index of a target's parts lies, or the word that it has none.
pub fn index_key(primary: &Key) -> Key {
    variant(primary, INDEX)
}

/// Whether a 304 changes a validator of the parts listed at `key`. A weak tag in place of the strong one
/// vouches for no byte (RFC 9110 8.8.1), and a condition that held before, and wanted no more than is stored,
/// may fail after another date.
pub fn changes_version(
    key: &Key,
    stored: &HeaderMap,
    not_modified: &HeaderMap,
    now: SystemTime,
) -> bool {
    if !key.bytes.ends_with(&INDEX) {
        return false;
    }
    let freshened = validation::freshen(stored, not_modified, now);
    let differs = |name: &HeaderName| freshened.get(name) != stored.get(name);
    differs(&header::ETAG) || differs(&header::LAST_MODIFIED)
}

/// What is collapsed while nothing is known: the same range of the same target.
pub fn asked_key(primary: &Key, range: &[u8]) -> Key {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"asked").update(range);
    variant(primary, first_half(&hasher))
}

/// The strong validator, as it was sent.
fn version(headers: &HeaderMap) -> &[u8] {
    let tag = headers.get(header::ETAG);
    let validator = tag.or_else(|| headers.get(header::LAST_MODIFIED));
    validator.map_or(b"", |value| value.as_bytes())
}

fn first_half(hasher: &blake3::Hasher) -> [u8; 16] {
    let mut half = [0; 16];
    hasher.finalize_xof().fill(&mut half);
    half
}

fn get(store: &Store, key: &Key, now: Moment, count: Count) -> Option<Found> {
    match count {
        Count::Use => store.get(key, now),
        Count::Nothing => store.peek(key, now),
    }
}
