//! What travels from `cache_phase` to `storage` and `lock` in the extensions of Pingora's own types.

use crate::caching::lookup::Variants;
use crate::caching::parts::asked_key;
use crate::caching::progress::Progress;
use http::HeaderMap;
use parking_lot::Mutex;
use pingora_cache::lock::LockStub;
use shoal_cache::{EntryId, Epoch, Key, KeyHash, Lease};
use shoal_rules::Freshness;
use shoal_rules::partial::StrongValidator;
use std::sync::Arc;
use std::time::SystemTime;

/// Rides on Pingora's cache key from `cache_phase` to storage and lock.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) key: Key,
    pub(super) request: Arc<HeaderMap>,
    pub(super) asker: Asker,
    pub(super) parts: Parts,
    state: Arc<Mutex<AskedState>>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    Client,
    /// A refresh in the background, which inherits the lock of the request that started it.
    Refresh,
}

/// What a request has to do with stored parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parts {
    /// Nothing.
    Ignored,
    /// They may answer it.
    Used,
    /// They may answer it, and an origin may be asked for this range alone.
    Asked(Vec<u8>),
}

/// Holds the lease of a fill, until it is released or nobody is left who could.
pub(super) type LeaseCell = Mutex<Option<Lease<LockStub>>>;

#[derive(Default)]
struct AskedState {
    /// The key of the variant that was found or is likely to be filled.
    effective: Option<KeyHash>,
    variants: Option<Variants>,
    /// Held while this request fills the key for others. It ends with the request at the latest.
    lease: Option<Arc<LeaseCell>>,
    in_parts: InParts,
}

/// What the look-up found out about parts.
#[derive(Default, Clone, Copy)]
struct InParts {
    stored: bool,
    takes_range: bool,
}

impl Asked {
    pub(super) fn new(key: Key, request: HeaderMap, asker: Asker, parts: Parts) -> Self {
        Self {
            key,
            request: Arc::new(request),
            asker,
            parts,
            state: Arc::default(),
        }
    }

    /// What is collapsed: the variant where it is known, else the target.
    pub(super) fn effective(&self) -> KeyHash {
        self.state.lock().effective.unwrap_or(self.key.hash)
    }

    pub(super) fn variants(&self) -> Variants {
        self.state.lock().variants.unwrap_or(Variants::None)
    }

    /// Keeps a fill's lease for as long as this request lives.
    pub(super) fn hold(&self, lease: Arc<LeaseCell>) {
        let earlier = self.state.lock().lease.replace(lease);
        drop(earlier);
    }

    /// Parts of the target are stored, if not those that are wanted.
    pub(super) fn found_parts(&self) {
        self.state.lock().in_parts.stored = true;
    }

    pub(super) fn has_found_parts(&self) -> bool {
        self.state.lock().in_parts.stored
    }

    /// Where a range may be asked for, it is, and collapsed with others like it.
    pub(super) fn take_range(&self) {
        if let Parts::Asked(range) = &self.parts {
            let key = asked_key(&self.key, range);
            let mut state = self.state.lock();
            state.effective = Some(key.hash);
            state.in_parts.takes_range = true;
        }
    }

    pub(super) fn takes_range(&self) -> bool {
        self.state.lock().in_parts.takes_range
    }

    pub(super) fn located(&self, effective: KeyHash, variants: Variants) {
        let mut state = self.state.lock();
        state.effective = Some(effective);
        state.variants = Some(variants);
        state.in_parts.takes_range = false;
    }
}

/// Rides on a `CacheMeta` from `cache_phase` to storage: all that storing needs to know.
#[derive(Clone)]
pub(super) struct FillOrder {
    pub(super) freshness: Freshness,
    pub(super) uri: String,
    pub(super) host: String,
    pub(super) tags: Vec<String>,
    pub(super) route: String,
    /// A strong one, by the origin's own fields: a `Date` of ours makes no `Last-Modified` strong.
    pub(super) validator: Option<StrongValidator>,
    /// The response's `Vary`, joined, and what it selects.
    pub(super) vary: Option<(String, [u8; 16])>,
    pub(super) epoch: Epoch,
    pub(super) requested: SystemTime,
    /// The stored response that this one freshens.
    pub(super) current: Option<(Key, EntryId)>,
    pub(super) max_body: u64,
    pub(super) progress: Arc<Progress>,
}
