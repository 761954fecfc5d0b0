//! What a restart should remember of an entry's place: its part, its frequency, its hits of late.
//!
//! Its place among its equals is not kept: it is soon made anew.

use super::{HITS_MAX, Resident, SegmentedLru, Slot, lists::Queue};
use crate::{
    Algorithm,
    optimize::FREQUENCY_MAX,
    order::{Order, Part},
};

/// What an entry has proved so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rank {
    pub(crate) part: Part,
    /// Hits before the last look, at most [`FREQUENCY_MAX`].
    frequency: u8,
    /// Hits since, at most [`HITS_MAX`].
    hits: u8,
}

const PROTECTED: u8 = 1 << 6;
const FREQUENCY_SHIFT: u8 = 2;

impl Rank {
    /// The rank in one byte.
    pub(crate) const fn byte(self) -> u8 {
        let part = match self.part {
            Part::Correlation | Part::Probation => 0,
            Part::Protected => PROTECTED,
        };
        part | (self.frequency & FREQUENCY_MAX) << FREQUENCY_SHIFT | self.hits & HITS_MAX
    }

    /// The rank of a byte. The correlation queue is over when an entry comes back.
    pub(crate) const fn of(byte: u8) -> Self {
        let part = if byte & PROTECTED == 0 {
            Part::Probation
        } else {
            Part::Protected
        };
        Self {
            part,
            frequency: (byte >> FREQUENCY_SHIFT) & FREQUENCY_MAX,
            hits: byte & HITS_MAX,
        }
    }
}

impl<T: Resident> SegmentedLru<T> {
    /// As [`SegmentedLru::scan`], with the rank of each.
    pub(crate) fn scan_ranked(
        &self,
        from: Slot,
        count: u32,
        mut see: impl FnMut(&T, Rank),
    ) -> Option<Slot> {
        let last = self.nodes.end();
        let end = from.0.saturating_add(count.max(1)).min(last);
        for slot in from.0..end {
            if let Some(node) = self.nodes.get(slot) {
                let rank = Rank {
                    part: node.queue.part(),
                    frequency: node.frequency,
                    hits: node.value.recent(),
                };
                see(&node.value, rank);
            }
        }
        (end < last).then_some(Slot(end))
    }

    /// Takes an entry in that has a rank already. `None` when no slot is left.
    pub(crate) fn restore(&mut self, value: T, rank: Rank, order: &Order) -> Option<Slot> {
        let slot = self.place(value)?;
        let queue = match (self.algorithm, rank.part) {
            (Algorithm::SegmentedLru, Part::Protected) => self.rate(slot, rank.frequency, order),
            (Algorithm::Lru, _) | (_, Part::Correlation | Part::Probation) => Queue::PROBATION,
        };
        if let Some(node) = self.nodes.get_mut(slot) {
            node.value.set_recent(rank.hits);
        }
        self.enter(slot, queue, order);
        Some(Slot(slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_survives_as_a_byte() {
        for byte in 0..128 {
            assert_eq!(Rank::of(byte).byte(), byte);
        }
    }
}
