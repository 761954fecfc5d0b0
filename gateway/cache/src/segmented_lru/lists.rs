//! The ends of all queues of a segment, and the stamps of their next entries.
//!
//! The links between entries are in the nodes, which `segmented_lru` edits. The stamps are kept here
//! so that looking for the least of them touches no node.

use crate::{
    arena::NONE,
    optimize::{CLASSES, Class},
    order::{Part, ahead},
};

const QUEUES: usize = CLASSES + 2;

/// The number of a queue: two for the window, one for each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queue(u8);

pub(crate) struct Lists {
    ends: [Ends; QUEUES],
    /// A bit for each queue with entries.
    live: u64,
}

#[derive(Clone, Copy)]
struct Ends {
    newest: u32,
    oldest: u32,
    /// Of the oldest.
    stamp: u32,
}

impl Queue {
    pub(crate) const CORRELATION: Self = Self(0);
    pub(crate) const PROBATION: Self = Self(1);
    const CLASSES: u8 = 2;

    pub(crate) const fn of(class: Class) -> Self {
        Self(class.0 + Self::CLASSES)
    }

    pub(crate) const fn part(self) -> Part {
        match self.0 {
            0 => Part::Correlation,
            1 => Part::Probation,
            _ => Part::Protected,
        }
    }
}

impl Lists {
    pub(crate) const fn new() -> Self {
        Self {
            ends: [Ends::EMPTY; QUEUES],
            live: 0,
        }
    }

    pub(crate) fn newest(&self, queue: Queue) -> u32 {
        self.ends(queue).map_or(NONE, |ends| ends.newest)
    }

    pub(crate) fn oldest(&self, queue: Queue) -> Option<u32> {
        self.ends(queue)
            .map(|ends| ends.oldest)
            .filter(|slot| *slot != NONE)
    }

    /// The stamp of the oldest.
    pub(crate) fn stamp(&self, queue: Queue) -> Option<u32> {
        self.is_live(queue)
            .then(|| self.ends(queue))?
            .map(|ends| ends.stamp)
    }

    /// The entry that a part gives up next.
    pub(crate) fn next(&self, part: Part) -> Option<u32> {
        let queue = match part {
            Part::Correlation => Queue::CORRELATION,
            Part::Probation => Queue::PROBATION,
            Part::Protected => self.lowest_queue()?,
        };
        self.oldest(queue)
    }

    /// The class of the protected entry of the least stamp.
    pub(crate) fn lowest(&self) -> Option<Class> {
        let queue = self.lowest_queue()?;
        Some(Class(queue.0.checked_sub(Queue::CLASSES)?))
    }

    pub(crate) fn lowest_stamp(&self) -> Option<u32> {
        self.stamp(self.lowest_queue()?)
    }

    pub(crate) fn push(&mut self, queue: Queue, slot: u32, stamp: u32) {
        self.live |= 1 << queue.0;
        if let Some(ends) = self.ends_mut(queue) {
            ends.newest = slot;
            if ends.oldest == NONE {
                (ends.oldest, ends.stamp) = (slot, stamp);
            }
        }
    }

    /// Takes a slot out that stood between two others.
    pub(crate) fn cut(&mut self, queue: Queue, slot: u32, newer: (u32, u32), older: u32) {
        let Some(ends) = self.ends_mut(queue) else {
            return;
        };
        if ends.newest == slot {
            ends.newest = older;
        }
        if ends.oldest == slot {
            (ends.oldest, ends.stamp) = newer;
        }
        if ends.oldest == NONE {
            self.live &= !(1 << queue.0);
        }
    }

    fn lowest_queue(&self) -> Option<Queue> {
        let mut classes = self.live >> Queue::CLASSES << Queue::CLASSES;
        let mut lowest: Option<(Queue, u32)> = None;
        while classes != 0 {
            let queue = Queue(u8::try_from(classes.trailing_zeros()).ok()?);
            classes &= classes - 1;
            let stamp = self.ends(queue)?.stamp;
            if lowest.is_none_or(|(_, least)| ahead(stamp, least) < 0) {
                lowest = Some((queue, stamp));
            }
        }
        lowest.map(|(queue, _)| queue)
    }

    const fn is_live(&self, queue: Queue) -> bool {
        self.live & (1 << queue.0) != 0
    }

    fn ends(&self, queue: Queue) -> Option<&Ends> {
        self.ends.get(usize::from(queue.0))
    }

    fn ends_mut(&mut self, queue: Queue) -> Option<&mut Ends> {
        self.ends.get_mut(usize::from(queue.0))
    }
}

impl Ends {
    const EMPTY: Self = Self {
        newest: NONE,
        oldest: NONE,
        stamp: 0,
    };
}
