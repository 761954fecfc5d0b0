//! Numbers that follow from a seed (SplitMix64), the same on every machine.
//!
//! Not for secrets: every draw can be foretold, which is what a failure that prints its seed needs.

/// A source of draws.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The source of one sequence of a run.
    pub(crate) fn new(seed: u64, sequence: u64) -> Self {
        let mut random = Self(seed);
        let mixed = random.next() ^ sequence.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        Self(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    /// Whether an event of so many percent happens.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of several.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}
