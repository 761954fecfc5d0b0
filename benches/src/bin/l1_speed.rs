//! What does an operation on the store cost beside quick_cache, in CPU time?
//!
//! Zipf 0.99 over a million keys with room for a tenth of them; ours with tags, expiry and receipts.
//! As in a gateway, what is written was just received: both copy the body, and no stored key shares its
//! buffer with that of a later look-up. Ours copies key and metadata too.
//! The two take turns within a round, and every round draws anew; the figure is the median. The hit ratio stands
//! beside the nanoseconds, as a faster cache that misses more is slower.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{array, thread};

use bytes::Bytes;
use mimalloc::MiMalloc;
use shoal_benches::chance::{Chance, Zipf};
use shoal_benches::verdict::{announce_measured, say};
use shoal_benches::{Verdict, load, process};
use shoal_cache::{Key, Moment, Store};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const KEYS: u64 = 1_000_000;
const ROOM: u64 = 100_000;
/// Operations of each thread in a round.
const OPERATIONS: u64 = 1_000_000;
const ROUNDS: usize = 5;
/// The store fills 19 of 20 bytes that it is given.
const FILLED: (u64, u64) = (20, 19);
const SEGMENTS: usize = 16;

/// What share of operations are reads, and the goal in percent of quick_cache's time.
const MIXES: [(&str, Mix, Option<f64>); 3] = [
    ("95/5", Mix::ReadsOf100(95), Some(85.0)),
    ("50/50", Mix::ReadsOf100(50), Some(110.0)),
    ("read-through", Mix::ReadThrough, None),
];

#[derive(Clone, Copy)]
enum Mix {
    /// The others are writes.
    ReadsOf100(u64),
    /// A miss is written.
    ReadThrough,
}

/// A cache that can be read and written by many threads.
trait Timed: Sync {
    fn read(&self, key: &Key) -> bool;
    fn write(&self, key: &Key, number: u64);
    fn entries(&self) -> u64;
}

/// The key of a look-up, and the same as it was when it was stored.
struct Keys {
    asked: Vec<Key>,
    stored: Vec<Key>,
}

/// What one cache did in one round.
#[derive(Clone, Copy, Default)]
struct Round {
    nanos: f64,
    hits: f64,
}

fn main() -> ExitCode {
    announce_measured("l1_speed", measure())
}

fn measure() -> io::Result<Vec<(String, Verdict)>> {
    let [asked, stored] = array::from_fn(|_| (0..KEYS).map(load::key).collect());
    let keys = Keys { asked, stored };
    let mut verdicts = Vec::new();
    for threads in [1, 2] {
        for (name, mix, goal) in MIXES {
            let [ours, theirs] = beside_each_other(&keys, threads, mix)?;
            let share = 100.0 * ours.nanos / theirs.nanos;
            say(format_args!(
                "{name:12} {threads} threads: ours {:4.0} ns {:.1} % hits, quick_cache {:4.0} ns {:.1} % hits: {share:.0} %",
                ours.nanos, ours.hits, theirs.nanos, theirs.hits
            ));
            // The goals are about one thread.
            if let Some(goal) = goal.filter(|_| threads == 1) {
                let verdict = Verdict::AtMost {
                    figure: share,
                    goal,
                    unit: "% of quick_cache",
                };
                verdicts.push((format!("l1_speed/{name}"), verdict));
            }
        }
    }
    Ok(verdicts)
}

/// Medians, after a round that fills both.
fn beside_each_other(keys: &Keys, threads: u64, mix: Mix) -> io::Result<[Round; 2]> {
    let zipf = Zipf::new(KEYS, 0.99);
    let mut chances: Vec<Chance> = (0..threads).map(Chance::new).collect();
    let caches: [Box<dyn Timed>; 2] = [Box::new(ours()), Box::new(Theirs::new(room()))];
    let mut rounds: [Vec<Round>; 2] = array::from_fn(|_| Vec::new());
    for round in 0..=ROUNDS {
        // The same again and again would be one long loop, which no cache's users play.
        let draws: Vec<Vec<usize>> = chances.iter_mut().map(|c| drawn(&zipf, c)).collect();
        for (cache, rounds) in caches.iter().zip(&mut rounds) {
            // Reads with few writes would not fill it.
            let mix = if round == 0 { Mix::ReadThrough } else { mix };
            let measured = play_all(&**cache, keys, &draws, mix)?;
            if round > 0 {
                rounds.push(measured);
            }
        }
    }
    // Hit ratios compare only while both hold about the same.
    let [ours, theirs] = caches.each_ref().map(|cache| cache.entries());
    say(format_args!("entries: ours {ours}, quick_cache {theirs}"));
    Ok(rounds.map(median))
}

fn median(mut rounds: Vec<Round>) -> Round {
    rounds.sort_by(|a, b| a.nanos.total_cmp(&b.nanos));
    rounds.get(rounds.len() / 2).copied().unwrap_or_default()
}

fn play_all(cache: &dyn Timed, keys: &Keys, draws: &[Vec<usize>], mix: Mix) -> io::Result<Round> {
    let (mut time, mut reads, mut hits) = (Duration::ZERO, 0, 0);
    thread::scope(|scope| {
        let threads: Vec<_> = draws
            .iter()
            .map(|draws| scope.spawn(move || play(cache, keys, draws, mix)))
            .collect();
        for thread in threads {
            let done = thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))?;
            time += done.0;
            reads += done.1;
            hits += done.2;
        }
        Ok::<(), io::Error>(())
    })?;
    let operations = OPERATIONS * draws.len() as u64;
    Ok(Round {
        nanos: time.as_nanos() as f64 / operations as f64,
        hits: 100.0 * hits as f64 / reads as f64,
    })
}

/// CPU time, reads, hits.
fn play(
    cache: &dyn Timed,
    keys: &Keys,
    draws: &[usize],
    mix: Mix,
) -> io::Result<(Duration, u64, u64)> {
    let (mut reads, mut hits) = (0, 0);
    let began = process::cpu_time()?;
    for (n, (number, drawn)) in (0_u64..).zip(draws).map(|(n, d)| (n, (*d as u64, *d))) {
        let (Some(asked), Some(stored)) = (keys.asked.get(drawn), keys.stored.get(drawn)) else {
            continue;
        };
        // 37 and 100 have no common factor: reads and writes are spread evenly.
        let is_read = match mix {
            Mix::ReadsOf100(share) => n * 37 % 100 < share,
            Mix::ReadThrough => true,
        };
        let is_hit = is_read && cache.read(asked);
        reads += u64::from(is_read);
        hits += u64::from(is_hit);
        if !is_read || (!is_hit && matches!(mix, Mix::ReadThrough)) {
            cache.write(stored, number);
        }
    }
    Ok((process::cpu_time()?.saturating_sub(began), reads, hits))
}

fn drawn(zipf: &Zipf, chance: &mut Chance) -> Vec<usize> {
    (0..OPERATIONS)
        .filter_map(|_| usize::try_from(zipf.draw(chance)).ok())
        .collect()
}

fn ours() -> Store {
    let one = load::put(
        &load::store(1 << 24, 1),
        load::key(0),
        0,
        body(),
        Moment::MAX,
    );
    load::store(one * ROOM * FILLED.0 / FILLED.1, SEGMENTS)
}

fn room() -> usize {
    usize::try_from(ROOM).unwrap_or(usize::MAX)
}

/// As it is copied out of a buffer of a connection.
fn body() -> Bytes {
    Bytes::copy_from_slice(&[7; load::BODY])
}

impl Timed for Store {
    fn read(&self, key: &Key) -> bool {
        self.get(key, Moment(0)).is_some()
    }

    fn write(&self, key: &Key, number: u64) {
        load::put(self, key.clone(), number, body(), Moment(number + 1));
    }

    fn entries(&self) -> u64 {
        self.stats().total.entries
    }
}

/// The same key and a shared value of metadata and body, as ours has.
type Theirs = quick_cache::sync::Cache<Bytes, Arc<[Bytes; 2]>>;

impl Timed for Theirs {
    fn read(&self, key: &Key) -> bool {
        self.get(&key.bytes).is_some()
    }

    fn write(&self, key: &Key, _number: u64) {
        let meta = Bytes::from_static(b"https://host/");
        self.insert(key.bytes.clone(), Arc::new([meta, body()]));
    }

    fn entries(&self) -> u64 {
        self.len() as u64
    }
}
