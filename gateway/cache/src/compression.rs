//! In which form bodies are kept: what the owner may ask for, and what that means for one body.
//!
//! Only the decision. The compressed form is `packed`, the pass that looks for bodies worth it is
//! `store/compressing`.

/// In which form bodies are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// As they came.
    #[default]
    Off,
    /// While memory is short, bodies that are seldom used: small ones by LZ4, others by Zstandard.
    Adaptive,
    /// All, by LZ4.
    Lz4,
    /// All, by Zstandard.
    Zstd,
}

/// How a piece of a body was compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Lz4,
    Zstd,
}

impl Codec {
    /// Its number in a snapshot.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Lz4 => 0,
            Self::Zstd => 1,
        }
    }

    pub(crate) const fn of(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Lz4),
            1 => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// A smaller body gains less than its entry costs beside it.
const BODY_MIN: u64 = 512;

/// From here on Zstandard's better ratio is worth its time.
const ZSTD_MIN: u64 = 4096;

/// What is compressed first, to see whether the rest is worth it.
pub(crate) const SAMPLE: usize = 4096;

/// What must remain at most, in hundredths: a smaller gain does not pay for the time of each use.
const REMAINS_MAX: u64 = 85;

/// Uses between two passes that make a body one that stays as it came.
const OFTEN: u32 = 8;

impl Compression {
    /// By what a body of this length is compressed, if at all.
    pub(crate) const fn codec(self, length: u64) -> Option<Codec> {
        if length < BODY_MIN {
            return None;
        }
        match self {
            Self::Off => None,
            Self::Adaptive if length < ZSTD_MIN => Some(Codec::Lz4),
            Self::Adaptive | Self::Zstd => Some(Codec::Zstd),
            Self::Lz4 => Some(Codec::Lz4),
        }
    }

    /// Whether a body that was used so often since the last pass is to stay as it came.
    pub(crate) const fn stays_raw(self, uses: u32) -> bool {
        match self {
            Self::Off => true,
            Self::Adaptive => uses >= OFTEN,
            Self::Lz4 | Self::Zstd => false,
        }
    }

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::Adaptive => 1,
            Self::Lz4 => 2,
            Self::Zstd => 3,
        }
    }

    pub(crate) const fn of(number: u8) -> Self {
        match number {
            1 => Self::Adaptive,
            2 => Self::Lz4,
            3 => Self::Zstd,
            _ => Self::Off,
        }
    }
}

/// Whether so many bytes in place of so many are worth it.
pub(crate) const fn is_worth_it(packed: u64, raw: u64) -> bool {
    packed.saturating_mul(100) <= raw.saturating_mul(REMAINS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_and_the_mode_choose_the_codec() {
        use Codec::{Lz4, Zstd};
        for (mode, length, expected) in [
            (Compression::Off, 1 << 20, None),
            (Compression::Adaptive, 511, None),
            (Compression::Adaptive, 512, Some(Lz4)),
            (Compression::Adaptive, 4095, Some(Lz4)),
            (Compression::Adaptive, 4096, Some(Zstd)),
            (Compression::Lz4, 511, None),
            (Compression::Lz4, 1 << 20, Some(Lz4)),
            (Compression::Zstd, 512, Some(Zstd)),
        ] {
            assert_eq!(mode.codec(length), expected, "{mode:?} {length}");
        }
    }

    #[test]
    fn a_gain_below_fifteen_hundredths_is_none() {
        assert!(is_worth_it(85, 100) && !is_worth_it(86, 100));
    }

    #[test]
    fn only_adaptive_spares_what_is_used_often() {
        assert!(Compression::Adaptive.stays_raw(OFTEN));
        assert!(!Compression::Adaptive.stays_raw(OFTEN - 1));
        assert!(!Compression::Zstd.stays_raw(u32::MAX));
    }

    #[test]
    fn a_mode_reads_as_it_was_written() {
        use Compression::{Adaptive, Lz4, Off, Zstd};
        for mode in [Off, Adaptive, Lz4, Zstd] {
            assert_eq!(Compression::of(mode.number()), mode);
        }
    }
}
