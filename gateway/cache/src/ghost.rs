//! Entries that left, as four bytes each: a tag of the key's hash, where it was, how often it was used,
//! and when it left.
//!
//! A ghost that comes back early was given up too soon; what follows from that is `order`. Two keys
//! may share a ghost: one is then kept a little longer than it deserves.

use crate::order::TICKS;

/// Ghosts in a bucket; the oldest makes way.
const WAYS: usize = 8;
/// Slots for each resident: with fewer, full buckets lose ghosts that would have come back.
const SLOTS_LEAST: usize = 2;
/// More slots than this for each resident are given back.
const SLOTS_MOST: usize = 16;
/// The smallest table, in buckets.
const BUCKETS_LEAST: usize = 16;

const TIME_BITS: u32 = 11;
const TIME: u32 = (1 << TIME_BITS) - 1;
const PROTECTED: u32 = 1 << TIME_BITS;
const FREQUENCY_SHIFT: u32 = 12;
const FREQUENCY: u32 = 15;
const TAG_SHIFT: u32 = 16;

/// The ghosts of one segment.
#[derive(Default)]
pub(crate) struct Ghosts {
    /// Empty until the first entry leaves.
    buckets: Vec<[u32; WAYS]>,
}

/// Where an entry was when it was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    Window,
    Protected,
}

/// A ghost that was asked for again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) past: Past,
    pub(crate) frequency: u8,
    /// Entries that left since, as a part of all residents.
    pub(crate) distance: f64,
}

impl Ghosts {
    /// Remembers an entry of a segment with so many residents.
    pub(crate) fn put(&mut self, hash: u64, past: Past, frequency: u8, now: u64, residents: u64) {
        self.fit(residents);
        let now = time(now);
        let ghost = (tag(hash) << TAG_SHIFT)
            | (u32::from(frequency) & FREQUENCY) << FREQUENCY_SHIFT
            | match past {
                Past::Window => 0,
                Past::Protected => PROTECTED,
            }
            | now;
        let age = |slot: u32| {
            if slot == 0 {
                u32::MAX
            } else {
                now.wrapping_sub(slot) & TIME
            }
        };
        let bucket = self.bucket(hash);
        if let Some(oldest) = bucket.and_then(|ways| ways.iter_mut().max_by_key(|slot| age(**slot)))
        {
            *oldest = ghost;
        }
    }

    /// Takes the ghost of a key out.
    pub(crate) fn take(&mut self, hash: u64, now: u64) -> Option<Found> {
        let tag = tag(hash);
        let slot = self
            .bucket(hash)?
            .iter_mut()
            .find(|slot| **slot != 0 && **slot >> TAG_SHIFT == tag)?;
        let ghost = std::mem::take(slot);
        let past = if ghost & PROTECTED == 0 {
            Past::Window
        } else {
            Past::Protected
        };
        let frequency = u8::try_from(ghost >> FREQUENCY_SHIFT & FREQUENCY).ok()?;
        let distance = f64::from(time(now).wrapping_sub(ghost) & TIME) / TICKS;
        Some(Found {
            past,
            frequency,
            distance,
        })
    }

    fn bucket(&mut self, hash: u64) -> Option<&mut [u32; WAYS]> {
        let low = hash & u64::from(u32::MAX);
        let at = (low * self.buckets.len() as u64) >> 32;
        self.buckets.get_mut(usize::try_from(at).ok()?)
    }

    /// Keeps the table in proportion to the residents. A bucket that is split goes to both halves:
    /// which half a ghost belongs to is not kept, and the wrong copy grows old unseen.
    fn fit(&mut self, residents: u64) {
        let residents = usize::try_from(residents).unwrap_or(usize::MAX);
        let slots = self.buckets.len() * WAYS;
        if slots
            > residents
                .saturating_mul(SLOTS_MOST)
                .max(BUCKETS_LEAST * WAYS)
        {
            self.buckets = Vec::new();
        }
        if self.buckets.is_empty() {
            let buckets = residents.saturating_mul(SLOTS_LEAST) / WAYS;
            self.buckets = vec![[0; WAYS]; buckets.next_power_of_two().max(BUCKETS_LEAST)];
        } else if slots < residents.saturating_mul(SLOTS_LEAST) {
            self.buckets = self
                .buckets
                .iter()
                .flat_map(|ways| [*ways, *ways])
                .collect();
        }
    }
}

fn tag(hash: u64) -> u32 {
    u32::try_from(hash >> 48).unwrap_or_default()
}

fn time(now: u64) -> u32 {
    u32::try_from(now & u64::from(TIME)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn hash(n: u64) -> u64 {
        let mixed = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    }

    #[test]
    fn a_ghost_is_found_once_with_what_was_known_of_it() {
        let mut ghosts = Ghosts::default();
        assert_eq!(ghosts.take(hash(1), 0), None);
        ghosts.put(hash(1), Past::Protected, 9, 100, 10);
        ghosts.put(hash(2), Past::Window, 0, 200, 10);
        let found = ghosts.take(hash(1), 100 + 128);
        assert_eq!(
            found,
            Some(Found {
                past: Past::Protected,
                frequency: 9,
                distance: 0.5
            })
        );
        assert_eq!(ghosts.take(hash(1), 300), None);
        assert_eq!(
            ghosts.take(hash(2), 200).map(|g| g.past),
            Some(Past::Window)
        );
    }

    #[test]
    fn ghosts_outlive_the_growth_of_their_table() {
        let mut ghosts = Ghosts::default();
        for n in 0..2000 {
            ghosts.put(hash(n), Past::Window, 0, n / 8, n + 1);
        }
        let kept = (1000..2000).filter(|n| ghosts.take(hash(*n), 250).is_some());
        assert!(kept.count() > 950);
    }

    #[test]
    fn the_oldest_of_a_full_bucket_makes_way() {
        let mut ghosts = Ghosts::default();
        for n in 0..=WAYS as u64 {
            // One bucket, as the low half is the same; different tags.
            ghosts.put((n + 1) << 48, Past::Window, 0, n, 1);
        }
        assert_eq!(ghosts.take(1 << 48, 20), None);
        assert!(ghosts.take(2 << 48, 20).is_some());
    }

    #[test]
    fn a_table_far_too_large_is_given_back() {
        let mut ghosts = Ghosts::default();
        ghosts.put(hash(1), Past::Window, 0, 0, 1 << 16);
        let large = ghosts.buckets.len();
        ghosts.put(hash(2), Past::Window, 0, 0, 100);
        assert!(ghosts.buckets.len() < large / 16);
    }
}
