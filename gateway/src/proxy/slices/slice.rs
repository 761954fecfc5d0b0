//! One slice: from the store, from a fetch that is under way, or fetched.
//!
//! A fetch runs in a task of its own, so that it ends whole whatever its first client does. Requests for the
//! same slice join it.

use super::order::Order;
use crate::caching::plan::variant;
use crate::caching::stored_response::{Stored, StoredResponse};
use crate::clock;
use crate::proxy::failure::Failure;
use crate::proxy::own_requests::{Flights, OwnRequests, Unavailable};
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use pingora_error::{Error, ErrorType, Result};
use shoal_cache::{CacheEntry, EntryId, Found, Joined, Key, Piece, Reader, Usability};
use shoal_rules as rules;
use shoal_rules::range::ContentRange;
use shoal_rules::validator::EntityTag;
use shoal_rules::{Presented, Reason, Reuse, reuse};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::SystemTime;
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
    /// Stale, while this request has it refreshed.
    Stale,
    /// Stale, while another request does.
    Updating,
    /// Stale, because the origin failed.
    StaleOnError,
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
    /// It is to be validated, and the rules say when.
    Stale(StaleSlice),
    /// It came stale and is not whole yet: it answers those who had it fetched, and nobody after them.
    Arriving(Reader),
    Nothing,
}

/// A stored slice that is not fresh, or not to be trusted.
#[derive(Clone)]
pub(super) struct StaleSlice {
    pub(super) key: Key,
    pub(super) entry: CacheEntry,
    pub(super) response: Arc<StoredResponse>,
    verdict: Reuse,
}

impl StaleSlice {
    fn serve(self, number: u64, source: Source) -> Option<Slice> {
        let body = self.entry.body();
        let chunks = body.slice(0..body.len()).collect();
        slice(
            number,
            self.entry.id(),
            self.response.clone(),
            source,
            Body::Stored(chunks),
        )
    }
}

/// Who has a slice fetched.
enum Role {
    Leads,
    Follows,
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
                Has::Stale(stale) => Some(stale),
                Has::Arriving(reader) => {
                    // What is whole can be validated, with no byte sent twice.
                    end_of(reader).await;
                    continue;
                }
                Has::Nothing => None,
            };
            let (role, mut flight) = self.join(number, stale.as_ref());
            if let Some(stale) = &stale
                && stale.verdict == Reuse::StaleWhileRevalidate
            {
                let source = match role {
                    Role::Leads => Source::Stale,
                    Role::Follows => Source::Updating,
                };
                let slice = stale.clone().serve(number, source);
                return slice.ok_or(Unavailable::Whole);
            }
            source = match role {
                Role::Leads => Source::Fetched,
                Role::Follows => {
                    self.own.gateway.metrics.collapsed();
                    Source::Followed
                }
            };
            // The flight ends with a word, or with its task: then the slice is asked for again.
            let told = flight
                .wait_for(Option::is_some)
                .await
                .ok()
                .and_then(|told| *told);
            if let Some(Err(unavailable)) = told {
                let stands_in = stale.filter(|stale| self.may_stand_in(stale, unavailable));
                let slice = stands_in.and_then(|stale| stale.serve(number, Source::StaleOnError));
                return slice.ok_or(unavailable);
            }
        }
        Err(Unavailable::Whole)
    }

    /// Has the slice fetched, unless that is under way.
    fn join(
        &self,
        number: u64,
        stale: Option<&StaleSlice>,
    ) -> (Role, watch::Receiver<Option<Result<(), Unavailable>>>) {
        let key = self.key(number);
        match self.flights.join(key.hash, || watch::Sender::new(None)) {
            Joined::Leader(lease) => {
                let told = lease.subscribe();
                let order = Order::new(self, number, stale.cloned());
                tokio::spawn(order.run(lease));
                (Role::Leads, told)
            }
            Joined::Follower(flight) => (Role::Follows, flight.subscribe()),
        }
    }

    /// Whether a stale slice is served because the origin failed (RFC 5861 section 4).
    fn may_stand_in(&self, stale: &StaleSlice, unavailable: Unavailable) -> bool {
        let failure = match unavailable {
            // A plugin rejects.
            Unavailable::Whole | Unavailable::Origin(Failure::Internal) => return false,
            Unavailable::Status(status) => rules::Failure::Status(status.as_u16()),
            Unavailable::Origin(
                Failure::ConnectionTimeout | Failure::ReadTimeout | Failure::WriteTimeout,
            ) => rules::Failure::Timeout,
            Unavailable::Origin(_) => rules::Failure::Disconnected,
        };
        let presented = Presented {
            method: &Method::GET,
            headers: &self.own.asked,
        };
        let freshness = &stale.response.freshness;
        let policy = &self.own.route.policy;
        rules::may_serve_stale_on_error(freshness, &presented, policy, clock::now(), failure)
    }

    fn find(&self, number: u64, source: Source) -> Has {
        let (key, now) = (self.key(number), clock::now());
        match self.own.gateway.store.get(&key, clock::moment(now)) {
            None => Has::Nothing,
            Some(Found::Filling(reader)) => {
                let Some(response) = response(reader.meta()) else {
                    return Has::Nothing;
                };
                let fits = match self.verdict(&response, now) {
                    Reuse::Fresh | Reuse::StaleAccepted | Reuse::StaleWhileRevalidate => true,
                    Reuse::Validate(_) | Reuse::Forward(_) => source != Source::Stored,
                };
                if !fits {
                    return Has::Arriving(reader);
                }
                let id = reader.id();
                slice(number, id, response, source, Body::Growing(reader))
                    .map_or(Has::Nothing, Has::Usable)
            }
            Some(Found::Complete(hit)) => {
                let Some(response) = response(hit.entry.meta()) else {
                    return Has::Nothing;
                };
                let verdict = self.verdict(&response, now);
                // What was fetched for this very request answers it, whatever it asked of stored ones.
                let usable = source != Source::Stored
                    || (hit.usability == Usability::Usable
                        && matches!(verdict, Reuse::Fresh | Reuse::StaleAccepted));
                let trusted = hit.usability == Usability::Usable;
                let stored = StaleSlice {
                    key,
                    entry: hit.entry,
                    response,
                    // What a purge or the cluster put in doubt waits for its validation.
                    verdict: if trusted {
                        verdict
                    } else {
                        Reuse::Validate(Reason::SoftPurged)
                    },
                };
                if !usable {
                    return Has::Stale(stored);
                }
                stored
                    .serve(number, source)
                    .map_or(Has::Nothing, Has::Usable)
            }
        }
    }

    fn verdict(&self, response: &StoredResponse, now: SystemTime) -> Reuse {
        let presented = Presented {
            method: &Method::GET,
            headers: &self.own.asked,
        };
        reuse(&response.freshness, &presented, &self.own.route.policy, now)
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

async fn end_of(mut reader: Reader) {
    loop {
        match poll_fn(|cx| reader.poll_next(cx)).await {
            Piece::Data(_) | Piece::Trailers(_) => {}
            Piece::End | Piece::Failed => return,
        }
    }
}

fn response(meta: &[u8]) -> Option<Arc<StoredResponse>> {
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
) -> Option<Slice> {
    let complete = content_range(&response.headers)?.complete?;
    Some(Slice {
        number,
        id,
        response,
        complete,
        source,
        body,
    })
}

/// What slices of one object have in common (RFC 9110 15.3.7.3).
pub(super) fn strong_tag(headers: &HeaderMap) -> Option<EntityTag<'_>> {
    EntityTag::of(headers).filter(|tag| !tag.is_weak())
}

pub(super) fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    ContentRange::parse(headers.get(header::CONTENT_RANGE)?.as_bytes())
}
