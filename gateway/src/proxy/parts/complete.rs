//! What is missing of stored parts is asked for by `Range` and `If-Range`, before the look-up: it then finds
//! everything, in part still growing.
//!
//! Where that fails, because the object changed or the origin is down, the request goes its ordinary way: with
//! the whole response that came in the part's place, if one did.

use super::index::{self, Head, New, Place};
use super::whole::{Asked, Whole};
use crate::caching::lookup::{self, Count};
use crate::caching::parts::{Index, Kept, index_key, kept};
use crate::caching::plan::Plan;
use crate::clock;
use crate::exchange::{Collapsed, Decision, Exchange, Origin};
use crate::proxy::failure::{self, Failure};
use crate::proxy::own_requests::{Flight, OwnRequests, Unavailable, pour};
use crate::proxy::service::Proxy;
use crate::proxy::storage::Backend;
use crate::upstream::connect::fetch::Fetched;
use http::{Method, StatusCode, header};
use pingora_error::Result;
use pingora_proxy::Session;
use shoal_cache::{Fill, Joined, Lease, Usability};
use shoal_rules::precondition::{Precondition, evaluate};
use shoal_rules::range::ContentRange;
use shoal_rules::{Combination, Parts, Presented, Reason, Received, Reuse, reuse};
use std::ops::Range;
use std::time::SystemTime;
use tokio::sync::{oneshot, watch};

/// Gaps that are asked for one by one. Beyond it a new request for everything costs the origin less.
const GAPS_MAX: usize = 8;

/// What to do about a request.
enum Next {
    /// The look-up says what becomes of it.
    LookUp,
    /// Its condition fails.
    Refuse,
    /// Ask for this.
    Fetch(Box<Index>, Range<u64>),
}

/// `Ok(true)`: answered.
pub(in crate::proxy) async fn complete(
    proxy: &Proxy,
    session: &mut Session,
    exchange: &mut Exchange,
) -> Result<bool> {
    // One step each: what others fetch meanwhile is seen.
    for _ in 0..=GAPS_MAX {
        match next(proxy, session, exchange) {
            Next::LookUp => break,
            Next::Refuse => {
                exchange.outcome.forwarded = Some(Reason::PreconditionFailed);
                failure::respond(session, exchange, Failure::PreconditionFailed).await?;
                return Ok(true);
            }
            Next::Fetch(index, gap) => {
                let Some(own) = OwnRequests::of(proxy, session, exchange) else {
                    break;
                };
                let freshness = index.parts.response.freshness;
                let came = fetch(proxy, exchange, own, *index, gap).await;
                let outcome = &mut exchange.outcome;
                if exchange.whole.is_some() {
                    outcome.forwarded = Some(Reason::PartialMiss);
                }
                if came.is_err() {
                    break;
                }
                outcome.forwarded = Some(Reason::PartialMiss);
                outcome.stored = Some(freshness);
                exchange.origin = Some(Origin {
                    requested: clock::now(),
                    epoch: proxy.gateway.store.epoch(),
                    status: Some(StatusCode::PARTIAL_CONTENT.as_u16()),
                    not_modified: None,
                    decision: Decision::default(),
                });
            }
        }
    }
    Ok(false)
}

fn next(proxy: &Proxy, session: &Session, exchange: &Exchange) -> Next {
    let (Plan::Lookup(plan), Some(route)) = (&exchange.plan, &exchange.route) else {
        return Next::LookUp;
    };
    let request = session.req_header();
    let whole = route.config.cache.slice.is_some() || exchange.background;
    if whole || request.method != Method::GET {
        return Next::LookUp;
    }
    let (store, now) = (&proxy.gateway.store, clock::now());
    let moment = clock::moment(now);
    let Kept::Parts(index) = kept(store, &plan.key, moment, Count::Nothing) else {
        return Next::LookUp;
    };
    let presented = Presented {
        method: &request.method,
        headers: &request.headers,
    };
    let response = &index.parts.response;
    let verdict = reuse(&response.freshness, &presented, &route.policy, now);
    let usable = index.hit.usability == Usability::Usable
        && matches!(verdict, Reuse::Fresh | Reuse::StaleAccepted);
    let headers = &request.headers;
    if !usable || lookup::find(store, &plan.key, headers, moment, Count::Nothing).is_ok() {
        return Next::LookUp;
    }
    if evaluate(&presented, response.status, &response.headers, now) == Precondition::Failed {
        return Next::Refuse;
    }
    let wanted = index.parts.wanted(&presented, now);
    let held = index
        .parts
        .holding(store, &plan.key, &wanted, moment, Count::Nothing);
    let missing = index.parts.missing(&held, &wanted, now);
    let max_body = route.config.cache.max_body.0;
    let much = missing.len() > GAPS_MAX
        || missing.iter().any(|gap| gap.end - gap.start > max_body)
        || shoal_rules::only_if_cached(&presented, &route.policy);
    match missing
        .into_iter()
        .next()
        .filter(|_| !much && !held.is_empty())
    {
        Some(gap) => Next::Fetch(index, gap),
        None => Next::LookUp,
    }
}

/// Asks for `gap`, or waits for another request that does.
async fn fetch(
    proxy: &Proxy,
    exchange: &mut Exchange,
    own: OwnRequests,
    index: Index,
    gap: Range<u64>,
) -> Result<(), Unavailable> {
    let key = index.parts.key_of(&own.lookup.key, gap.start);
    let mut flight = match proxy.flights.join(key.hash, || watch::Sender::new(None)) {
        Joined::Leader(lease) => {
            let told = lease.subscribe();
            let order = Order {
                backend: proxy.backend,
                own,
                index,
                gap,
            };
            let (hand, whole) = oneshot::channel();
            tokio::spawn(order.run(lease, hand));
            exchange.whole = whole.await.ok();
            if exchange.whole.is_some() {
                return Err(Unavailable::Whole);
            }
            told
        }
        Joined::Follower(flight) => {
            exchange.outcome.collapsed = Some(Collapsed);
            proxy.gateway.metrics.collapsed();
            flight.subscribe()
        }
    };
    // The flight ends with a word, or with its task.
    let told = flight.wait_for(Option::is_some).await;
    told.ok()
        .and_then(|told| *told)
        .unwrap_or(Err(Unavailable::Whole))
}

/// What an order became.
enum Begun {
    /// Without a fill where the part is there already.
    Part(Option<Fill>, Fetched),
    Whole(Fetched),
}

/// One gap to fetch, in a task of its own: the part ends whole whatever its first client does.
struct Order {
    backend: &'static Backend,
    own: OwnRequests,
    index: Index,
    gap: Range<u64>,
}

impl Order {
    async fn run(self, lease: Lease<Flight>, hand: oneshot::Sender<Box<Whole>>) {
        let busy = self.own.gateway.drain.busy();
        let asked = Asked {
            requested: clock::now(),
            epoch: self.own.gateway.store.epoch(),
        };
        match self.begin(asked).await {
            Ok(Begun::Part(fill, fetched)) => {
                lease.send_replace(Some(Ok(())));
                drop((lease, hand));
                if let Some(fill) = fill {
                    pour(fill, fetched, self.gap.end - self.gap.start).await;
                }
            }
            // Where its client has left, nobody else's request is known to be answered by it.
            Ok(Begun::Whole(fetched)) => {
                drop(hand.send(Box::new(Whole::new(fetched, asked, lease))));
            }
            Err(why) => drop(lease.send_replace(Some(Err(why)))),
        }
        drop(busy);
    }

    async fn begin(&self, asked: Asked) -> Result<Begun, Unavailable> {
        let (parts, now) = (&self.index.parts, asked.requested);
        let ranges = parts.ranges.iter().cloned();
        let stored = parts.add_up(ranges, now).ok_or(Unavailable::Whole)?;
        let came = rest(&self.own, &stored, &self.gap, now).await;
        if matches!(came, Ok(Rest::Whole(_)) | Err(Unavailable::Whole)) {
            // It is another object now, or none that parts may be kept of.
            let key = index_key(&self.own.lookup.key);
            let id = self.index.hit.entry.id();
            self.own.gateway.store.remove(&key, Some(id));
        }
        let (fetched, decision) = match came? {
            Rest::Part(fetched, decision) => (fetched, decision),
            Rest::Whole(fetched) => return Ok(Begun::Whole(fetched)),
        };
        let lookup = &self.own.lookup;
        let received = Received {
            status: fetched.head.status,
            headers: &fetched.head.headers,
        };
        let length = self.gap.end - self.gap.start;
        let tags = parts.response.tags.iter().chain(&decision.tags).cloned();
        let new = New {
            range: self.gap.clone(),
            parts: Parts::of(&received, length, now).ok_or(Unavailable::Whole)?,
            // The stored head is as fresh as it was: it is not made younger by what is added.
            head: Head::Kept,
            place: Place {
                primary: lookup.key.clone(),
                uri: lookup.uri.clone(),
                host: self.own.target.host.clone(),
                tags: tags.collect(),
                epoch: asked.epoch,
                requested: now,
            },
        };
        let fill = index::add(self.backend, new).map_err(|_refused| Unavailable::Whole)?;
        Ok(Begun::Part(fill, fetched))
    }
}

/// What came where a part was asked for.
pub(super) enum Rest {
    /// Exactly that.
    Part(Fetched, Decision),
    /// All of the object, as the client would have got it.
    Whole(Fetched),
}

/// Asks for `gap` of what `stored` is part of.
pub(super) async fn rest(
    own: &OwnRequests,
    stored: &Parts,
    gap: &Range<u64>,
    requested: SystemTime,
) -> Result<Rest, Unavailable> {
    let fields = stored.completing(gap).ok_or(Unavailable::Whole)?;
    let (fetched, decision) = own.send(fields).await?;
    let headers = &fetched.head.headers;
    let received = Received {
        status: fetched.head.status,
        headers,
    };
    let asked = headers.get(header::CONTENT_RANGE);
    let exactly = asked
        .and_then(|value| ContentRange::parse(value.as_bytes()))
        .is_some_and(|came| came.range.as_ref() == Some(gap));
    let same = Parts::of(&received, gap.end - gap.start, requested)
        .is_some_and(|new| matches!(stored.combine(&new), Combination::Combined(_)));
    let may = exactly
        && same
        && !headers.contains_key(header::VARY)
        && own.freshness(headers, requested, &decision).is_some();
    match fetched.head.status {
        _ if may => Ok(Rest::Part(fetched, decision)),
        StatusCode::OK if own.answers_client(headers) => Ok(Rest::Whole(fetched)),
        status if status.is_server_error() => Err(Unavailable::Status(status)),
        _other => Err(Unavailable::Whole),
    }
}
