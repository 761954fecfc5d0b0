//! Ranks that are asked for as people ask for pages. The dice are the model's.

use crate::chance::Chance;

/// Ranks by Zipf's law, the most wanted first.
pub(crate) struct Zipf(Vec<f64>);

impl Zipf {
    pub(crate) fn new(ranks: u64, exponent: f64) -> Self {
        let mut sum = 0.0;
        let sums = (1..=ranks).map(|rank| {
            sum += (rank as f64).powf(-exponent);
            sum
        });
        Self(sums.collect())
    }

    pub(crate) fn draw(&self, chance: &mut Chance) -> u64 {
        let all = self.0.last().copied().unwrap_or_default();
        let part = (chance.next() >> 11) as f64 / (1_u64 << 53) as f64;
        let wanted = part * all;
        self.0.partition_point(|sum| *sum < wanted) as u64
    }
}
