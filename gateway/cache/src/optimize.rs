//! What the cache is to save, and what an entry is worth by that measure.
//!
//! A value is (frequency + 1) × (mean size / size)^α, in steps of half a power of two. Only
//! arithmetic; where the entries of a value stand is `segmented_lru`.

use crate::order::ONE;

/// What the cache is to save.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Optimize {
    /// Bytes from origins: the size of an entry says nothing against it.
    Bytes,
    /// Both.
    #[default]
    Balanced,
    /// Requests to origins: a hundred small entries are worth more than one large one.
    Objects,
}

/// Values that are told apart.
pub(crate) const CLASSES: usize = 60;
/// The class of the value 1.
const CLASS_OF_ONE: f64 = 20.0;

/// Of more hits than these no more is known.
pub(crate) const FREQUENCY_MAX: u8 = 15;

/// A number of a class of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class(pub(crate) u8);

impl Optimize {
    /// How much the size weighs.
    const fn alpha(self) -> f64 {
        match self {
            Self::Bytes => 0.0,
            Self::Balanced => 0.3,
            Self::Objects => 0.6,
        }
    }

    /// A window's entry without hits is protected all the same when it is worth this much more than
    /// what protected would give up. `None`: never.
    pub(crate) const fn admission(self) -> Option<f64> {
        match self {
            Self::Bytes | Self::Balanced => None,
            Self::Objects => Some(0.25),
        }
    }

    /// The class of an entry with so many hits.
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the classes")]
    #[expect(clippy::cast_sign_loss, reason = "same")]
    pub(crate) fn class(self, frequency: u8, size: u64, mean: u64) -> Class {
        let last = CLASSES as f64 - 1.0;
        let class = self.value(frequency, size, mean) * 2.0 + CLASS_OF_ONE;
        Class(class.round().clamp(0.0, last) as u8)
    }

    /// The value as a power of two.
    pub(crate) fn value(self, frequency: u8, size: u64, mean: u64) -> f64 {
        let hits = log2(u64::from(frequency) + 1);
        match self {
            Self::Bytes => hits,
            Self::Balanced | Self::Objects => hits + self.alpha() * (log2(mean) - log2(size)),
        }
    }

    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::Bytes => 0,
            Self::Balanced => 1,
            Self::Objects => 2,
        }
    }

    pub(crate) const fn of(number: u32) -> Self {
        match number {
            0 => Self::Bytes,
            1 => Self::Balanced,
            _ => Self::Objects,
        }
    }
}

/// The binary logarithm, straight between powers of two: at most 0.09 too low, a quick sixth of a step
/// between classes.
fn log2(number: u64) -> f64 {
    let number = number.max(1);
    let whole = number.ilog2();
    let part = (number << (63 - whole)) as f64 / (1_u64 << 63) as f64;
    f64::from(whole) + part - 1.0
}

impl Class {
    /// The value that its entries stand for, in [`ONE`]ths.
    #[expect(clippy::cast_possible_truncation, reason = "at most 2^20 times 2^10")]
    #[expect(clippy::cast_sign_loss, reason = "same")]
    pub(crate) fn value(self) -> u32 {
        (self.power().exp2() * f64::from(ONE)) as u32
    }

    /// The same as a power of two.
    pub(crate) fn power(self) -> f64 {
        (f64::from(self.0) - CLASS_OF_ONE) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_bytes_only_hits_count_and_by_objects_size_counts_too() {
        use Optimize::{Balanced, Bytes, Objects};
        for (optimize, frequency, size, class) in [
            (Bytes, 0, 1, 20),
            (Bytes, 0, 1 << 30, 20),
            (Bytes, 1, 1000, 22),
            (Bytes, FREQUENCY_MAX, 1000, 28),
            (Balanced, 0, 1000, 20),
            (Balanced, 0, 1000 << 10, 14),
            (Objects, 0, 1000 << 10, 8),
            (Objects, 0, 1000 << 40, 0),
            (Objects, 3, 1000 << 10, 12),
        ] {
            let found = optimize.class(frequency, size, 1000);
            assert_eq!(found, Class(class), "{optimize:?} {frequency} {size}");
        }
    }

    #[test]
    fn a_class_stands_for_its_value() {
        assert_eq!(Class(20).value(), ONE);
        assert_eq!(Class(22).value(), 2 * ONE);
        assert_eq!(Class(0).value(), 1);
        let last = Optimize::Bytes.class(FREQUENCY_MAX, 0, u64::MAX);
        assert!(last < Class(60) && Class(59).value() < 1 << 30);
    }
}
