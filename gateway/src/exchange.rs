//! One request's context, from its first phase to its log line.
//!
//! It pins the configuration snapshot, so that a reload in the middle of a request changes nothing for
//! it, and it gathers what log, metric and `Cache-Status` say at the end.

mod target;

pub use target::Target;

use crate::caching::plan::{Lookup, Plan};
use crate::caching::progress::Progress;
use crate::proxy::failure::Failure;
use crate::proxy::post_as_get::Copied;
use crate::proxy::{Arriving, Whole};
use crate::snapshot::{LiveRoute, Snapshot};
use crate::upstream::Chosen;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use shoal_cache::{EntryId, Epoch, Key};
use shoal_rules::precondition::Precondition;
use shoal_rules::{Freshness, Reason};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// See the module.
pub struct Exchange {
    /// What every phase of this request sees.
    pub snapshot: Arc<Snapshot>,
    /// The route that took it.
    pub route: Option<Arc<LiveRoute>>,
    /// When its head was complete.
    pub started: Instant,
    /// The same on the clock that HTTP's rules use.
    pub arrived: SystemTime,
    /// What is asked for, normalised.
    pub target: Target,
    /// Who asks.
    pub client: Option<IpAddr>,
    /// A gRPC call: never stored as HTTP, and answered in gRPC's words.
    pub grpc: bool,
    /// Whether and under which key the cache is asked.
    pub plan: Plan,
    /// What the cache did.
    pub outcome: Outcome,
    /// Targets whose connection failed.
    pub tried: Vec<usize>,
    /// The target that the request is under way to.
    pub chosen: Option<Chosen>,
    /// Content that was read for the key and is too long for Pingora to keep: it goes before the rest.
    pub read_ahead: Option<Bytes>,
    /// What went wrong, when the gateway itself answers.
    pub failure: Option<Failure>,
    /// The origin's part, while there is one.
    pub origin: Option<Origin>,
    /// A refresh that no client waits for.
    pub background: bool,
    /// What an operator's PURGE or a plugin's answer already said.
    pub answered: Option<Answered>,
    /// What a GET of the target of a POST would look up.
    pub as_get: Option<Box<Lookup>>,
    /// The response to that POST on its way into the store.
    pub copied: Option<Box<Copied>>,
    /// Fields of the response that are not stored, and sent to this client alone.
    pub withheld: Vec<(HeaderName, HeaderValue)>,
    /// It is a HEAD that goes to the origin as one.
    pub as_head: Option<AsHead>,
    /// The fields that a 304 makes of the stored ones.
    pub freshened: Option<HeaderMap>,
    /// What the client's conditions make of the answer, once its head is known.
    pub condition: Precondition,
    /// A part that is kept as it passes.
    pub arriving: Option<Arriving>,
    /// The origin's answer, where it was asked already: until it is on its way to the client.
    pub whole: Option<Box<Whole>>,
    /// How the fill that this request makes goes.
    pub progress: Option<Arc<Progress>>,
    /// Bytes of body that the client was sent.
    pub sent: u64,
}

/// Everything that the cache decided about one request.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Why it was forwarded, refused or not looked up.
    pub forwarded: Option<Reason>,
    /// Why its response was not stored.
    pub not_stored: Option<Reason>,
    /// A plugin's own words for either.
    pub detail: Option<String>,
    /// The stored response that was found, and whether it may be served stale.
    pub found: Option<FoundResponse>,
    /// The new response's freshness, once it is being stored.
    pub stored: Option<Freshness>,
    /// This request waited for another's fill.
    pub collapsed: Option<Collapsed>,
    /// Answered from the store.
    pub served: Served,
}

/// Where the answer's body came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Served {
    /// The origin, or the gateway itself.
    #[default]
    Forwarded,
    /// The store, fresh.
    Hit,
    /// The store, stale, while this request has it refreshed.
    Stale,
    /// The store, stale, while another request has it refreshed.
    Updating,
    /// The store, stale, because the origin failed.
    StaleOnError,
    /// The store, after the origin said that nothing changed.
    Revalidated,
}

/// Marks a request that followed another's fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collapsed;

/// Marks a HEAD that the origin answers as such, without Pingora's cache state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsHead;

/// A stored response that a look-up found.
#[derive(Debug, Clone)]
pub struct FoundResponse {
    /// Its key, unless it is still being filled.
    pub key: Option<Key>,
    /// Which one.
    pub id: EntryId,
    /// Its freshness.
    pub freshness: Freshness,
    /// Its fields, without the ones that are added when it is sent.
    pub headers: HeaderMap,
    /// Its status.
    pub status: http::StatusCode,
    /// Whether some of its body is still to come.
    pub is_growing: bool,
    /// Whether it may be served while it is refreshed in the background.
    pub while_revalidating: WhileRevalidating,
}

/// Stale-while-revalidate, decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhileRevalidating {
    /// Within its window.
    Serve,
    /// Not allowed, or too late.
    Wait,
}

/// One request to the origin.
#[derive(Debug)]
pub struct Origin {
    /// When it started: RFC 9111 4.2.3's request_time.
    pub requested: SystemTime,
    /// The store's epoch at that moment: what was invalidated since refuses the fill.
    pub epoch: Epoch,
    /// The status that came back.
    pub status: Option<u16>,
    /// The fields of a 304, for freshening.
    pub not_modified: Option<HeaderMap>,
    /// What the route's plugins decided about the response.
    pub decision: Decision,
}

/// What plugins decided, joined.
#[derive(Debug, Default)]
pub struct Decision {
    /// Lifetimes and a refusal to store.
    pub overrides: shoal_rules::Overrides,
    /// Why a plugin refused to store.
    pub no_store: Option<(Reason, Option<String>)>,
    /// Tags beside the response's own.
    pub tags: Vec<String>,
}

/// An answer that the gateway gave by itself, for the log.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Its status.
    pub status: u16,
    /// Its body, for the byte count.
    pub body: Bytes,
}

impl Exchange {
    /// A request that has just arrived.
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            snapshot,
            route: None,
            started: Instant::now(),
            arrived: crate::clock::now(),
            target: Target::default(),
            client: None,
            grpc: false,
            plan: Plan::Bypass(Reason::NoRoute),
            outcome: Outcome::default(),
            tried: Vec::new(),
            chosen: None,
            read_ahead: None,
            failure: None,
            origin: None,
            answered: None,
            as_get: None,
            copied: None,
            withheld: Vec::new(),
            as_head: None,
            freshened: None,
            condition: Precondition::Proceed,
            arriving: None,
            whole: None,
            progress: None,
            background: false,
            sent: 0,
        }
    }

    /// The route's name, for labels.
    pub fn route_name(&self) -> &str {
        self.route
            .as_ref()
            .map_or("none", |route| &route.config.name)
    }
}
