//! The engine, as Pingora's storage.
//!
//! Pingora brings a key and a `CacheMeta`; what the engine needs beside them (the full key, the request's
//! fields that select a variant, scopes, epoch) travels in their extensions: [`Asked`] on the key, set by
//! `cache_phase`, and [`FillOrder`] on the meta.

use super::asked::{Asked, FillOrder};
use super::parts;
use super::storage_body::{CompleteBody, FillWriter, GrowingBody};
use crate::caching::lookup::{self, Count, Variants};
use crate::caching::parts::index_key;
use crate::caching::plan::{host_scope, tag_scope, uri_scope, variant};
use crate::caching::stored_response::{Stored, StoredResponse};
use crate::caching::varying;
use crate::clock;
use crate::gateway::Gateway;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use parking_lot::Mutex;
use pingora_cache::key::CacheHashKey;
use pingora_cache::storage::{
    HitHandler, MissHandler, PurgeOutcome, PurgeTarget, PurgeType, Storage,
};
use pingora_cache::trace::SpanHandle;
use pingora_cache::{CacheKey, CacheMeta};
use pingora_error::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use shoal_cache::{
    Fill, FillSpec, Found, Freshened, Invalidation, Key, KeyHash, Listed, Reader, Scopes, Stamp,
    Store, Strength, Target,
};
use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

/// The storage that Pingora holds. It lives as long as the process.
pub(super) struct Backend {
    pub(super) gateway: Arc<Gateway>,
    /// Held while an index of parts is changed.
    pub(super) parts: Mutex<()>,
    /// Readers of fills that have just begun, until their own request takes them: by then the fill may
    /// already be hidden from look-ups.
    begun: Mutex<HashMap<u64, (CacheMeta, Reader)>>,
}

impl Backend {
    pub(super) fn new(gateway: Arc<Gateway>) -> Self {
        Self {
            gateway,
            parts: Mutex::default(),
            begun: Mutex::default(),
        }
    }

    fn store(&self) -> &Store {
        &self.gateway.store
    }

    /// Begins the fill of the response whose head is `meta`.
    pub(super) fn begin(&self, primary: &Key, meta: &CacheMeta) -> Result<Fill> {
        let order = order(meta)?;
        let key = match &order.vary {
            None => primary.clone(),
            Some((vary, selector)) => {
                self.index_variant(primary, order, (vary, *selector), meta.headers());
                variant(primary, *selector)
            }
        };
        let fill = self.store().begin_fill(spec(key, meta, order)?);
        fill.map_err(|refusal| {
            order.progress.set_refused();
            Error::explain(ErrorType::InternalError, format!("not stored: {refusal}"))
        })
    }

    /// Whether nothing that concerns this response was invalidated since the origin was asked for it.
    pub(super) fn admits(&self, key: &Key, meta: &CacheMeta) -> bool {
        let spec = order(meta).and_then(|order| spec(key.clone(), meta, order));
        spec.is_ok_and(|spec| self.store().admits(&spec))
    }

    /// Remembers under the target's own key that its responses vary by `vary`.
    fn index_variant(
        &self,
        primary: &Key,
        order: &FillOrder,
        (vary, selector): (&str, [u8; 16]),
        stored: &HeaderMap,
    ) -> Option<()> {
        let now = clock::moment(clock::now());
        let mut values = match self.store().peek(primary, now) {
            Some(Found::Complete(hit)) => match Stored::decode(hit.entry.meta()) {
                Some(Stored::VaryIndex(values)) => values,
                Some(Stored::Response(_) | Stored::Parts(_) | Stored::Part) | None => Vec::new(),
            },
            Some(Found::Filling(_)) | None => Vec::new(),
        };
        let useful_until = clock::moment(order.freshness.useful_until());
        varying::note(&mut values, vary, selector, stored);
        let meta = Stored::VaryIndex(values).encode(&order.uri)?;
        let spec = FillSpec {
            key: primary.clone(),
            meta,
            scopes: Scopes {
                tags: Box::new([]),
                listed: Listed::Silent,
                ..scopes(order)
            },
            epoch: order.epoch,
            stamp: Stamp::default(),
            requested: clock::moment(order.requested),
            useful_until,
            max_body: 0,
            size_hint: Some(0),
        };
        self.store().put(spec, Bytes::new(), None).ok().map(drop)
    }
}

#[async_trait]
impl Storage for Backend {
    async fn lookup(
        &'static self,
        key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<Option<(CacheMeta, HitHandler)>> {
        let asked = asked(key)?;
        let now = clock::moment(clock::now());
        let found = lookup::find(self.store(), &asked.key, &asked.request, now, Count::Use);
        let located = match found {
            Ok(located) => located,
            Err(absent) => return parts::find(&self.gateway, asked, &absent),
        };
        asked.located(located.key.hash, Variants::None);
        let mut response = *located.response;
        if let Found::Complete(hit) = &located.found {
            complete(&mut response, hit.entry.body().len());
        }
        let response = Arc::new(response);
        let meta = meta(&response)?;
        let handler: HitHandler = match located.found {
            Found::Complete(hit) => Box::new(CompleteBody::new(located.key, hit, response)),
            Found::Filling(reader) => Box::new(GrowingBody::new(reader, response)),
        };
        Ok(Some((meta, handler)))
    }

    async fn lookup_streaming_write(
        &'static self,
        _key: &CacheKey,
        tag: Option<&[u8]>,
        _trace: &SpanHandle,
    ) -> Result<Option<(CacheMeta, HitHandler)>> {
        let id = tag
            .and_then(|tag| tag.try_into().ok())
            .map(u64::from_be_bytes);
        let begun = id.and_then(|id| self.begun.lock().remove(&id));
        let Some((meta, reader)) = begun else {
            return Ok(None);
        };
        let response = decode(reader.meta())?;
        let progress = order(&meta)?.progress.clone();
        Ok(Some((
            meta,
            Box::new(GrowingBody::leading(reader, response, progress)),
        )))
    }

    async fn get_miss_handler(
        &'static self,
        key: &CacheKey,
        meta: &CacheMeta,
        _trace: &SpanHandle,
    ) -> Result<MissHandler> {
        let order = order(meta)?;
        let asked = asked(key)?;
        if asked.has_found_parts() {
            // The whole is newer than its parts.
            self.store().remove(&index_key(&asked.key), None);
        }
        let broken_off = parts::BrokenOff::of(self, asked, meta, order);
        let fill = self.begin(&asked.key, meta)?;
        let id = fill.id().0;
        self.begun
            .lock()
            .insert(id, (copy(meta, order), fill.leading_reader()));
        let progress = order.progress.clone();
        Ok(Box::new(FillWriter::new(fill, progress, broken_off)))
    }

    async fn purge(
        &'static self,
        target: PurgeTarget<'_>,
        _purge_type: PurgeType,
        _trace: &SpanHandle,
    ) -> Result<PurgeOutcome> {
        let hash = KeyHash(u128::from_be_bytes(target.key().primary_bin()));
        let invalidation = Invalidation {
            target: Target::Key(hash),
            strength: Strength::Hard,
        };
        let applied = crate::caching::purge::apply(&self.gateway, &invalidation);
        Ok(match applied.ok().and_then(|applied| applied.objects) {
            Some(count) if count > 0 => PurgeOutcome::Purged(None),
            Some(_) | None => PurgeOutcome::NotFound,
        })
    }

    async fn update_meta(
        &'static self,
        key: &CacheKey,
        meta: &CacheMeta,
        _trace: &SpanHandle,
    ) -> Result<bool> {
        let (asked, order) = (asked(key)?, order(meta)?);
        let Some((found, current)) = &order.current else {
            return Ok(false);
        };
        if *found != index_key(&asked.key) {
            return freshen(self.store(), meta);
        }
        let new = freshened(meta, order)?;
        let response = decode(&new.meta)?;
        let kept = parts::freshen(self, &asked.key, *current, &response, &new, &order.uri);
        if !kept {
            order.progress.set_refused();
        }
        Ok(kept)
    }

    fn support_streaming_partial_write(&self) -> bool {
        true
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync + 'static) {
        self
    }
}

/// Gives the stored response that `meta` was made from its new head. `Ok(false)`: it is not there any more.
pub(super) fn freshen(store: &Store, meta: &CacheMeta) -> Result<bool> {
    let order = order(meta)?;
    let Some((key, current)) = order.current.clone() else {
        return Ok(false);
    };
    let kept = store.freshen(&key, current, freshened(meta, order)?);
    if kept.is_err() {
        order.progress.set_refused();
    }
    Ok(kept.is_ok())
}

fn freshened(meta: &CacheMeta, order: &FillOrder) -> Result<Freshened> {
    Ok(Freshened {
        meta: encode(meta, order)?,
        scopes: scopes(order),
        epoch: order.epoch,
        stamp: Stamp::default(),
        requested: clock::moment(order.requested),
        useful_until: clock::moment(order.freshness.useful_until()),
    })
}

/// Seconds that no clock reaches: whether stale may be served is decided by the rules, not by Pingora.
const AS_THE_RULES_SAY: u32 = u32::MAX;

/// A stored response as Pingora's state machine wants it. Pingora's `created` is when the response
/// came, and `Age` is made from the freshness, which knows the age at that moment.
pub(super) fn meta(response: &StoredResponse) -> Result<CacheMeta> {
    let head = head(response.status, &response.headers)?;
    let freshness = &response.freshness;
    Ok(CacheMeta::new(
        freshness.fresh_until(),
        freshness.response_time,
        AS_THE_RULES_SAY,
        AS_THE_RULES_SAY,
        head,
    ))
}

/// What came in chunks has a length once it is whole, and only then ranges of it can be sent.
pub(super) fn complete(response: &mut StoredResponse, length: u64) {
    let bodiless = matches!(
        response.status,
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    );
    if !bodiless {
        response
            .headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| length.into());
    }
}

/// A response head of these fields.
pub(super) fn head(status: StatusCode, headers: &HeaderMap) -> Result<ResponseHeader> {
    let mut head = ResponseHeader::build(status, Some(headers.len() + 4))?;
    for (name, value) in headers {
        head.append_header(name.clone(), value.clone())?;
    }
    Ok(head)
}

/// `CacheMeta` is not `Clone`.
fn copy(meta: &CacheMeta, order: &FillOrder) -> CacheMeta {
    let head = meta.response_header_copy();
    let stale = AS_THE_RULES_SAY;
    let mut copy = CacheMeta::new(meta.fresh_until(), meta.created(), stale, stale, head);
    copy.extensions_mut().insert(order.clone());
    copy
}

fn spec(key: Key, meta: &CacheMeta, order: &FillOrder) -> Result<FillSpec> {
    let length = meta.headers().get(header::CONTENT_LENGTH);
    Ok(FillSpec {
        key,
        meta: encode(meta, order)?,
        scopes: scopes(order),
        epoch: order.epoch,
        stamp: Stamp::default(),
        requested: clock::moment(order.requested),
        useful_until: clock::moment(order.freshness.useful_until()),
        max_body: order.max_body,
        size_hint: length.and_then(|value| value.to_str().ok()?.parse().ok()),
    })
}

fn scopes(order: &FillOrder) -> Scopes {
    Scopes {
        uri: uri_scope(&order.uri),
        host: host_scope(&order.host),
        tags: order.tags.iter().map(|tag| tag_scope(tag)).collect(),
        listed: Listed::Counted,
    }
}

fn asked(key: &CacheKey) -> Result<&Asked> {
    key.extensions.get().ok_or_else(|| missing("key"))
}

fn order(meta: &CacheMeta) -> Result<&FillOrder> {
    meta.extensions().get().ok_or_else(|| missing("meta"))
}

fn missing(what: &str) -> Box<Error> {
    Error::explain(
        ErrorType::InternalError,
        format!("a cache {what} without our part"),
    )
}

fn decode(meta: &Bytes) -> Result<Arc<StoredResponse>> {
    match Stored::decode(meta) {
        Some(Stored::Response(response)) => Ok(Arc::new(*response)),
        Some(Stored::VaryIndex(_) | Stored::Parts(_) | Stored::Part) | None => {
            Err(missing("entry"))
        }
    }
}

/// What the engine keeps of a response beside its body.
fn encode(meta: &CacheMeta, order: &FillOrder) -> Result<Bytes> {
    let stored = StoredResponse {
        freshness: order.freshness,
        status: meta.response_header().status,
        headers: meta.headers().clone(),
        tags: order.tags.clone(),
        route: order.route.clone(),
    };
    Stored::Response(Box::new(stored))
        .encode(&order.uri)
        .ok_or_else(|| {
            Error::explain(
                ErrorType::InternalError,
                "the response's head is too large to store",
            )
        })
}
