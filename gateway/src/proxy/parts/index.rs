//! The index of a target's parts: read, changed and written in one step.

use super::super::storage::Backend;
use crate::caching::lookup::Count;
use crate::caching::parts::{Index, Kept, index_key, kept};
use crate::caching::plan::{host_scope, tag_scope, uri_scope};
use crate::caching::stored_response::{Stored, StoredParts, StoredResponse};
use crate::clock;
use bytes::Bytes;
use shoal_cache::{
    EntryId, Epoch, Fill, FillSpec, Found, Freshened, Key, Listed, Moment, Refusal, Scopes, Stamp,
};
use shoal_rules::{Combination, Parts, hop_by_hop, validation};
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// How long an object whose parts do not fit together is taken whole without asking again.
const WHOLE_FOR: Duration = Duration::from_secs(60);

/// Parts that one index lists. Beyond the rules' own limit for ranges, because neighbours stay apart here;
/// an index is written anew for every part.
const LISTED_MAX: usize = 1024;

/// A part that is on its way.
pub(super) struct New {
    pub(super) range: Range<u64>,
    /// What the rules see in it.
    pub(super) parts: Parts,
    pub(super) head: Head,
    pub(super) place: Place,
}

/// What the index says about all parts from now on.
pub(super) enum Head {
    /// What the part's own response said. Beside others it may lack what they have said already.
    Said(Box<StoredResponse>),
    /// What it said before. The parts must be there still.
    Kept,
}

/// Where a part belongs and how it was asked for.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) primary: Key,
    pub(super) uri: String,
    pub(super) host: String,
    pub(super) tags: Vec<String>,
    pub(super) epoch: Epoch,
    pub(super) requested: SystemTime,
}

/// Why a part is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It does not fit to what is stored, or too much is.
    Unfit,
    /// The engine has no room for it.
    TooLarge,
    /// The engine keeps something newer, or it was invalidated meanwhile.
    Store,
}

/// Lists a part and begins its fill. `None`: it is there already.
pub(super) fn add(backend: &Backend, new: New) -> Result<Option<Fill>, Refused> {
    let _one_writer = backend.parts.lock();
    let (store, now) = (&backend.gateway.store, clock::now());
    let (place, moment) = (&new.place, clock::moment(now));
    let stored = match kept(store, &place.primary, moment, Count::Nothing) {
        Kept::Parts(index) => Some(index),
        Kept::Whole | Kept::Nothing => None,
    };
    let combined = stored.as_ref().and_then(|index| combine(index, &new, now));
    let (mut parts, since) = match (combined, stored, new.head) {
        (Some(Combination::Combined(_)), Some(index), head) => joined(*index, head, now),
        (Some(Combination::Ignore), _, _) | (_, _, Head::Kept) => return Err(Refused::Unfit),
        (Some(_) | None, _, Head::Said(response)) => {
            let complete = new.parts.complete_length().ok_or(Refused::Unfit)?;
            let parts = StoredParts {
                response: *response,
                complete,
                ranges: Vec::new(),
            };
            (parts, place.requested)
        }
    };
    let useful_until = clock::moment(parts.response.freshness.useful_until());
    let wanted = std::slice::from_ref(&new.range);
    let held = parts.holding(store, &place.primary, wanted, moment, Count::Nothing);
    let is_there = parts.missing(&held, wanted, now).is_empty();
    let mut fill = None;
    if !is_there {
        let key = parts.key_of(&place.primary, new.range.start);
        let part = Stored::Part.encode(&place.uri).ok_or(Refused::Store)?;
        let length = new.range.end - new.range.start;
        let requested = clock::moment(place.requested);
        let spec = place.spec(key, part, requested, useful_until);
        let spec = FillSpec {
            scopes: place.scopes(Listed::Counted),
            max_body: length,
            size_hint: Some(length),
            ..spec
        };
        let begun = store.begin_fill(spec).map_err(|refusal| match refusal {
            Refusal::TooLarge | Refusal::Outgrown | Refusal::NoSlot => Refused::TooLarge,
            Refusal::TooOld | Refusal::Invalidated | Refusal::Superseded | Refusal::NotCurrent => {
                Refused::Store
            }
        });
        fill = Some(begun?);
        list(backend, &mut parts, &place.primary, new.range);
    }
    if parts.ranges.len() > LISTED_MAX {
        return Err(Refused::Unfit);
    }
    let meta = Stored::Parts(Box::new(parts)).encode(&place.uri);
    let requested = clock::moment(since.max(place.requested));
    let spec = place.spec(
        index_key(&place.primary),
        meta.ok_or(Refused::Store)?,
        requested,
        useful_until,
    );
    store
        .put(spec, Bytes::new(), None)
        .map(|_stored| fill)
        .map_err(|_refusal| Refused::Store)
}

/// Whether a part belongs to those that are stored (RFC 9110 15.3.7.3).
fn combine(index: &Index, new: &New, now: SystemTime) -> Option<Combination> {
    let ranges = index.parts.ranges.iter().cloned();
    let stored = index.parts.add_up(ranges, now)?;
    Some(stored.combine(&new.parts))
}

/// What is stored, under the new head. And when the youngest of it was asked for: an older index would not
/// replace a younger one.
fn joined(index: Index, head: Head, now: SystemTime) -> (StoredParts, SystemTime) {
    let since = clock::wall(index.hit.entry.requested());
    let mut parts = index.parts;
    if let Head::Said(said) = head {
        // RFC 9111 3.4: the newest response's fields count, and those that it lacks stay. Not those that it
        // keeps from other clients (5.2.2.4, 5.2.2.7), which an older one may have brought.
        let headers = validation::freshen(&parts.response.headers, &said.headers, now);
        let headers = hop_by_hop::storable_headers(&headers, now);
        parts.response = StoredResponse { headers, ..*said };
    }
    (parts, since)
}

/// Lists a range. What it covers is there twice, and leaves.
fn list(backend: &Backend, parts: &mut StoredParts, primary: &Key, range: Range<u64>) {
    let covered = |old: &Range<u64>| range.start <= old.start && old.end <= range.end;
    let (gone, mut kept): (Vec<_>, Vec<_>) = parts.ranges.drain(..).partition(covered);
    // One that begins where the new one does is replaced by it.
    for old in gone.iter().filter(|old| old.start != range.start) {
        let key = parts.key_of(primary, old.start);
        backend.gateway.store.remove(&key, None);
    }
    kept.retain(|old| old.start != range.start);
    kept.push(range);
    kept.sort_unstable_by_key(|range| range.start);
    parts.ranges = kept;
}

/// Remembers that the target is better taken whole.
pub(super) fn remember_whole(backend: &Backend, place: &Place) {
    let until = clock::moment(clock::now() + WHOLE_FOR);
    let requested = clock::moment(place.requested);
    let meta = Stored::VaryIndex(Vec::new()).encode(&place.uri);
    let spec = meta.map(|meta| place.spec(index_key(&place.primary), meta, requested, until));
    // Not remembered, it is only tried again.
    let _ = spec.map(|spec| backend.gateway.store.put(spec, Bytes::new(), None));
}

impl Place {
    fn scopes(&self, listed: Listed) -> Scopes {
        Scopes {
            uri: uri_scope(&self.uri),
            host: host_scope(&self.host),
            tags: self.tags.iter().map(|tag| tag_scope(tag)).collect(),
            listed,
        }
    }

    /// An entry without a body. No receipt counts it.
    fn spec(&self, key: Key, meta: Bytes, requested: Moment, useful_until: Moment) -> FillSpec {
        FillSpec {
            key,
            meta,
            scopes: self.scopes(Listed::Silent),
            epoch: self.epoch,
            stamp: Stamp::default(),
            requested,
            useful_until,
            max_body: 0,
            size_hint: Some(0),
        }
    }
}

/// Puts the head that the origin confirmed on stored parts, and keeps them for as long. False where they are
/// gone, or others by now.
pub(in crate::proxy) fn freshen(
    backend: &Backend,
    primary: &Key,
    current: EntryId,
    response: &StoredResponse,
    freshened: &Freshened,
    uri: &str,
) -> bool {
    let _one_writer = backend.parts.lock();
    let store = &backend.gateway.store;
    let now = clock::moment(clock::now());
    let Kept::Parts(index) = kept(store, primary, now, Count::Nothing) else {
        return false;
    };
    let mut parts = index.parts;
    let all = 0..parts.complete;
    let all = std::slice::from_ref(&all);
    let held = parts.holding(store, primary, all, now, Count::Nothing);
    parts.response = response.clone();
    let metas = Stored::Parts(Box::new(parts))
        .encode(uri)
        .zip(Stored::Part.encode(uri));
    let Some((meta, part_meta)) = metas else {
        return false;
    };
    let whole = Freshened {
        meta,
        scopes: Scopes {
            listed: Listed::Silent,
            ..freshened.scopes.clone()
        },
        ..freshened.clone()
    };
    if store.freshen(&index.key, current, whole).is_err() {
        return false;
    }
    for part in held {
        if let Found::Complete(hit) = part.found {
            let part_freshened = Freshened {
                meta: part_meta.clone(),
                ..freshened.clone()
            };
            // One that left meanwhile is missing, no more.
            let _ = store.freshen(&part.key, hit.entry.id(), part_freshened);
        }
    }
    true
}
