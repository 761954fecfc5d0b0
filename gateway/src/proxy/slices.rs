//! Large objects in slices: a range request fetches only the slices that it touches, and every slice is
//! fetched once.
//!
//! It stands beside Pingora's cache state machine, which knows one response for one request. What cannot be
//! sliced (no ranges at the origin, no strong validator, `Vary`) is remembered for a while and goes the
//! ordinary way. One slice's own life is `slice`.

mod order;
mod slice;

use super::failure::{self, Failure};
use super::own_requests::{OwnRequests, Unavailable};
use super::{response_phase, service::Proxy, storage};
use crate::clock;
use crate::exchange::{Decision, Exchange, FoundResponse, Origin, Served, WhileRevalidating};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use pingora_core::protocols::http::HttpTask;
use pingora_error::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use shoal_rules::precondition::{Precondition, evaluate, not_modified_headers};
use shoal_rules::range::{ContentRange, RangeVerdict, requested};
use shoal_rules::{Presented, Reason};
use slice::{Slice, Slicer, Source, strong_tag};
use std::ops::Range;

/// `Ok(true)`: answered.
pub(super) async fn answer(
    proxy: &Proxy,
    session: &mut Session,
    exchange: &mut Exchange,
) -> Result<bool> {
    let Some(slicer) = slicer(proxy, session, exchange) else {
        return Ok(false);
    };
    if slicer.is_known_whole() {
        return Ok(false);
    }
    let number = first_number(&session.req_header().headers, slicer.size);
    let first = match slicer.open(number).await {
        Ok(slice) => slice,
        Err(Unavailable::Whole | Unavailable::Status(_)) => return Ok(false),
        Err(Unavailable::Origin(failure)) => {
            failure::respond(session, exchange, failure).await?;
            return Ok(true);
        }
    };
    record(exchange, &first);
    let request = session.req_header();
    let presented = Presented {
        method: &request.method,
        headers: &request.headers,
    };
    let headers = &first.response.headers;
    match evaluate(&presented, StatusCode::OK, headers, clock::now()) {
        Precondition::Proceed => {}
        Precondition::NotModified => {
            let head = storage::head(StatusCode::NOT_MODIFIED, &not_modified_headers(headers))?;
            return send_head(session, exchange, head).await;
        }
        Precondition::Failed => {
            exchange.outcome.forwarded = Some(Reason::PreconditionFailed);
            failure::respond(session, exchange, Failure::PreconditionFailed).await?;
            return Ok(true);
        }
    }
    let (head, wanted) = match requested(&presented, headers, first.complete) {
        RangeVerdict::Ranges(ranges) if ranges.len() == 1 => {
            let range = ranges.first().cloned().unwrap_or(0..first.complete);
            (head(StatusCode::PARTIAL_CONTENT, &first, &range)?, range)
        }
        // Several ranges may be answered with the whole (RFC 9110 14.2).
        RangeVerdict::Whole | RangeVerdict::Ranges(_) => {
            let range = 0..first.complete;
            (head(StatusCode::OK, &first, &range)?, range)
        }
        RangeVerdict::Unsatisfiable => {
            let mut head = ResponseHeader::build(StatusCode::RANGE_NOT_SATISFIABLE, Some(4))?;
            let range = ContentRange::unsatisfied(first.complete).to_string();
            head.insert_header(header::CONTENT_RANGE, range)?;
            head.insert_header(header::CONTENT_LENGTH, 0)?;
            return send_head(session, exchange, head).await;
        }
    };
    send(session, exchange, &slicer, first, head, wanted).await?;
    Ok(true)
}

/// What slicing needs, when this request is one for it.
fn slicer(proxy: &Proxy, session: &Session, exchange: &Exchange) -> Option<Slicer> {
    let route = exchange.route.as_ref()?;
    let size = route.config.cache.slice?;
    let plain = session.req_header().method == Method::GET
        && !exchange.background
        && !shoal_rules::only_if_cached(
            &Presented {
                method: &Method::GET,
                headers: &session.req_header().headers,
            },
            &route.policy,
        );
    if !plain {
        return None;
    }
    let own = OwnRequests::of(proxy, session, exchange)?;
    Some(Slicer {
        own,
        flights: proxy.flights,
        size: size.0,
    })
}

/// The slice in which the wanted bytes begin. A suffix has its beginning only once the length is known.
fn first_number(headers: &HeaderMap, size: u64) -> u64 {
    let start = headers.get(header::RANGE).and_then(|value| {
        let (start, _end) = value
            .to_str()
            .ok()?
            .trim()
            .strip_prefix("bytes=")?
            .split_once('-')?;
        start.trim().parse::<u64>().ok()
    });
    start.unwrap_or(0) / size
}

/// What header, log and metric say: the first slice speaks for the response.
fn record(exchange: &mut Exchange, first: &Slice) {
    let outcome = &mut exchange.outcome;
    match first.source {
        Source::Stored => outcome.served = Served::Hit,
        Source::Stale => outcome.served = Served::Stale,
        Source::Updating => outcome.served = Served::Updating,
        Source::StaleOnError => {
            outcome.served = Served::StaleOnError;
            outcome.forwarded = Some(Reason::Stale);
        }
        Source::Fetched | Source::Followed => {
            outcome.forwarded = Some(Reason::UriMiss);
            outcome.stored = Some(first.response.freshness);
            exchange.origin = Some(Origin {
                requested: exchange.arrived,
                epoch: shoal_cache::Epoch::ZERO,
                status: Some(StatusCode::PARTIAL_CONTENT.as_u16()),
                not_modified: None,
                decision: Decision::default(),
            });
        }
    }
    if first.source == Source::Followed {
        outcome.collapsed = Some(crate::exchange::Collapsed);
    }
    outcome.found = Some(FoundResponse {
        key: None,
        id: first.id,
        freshness: first.response.freshness,
        headers: HeaderMap::new(),
        status: StatusCode::OK,
        is_growing: false,
        while_revalidating: WhileRevalidating::Wait,
    });
}

fn head(status: StatusCode, first: &Slice, wanted: &Range<u64>) -> Result<ResponseHeader> {
    let mut head = storage::head(status, &first.response.headers)?;
    head.remove_header(&header::CONTENT_RANGE);
    head.insert_header(header::CONTENT_LENGTH, wanted.end - wanted.start)?;
    head.insert_header(header::ACCEPT_RANGES, "bytes")?;
    if status == StatusCode::PARTIAL_CONTENT {
        let range = ContentRange {
            range: Some(wanted.clone()),
            complete: Some(first.complete),
        };
        head.insert_header(header::CONTENT_RANGE, range.to_string())?;
    }
    Ok(head)
}

async fn send_head(
    session: &mut Session,
    exchange: &mut Exchange,
    mut head: ResponseHeader,
) -> Result<bool> {
    response_phase::deliver(session, &mut head, exchange)?;
    session
        .write_response_tasks(vec![HttpTask::Header(Box::new(head), true)])
        .await?;
    Ok(true)
}

/// Sends the wanted bytes, slice after slice.
async fn send(
    session: &mut Session,
    exchange: &mut Exchange,
    slicer: &Slicer,
    first: Slice,
    mut head: ResponseHeader,
    wanted: Range<u64>,
) -> Result<()> {
    response_phase::deliver(session, &mut head, exchange)?;
    let empty = wanted.is_empty();
    session
        .write_response_tasks(vec![HttpTask::Header(Box::new(head), empty)])
        .await?;
    let (headers, complete) = (first.response.headers.clone(), first.complete);
    let mut ready = Some(first);
    let mut at = wanted.start;
    while at < wanted.end {
        let number = at / slicer.size;
        let mut slice = match ready.take().filter(|slice| slice.number == number) {
            Some(slice) => slice,
            None => slicer
                .open(number)
                .await
                .map_err(|_unavailable| changed())?,
        };
        // The head is sent: a representation that changed meanwhile cannot be joined to it.
        if slice.complete != complete || !same_tag(&headers, &slice.response.headers) {
            return Err(changed());
        }
        let mut skip = at - number * slicer.size;
        while at < wanted.end
            && let Some(mut bytes) = next(session, &mut slice).await?
        {
            let skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(bytes.len());
            skip -= skipped as u64;
            bytes = bytes.slice(skipped..);
            let left = usize::try_from(wanted.end - at).unwrap_or(usize::MAX);
            bytes.truncate(left);
            if bytes.is_empty() {
                continue;
            }
            at += bytes.len() as u64;
            exchange.sent += bytes.len() as u64;
            session
                .write_response_tasks(vec![HttpTask::Body(Some(bytes), at == wanted.end)])
                .await?;
        }
        if at < wanted.end && at < (number + 1) * slicer.size {
            return Err(changed());
        }
    }
    Ok(())
}

/// The slice's next bytes. While they are awaited the client is read, which finds out when it leaves, and
/// sends off what was gathered for it.
async fn next(session: &mut Session, slice: &mut Slice) -> Result<Option<Bytes>> {
    tokio::select! {
        biased;
        bytes = slice.next() => bytes,
        gone = session.as_downstream_mut().read_body_or_idle(true) => {
            Err(gone.err().unwrap_or_else(changed))
        }
    }
}

fn same_tag(a: &HeaderMap, b: &HeaderMap) -> bool {
    strong_tag(a)
        .zip(strong_tag(b))
        .is_some_and(|(a, b)| a.matches_strongly(b))
}

fn changed() -> Box<Error> {
    Error::explain(
        ErrorType::ConnectionClosed,
        "a slice of the object is gone or has changed",
    )
    .into_up()
}
