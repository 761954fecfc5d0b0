//! Large representations in slices of one size, so that a range costs no more than the slices that
//! it touches.
//!
//! A slice is asked for and stored like any other part; its number joins the key.

use super::spans;
use std::num::NonZeroU64;
use std::ops::Range;

/// One slice of a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Counted from 0.
    pub number: u64,
    /// Its bytes; the last slice may be shorter than the others.
    pub range: Range<u64>,
}

/// The slices that hold the wanted bytes of a representation, ascending and each once. They are
/// made one by one: an origin that claims an absurd length costs nothing.
pub fn slices(
    wanted: &[Range<u64>],
    slice_size: NonZeroU64,
    complete_length: u64,
) -> impl Iterator<Item = Slice> + use<> {
    let size = slice_size.get();
    let inside = |range: &Range<u64>| range.start..range.end.min(complete_length);
    let mut next = 0;
    let wanted = spans::union(wanted.iter().map(inside)).into_iter();
    wanted
        .flat_map(move |range| {
            let last = range.end.saturating_sub(1) / size;
            // Two ranges may share a slice.
            let first = (range.start / size).max(next);
            next = last.saturating_add(1);
            first..next
        })
        .map(move |number| {
            let start = number.saturating_mul(size);
            let end = start.saturating_add(size).min(complete_length);
            Slice {
                number,
                range: start..end,
            }
        })
}

#[cfg(test)]
#[expect(
    clippy::single_range_in_vec_init,
    reason = "lists of one range are meant"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: u64 = 1024 * 1024;

    fn of(wanted: &[Range<u64>], size: u64, complete: u64) -> Vec<Slice> {
        slices(wanted, NonZeroU64::new(size).unwrap(), complete).collect()
    }

    fn numbers(wanted: &[Range<u64>], size: u64, complete: u64) -> Vec<u64> {
        of(wanted, size, complete)
            .iter()
            .map(|slice| slice.number)
            .collect()
    }

    #[test]
    fn a_range_costs_the_slices_that_it_touches() {
        let complete = 2048 * MIB;
        assert_eq!(numbers(&[0..1], 4 * MIB, complete), [0]);
        assert_eq!(
            numbers(&[4 * MIB - 1..4 * MIB + 1], 4 * MIB, complete),
            [0, 1]
        );
        assert_eq!(numbers(&[4 * MIB..8 * MIB], 4 * MIB, complete), [1]);
        assert_eq!(numbers(&[0..1, 9..10, 25..26, 5..6], 10, 100), [0, 2]);
        assert_eq!(numbers(&[complete - 1..u64::MAX], 4 * MIB, complete), [511]);
        assert!(of(&[complete..complete + 1, 3..3], 4 * MIB, complete).is_empty());
        let last = of(&[0..95], 10, 95).pop();
        assert_eq!(
            last,
            Some(Slice {
                number: 9,
                range: 90..95
            })
        );
    }

    #[test]
    fn an_absurd_length_costs_nothing() {
        let one = NonZeroU64::MIN;
        assert_eq!(slices(&[0..u64::MAX], one, u64::MAX).take(3).count(), 3);
        let end = u64::MAX - 2..u64::MAX;
        assert_eq!(slices(&[end], NonZeroU64::MAX, u64::MAX).count(), 1);
    }

    proptest! {
        #[test]
        fn slices_hold_what_is_wanted_and_no_slice_is_idle(
            wanted in proptest::collection::vec((0_u64..120, 0_u64..40), 0..6),
            size in 1_u64..30,
            complete in 0_u64..100,
        ) {
            let wanted: Vec<_> = wanted.into_iter().map(|(at, length)| at..at + length).collect();
            let found = of(&wanted, size, complete);
            prop_assert!(found.windows(2).all(|pair| pair[0].number < pair[1].number));
            let is_wanted = |byte: u64| byte < complete && wanted.iter().any(|r| r.contains(&byte));
            for byte in 0..160 {
                let held = found.iter().any(|slice| slice.range.contains(&byte));
                prop_assert!(held || !is_wanted(byte), "{byte}");
            }
            for slice in found {
                prop_assert_eq!(slice.range.start, slice.number * size);
                prop_assert_eq!(slice.range.end, (slice.range.start + size).min(complete));
                prop_assert!(slice.range.clone().any(is_wanted), "{slice:?}");
            }
        }
    }
}
