//! Our policy alone, with keys and sizes instead of responses: what the store does, without locks.
//!
//! The store itself is `load`; the policies of others are `peers`.

use std::cell::Cell;
use std::collections::{HashMap, hash_map::Entry};

use shoal_cache::{Algorithm, Grace, Optimize, Order, Outcome, Resident, SegmentedLru, Slot};

use crate::played::Played;
use crate::workloads::Request;

/// As in the store.
const KEPT_MAX: usize = 32;

/// A cache without locks and responses.
pub struct Simulated {
    algorithm: Algorithm,
    capacity: u64,
    order: Order,
    segments: Vec<Segment>,
}

struct Segment {
    lru: SegmentedLru<Object>,
    places: HashMap<u64, Slot>,
}

struct Object {
    key: u64,
    size: u32,
    recent: Cell<u8>,
}

impl Resident for Object {
    fn weight(&self) -> u64 {
        u64::from(self.size)
    }

    fn recent(&self) -> u8 {
        self.recent.get()
    }

    fn set_recent(&self, hits: u8) {
        self.recent.set(hits);
    }
}

impl Simulated {
    /// Empty, for so many bytes.
    pub fn new(algorithm: Algorithm, optimize: Optimize, segments: usize, capacity: u64) -> Self {
        let segment = |number| Segment {
            lru: SegmentedLru::new(algorithm, number),
            places: HashMap::new(),
        };
        Self {
            algorithm,
            capacity,
            order: Order::new(segments, capacity, optimize),
            segments: (0..segments).map(segment).collect(),
        }
    }

    fn insert(&mut self, own: usize, request: Request, hash: u64) {
        let object = Object {
            key: request.key,
            size: request.size,
            recent: Cell::new(0),
        };
        if let Some(segment) = self.segments.get_mut(own)
            && let Some(slot) = segment.lru.insert(object, hash, &self.order)
        {
            segment.places.insert(request.key, slot);
        }
    }

    /// Says whether one has left.
    fn evict(&mut self, own: usize) -> bool {
        let mut kept = 0;
        while let Some(turn) = self.order.turn(Some(own)) {
            let Some(segment) = self.segments.get_mut(turn.segment) else {
                return false;
            };
            let grace = if kept < KEPT_MAX {
                Grace::Granted
            } else {
                Grace::Ended
            };
            match segment
                .lru
                .evict(turn.part, grace, &self.order, |object| mixed(object.key))
            {
                Outcome::Empty => return false,
                Outcome::Kept => kept += 1,
                Outcome::Out(object) => return segment.places.remove(&object.key).is_some(),
            }
        }
        false
    }
}

impl Played for Simulated {
    fn ask(&mut self, request: Request) -> bool {
        let (hash, size) = (mixed(request.key), u64::from(request.size));
        let own = usize::try_from(hash >> 32).unwrap_or_default() % self.segments.len();
        let Some(segment) = self.segments.get_mut(own) else {
            return false;
        };
        if let Entry::Occupied(place) = segment.places.entry(request.key) {
            match self.algorithm {
                Algorithm::Lru => segment.lru.renew(*place.get(), &self.order),
                Algorithm::SegmentedLru => {
                    segment.lru.get(*place.get()).map(Resident::hit);
                }
            }
            return true;
        }
        if size <= self.capacity {
            while self.order.bytes() + size > self.capacity && self.evict(own) {}
            self.insert(own, request, hash);
        }
        false
    }
}

const fn mixed(key: u64) -> u64 {
    let mixed = (key ^ (key >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ (mixed >> 32)
}
