//! How many requests and bytes does each policy save an origin, on workloads of known shape?
//!
//! Each workload runs at three capacities, with 16 segments, against one list by last use. Generated
//! workloads always run; real traces are read from `SHOAL_TRACES=DIR`. A cut is the part of the misses
//! of that one list that a policy avoids. `cargo run --example hit_ratio -- [WORKLOAD..]`.

#![expect(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a program that prints a table of ratios"
)]

mod chance;
mod simulated;
mod traces;
mod workloads;

use std::{env, time::Instant};

use shoal_cache::{Algorithm, Optimize};

use crate::{
    simulated::{Misses, Simulated},
    workloads::Workload,
};

const SEGMENTS: usize = 16;
/// Parts of the objects, or of the bytes if they have sizes.
const CAPACITIES: [f64; 3] = [0.001, 0.01, 0.1];
/// Smaller caches say more about chance than about a policy.
const RESIDENTS_LEAST: f64 = 100.0;

const POLICIES: [(&str, Algorithm, Optimize); 4] = [
    ("lru", Algorithm::Lru, Optimize::Bytes),
    ("bytes", Algorithm::SegmentedLru, Optimize::Bytes),
    ("balanced", Algorithm::SegmentedLru, Optimize::Balanced),
    ("objects", Algorithm::SegmentedLru, Optimize::Objects),
];

fn main() {
    let wanted: Vec<String> = env::args().skip(1).collect();
    let named = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    println!(
        "{:14} {:>6} {:>9}  request misses %, byte misses % (cut % of lru)",
        "", "cache", "requests"
    );
    let mut cuts = Cuts::default();
    for (name, make) in workloads::ALL.into_iter().filter(|(name, _)| named(name)) {
        measure(name, &make(), &mut cuts);
    }
    match env::var_os("SHOAL_TRACES") {
        Some(folder) => {
            for (name, workload) in traces::read(folder.as_ref()) {
                if named(name) {
                    measure(name, &workload, &mut cuts);
                }
            }
        }
        None => println!("no traces: SHOAL_TRACES names no folder"),
    }
    cuts.print();
}

/// The cuts of each policy, over all workloads and capacities.
#[derive(Default)]
struct Cuts {
    requests: [Vec<f64>; POLICIES.len()],
    bytes: [Vec<f64>; POLICIES.len()],
}

impl Cuts {
    fn print(&self) {
        let mean = |cuts: &Vec<f64>| cuts.iter().sum::<f64>() / cuts.len().max(1) as f64;
        for (n, (name, ..)) in POLICIES.iter().enumerate() {
            let (requests, bytes) = (self.requests.get(n), self.bytes.get(n));
            println!(
                "mean cut of {name:8}: requests {:5.1} %, bytes of sized workloads {:5.1} %",
                requests.map_or(0.0, mean),
                bytes.map_or(0.0, mean)
            );
        }
    }
}

fn measure(name: &str, workload: &Workload, cuts: &mut Cuts) {
    for part in CAPACITIES {
        if workload.objects() as f64 * part < RESIDENTS_LEAST {
            continue;
        }
        let capacity = (workload.footprint() as f64 * part) as u64;
        print!(
            "{name:14} {:5}% {:9} ",
            part * 100.0,
            workload.requests.len()
        );
        let mut lru: Option<Misses> = None;
        for (n, (policy, algorithm, optimize)) in POLICIES.into_iter().enumerate() {
            let began = Instant::now();
            let misses = Simulated::new(algorithm, optimize, SEGMENTS, capacity).play(workload);
            let nanos = began.elapsed().as_nanos() as f64 / workload.requests.len() as f64;
            let base = *lru.get_or_insert(misses);
            let (requests, bytes) = (misses.cut(base), misses.byte_cut(base));
            print!(" {policy} {:.1}", misses.percent());
            if workload.sized {
                print!("/{:.1} ({requests:.1}/{bytes:.1})", misses.byte_percent());
            } else {
                print!(" ({requests:.1})");
            }
            print!(" {nanos:.0} ns ");
            if let Some(cuts) = cuts.requests.get_mut(n) {
                cuts.push(requests);
            }
            if let Some(cuts) = cuts.bytes.get_mut(n).filter(|_| workload.sized) {
                cuts.push(bytes);
            }
        }
        println!();
    }
}
