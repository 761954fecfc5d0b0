//! Finding a stored response: the primary key, then, where responses vary, the variant's.
//!
//! One function for every path that answers from the store.

use super::plan::variant;
use super::stored_response::{Stored, StoredResponse};
use super::varying::VALUES_MAX;
use http::HeaderMap;
use shoal_cache::{EntryId, Found, Key, Moment, Store};
use std::time::UNIX_EPOCH;

/// What was found, and under which key.
pub struct Located {
    /// The primary key or a variant's.
    pub key: Key,
    /// The head.
    pub response: Box<StoredResponse>,
    /// The body, whole or growing.
    pub found: Found,
}

/// Why nothing was found, and under which key the response is then likely to be stored.
pub struct Absent {
    /// The primary key, or the newest variant's.
    pub key: Key,
    /// Whether other variants are there.
    pub variants: Variants,
}

/// Whether a target has variants in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variants {
    /// Nothing of it is stored.
    None,
    /// Others are.
    Others,
}

/// Whether a look-up counts as use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// A client asks.
    Use,
    /// An operator looks.
    Nothing,
}

/// Looks `primary` up for a request with these fields.
pub fn find(
    store: &Store,
    primary: &Key,
    request: &HeaderMap,
    now: Moment,
    count: Count,
) -> Result<Located, Absent> {
    let get = |key: &Key| match count {
        Count::Use => store.get(key, now),
        Count::Nothing => store.peek(key, now),
    };
    let absent = |key: &Key, variants| Absent {
        key: key.clone(),
        variants,
    };
    let Some(found) = get(primary) else {
        return Err(absent(primary, Variants::None));
    };
    let values = match decode(&found) {
        None | Some(Stored::Parts(_) | Stored::Part) => {
            return Err(absent(primary, Variants::None));
        }
        Some(Stored::Response(response)) => {
            return Ok(Located {
                key: primary.clone(),
                response,
                found,
            });
        }
        Some(Stored::VaryIndex(values)) => values,
    };
    let mut likely = None;
    // RFC 9111 4: of several that fit, the one with the newest Date; of equal ones the last stored.
    let mut best: Option<(Located, (u64, EntryId))> = None;
    for varying in values.iter().take(VALUES_MAX) {
        let mut missing = None;
        for selector in varying.selectors(request) {
            let key = variant(primary, selector);
            if let Some(found) = get(&key)
                && let Some(Stored::Response(response)) = decode(&found)
            {
                let order = (dated(&response), id(&found));
                if best.as_ref().is_none_or(|(_, best)| order > *best) {
                    let located = Located {
                        key,
                        response,
                        found,
                    };
                    best = Some((located, order));
                }
                missing = None;
                break;
            }
            missing.get_or_insert(key);
        }
        likely = likely.or(missing);
    }
    let best = best.map(|(located, _)| located);
    best.ok_or_else(|| absent(likely.as_ref().unwrap_or(primary), Variants::Others))
}

/// In whole seconds, as the field has it, also where the moment of arrival stands in for it.
fn dated(response: &StoredResponse) -> u64 {
    let received = response.freshness.response_time;
    let date = shoal_rules::age::date_value(&response.headers, received);
    date.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn id(found: &Found) -> EntryId {
    match found {
        Found::Complete(hit) => hit.entry.id(),
        Found::Filling(reader) => reader.id(),
    }
}

fn decode(found: &Found) -> Option<Stored> {
    match found {
        Found::Complete(hit) => Stored::decode(hit.entry.meta()),
        Found::Filling(reader) => Stored::decode(reader.meta()),
    }
}
