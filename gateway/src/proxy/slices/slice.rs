//! One slice: from the store, from a fetch that is under way, or fetched.
//!
//! A fetch runs in a task of its own, so that it ends whole whatever its first client does. Requests for the
//! same slice join it.

use super::order::Order;
use crate::caching::plan::variant;
use crate::caching::stored_response::{Stored, StoredResponse};
use crate::clock;
use crate::proxy::own_requests::{Flights, OwnRequests, Unavailable};
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use pingora_error::{Error, ErrorType, Result};
use shoal_cache::{EntryId, Found, Hit, Joined, Key, Piece, Reader, Usability};
use shoal_rules::range::ContentRange;
use shoal_rules::validator::EntityTag;
use shoal_rules::{Presented, Reuse, reuse};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use tokio::sync::watch;

/// A slice that is gone as often as this as soon as it was fetched is not to be had.
const ATTEMPTS_MAX: usize = 3;

/// Everything that finding and fetching the slices of one object needs.
#[derive(Clone)]
pub(super) struct Slicer {
    pub(super) own: OwnRequests,
    pub(super) flights: &'static Flights,
    pub(super) size: u64,
}

/// How a slice came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Stored,
    Fetched,
    Followed,
}

/// A slice, and its bytes from the first on.
pub(super) struct Slice {
    pub(super) number: u64,
    pub(super) id: EntryId,
    pub(super) response: Arc<StoredResponse>,
    /// The length of the whole object.
    pub(super) complete: u64,
    pub(super) source: Source,
    body: Body,
}

enum Body {
    Stored(VecDeque<Bytes>),
    Growing(Reader),
}

impl Slice {
    /// The next bytes; `None` at the slice's end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        match &mut self.body {
            Body::Stored(chunks) => Ok(chunks.pop_front()),
            Body::Growing(reader) => loop {
                match poll_fn(|cx| reader.poll_next(cx)).await {
                    Piece::Data(bytes) => return Ok(Some(bytes)),
                    Piece::Trailers(_) => {}
                    Piece::End => return Ok(None),
                    Piece::Failed => {
                        let broken =
                            Error::explain(ErrorType::ConnectionClosed, "a slice broke off");
                        return Err(broken.into_up());
                    }
                }
            },
        }
    }
}

/// What the store has of a slice.
enum Has {
    /// It may be used.
    Usable(Slice),
    /// It must be validated first.
    Stale(Key, Hit, Arc<StoredResponse>),
    Nothing,
}

impl Slicer {
    /// Whether the object was found not to be sliceable a short time ago.
    pub(super) fn is_known_whole(&self) -> bool {
        let now = clock::moment(clock::now());
        self.own
            .gateway
            .store
            .peek(&self.whole_key(), now)
            .is_some()
    }

    /// The slice `number`, from wherever it is to be had.
    pub(super) async fn open(&self, number: u64) -> Result<Slice, Unavailable> {
        let mut source = Source::Stored;
        for _ in 0..ATTEMPTS_MAX {
            let stale = match self.find(number, source) {
                Has::Usable(slice) => return Ok(slice),
                Has::Stale(key, hit, response) => Some((key, hit, response)),
                Has::Nothing => None,
            };
            let key = self.key(number);
            let mut flight = match self.flights.join(key.hash, || watch::Sender::new(None)) {
                Joined::Leader(lease) => {
                    source = Source::Fetched;
                    let told = lease.subscribe();
                    let order = Order::new(self, number, stale);
                    tokio::spawn(order.run(lease));
                    told
                }
                Joined::Follower(flight) => {
                    source = Source::Followed;
                    self.own.gateway.metrics.collapsed();
                    flight.subscribe()
                }
            };
            // The flight ends with a word, or with its task: then the slice is asked for again.
            let told = flight
                .wait_for(Option::is_some)
                .await
                .ok()
                .and_then(|told| *told);
            if let Some(Err(unavailable)) = told {
                return Err(unavailable);
            }
        }
        Err(Unavailable::Whole)
    }

    fn find(&self, number: u64, source: Source) -> Has {
        let (key, now) = (self.key(number), clock::now());
        match self.own.gateway.store.get(&key, clock::moment(now)) {
            None => Has::Nothing,
            Some(Found::Filling(reader)) => {
                let Some(response) = response(reader.meta()) else {
                    return Has::Nothing;
                };
                slice(number, reader.id(), response, source, Body::Growing(reader))
            }
            Some(Found::Complete(hit)) => {
                let Some(response) = response(hit.entry.meta()) else {
                    return Has::Nothing;
                };
                let presented = Presented {
                    method: &Method::GET,
                    headers: &self.own.asked,
                };
                let verdict = reuse(&response.freshness, &presented, &self.own.route.policy, now);
                // What was fetched for this very request answers it, whatever it asked of stored ones.
                let usable = source != Source::Stored
                    || (hit.usability == Usability::Usable
                        && matches!(verdict, Reuse::Fresh | Reuse::StaleAccepted));
                if !usable {
                    return Has::Stale(key, hit, response);
                }
                let body = hit.entry.body();
                let chunks = body.slice(0..body.len()).collect();
                slice(
                    number,
                    hit.entry.id(),
                    response,
                    source,
                    Body::Stored(chunks),
                )
            }
        }
    }

    /// Size and number are part of a slice's key: another size is another set of slices.
    pub(super) fn key(&self, number: u64) -> Key {
        let selector = u128::from(self.size) << 64 | u128::from(number);
        variant(&self.own.lookup.key, selector.to_be_bytes())
    }

    pub(super) fn whole_key(&self) -> Key {
        variant(&self.own.lookup.key, [0xff; 16])
    }
}

fn response(meta: &Bytes) -> Option<Arc<StoredResponse>> {
    match Stored::decode(meta)? {
        Stored::Response(response) => Some(Arc::new(*response)),
        Stored::VaryIndex(_) | Stored::Parts(_) | Stored::Part => None,
    }
}

fn slice(
    number: u64,
    id: EntryId,
    response: Arc<StoredResponse>,
    source: Source,
    body: Body,
) -> Has {
    match content_range(&response.headers).and_then(|range| range.complete) {
        Some(complete) => Has::Usable(Slice {
            number,
            id,
            response,
            complete,
            source,
            body,
        }),
        None => Has::Nothing,
    }
}

/// What slices of one object have in common (RFC 9110 15.3.7.3).
pub(super) fn strong_tag(headers: &HeaderMap) -> Option<EntityTag<'_>> {
    EntityTag::of(headers).filter(|tag| !tag.is_weak())
}

pub(super) fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    ContentRange::parse(headers.get(header::CONTENT_RANGE)?.as_bytes())
}
