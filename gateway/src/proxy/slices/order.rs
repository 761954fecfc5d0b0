//! One fetch of one slice: what is asked of the origin, and what becomes of the answer.
//!
//! It runs in a task of its own. Who waits for it, and where its result is found again, is `slice`.

use super::slice::{Slicer, StaleSlice, content_range, strong_tag};
use crate::caching::stored_response::{Stored, StoredResponse};
use crate::caching::{purge, tags};
use crate::clock;
use crate::exchange::Decision;
use crate::proxy::own_requests::{Flight, Unavailable, pour};
use crate::proxy::plugin_hooks;
use crate::upstream::connect::fetch::Fetched;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use shoal_cache::{Epoch, Fill, FillSpec, Freshened, Lease, Listed, Stamp};
use shoal_rules as rules;
use shoal_rules::Freshness;
use std::time::{Duration, SystemTime};

/// How long an object that cannot be sliced is taken whole without asking again.
const WHOLE_FOR: Duration = Duration::from_secs(60);

/// One fetch, with everything that it needs for itself.
pub(super) struct Order {
    slicer: Slicer,
    number: u64,
    stale: Option<StaleSlice>,
    requested: SystemTime,
    epoch: Epoch,
}

impl Order {
    pub(super) fn new(slicer: &Slicer, number: u64, stale: Option<StaleSlice>) -> Self {
        let epoch = slicer.own.gateway.store.epoch();
        Self {
            slicer: slicer.clone(),
            number,
            stale,
            requested: clock::now(),
            epoch,
        }
    }

    pub(super) async fn run(self, lease: Lease<Flight>) {
        let busy = self.slicer.own.gateway.drain.busy();
        let begun = self.begin().await;
        let told = begun.as_ref().map(drop).map_err(|unavailable| *unavailable);
        // From here on look-ups find the fill, or the reason is known: others may lead.
        lease.send_replace(Some(told));
        drop(lease);
        if let Ok(Some((fill, fetched))) = begun {
            let announced = content_range(&fetched.head.headers).and_then(|range| range.range);
            if let Some(announced) = announced {
                pour(fill, fetched, announced.end - announced.start).await;
            }
        }
        drop(busy);
    }

    /// Asks the origin. `Ok(None)`: what was stored is confirmed.
    async fn begin(&self) -> Result<Option<(Fill, Fetched)>, Unavailable> {
        let slicer = &self.slicer;
        let first = self.number * slicer.size;
        let last = first + slicer.size - 1;
        let range = HeaderValue::from_str(&format!("bytes={first}-{last}"));
        let mut fields = vec![(header::RANGE, range.map_err(|_invalid| Unavailable::Whole)?)];
        if let Some(stale) = &self.stale
            && let Some(tag) = stale.response.headers.get(header::ETAG)
        {
            fields.push((header::IF_NONE_MATCH, tag.clone()));
        }
        let (fetched, decision) = slicer.own.send(fields).await?;
        match (fetched.head.status, &self.stale) {
            (StatusCode::NOT_MODIFIED, Some(stale)) => {
                self.freshen(stale, &fetched.head.headers)?;
                Ok(None)
            }
            (StatusCode::PARTIAL_CONTENT, _) => match self.fill(&fetched.head.headers, &decision) {
                Some(fill) => Ok(Some((fill, fetched))),
                None => Err(self.remember_whole()),
            },
            (StatusCode::OK, _) => Err(self.remember_whole()),
            (status, _) if status.is_server_error() => Err(Unavailable::Status(status)),
            _other => Err(Unavailable::Whole),
        }
    }

    /// The fill of a slice that may be stored and joined with others.
    fn fill(&self, headers: &HeaderMap, decision: &Decision) -> Option<Fill> {
        let slicer = &self.slicer;
        let range = content_range(headers)?;
        let (part, complete) = (range.range?, range.complete?);
        let start = self.number * slicer.size;
        let fits = part.start == start && part.end == (start + slicer.size).min(complete);
        if !fits || headers.contains_key(header::VARY) || strong_tag(headers).is_none() {
            return None;
        }
        let freshness = slicer.own.freshness(headers, self.requested, decision)?;
        let given = slicer.own.lookup.tags.iter().chain(&decision.tags).cloned();
        let tags = tags::of(given, headers, &slicer.own.target.host);
        let scopes = slicer.own.scopes(&tags, Listed::Counted);
        let spec = FillSpec {
            key: slicer.key(self.number),
            meta: self.meta(headers, freshness, tags)?,
            scopes,
            epoch: self.epoch,
            stamp: Stamp::default(),
            requested: clock::moment(self.requested),
            useful_until: clock::moment(freshness.useful_until()),
            max_body: slicer.size,
            size_hint: Some(part.end - part.start),
        };
        slicer.own.gateway.store.begin_fill(spec).ok()
    }

    fn freshen(&self, stale: &StaleSlice, not_modified: &HeaderMap) -> Result<(), Unavailable> {
        let response = &stale.response;
        let headers = rules::validation::freshen(&response.headers, not_modified, clock::now());
        let own = &self.slicer.own;
        let decision = plugin_hooks::on_fetched_again(own, &headers);
        let freshness = own.freshness(&headers, self.requested, &decision);
        if decision.no_store.is_some() {
            // Confirmed, and not to be kept: nobody gets it any more.
            purge::forget(&own.gateway, &stale.key, stale.entry.id());
        }
        let freshness = freshness.ok_or(Unavailable::Whole)?;
        let meta = self
            .meta(&headers, freshness, response.tags.clone())
            .ok_or(Unavailable::Whole)?;
        let freshened = Freshened {
            meta,
            scopes: self.slicer.own.scopes(&response.tags, Listed::Counted),
            epoch: self.epoch,
            stamp: Stamp::default(),
            requested: clock::moment(self.requested),
            useful_until: clock::moment(freshness.useful_until()),
        };
        // Refused means purged or replaced meanwhile: then it is asked for once more.
        let store = &self.slicer.own.gateway.store;
        let _ = store.freshen(&stale.key, stale.entry.id(), freshened);
        Ok(())
    }

    fn meta(&self, headers: &HeaderMap, freshness: Freshness, tags: Vec<String>) -> Option<Bytes> {
        let stored = StoredResponse {
            freshness,
            status: StatusCode::PARTIAL_CONTENT,
            headers: rules::hop_by_hop::storable_headers(headers, clock::now()),
            tags,
            route: self.slicer.own.route.config.name.clone(),
        };
        Stored::Response(Box::new(stored)).encode(&self.slicer.own.lookup.uri)
    }

    /// Spares the origin the question for a while.
    fn remember_whole(&self) -> Unavailable {
        let slicer = &self.slicer;
        let now = clock::now();
        let spec = Stored::VaryIndex(Vec::new())
            .encode(&slicer.own.lookup.uri)
            .map(|meta| FillSpec {
                key: slicer.whole_key(),
                meta,
                scopes: slicer.own.scopes(&[], Listed::Silent),
                epoch: self.epoch,
                stamp: Stamp::default(),
                requested: clock::moment(self.requested),
                useful_until: clock::moment(now + WHOLE_FOR),
                max_body: 0,
                size_hint: Some(0),
            });
        // Not remembered, it is only asked again.
        let _ = spec.map(|spec| slicer.own.gateway.store.put(spec, Bytes::new(), None));
        Unavailable::Whole
    }
}
