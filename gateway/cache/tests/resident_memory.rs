//! Is `max_memory` what the process really holds, all the while? With the allocator of the gateway.
//!
//! Two threads look up, store, purge and let expire, for bodies of 100 B, 1 KB, 100 KB, a mix of the three,
//! and any size between, each in a process of its own, as the allocator keeps what another has given back.
//! The figure is the most that was resident at any sample. `SHOAL_CHURN_SECONDS` is for how long each goes on.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail this way, and says what it found"
)]

#[path = "model/chance.rs"]
mod chance;

use std::{
    env,
    process::Command,
    sync::{
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use mimalloc::MiMalloc;
use shoal_cache::{
    Algorithm, Budget, FillSpec, Invalidation, Key, KeyHash, Listed, Moment, Scope, Scopes, Stamp,
    Store, StoreConfig, Strength, Target,
};

use crate::chance::Chance;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Large enough that what the allocator keeps for itself, some 10 MB, is not what is measured.
const MAX_MEMORY: u64 = 512 << 20;
/// What must be resident at the end, lest too much be charged.
const LEAST: u64 = MAX_MEMORY / 10 * 8;

const SECONDS: u64 = 20;
/// What an entry takes beside its body, roughly.
const RECORD: u64 = 800;

const THREADS: u64 = 2;
const SAMPLE_EVERY: Duration = Duration::from_millis(20);
/// Bodies come in pieces, as from a socket.
const PIECE: usize = 16 << 10;
/// Every entry has one of so many tags, one of which is purged now and then: that often by each thread
/// while it looks as many keys up as there are.
const TAGS: u64 = 100;
const PURGES: u64 = 5;
/// One entry in so many lives this long, and the others for ever.
const SHORT_ONE_IN: u64 = 4;
const SHORT: Duration = Duration::from_secs(2);

/// The sizes of bodies, and how many hundredths over the limit may be resident.
struct Bodies {
    name: &'static str,
    sizes: Sizes,
    over: u64,
}

#[derive(Clone, Copy)]
enum Sizes {
    One(u64),
    /// So many of each size, in a hundred.
    Some(&'static [(u64, u64)]),
    /// All from the first on, each doubling as often as the others.
    Any {
        least: u64,
        doublings: u64,
    },
}

const ALL: [Bodies; 5] = [
    Bodies::of("100 B", Sizes::One(100), 5),
    Bodies::of("1 KB", Sizes::One(1000), 5),
    Bodies::of("100 KB", Sizes::One(100_000), 5),
    Bodies::of("mix", MIX, 5),
    // The allocator keeps pages for each class of sizes, and every page has some room left.
    Bodies::of("any", ANY, 8),
];

const MIX: Sizes = Sizes::Some(&[(90, 100), (9, 1000), (1, 100_000)]);
const ANY: Sizes = Sizes::Any {
    least: 100,
    doublings: 10,
};

#[test]
fn resident_memory_stays_at_the_limit_all_the_while_whatever_the_size_of_bodies() {
    if let Ok(name) = env::var("SHOAL_CHURN") {
        return churn(ALL.iter().find(|bodies| bodies.name == name).unwrap());
    }
    for bodies in &ALL {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--nocapture", "--quiet"])
            .env("SHOAL_CHURN", bodies.name)
            .status();
        assert!(child.unwrap().success(), "bodies of {}", bodies.name);
    }
}

fn churn(bodies: &Bodies) {
    let seconds = env::var("SHOAL_CHURN_SECONDS").map_or(SECONDS, |text| text.parse().unwrap());
    let before = resident();
    let store = Store::new(StoreConfig {
        algorithm: Algorithm::SegmentedLru,
        max_memory: MAX_MEMORY,
        segments: 16,
        uri_of: |meta| meta,
        compressible: |_meta| true,
    });
    let (began, over) = (Instant::now(), AtomicBool::new(false));
    let most = thread::scope(|scope| {
        let (finished, stop) = mpsc::channel();
        let (store, over) = (&store, &over);
        let sampler = scope.spawn(move || sample(store, began, &stop));
        for seed in 0..THREADS {
            let finished = finished.clone();
            scope.spawn(move || {
                let mut client = Client {
                    store,
                    bodies,
                    chance: Chance::new(seed),
                    began,
                };
                while began.elapsed() < Duration::from_secs(seconds) && !over.load(Relaxed) {
                    client.go_on();
                }
                drop(finished);
            });
        }
        drop(finished);
        let most = sampler.join();
        over.store(true, Relaxed);
        most.unwrap()
    });
    let (most, last) = (most - before, resident() - before);
    let stats = store.stats();
    let percent = |bytes: u64| bytes as f64 * 100.0 / MAX_MEMORY as f64;
    println!(
        "bodies of {}: {} entries, {} inserts, {} evicted, {} expired, {} invalidated; of max_memory {:.1} % \
         charged, {:.1} % resident at the end, {:.1} % at most",
        bodies.name,
        stats.total.entries,
        stats.total.inserts,
        stats.total.evictions.space,
        stats.total.evictions.expired,
        stats.total.evictions.invalidated,
        percent(stats.used),
        percent(last),
        percent(most),
    );
    assert!(stats.total.inserts > 2 * stats.total.entries, "too short");
    let allowed = MAX_MEMORY + MAX_MEMORY / 100 * bodies.over;
    assert!(most <= allowed, "{most} bytes were resident");
    assert!(
        last >= LEAST,
        "{last} bytes are resident: too much is charged"
    );
}

/// The most that is resident, until all others have finished. Cleans meanwhile.
fn sample(store: &Store, began: Instant, stop: &Receiver<()>) -> u64 {
    let mut most = 0;
    loop {
        most = most.max(resident());
        store.maintain(moment(began), Budget::default());
        match stop.recv_timeout(SAMPLE_EVERY) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return most.max(resident()),
        }
    }
}

/// One who uses the store.
struct Client<'a> {
    store: &'a Store,
    bodies: &'a Bodies,
    chance: Chance,
    began: Instant,
}

impl Client<'_> {
    /// Some look-ups with their stores, then a purge.
    fn go_on(&mut self) {
        let keys = self.bodies.keys();
        for _ in 0..keys / PURGES {
            // The lower of two: low numbers are asked for more often.
            let n = self.chance.below(keys).min(self.chance.below(keys));
            let now = moment(self.began);
            if self.store.get(&key(n), now).is_none() {
                self.put(n, now);
            }
        }
        let purge = Invalidation {
            target: Target::Tag(Scope(self.chance.below(TAGS))),
            strength: Strength::Hard,
        };
        self.store.apply(&purge, moment(self.began)).unwrap();
    }

    fn put(&mut self, n: u64, now: Moment) {
        let short = self.chance.one_in(SHORT_ONE_IN);
        let spec = FillSpec {
            key: key(n),
            meta: Bytes::from(vec![b'm'; 300]),
            scopes: Scopes {
                uri: Scope(n),
                host: Scope(1),
                tags: [Scope(n % TAGS)].into(),
                listed: Listed::Counted,
            },
            epoch: self.store.epoch(),
            stamp: Stamp::default(),
            requested: now,
            useful_until: if short { now.after(SHORT) } else { Moment::MAX },
            max_body: 1 << 20,
            size_hint: None,
        };
        // Another is stored by the other thread, or a purge came between.
        let Ok(mut fill) = self.store.begin_fill(spec) else {
            return;
        };
        let mut left = self.bodies.draw(&mut self.chance);
        while left > 0 {
            let piece = left.min(PIECE);
            fill.write(Bytes::from(vec![b'b'; piece]));
            left -= piece;
        }
        let _refused = fill.finish(None);
    }
}

impl Bodies {
    const fn of(name: &'static str, sizes: Sizes, over: u64) -> Self {
        Self { name, sizes, over }
    }

    fn draw(&self, chance: &mut Chance) -> usize {
        let size = match self.sizes {
            Sizes::One(size) => size,
            Sizes::Some(shares) => chance.weighted(shares),
            Sizes::Any { least, doublings } => {
                let least = least << chance.below(doublings);
                least + chance.below(least)
            }
        };
        usize::try_from(size).unwrap()
    }

    /// Keys that are asked for: some four times what has room.
    fn keys(&self) -> u64 {
        let mean = match self.sizes {
            Sizes::One(size) => size,
            Sizes::Some(shares) => {
                shares.iter().map(|(share, size)| share * size).sum::<u64>() / 100
            }
            Sizes::Any { least, doublings } => (least << doublings) * 3 / 2 / doublings,
        };
        4 * MAX_MEMORY / (mean + RECORD)
    }
}

fn key(n: u64) -> Key {
    let hash = u128::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    Key {
        hash: KeyHash(hash),
        bytes: Bytes::from(format!("https://host/item/{n}")),
    }
}

fn moment(began: Instant) -> Moment {
    Moment::default().after(began.elapsed())
}

/// Bytes of this process in memory, by the second number of `/proc/self/statm`, in pages.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
