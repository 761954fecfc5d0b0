//! The caches that other crates offer, each as its own documentation sets it up.
//!
//! All are asked from one thread with keys and sizes alone. What is specific to one crate stands at
//! its type; ours is `simulated`.

use foyer_memory::{Cache as Foyer, CacheBuilder, EvictionConfig};
use foyer_memory::{LfuConfig, S3FifoConfig, SieveConfig};
use lru::LruCache;
use moka::sync::Cache as Moka;
use tinyufo::TinyUfo;

use crate::played::Played;
use crate::workloads::Request;

/// Makes a cache for so many bytes, which are about so many objects.
pub type Make = fn(capacity: u64, objects: usize) -> Box<dyn Played>;

/// Every peer. The first is what the cuts are measured against.
pub const ALL: [(&str, Make); 8] = [
    ("lru", |capacity, _| Box::new(OneList::new(capacity))),
    ("moka", |capacity, _| Box::new(moka(capacity))),
    ("quick_cache", |capacity, objects| {
        Box::new(QuickCache::with_weighter(objects, capacity, Sized))
    }),
    ("foyer-s3fifo", |capacity, _| {
        Box::new(foyer(capacity, S3FifoConfig::default().into()))
    }),
    ("foyer-lfu", |capacity, _| {
        Box::new(foyer(capacity, LfuConfig::default().into()))
    }),
    ("foyer-sieve", |capacity, _| {
        Box::new(foyer(capacity, SieveConfig.into()))
    }),
    ("TinyUFO", |capacity, objects| {
        Box::new(Ufo::new(capacity, objects))
    }),
    ("pingora-lru", |capacity, objects| {
        Box::new(PingoraLru::with_capacity(whole(capacity), objects))
    }),
];

/// Shards of pingora-lru, as many as ours has segments.
const SHARDS: usize = 16;

type PingoraLru = pingora_lru::Lru<(), SHARDS>;
type QuickCache = quick_cache::sync::Cache<u64, u32, Sized>;

/// The crate `lru` counts objects; the bytes are counted here.
struct OneList {
    cache: LruCache<u64, u32>,
    capacity: u64,
    used: u64,
}

impl OneList {
    fn new(capacity: u64) -> Self {
        Self {
            cache: LruCache::unbounded(),
            capacity,
            used: 0,
        }
    }
}

impl Played for OneList {
    fn ask(&mut self, Request { key, size }: Request) -> bool {
        if self.cache.get(&key).is_some() {
            return true;
        }
        if u64::from(size) > self.capacity {
            return false;
        }
        while self.used + u64::from(size) > self.capacity
            && let Some((_, out)) = self.cache.pop_lru()
        {
            self.used -= u64::from(out);
        }
        self.used += u64::from(size);
        self.cache.put(key, size);
        false
    }
}

fn moka(capacity: u64) -> Moka<u64, u32> {
    Moka::builder()
        .max_capacity(capacity)
        .weigher(|_, size| *size)
        .build()
}

impl Played for Moka<u64, u32> {
    fn ask(&mut self, Request { key, size }: Request) -> bool {
        let hit = self.get(&key).is_some();
        if !hit {
            self.insert(key, size);
            // Without this it holds more than its capacity, and its misses compare with nothing.
            self.run_pending_tasks();
        }
        hit
    }
}

/// The size is the weight.
#[derive(Clone)]
struct Sized;

impl quick_cache::Weighter<u64, u32> for Sized {
    fn weight(&self, _key: &u64, size: &u32) -> u64 {
        u64::from(*size)
    }
}

impl Played for QuickCache {
    fn ask(&mut self, Request { key, size }: Request) -> bool {
        let hit = self.get(&key).is_some();
        if !hit {
            self.insert(key, size);
        }
        hit
    }
}

fn foyer(capacity: u64, eviction: EvictionConfig) -> Foyer<u64, u32> {
    CacheBuilder::new(whole(capacity))
        .with_eviction_config(eviction)
        .with_weighter(|_: &u64, size: &u32| whole(u64::from(*size)))
        .build()
}

impl Played for Foyer<u64, u32> {
    fn ask(&mut self, Request { key, size }: Request) -> bool {
        let hit = self.get(&key).is_some();
        if !hit {
            self.insert(key, size);
        }
        hit
    }
}

/// TinyUFO's weights have 16 bits: the largest object of a workload, 8 MiB, has to fit in.
struct Ufo {
    cache: TinyUfo<u64, ()>,
    unit: u32,
}

impl Ufo {
    /// Bytes in a unit of weight when objects have sizes.
    const UNIT: u32 = 256;

    fn new(capacity: u64, objects: usize) -> Self {
        // One byte an object says that they have no sizes.
        let unit = if capacity > objects as u64 {
            Self::UNIT
        } else {
            1
        };
        Self {
            cache: TinyUfo::new(whole(capacity / u64::from(unit)), objects),
            unit,
        }
    }
}

impl Played for Ufo {
    fn ask(&mut self, Request { key, size }: Request) -> bool {
        let hit = self.cache.get(&key).is_some();
        if !hit {
            let weight = u16::try_from(size.div_ceil(self.unit)).unwrap_or(u16::MAX);
            self.cache.put(key, (), weight);
        }
        hit
    }
}

impl Played for PingoraLru {
    fn ask(&mut self, Request { key, size }: Request) -> bool {
        let hit = self.promote(key);
        if !hit {
            self.admit(key, (), whole(u64::from(size)));
            self.evict_to_limit();
        }
        hit
    }
}

fn whole(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
