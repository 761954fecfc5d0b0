//! Generated workloads, each of a shape that some policy is bad at.
//!
//! Real ones are `traces`; what plays them is `played`.

use std::collections::HashMap;

use crate::chance::{Chance, Zipf};

const REQUESTS: u64 = 2_000_000;

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Of what.
    pub key: u64,
    /// Its bytes; 1 if the workload has no sizes.
    pub size: u32,
}

/// Requests in their order.
#[derive(Debug)]
pub struct Workload {
    /// What is asked for.
    pub requests: Vec<Request>,
    /// Whether objects differ in size.
    pub sized: bool,
    /// The size of each object.
    objects: HashMap<u64, u32>,
}

/// Makes a workload, the same each time.
pub type Make = fn() -> Workload;

/// Every workload. The last has sizes and is a gateway's.
pub const ALL: [(&str, Make); 7] = [
    ("zipf", zipf),
    ("scans", scans),
    ("loop", around),
    ("news", news),
    ("sudden-ends", sudden_ends),
    ("bursts", bursts),
    ("gateway", gateway),
];

impl Workload {
    /// All objects of one size.
    pub fn unsized_of(keys: impl IntoIterator<Item = u64>) -> Self {
        let requests = keys.into_iter().map(|key| Request { key, size: 1 });
        Self::new(requests.collect())
    }

    fn new(requests: Vec<Request>) -> Self {
        let objects: HashMap<u64, u32> = requests.iter().map(|r| (r.key, r.size)).collect();
        let sized = objects.values().any(|size| *size != 1);
        Self {
            requests,
            sized,
            objects,
        }
    }

    /// Objects that are asked for.
    pub fn objects(&self) -> usize {
        self.objects.len()
    }

    /// The bytes of all objects together.
    pub fn footprint(&self) -> u64 {
        self.objects.values().map(|size| u64::from(*size)).sum()
    }
}

/// A popularity that does not change.
fn zipf() -> Workload {
    let (zipf, mut chance) = (Zipf::new(200_000, 0.9), Chance::new(1));
    Workload::unsized_of((0..REQUESTS).map(|_| zipf.draw(&mut chance)))
}

/// The same, with passes through what nobody asks for otherwise.
fn scans() -> Workload {
    let (zipf, mut chance) = (Zipf::new(100_000, 0.9), Chance::new(2));
    Workload::unsized_of((0..REQUESTS).map(|n| {
        if n % 100_000 >= 70_000 {
            1_000_000 + (n / 100_000 % 4) * 30_000 + n % 100_000 - 70_000
        } else {
            zipf.draw(&mut chance)
        }
    }))
}

/// Round and round, a little more than a tenth at a time.
fn around() -> Workload {
    Workload::unsized_of((0..REQUESTS).map(|n| {
        let (round, lap) = (n / 400_000, n % 400_000);
        round * 10_000 + lap % 12_000
    }))
}

/// News: wanted most when they are new, and ever less.
fn news() -> Workload {
    let (zipf, mut chance) = (Zipf::new(50_000, 1.0), Chance::new(3));
    Workload::unsized_of((0..REQUESTS).map(|n| 50_000 + n / 20 - zipf.draw(&mut chance)))
}

/// The other way round: what was wanted most is never wanted again. One list by last use is best.
fn sudden_ends() -> Workload {
    let (zipf, mut chance) = (Zipf::new(50_000, 1.0), Chance::new(3));
    Workload::unsized_of((0..REQUESTS).map(|n| n / 20 + zipf.draw(&mut chance)))
}

/// Half of the objects are asked for three times in a row and then never again.
fn bursts() -> Workload {
    let (zipf, mut chance) = (Zipf::new(100_000, 0.8), Chance::new(4));
    Workload::unsized_of((0..REQUESTS).map(|n| match n % 8 {
        0 | 2 | 5 => 1_000_000 + n / 8,
        _ => zipf.draw(&mut chance),
    }))
}

/// A gateway's day: churn, one-hit requests, scans, sizes from 100 bytes to 8 MB.
fn gateway() -> Workload {
    const KEYS: u64 = 400_000;
    const SCAN: u64 = 2_000;
    let (zipf, mut chance) = (Zipf::new(KEYS, 0.9), Chance::new(42));
    let replaced: Vec<(f64, bool)> = (0..KEYS)
        .map(|_| (chance.part(), chance.part() < 0.30))
        .collect();
    let mut keys: Vec<u64> = (0..REQUESTS)
        .map(|n| {
            let rank = zipf.draw(&mut chance);
            let (at, is_replaced) = usize::try_from(rank)
                .ok()
                .and_then(|rank| replaced.get(rank).copied())
                .unwrap_or_default();
            let when = n as f64 / REQUESTS as f64;
            if chance.part() < 0.20 {
                100_000_000 + n
            } else if is_replaced && when > at {
                rank + KEYS
            } else {
                rank
            }
        })
        .collect();
    for _ in 0..REQUESTS / 20 / SCAN {
        let (start, first) = (chance.below(REQUESTS - SCAN), chance.below(200));
        let places = keys
            .iter_mut()
            .skip(usize::try_from(start).unwrap_or_default());
        for (key, n) in places.zip(0..SCAN) {
            *key = 200_000_000 + first * SCAN + n;
        }
    }
    let mut sizes: HashMap<u64, u32> = HashMap::new();
    let requests = keys.into_iter().map(|key| Request {
        key,
        size: *sizes.entry(key).or_insert_with(|| size(&mut chance)),
    });
    Workload::new(requests.collect())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped"
)]
fn size(chance: &mut Chance) -> u32 {
    let bytes = match chance.part() {
        kind if kind < 0.70 => chance.lognormal(1_500.0, 1.0),
        kind if kind < 0.95 => chance.lognormal(20_000.0, 1.1),
        _ => chance.pareto(100_000.0, 1.2),
    };
    bytes.clamp(100.0, f64::from(8_u32 << 20)) as u32
}
