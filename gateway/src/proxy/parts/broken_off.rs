//! A whole response that broke off: what came of it is a part (RFC 9111 section 3.3), and the next request
//! asks for the rest (section 3.4).
//!
//! Its readers have failed, as the client has that led. Only what can be completed is kept: a 200 to GET of
//! known length, under a strong validator, where nothing else of the target is stored.

use super::index::{self, Head, New, Place};
use crate::caching::stored_response::Stored;
use crate::clock;
use crate::proxy::asked::{Asked, FillOrder, Parts as Wanted};
use crate::proxy::storage::Backend;
use http::{HeaderMap, StatusCode, header};
use pingora_cache::CacheMeta;
use shoal_cache::{Fill, Key};
use shoal_rules::{Parts, Received};

/// Where the bytes of a fill belong, should it break off.
pub(in crate::proxy) struct BrokenOff {
    backend: &'static Backend,
    place: Place,
    length: u64,
}

impl BrokenOff {
    /// `None`: they would be of no use.
    pub(in crate::proxy) fn of(
        backend: &'static Backend,
        asked: &Asked,
        meta: &CacheMeta,
        order: &FillOrder,
    ) -> Option<Self> {
        let headers = meta.headers();
        let fits = asked.parts != Wanted::Ignored
            && order.vary.is_none()
            && order.validator.is_some()
            && meta.response_header().status == StatusCode::OK
            && !refuses_ranges(headers);
        let length = headers.get(header::CONTENT_LENGTH).filter(|_| fits)?;
        let length = length.to_str().ok()?.parse().ok()?;
        parts(headers, length)?;
        stands_alone(backend, &asked.key).then(|| Self {
            backend,
            place: Place {
                primary: asked.key.clone(),
                uri: order.uri.clone(),
                host: order.host.clone(),
                tags: order.tags.clone(),
                epoch: order.epoch,
                requested: order.requested,
            },
            length,
        })
    }

    /// Ends `fill`, and keeps what came.
    pub(in crate::proxy) fn keep(self, fill: Fill) -> Option<()> {
        let Some(Stored::Response(response)) = Stored::decode(fill.meta()) else {
            return None;
        };
        let body = fill.break_off()?;
        let arrived = body.len();
        // What is stored by now is newer, and what came whole is no part.
        if arrived >= self.length || !stands_alone(self.backend, &self.place.primary) {
            return None;
        }
        let new = New {
            range: 0..arrived,
            parts: parts(&response.headers, arrived)?,
            head: Head::Said(response),
            place: self.place,
        };
        let mut part = index::add(self.backend, new).ok()??;
        for bytes in body.slice(0..arrived) {
            part.write(bytes);
        }
        // A refusal is the engine's to count.
        part.finish(None).ok().map(drop)
    }
}

/// What the rules see in the first `arrived` bytes.
fn parts(headers: &HeaderMap, arrived: u64) -> Option<Parts> {
    let received = Received {
        status: StatusCode::OK,
        headers,
    };
    Parts::of(&received, arrived, clock::now())
}

/// RFC 9110 14.3: an origin that will not be asked for ranges.
fn refuses_ranges(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_RANGES);
    accepted.is_some_and(|units| units.as_bytes().eq_ignore_ascii_case(b"none"))
}

/// Whether no whole response of the target is stored: it would hide the part, and leave before it.
fn stands_alone(backend: &Backend, primary: &Key) -> bool {
    let now = clock::moment(clock::now());
    backend.gateway.store.peek(primary, now).is_none()
}
