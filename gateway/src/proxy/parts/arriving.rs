//! A 206 on its way through Pingora to a client: it is kept as it passes.
//!
//! When the client leaves early, what came is a part as well (RFC 9111 section 3.3). Only where others
//! follow it, the rest is fetched for them.

use super::complete::{Rest, rest};
use super::index::{self, Head, New, Place, Refused};
use crate::caching::stored_response::StoredResponse;
use crate::clock;
use crate::exchange::Exchange;
use crate::proxy::asked::FillOrder;
use crate::proxy::own_requests::{OwnRequests, pour};
use crate::proxy::service::Proxy;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use pingora_proxy::Session;
use shoal_cache::{Fill, Key, Written};
use shoal_rules::range::ContentRange;
use shoal_rules::{Parts, Reason, Received, hop_by_hop};
use std::ops::Range;

/// See the module.
pub struct Arriving {
    fill: Option<Fill>,
    first: u64,
    /// What is still to come.
    left: Range<u64>,
    parts: Parts,
    own: Option<OwnRequests>,
}

/// Begins to keep the 206 with these fields, which the rules let be stored.
pub(in crate::proxy) fn begin(
    proxy: &Proxy,
    session: &Session,
    exchange: &mut Exchange,
    primary: &Key,
    headers: &HeaderMap,
    order: FillOrder,
) -> Result<(), Reason> {
    let varies = order.vary.is_some();
    let place = Place {
        primary: primary.clone(),
        uri: order.uri,
        host: order.host,
        tags: order.tags.clone(),
        epoch: order.epoch,
        requested: order.requested,
    };
    let known = known(headers).filter(|_| !varies);
    let Some((range, complete, parts)) = known else {
        index::remember_whole(proxy.backend, &place);
        return Err(Reason::PartialResponse);
    };
    // In chunks it has no Content-Length that would have told.
    if range.end - range.start > order.max_body {
        return Err(Reason::TooLarge);
    }
    let mut fields = hop_by_hop::storable_headers(headers, clock::now());
    fields.remove(header::CONTENT_RANGE);
    fields.insert(header::CONTENT_LENGTH, complete.into());
    let said = StoredResponse {
        freshness: order.freshness,
        status: StatusCode::OK,
        headers: fields,
        tags: order.tags,
        route: order.route,
    };
    // RFC 9110 15.3.7: a 206 that answers If-Range leaves out what its client knows. Alone it is no head.
    let few = session.req_header().headers.contains_key(header::IF_RANGE);
    let head = if few {
        Head::Kept
    } else {
        Head::Said(Box::new(said))
    };
    let new = New {
        range: range.clone(),
        parts: parts.clone(),
        head,
        place,
    };
    let fill = index::add(proxy.backend, new).map_err(|refused| match refused {
        Refused::Unfit => Reason::PartialResponse,
        Refused::TooLarge => Reason::TooLarge,
        Refused::Store => Reason::Invalidated,
    })?;
    exchange.arriving = fill.map(|fill| Arriving {
        fill: Some(fill),
        first: range.start,
        left: range,
        parts,
        own: OwnRequests::of(proxy, session, exchange),
    });
    Ok(())
}

/// Where the part stands, in a whole of known length, under a strong validator.
fn known(headers: &HeaderMap) -> Option<(Range<u64>, u64, Parts)> {
    let ContentRange { range, complete } =
        ContentRange::parse(headers.get(header::CONTENT_RANGE)?.as_bytes())?;
    let (range, complete) = range.zip(complete)?;
    let received = Received {
        status: StatusCode::PARTIAL_CONTENT,
        headers,
    };
    let length = range.end - range.start;
    let parts = Parts::of(&received, length, clock::now())?;
    Some((range, complete, parts))
}

impl Arriving {
    /// The next piece of the body.
    pub(in crate::proxy) fn write(&mut self, bytes: &Bytes) {
        let length = bytes.len() as u64;
        if length > self.left.end - self.left.start {
            // More than was announced: nobody knows what stands where.
            self.fill = None;
        }
        let Some(fill) = &mut self.fill else {
            return;
        };
        if fill.write(bytes.clone()) == Written::Outgrown {
            // All fills together hold too much. Who follows would have to be waited for.
            self.fill = None;
            return;
        }
        self.left.start += length;
        if self.left.is_empty() {
            // A refusal (purged meanwhile) is the engine's to count.
            let _ = self.fill.take().map(|fill| fill.finish(None));
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let Some(fill) = self.fill.take() else {
            return;
        };
        match self.own.take().filter(|_| fill.is_followed()) {
            Some(own) => {
                let (left, parts) = (self.left.clone(), self.parts.clone());
                tokio::spawn(async move {
                    let busy = own.gateway.drain.busy();
                    let came = rest(&own, &parts, &left, clock::now()).await;
                    if let Ok(Rest::Part(fetched, _decision)) = came {
                        pour(fill, fetched, left.end - left.start).await;
                    }
                    drop(busy);
                });
            }
            // A refusal is the engine's to count.
            None if self.left.start > self.first => drop(fill.finish(None)),
            None => {}
        }
    }
}
