//! The whole response that came where the rest of stored parts was asked for, because the object changed or
//! its origin knows no ranges (RFC 9110 section 14.2).
//!
//! It answers the request that asked: Pingora's state machine gets it in the place of an origin's answer
//! (`upstream::connect::arrival`), and stores, cuts and sends it as any other.

use crate::exchange::Origin;
use crate::proxy::fields;
use crate::proxy::own_requests::Flight;
use crate::upstream::Chosen;
use crate::upstream::connect::arrival;
use crate::upstream::connect::fetch::Fetched;
use pingora_core::upstreams::peer::HttpPeer;
use shoal_cache::{Epoch, Lease};
use std::time::SystemTime;

/// See the module.
pub struct Whole {
    fetched: Option<Fetched>,
    asked: Asked,
    /// Those who wait for the part are told when it is dropped: they find the fill that this one became.
    _lease: Lease<Flight>,
}

/// When the origin was asked.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) requested: SystemTime,
    pub(super) epoch: Epoch,
}

impl Whole {
    pub(super) fn new(mut fetched: Fetched, asked: Asked, lease: Lease<Flight>) -> Self {
        fields::drop_listed_by_origin(&mut fetched.head);
        Self {
            fetched: Some(fetched),
            asked,
            _lease: lease,
        }
    }

    /// Where the state machine finds it, and who sent it. Once.
    pub(in crate::proxy) fn peer(&mut self) -> Option<(HttpPeer, Option<Chosen>)> {
        self.fetched.take().map(arrival::peer)
    }

    /// It is as old as its own request, and what was invalidated since speaks against it.
    pub(in crate::proxy) fn date(&self, origin: &mut Origin) {
        origin.requested = self.asked.requested;
        origin.epoch = self.asked.epoch;
    }
}
