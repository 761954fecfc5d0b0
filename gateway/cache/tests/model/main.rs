//! A million random operations on the store, each compared with a naive model.
//!
//! The store may evict what it likes. What it hands out must be the last version of the page, whole,
//! not invalidated since its origin request began, and no count may be wrong. Choose others with
//! `SHOAL_STORE_SEED` and more with `SHOAL_STORE_OPERATIONS`. Reading order: `operation`,
//! `reference`, `world`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail this way"
)]

mod accounts;
mod chance;
mod fills;
mod operation;
mod origin;
mod readers;
mod reference;
mod subject;
mod tally;
mod world;

use std::{collections::VecDeque, env};

use crate::{chance::Chance, operation::Operation, subject::Fault, world::World};

const OPERATIONS: u64 = 1_000_000;
/// Every planted fault shows within so many.
const FAULTY_OPERATIONS: u64 = 200_000;
const SEED: u64 = 0x5EED;
/// Operations that a failure prints.
const PRINTED: usize = 40;

#[test]
fn a_million_random_operations_agree_with_the_model() {
    let seed = from_environment("SHOAL_STORE_SEED", SEED);
    let operations = from_environment("SHOAL_STORE_OPERATIONS", OPERATIONS);
    match run(seed, operations, None) {
        Ok(world) => {
            println!("seed {seed}: {}", world.tally);
            world.tally.expect_variety(operations);
        }
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn every_planted_fault_is_noticed() {
    for fault in Fault::ALL {
        match run(SEED, FAULTY_OPERATIONS, Some(fault)) {
            Ok(_) => panic!("{fault:?} was not noticed"),
            Err(failure) => println!("{fault:?}: {}", failure.lines().next().unwrap_or_default()),
        }
    }
}

fn run(seed: u64, operations: u64, fault: Option<Fault>) -> Result<World, String> {
    let mut chance = Chance::new(seed);
    let mut world = World::new(fault);
    let mut last: VecDeque<Operation> = VecDeque::new();
    for number in 0..operations {
        let operation = Operation::draw(&mut chance);
        let outcome = world.take(&operation);
        if last.len() == PRINTED {
            last.pop_front();
        }
        last.push_back(operation);
        if let Err(wrong) = outcome {
            let before: Vec<String> = last.iter().map(|o| format!("  {o:?}")).collect();
            return Err(format!(
                "seed {seed}, operation {number}: {wrong}\n{}",
                before.join("\n")
            ));
        }
    }
    let end = world.end();
    end.map_err(|wrong| format!("seed {seed}, at the end: {wrong}"))?;
    Ok(world)
}

fn from_environment(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().expect(name))
}
