//! When the entries of a segment end: a hierarchical wheel of lists, as links by slot number.
//!
//! A list holds what ends in one tick, in 64, in 4096, and so on; when its time comes it is dealt out
//! to finer lists. Setting and clearing touch a few links, however much is stored. Reads do not depend
//! on it: they compare the end themselves. Who asks for what is due is `cleaner`.

use crate::{Moment, Slot, arena::NONE};

/// Milliseconds in a tick: how late an entry's bytes may be given back.
pub(crate) const TICK: u64 = 128;

/// Lists in a level, but the last.
const SLOTS: u64 = 64;
const BITS: u32 = 6;
/// The last level's lists are half as many, so that a list's number fits where a link would be.
const LEVELS: usize = 4;
const LAST_SLOTS: u64 = 32;
const LISTS: usize = 3 * 64 + 32;

/// A link to the list itself instead of a neighbour.
const LIST: u32 = 1 << 31;

/// Links in a chunk, as in the arena: growing copies nothing.
const CHUNK: usize = 1024;

pub(crate) struct Timers {
    /// By slot number.
    links: Vec<Vec<Link>>,
    lists: [u32; LISTS],
    /// Entries with an end.
    set: u64,
    /// Everything before this tick is over; its own lists may be half dealt out.
    tick: u64,
}

/// 12 bytes for each slot.
#[derive(Clone, Copy)]
struct Link {
    /// The neighbour before, or the list with [`LIST`]; [`NONE`] for an entry without an end.
    before: u32,
    after: u32,
    /// The tick of its end. It wraps after seventeen years.
    end: u32,
}

impl Timers {
    pub(crate) const fn new() -> Self {
        Self {
            links: Vec::new(),
            lists: [NONE; LISTS],
            set: 0,
            tick: 0,
        }
    }

    /// Sets the end of a slot's entry. `requested` is a moment that is over.
    pub(crate) fn set(&mut self, slot: Slot, end: Moment, requested: Moment) {
        self.clear(slot);
        if end == Moment::MAX || slot.number() >= LIST {
            return;
        }
        if self.set == 0 {
            self.tick = self.tick.max(requested.0 / TICK);
        }
        // The tick in which it ends must be over.
        let end = (end.0 / TICK + 1).max(self.tick + 1);
        self.put(slot.number(), end);
    }

    /// Forgets the end of a slot's entry.
    pub(crate) fn clear(&mut self, slot: Slot) {
        let Some(link) = self.link_mut(slot.number()) else {
            return;
        };
        let Link { before, after, .. } = *link;
        if before == NONE {
            return;
        }
        link.before = NONE;
        self.set -= 1;
        if before & LIST == 0 {
            if let Some(link) = self.link_mut(before) {
                link.after = after;
            }
        } else if let Some(list) = self.list_mut(before & !LIST) {
            *list = after;
        }
        if let Some(link) = self.link_mut(after) {
            link.before = before;
        }
    }

    /// Goes on to `now` and gives out what is due, with at most so many steps. Says whether it got
    /// there.
    pub(crate) fn advance(
        &mut self,
        now: Moment,
        steps: usize,
        mut due: impl FnMut(Slot),
    ) -> Progress {
        let until = now.0 / TICK;
        for _ in 0..steps {
            if self.set == 0 {
                self.tick = self.tick.max(until);
            }
            if let Some(slot) = self.first_of_coarse() {
                let end = self.end(slot);
                self.clear(Slot::of(slot));
                self.put(slot, end);
            } else if let Some(slot) = self.first(0, self.tick) {
                self.clear(Slot::of(slot));
                due(Slot::of(slot));
            } else if self.tick >= until {
                return Progress::Arrived;
            } else {
                self.skip(until);
            }
        }
        Progress::Underway
    }

    /// An entry in a coarse list whose time has come.
    fn first_of_coarse(&self) -> Option<u32> {
        (1..LEVELS)
            .rev()
            .filter(|level| self.tick.trailing_zeros() >= BITS * u32_of(*level))
            .find_map(|level| self.first(level, self.tick))
    }

    /// On to the next tick at which a list may have something.
    fn skip(&mut self, until: u64) {
        let empty = (0..LEVELS)
            .take_while(|level| self.is_empty(*level))
            .count();
        // With so many empty levels nothing can happen before the next begin of a list above.
        let bits = BITS * u32_of(empty.min(LEVELS - 1));
        let next = ((self.tick >> bits) + 1) << bits;
        self.tick = next.min(until);
    }

    fn is_empty(&self, level: usize) -> bool {
        let (first, count) = (level * 64, slots(level));
        let lists = self.lists.iter().skip(first);
        lists
            .take(usize::try_from(count).unwrap_or(0))
            .all(|list| *list == NONE)
    }

    /// Links a slot that is not linked, at or after the present tick.
    fn put(&mut self, slot: u32, end: u64) {
        let distance = |level: usize| {
            let bits = BITS * u32_of(level);
            (end >> bits) - (self.tick >> bits)
        };
        let level = (0..LEVELS).find(|level| distance(*level) < slots(*level));
        let (level, at) = match level {
            Some(level) => (level, end),
            // Beyond the last list: dealt out from there anew.
            None => {
                let bits = BITS * u32_of(LEVELS - 1);
                (LEVELS - 1, self.tick + ((LAST_SLOTS - 1) << bits))
            }
        };
        let list = list(level, at);
        let Some(first) = self
            .list_mut(list)
            .map(|first| std::mem::replace(first, slot))
        else {
            return;
        };
        if let Some(link) = self.link_mut(first) {
            link.before = slot;
        }
        let link = Link {
            before: LIST | list,
            after: first,
            end: wrapped(end),
        };
        self.grow(slot);
        if let Some(place) = self.link_mut(slot) {
            *place = link;
            self.set += 1;
        }
    }

    /// The tick of a slot's end: the full number, which lies after the present.
    fn end(&self, slot: u32) -> u64 {
        let end = self.link(slot).map_or(0, |link| link.end);
        self.tick + u64::from(end.wrapping_sub(wrapped(self.tick)))
    }

    fn first(&self, level: usize, tick: u64) -> Option<u32> {
        let first = *self.lists.get(usize::try_from(list(level, tick)).ok()?)?;
        (first != NONE).then_some(first)
    }

    fn grow(&mut self, slot: u32) {
        let chunks = slot as usize / CHUNK + 1;
        while self.links.len() < chunks {
            self.links.push(vec![Link::NONE; CHUNK]);
        }
    }

    fn list_mut(&mut self, list: u32) -> Option<&mut u32> {
        self.lists.get_mut(list as usize)
    }

    fn link(&self, slot: u32) -> Option<&Link> {
        let slot = slot as usize;
        self.links.get(slot / CHUNK)?.get(slot % CHUNK)
    }

    fn link_mut(&mut self, slot: u32) -> Option<&mut Link> {
        let slot = slot as usize;
        self.links.get_mut(slot / CHUNK)?.get_mut(slot % CHUNK)
    }
}

/// Whether a wheel has reached the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Underway,
    Arrived,
}

impl Link {
    const NONE: Self = Self {
        before: NONE,
        after: NONE,
        end: 0,
    };
}

const fn slots(level: usize) -> u64 {
    if level + 1 < LEVELS {
        SLOTS
    } else {
        LAST_SLOTS
    }
}

/// The number of the list of a level that a tick falls in.
fn list(level: usize, tick: u64) -> u32 {
    let at = (tick >> (BITS * u32_of(level))) % slots(level);
    u32_of(level * 64) + wrapped(at)
}

fn u32_of(small: usize) -> u32 {
    u32::try_from(small).unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, reason = "it wraps")]
const fn wrapped(tick: u64) -> u32 {
    tick as u32
}

#[cfg(test)]
mod tests;
