//! Numbers that look random and follow from a seed, and the distributions that workloads are made of.

/// Splitmix64: small, and good enough to make workloads with.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`, which is not zero.
    pub(crate) const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// From 0 up to 1.
    pub(crate) fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A logarithm with a normal distribution.
    pub(crate) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        let (radius, angle) = (1.0 - self.part(), self.part() * std::f64::consts::TAU);
        median * (sigma * (-2.0 * radius.ln()).sqrt() * angle.cos()).exp()
    }

    /// Pareto's distribution from `least` on.
    pub(crate) fn pareto(&mut self, least: f64, shape: f64) -> f64 {
        least / (1.0 - self.part()).powf(1.0 / shape)
    }
}

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
        let wanted = chance.part() * all;
        self.0.partition_point(|sum| *sum < wanted) as u64
    }
}
