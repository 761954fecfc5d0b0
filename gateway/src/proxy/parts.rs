//! A response in parts (RFC 9111 sections 3.3 and 3.4): a range that is not stored is asked for as a range,
//! and the 206 that comes is kept beside the parts that are there.
//!
//! Pingora knows whole responses only. To its state machine parts that hold what is wanted look like a
//! stored response whose body can be cut (`body`); a 206 is not cacheable for it, and kept as it passes
//! (`arriving`), and so is what came of a whole response that broke off (`broken_off`). What is missing of
//! stored parts is fetched before the look-up (`complete`); the whole that may come instead is handed to the
//! state machine (`whole`). Objects on a route with `slice` are `slices`' alone.

mod arriving;
mod body;
mod broken_off;
mod complete;
mod index;
mod whole;

pub use arriving::Arriving;
pub(super) use arriving::begin;
pub(super) use body::PartsBody;
pub(super) use broken_off::BrokenOff;
pub(super) use complete::complete;
pub(super) use index::freshen;
pub use whole::Whole;

use super::asked::{Asked, Parts};
use super::storage;
use crate::caching::lookup::{Absent, Count, Variants};
use crate::caching::parts::{self, Kept};
use crate::clock;
use crate::gateway::Gateway;
use http::{HeaderMap, Method};
use pingora_cache::CacheMeta;
use pingora_cache::storage::HitHandler;
use pingora_error::Result;
use shoal_rules::Presented;
use std::sync::Arc;

/// What a request for an object that may be stored in parts has to do with them.
pub(super) fn asked(method: &Method, headers: &HeaderMap) -> Parts {
    if method != Method::GET {
        return Parts::Ignored;
    }
    match parts::single_range(headers) {
        Some(range) => Parts::Asked(range.as_bytes().to_vec()),
        None => Parts::Used,
    }
}

/// The look-up of a request for which no whole response is stored.
pub(super) fn find(
    gateway: &Arc<Gateway>,
    asked: &Asked,
    absent: &Absent,
) -> Result<Option<(CacheMeta, HitHandler)>> {
    asked.located(absent.key.hash, absent.variants);
    if asked.parts == Parts::Ignored || absent.variants == Variants::Others {
        return Ok(None);
    }
    let now = clock::now();
    let moment = clock::moment(now);
    let store = &gateway.store;
    let index = match parts::kept(store, &asked.key, moment, Count::Use) {
        Kept::Whole => return Ok(None),
        Kept::Nothing => {
            asked.take_range();
            return Ok(None);
        }
        Kept::Parts(index) => index,
    };
    asked.found_parts();
    let presented = Presented {
        method: &Method::GET,
        headers: &asked.request,
    };
    let wanted = index.parts.wanted(&presented, now);
    let held = index
        .parts
        .holding(store, &asked.key, &wanted, moment, Count::Use);
    let missing = index.parts.missing(&held, &wanted, now);
    if missing.is_empty() {
        asked.located(index.key.hash, Variants::None);
    }
    asked.take_range();
    if !missing.is_empty() {
        return Ok(None);
    }
    let body = PartsBody::new(gateway.clone(), *index, held);
    let meta = storage::meta(&body.response)?;
    Ok(Some((meta, Box::new(body))))
}
