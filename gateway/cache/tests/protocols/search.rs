//! How schedules are chosen, and what a search has to show.
//!
//! Half of them by chance, half by priorities that change a few times (PCT), which finds what needs one
//! thread to stop while another gets far. Both follow from a seed. What is checked is sequentially
//! consistent: no order of memory weaker than that is tried.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
};

use shoal_cache::Fault;
use shuttle::{
    Config, FailurePersistence, Runner,
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
};

const SEED: u64 = 0x5EED;
/// Schedules of each kind.
const SCHEDULES: usize = 2000;
/// Times that priorities change: as many as the hardest of the faults needs, and one.
const CHANGES: usize = 4;
/// A thread's stack. The checker's own default is too small for what the engine calls.
const STACK: usize = 256 << 10;

/// The true code passes under every schedule, and every fault is found.
pub(crate) fn holds_but_for(faults: &[Fault], story: fn()) {
    if let Some(failure) = found(None, story) {
        panic!("{failure}");
    }
    let missed: Vec<&Fault> = faults
        .iter()
        .filter(|fault| match found(Some(**fault), story) {
            Some(failure) => {
                println!("{fault:?}: {}", failure.lines().next().unwrap_or_default());
                false
            }
            None => true,
        })
        .collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}

/// What fails first, under the schedules of both kinds.
fn found(fault: Option<Fault>, story: fn()) -> Option<String> {
    let seed = from_environment("SHOAL_SCHEDULE_SEED").unwrap_or(SEED);
    let schedules = from_environment("SHOAL_SCHEDULES")
        .map_or(SCHEDULES, |n| usize::try_from(n).unwrap_or(usize::MAX));
    failure(
        fault,
        story,
        PctScheduler::new_from_seed(seed, CHANGES, schedules),
    )
    .or_else(|| {
        failure(
            fault,
            story,
            RandomScheduler::new_from_seed(seed, schedules),
        )
    })
}

fn failure(
    fault: Option<Fault>,
    story: fn(),
    scheduler: impl Scheduler + 'static,
) -> Option<String> {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.silence_warnings = true;
    config.failure_persistence = match fault {
        Some(_) => FailurePersistence::None,
        None => FailurePersistence::Print,
    };
    Fault::plant(fault);
    let run = AssertUnwindSafe(|| Runner::new(scheduler, config).run(story));
    let outcome = catch_unwind(run);
    Fault::plant(None);
    let panic = outcome.err()?;
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
    Some(text.unwrap_or_default())
}

fn from_environment(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}
