//! Sets of byte positions as lists of ranges: ascending, none empty, none overlapping or touching.
//!
//! Plain arithmetic, without HTTP.

use std::ops::Range;

/// Every position that one of the ranges has. They may come in any order and overlap.
pub(super) fn union(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut set: Vec<_> = ranges.filter(|range| !range.is_empty()).collect();
    set.sort_unstable_by_key(|range| range.start);
    set.dedup_by(|later, earlier| {
        let joined = later.start <= earlier.end;
        if joined {
            earlier.end = earlier.end.max(later.end);
        }
        joined
    });
    set
}

/// Every position of `set` that `without` does not have. Both are sets in the module's sense.
pub(super) fn difference(set: &[Range<u64>], without: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut left = Vec::new();
    for range in set {
        let mut start = range.start;
        // Those that end before the range begins are skipped in one step.
        let first = without.partition_point(|hole| hole.end <= range.start);
        let holes = without.iter().skip(first);
        for hole in holes.take_while(|hole| hole.start < range.end) {
            left.extend(Some(start..hole.start).filter(|piece| !piece.is_empty()));
            start = hole.end;
        }
        left.extend(Some(start..range.end).filter(|piece| !piece.is_empty()));
    }
    left
}
