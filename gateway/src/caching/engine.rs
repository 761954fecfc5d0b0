//! The engine as the configuration wants it: made once, adjusted while it runs.

use super::compressible::compressible;
use super::stored_response::uri_of;
use crate::config::cache::{Algorithm, Compression, Local, Optimize};
use shoal_cache::{Store, StoreConfig};

/// An empty store.
pub fn start(local: &Local) -> Store {
    let store = Store::new(StoreConfig {
        algorithm: match local.algorithm {
            Algorithm::SegmentedLru => shoal_cache::Algorithm::SegmentedLru,
            Algorithm::Lru => shoal_cache::Algorithm::Lru,
        },
        max_memory: local.max_memory.0,
        segments: local.segments,
        uri_of,
        compressible,
    });
    adjust(&store, local);
    store
}

/// What may change while it runs. What is stored stays, as far as it still fits.
pub fn adjust(store: &Store, local: &Local) {
    store.resize(local.max_memory.0);
    store.set_compression(match local.compression {
        Compression::Off => shoal_cache::Compression::Off,
        Compression::Adaptive => shoal_cache::Compression::Adaptive,
        Compression::Lz4 => shoal_cache::Compression::Lz4,
        Compression::Zstd => shoal_cache::Compression::Zstd,
    });
    store.optimize(match local.optimize {
        Optimize::Objects => shoal_cache::Optimize::Objects,
        Optimize::Bytes => shoal_cache::Optimize::Bytes,
        Optimize::Balanced => shoal_cache::Optimize::Balanced,
    });
}
