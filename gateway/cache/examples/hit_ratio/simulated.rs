//! The policy alone, with keys and sizes instead of responses: what the store does, without locks.

use std::collections::{HashMap, hash_map::Entry};

use shoal_cache::{Algorithm, Grace, Optimize, Order, Outcome, SegmentedLru, Slot};

use crate::workloads::{Request, Workload};

/// As in the store.
const KEPT_MAX: usize = 32;

pub(crate) struct Simulated {
    algorithm: Algorithm,
    capacity: u64,
    order: Order,
    segments: Vec<Segment>,
}

struct Segment {
    lru: SegmentedLru<u64>,
    places: HashMap<u64, Slot>,
}

/// What an origin had to send.
#[derive(Clone, Copy, Default)]
pub(crate) struct Misses {
    requests: u64,
    missed: u64,
    bytes: u64,
    missed_bytes: u64,
}

impl Simulated {
    pub(crate) fn new(
        algorithm: Algorithm,
        optimize: Optimize,
        segments: usize,
        capacity: u64,
    ) -> Self {
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

    pub(crate) fn play(mut self, workload: &Workload) -> Misses {
        let mut misses = Misses::default();
        for request in &workload.requests {
            let hit = self.ask(*request);
            misses.requests += 1;
            misses.bytes += u64::from(request.size);
            if !hit {
                misses.missed += 1;
                misses.missed_bytes += u64::from(request.size);
            }
        }
        misses
    }

    fn ask(&mut self, request: Request) -> bool {
        let (hash, size) = (mixed(request.key), u64::from(request.size));
        let own = usize::try_from(hash >> 32).unwrap_or_default() % self.segments.len();
        let Some(segment) = self.segments.get_mut(own) else {
            return false;
        };
        if let Entry::Occupied(place) = segment.places.entry(request.key) {
            match self.algorithm {
                Algorithm::Lru => segment.lru.renew(*place.get(), &self.order),
                Algorithm::SegmentedLru => segment.lru.hit(*place.get()),
            }
            return true;
        }
        if size <= self.capacity {
            while self.order.bytes() + size > self.capacity && self.evict(own) {}
            self.insert(own, request, hash);
        }
        false
    }

    fn insert(&mut self, own: usize, request: Request, hash: u64) {
        if let Some(segment) = self.segments.get_mut(own)
            && let Some(slot) =
                segment
                    .lru
                    .insert(request.key, u64::from(request.size), hash, &self.order)
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
                .evict(turn.part, grace, &self.order, |key| mixed(*key))
            {
                Outcome::Empty => return false,
                Outcome::Kept => kept += 1,
                Outcome::Out(key) => return segment.places.remove(&key).is_some(),
            }
        }
        false
    }
}

impl Misses {
    pub(crate) fn percent(self) -> f64 {
        100.0 * self.missed as f64 / self.requests as f64
    }

    pub(crate) fn byte_percent(self) -> f64 {
        100.0 * self.missed_bytes as f64 / self.bytes as f64
    }

    /// The part of another's misses that was avoided, in percent.
    pub(crate) fn cut(self, base: Self) -> f64 {
        100.0 * (1.0 - self.percent() / base.percent())
    }

    pub(crate) fn byte_cut(self, base: Self) -> f64 {
        100.0 * (1.0 - self.byte_percent() / base.byte_percent())
    }
}

const fn mixed(key: u64) -> u64 {
    let mixed = (key ^ (key >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ (mixed >> 32)
}
