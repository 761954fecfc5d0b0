//! A search for bytes that a snapshot's reader gets wrong: true snapshots, changed with their structure
//! in mind, loaded, and compared with what was saved.
//!
//! A file that was damaged gives back every record before its first changed byte and nothing else. A file
//! whose checksums were made anew, as only who writes it can, may hold other entries, and harms
//! nothing either. No load takes more memory than its input explains. `SHOAL_FUZZ_SEED` chooses other
//! files, `PROPTEST_CASES` how many. Reading order: `file`, `mutation`, `search`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail this way"
)]

#[path = "../model/chance.rs"]
#[expect(dead_code, reason = "the model needs more of it")]
mod chance;
mod file;
mod memory;
mod mutation;
mod search;
mod shelf;

use std::env;

const SEED: u64 = 0x5EED;
const CASES: u64 = 6000;

#[test]
fn no_mutated_snapshot_is_served_wrong_panics_or_takes_memory() {
    let from = |name| env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = from("SHOAL_FUZZ_SEED").unwrap_or(SEED);
    let cases = from("PROPTEST_CASES").unwrap_or(CASES);
    match search::run(seed, cases) {
        Ok(tally) => println!("seed {seed}: {tally}"),
        Err(wrong) => panic!("seed {seed}, {wrong}"),
    }
}
