//! Generated sequences through a running gateway, against a cache written from the RFCs alone.
//!
//! Read `sequence`, then `reference`; `generate` makes sequences, `play` plays them, `compare` judges.
//! `SHOAL_MODEL_SEQUENCES` and `SHOAL_MODEL_SEED` choose another run; a failure prints its own.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test reports a failure by panicking"
)]

mod ablation;
mod compare;
mod fields;
mod generate;
mod mutation;
mod play;
mod reference;
mod sequence;
mod shrink;

use compare::judge;
use play::{Played, Theatre};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Sequences of a run in `cargo test`.
const SEQUENCES: u64 = 3_000;

/// The seed of a run that names no other. Fixed, so that a change is judged and not luck.
const SEED: u64 = 9111;

/// Connections at the same time: enough to keep two processors busy, few enough to be quick.
const PLAYERS: usize = 24;

/// Failures that are shrunk and shown; more say nothing new.
const SHOWN_MAX: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateway_does_what_the_rfcs_say() {
    let (seed, count) = (
        setting("SHOAL_MODEL_SEED", SEED),
        setting("SHOAL_MODEL_SEQUENCES", SEQUENCES),
    );
    let theatre = Theatre::open().await;
    let failed = Mutex::new(Vec::new());
    let began = Instant::now();
    run(&theatre, seed, count, |number, played| {
        if let Some(difference) = judge(&played, None) {
            lock(&failed).push((difference.kind(), number));
        }
    })
    .await;
    let seconds = began.elapsed().as_secs_f64();
    println!("{count} sequences of seed {seed} in {seconds:.1} s");
    let failed = lock(&failed).clone();
    let report = report(&theatre, seed, &failed).await;
    assert!(
        failed.is_empty(),
        "{} sequences differ\n{report}",
        failed.len()
    );
}

/// Plays the sequences `0..count` of a seed on several connections.
async fn run(theatre: &Theatre, seed: u64, count: u64, each: impl Fn(u64, Played)) {
    let next = AtomicU64::new(0);
    let play = async || {
        let mut player = theatre.player();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return;
            }
            each(number, player.play(&generate::sequence(seed, number)).await);
        }
    };
    let mut players: Vec<_> = (0..PLAYERS).map(|_| Box::pin(play())).collect();
    std::future::poll_fn(|context| {
        players.retain_mut(|player| player.as_mut().poll(context).is_pending());
        if players.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

/// The first failure of each kind, made small.
async fn report(theatre: &Theatre, seed: u64, failed: &[(String, u64)]) -> String {
    let mut kinds: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (kind, number) in failed {
        kinds.entry(kind).or_default().push(*number);
    }
    let mut player = theatre.player();
    let mut report = String::new();
    for numbers in kinds.values().take(SHOWN_MAX) {
        let (number, times) = (numbers[0], numbers.len());
        let sequence = generate::sequence(seed, number);
        report += &format!("\nseed {seed}, sequence {number}, the first of {times} of its kind");
        report += &match shrink::shrink(&mut player, &sequence).await {
            Some((small, difference)) => format!(", made small:\n{small}{difference}"),
            None => format!("; it did not differ again:\n{sequence}"),
        };
    }
    report
}

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(default, |text| text.parse().expect("a number"))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
