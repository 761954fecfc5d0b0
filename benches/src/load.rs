//! A store of ours with entries as a gateway makes them: a URL as key, metadata, tags, an end.
//!
//! What is measured on it is each bench's; the policy without a store is `simulated`.

use bytes::Bytes;
use shoal_cache::{
    Algorithm, FillSpec, Key, KeyHash, Listed, Moment, Scope, Scopes, Stamp, Store, StoreConfig,
};

/// Bytes of a body.
pub const BODY: usize = 100;

/// An empty store.
pub fn store(max_memory: u64, segments: usize) -> Store {
    Store::new(StoreConfig {
        algorithm: Algorithm::SegmentedLru,
        max_memory,
        segments,
        uri_of: |meta| meta,
        compressible: |_meta| true,
    })
}

/// The key of an object.
pub fn key(number: u64) -> Key {
    // An odd factor keeps numbers apart and spreads them over the high bits.
    let hash = u128::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    Key {
        hash: KeyHash(hash),
        bytes: Bytes::from(format!("https://host/item/{number:07}")),
    }
}

/// Stores an object in one step, and gives the bytes that it is charged with: 0 if it was refused.
pub fn put(store: &Store, key: Key, number: u64, body: Bytes, useful_until: Moment) -> u64 {
    let spec = FillSpec {
        key,
        meta: Bytes::from_static(b"https://host/"),
        scopes: Scopes {
            uri: Scope(number),
            host: Scope(1),
            tags: [Scope(number % 100)].into(),
            listed: Listed::Counted,
        },
        epoch: store.epoch(),
        stamp: Stamp::default(),
        requested: Moment(0),
        useful_until,
        max_body: 1 << 20,
        size_hint: u64::try_from(BODY).ok(),
    };
    store
        .put(spec, body, None)
        .map_or(0, |stored| stored.weight)
}
