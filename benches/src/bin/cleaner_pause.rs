//! How long does the cleaner keep others from the store while five million entries end under load?
//!
//! Measured from outside: one call with a budget of one hold, in a store of one segment, where it
//! takes the lock once. The figure is an upper bound: waiting for the lock and freeing what left,
//! which is done without it, are in it.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mimalloc::MiMalloc;
use shoal_benches::chance::Chance;
use shoal_benches::verdict::say;
use shoal_benches::{Verdict, load};
use shoal_cache::{Budget, Moment, Store};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const ENTRIES: u64 = 5_000_000;
/// They end within this time.
const WITHIN: u64 = 60_000;
/// The reader asks for one that has not ended in so many.
const LASTING: u64 = 100_000;
/// Upper ends of the histogram's rows, in microseconds.
const ROWS: [u128; 8] = [5, 10, 20, 50, 100, 200, 500, 1000];
const GOAL: f64 = 50.0;

fn main() -> ExitCode {
    let store = load::store(u64::MAX / 2, 1);
    for number in 0..ENTRIES + LASTING {
        let end = match number.checked_sub(ENTRIES) {
            None => Moment(1 + number * WITHIN / ENTRIES),
            Some(_) => Moment::MAX,
        };
        let body = Bytes::from_static(&[7; load::BODY]);
        load::put(&store, load::key(number), number, body, end);
    }
    let (steps, expired) = clean_under_load(&store);
    if expired < ENTRIES {
        return Verdict::Void {
            why: "not every entry was taken out",
        }
        .announce("cleaner_pause");
    }
    histogram(&steps);
    Verdict::AtMost {
        figure: micros(at(&steps, 0.999)),
        goal: GOAL,
        unit: "us at p99.9",
    }
    .announce("cleaner_pause")
}

/// Every step of the cleaner, the shortest first, and what it took out.
fn clean_under_load(store: &Store) -> (Vec<Duration>, u64) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| read_until(store, &is_over));
        let (mut steps, mut expired) = (Vec::new(), 0);
        let budget = Budget {
            holds: 1,
            ..Budget::default()
        };
        // A step takes out at least one, or the entries are not where they should be.
        while expired < ENTRIES && (steps.len() as u64) < ENTRIES {
            let began = Instant::now();
            expired += store.maintain(Moment(WITHIN * 2), budget).expired;
            steps.push(began.elapsed());
        }
        is_over.store(true, Relaxed);
        steps.sort_unstable();
        (steps, expired)
    })
}

fn read_until(store: &Store, is_over: &AtomicBool) {
    let mut chance = Chance::new(1);
    while !is_over.load(Relaxed) {
        let key = load::key(ENTRIES + chance.below(LASTING));
        let _found = store.get(&key, Moment(WITHIN * 2));
    }
}

fn histogram(steps: &[Duration]) {
    let mut from = 0;
    for to in ROWS {
        let upto = steps.partition_point(|step| step.as_micros() < to);
        say(format_args!("  below {to:4} us: {}", upto - from));
        from = upto;
    }
    say(format_args!("  above        : {}", steps.len() - from));
    say(format_args!(
        "{} steps, median {:.1} us, longest {:.1} us",
        steps.len(),
        micros(at(steps, 0.5)),
        micros(at(steps, 1.0))
    ));
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
fn at(steps: &[Duration], part: f64) -> Duration {
    let place = (steps.len() as f64 * part) as usize;
    let last = steps.len().saturating_sub(1);
    steps.get(place.min(last)).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
