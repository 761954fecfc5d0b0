//! How often what happened, so that a run in which something never did is not taken for a test of it.

use std::{collections::BTreeMap, fmt};

#[derive(Default)]
pub(crate) struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    pub(crate) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    pub(crate) fn add(&mut self, what: &'static str, n: u64) {
        *self.0.entry(what).or_default() += n;
    }

    /// A run in which something never happened has not tested it.
    pub(crate) fn expect_variety(&self, operations: u64) {
        const OFTEN: [&str; 6] = [
            "hit",
            "hit softened",
            "followed",
            "stored",
            "freshened",
            "evicted",
        ];
        const SELDOM: [&str; 9] = [
            "hit fenced",
            "Invalidated",
            "TooOld",
            "TooLarge",
            "Outgrown",
            "Superseded",
            "ban overflowed",
            "floor",
            "failed",
        ];
        let often = OFTEN.iter().map(|what| (what, operations / 400));
        for (what, least) in often.chain(SELDOM.iter().map(|what| (what, operations / 50_000))) {
            let count = self.0.get(what).copied().unwrap_or_default();
            assert!(count >= least, "{what}: {count} of {operations}");
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.0 {
            write!(f, "{what} {count}, ")?;
        }
        Ok(())
    }
}
