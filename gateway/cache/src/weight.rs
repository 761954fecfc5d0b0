//! What an entry costs in memory, allocator rounding included.
//!
//! Only arithmetic. Who pays is `ledger`, what is charged for an entry is listed in `entry`.

/// What `bytes::Bytes` allocates beside a buffer once it is shared: pointer, capacity, count.
pub(crate) const SHARE: u64 = allocation_size(24);

/// A row in the live counts: 17 bytes at a load between 0.44 and 0.88, in the mean of all fillings. A tag
/// has one, if no other entry has it.
pub(crate) const TAG_ROW: u64 = 28;

/// What an entry costs in its segment: a node of the policy (24 bytes), a table slot (9 bytes, same load),
/// a row for its target URI, a timer, and two to four ghosts of 4 bytes.
pub(crate) const NODE: u64 = 24 + 15 + TAG_ROW + 12 + 12;

/// Above this, an allocation is rounded to pages only.
const HUGE: u64 = 16 << 20;
const PAGE: u64 = 4096;

/// The memory that an allocation of `bytes` takes: mimalloc's size classes are multiples of 16 up
/// to 64, then four to a doubling.
pub(crate) const fn allocation_size(bytes: u64) -> u64 {
    let step = match bytes {
        0..=64 => 16,
        65..HUGE => (1 << (bytes - 1).ilog2()) / 4,
        HUGE.. => PAGE,
    };
    match bytes.checked_next_multiple_of(step) {
        Some(rounded) => rounded,
        None => u64::MAX,
    }
}

/// A buffer of its own, shared through `Bytes`.
pub(crate) const fn buffer(length: usize) -> u64 {
    if length == 0 {
        0
    } else {
        allocation_size(length as u64) + SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_the_classes_of_the_allocator() {
        for (bytes, expected) in [
            (0, 0),
            (1, 16),
            (17, 32),
            (64, 64),
            (65, 80),
            (128, 128),
            (129, 160),
            (1000, 1024),
            (1024, 1024),
            (1025, 1280),
            (100_000, 114_688),
            ((16 << 20) + 1, (16 << 20) + 4096),
        ] {
            assert_eq!(allocation_size(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn a_size_beyond_memory_does_not_overflow() {
        assert_eq!(allocation_size(u64::MAX), u64::MAX);
    }
}
