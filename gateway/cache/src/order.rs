//! One eviction order over many segments: what they know of each other without a lock.
//!
//! Each segment publishes the stamps of the entries that it would give up next. Whoever needs room looks at
//! a few, or at all when its own segment seems not to be next, and turns to one. Every number is relaxed: a
//! late one costs a little of the order, never a byte of the accounts. What a segment does in its turn is
//! `segmented_lru`.

mod published;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use self::published::Published;
pub(crate) use self::published::{Holdings, Tails};
use crate::{
    ghost::{Found, Past},
    optimize::Optimize,
};

/// The share of the capacity that the window starts with, and its limits. Below a hundredth nothing
/// could prove itself, above three tenths protected would starve.
const WINDOW_START: f64 = 0.10;
const WINDOW_LEAST: f64 = 0.01;
const WINDOW_MOST: f64 = 0.30;

/// How much of the window is the correlation queue.
const CORRELATION_SHARE: f64 = 0.5;

/// A ghost that returns this early, in residents of its part, would have stayed in a part only a
/// little larger.
const MARGIN: f64 = 0.10;

/// A ghost found within so many residents of leaving was given up too soon.
const GHOST_REACH: f64 = 1.5;

/// The own segment, which is locked or cheap to lock, takes the turn when its entry is so nearly the
/// first: a tenth of the age of the oldest, or of the value of an entry without hits.
const STAY: i64 = 10;

/// Other segments that are looked at before the own gives something up; all are when one of these should
/// go before.
const GLANCES: usize = 2;

/// Values as integers: an entry of the mean size without hits.
pub(crate) const ONE: u32 = 1024;

/// Ghosts that a part remembers are counted over about so many residents.
const GHOST_SPAN: f64 = 2.0;
/// Ticks of the ghosts' clock in the time in which as many entries leave as there are.
pub(crate) const TICKS: f64 = 256.0;
/// Below this many residents the clocks would jump.
const RESIDENTS_LEAST: u64 = 16;

/// How many entries may come between two sums over the segments, once there are [`SUMMED_FROM`].
const SUMMED_EVERY: u32 = 16;
const SUMMED_FROM: u64 = 256;

/// The fixed point of shares and ticks.
const UNIT: f64 = (1_u64 << 32) as f64;

/// What all segments of a store share.
pub struct Order {
    segments: Box<[Published]>,
    capacity: AtomicU64,
    optimize: AtomicU32,
    /// What all segments held a few entries ago.
    sums: Published,
    /// The share of the window, in [`UNIT`]s.
    window: AtomicU64,
    /// Entries that ever came: the stamp of the next.
    arrivals: AtomicU32,
    /// The value of the last that protected gave up: where new values are counted from.
    clock: AtomicU32,
    /// Ghosts of the window and of protected, of late.
    ghosts: [AtomicU64; 2],
    /// The ghosts' clock, in [`UNIT`]s of a tick.
    ghost_time: AtomicU64,
    /// Ghosts that came back soon enough to be protected.
    returned: AtomicU64,
}

/// Whose turn it is to give something up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The number of the segment.
    pub segment: usize,
    /// Where the entry is.
    pub part: Part,
}

/// The parts in which entries are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// New entries, whose hits say little: they often come in one burst.
    Correlation,
    /// Entries that are to prove themselves.
    Probation,
    /// Entries that did.
    Protected,
}

impl Order {
    /// An order for so many segments and bytes.
    #[must_use]
    pub fn new(segments: usize, capacity: u64, optimize: Optimize) -> Self {
        Self {
            segments: (0..segments).map(|_| Published::nothing()).collect(),
            capacity: AtomicU64::new(capacity),
            optimize: AtomicU32::new(optimize.number()),
            sums: Published::nothing(),
            window: AtomicU64::new(fixed(WINDOW_START)),
            arrivals: AtomicU32::new(0),
            clock: AtomicU32::new(0),
            ghosts: [AtomicU64::new(1), AtomicU64::new(1)],
            ghost_time: AtomicU64::new(fixed(1.0)),
            returned: AtomicU64::new(0),
        }
    }

    /// Sets the bytes that entries may take. It only divides the parts.
    pub fn resize(&self, capacity: u64) {
        self.capacity.store(capacity, Relaxed);
    }

    /// Sets what is optimized, for the entries that are protected from now on.
    pub fn optimize(&self, optimize: Optimize) {
        self.optimize.store(optimize.number(), Relaxed);
    }

    /// The share of the capacity that the window has now.
    #[must_use]
    pub fn window(&self) -> f64 {
        self.window.load(Relaxed) as f64 / UNIT
    }

    /// The same in thousandths.
    pub(crate) fn window_thousandths(&self) -> u32 {
        u32::try_from((self.window.load(Relaxed) * 1000) >> 32).unwrap_or(1000)
    }

    /// Ghosts that came back soon enough to be protected.
    #[must_use]
    pub fn returned(&self) -> u64 {
        self.returned.load(Relaxed)
    }

    /// Bytes of all entries.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.sum().bytes()
    }

    /// Whose turn it is, if there is an entry. `own` is preferred when it is nearly the first.
    #[must_use]
    pub fn turn(&self, own: Option<usize>) -> Option<Turn> {
        let all = self.all(own);
        let window = all.window() as f64 > self.window() * self.capacity() as f64;
        let parts = if window {
            [Part::Probation, Part::Correlation, Part::Protected]
        } else {
            [Part::Protected, Part::Probation, Part::Correlation]
        };
        parts.into_iter().find_map(|part| {
            let near = own.filter(|own| self.is_near(*own, part));
            near.map(|segment| Turn { segment, part })
                .or_else(|| self.first(own, part))
        })
    }

    /// Whose turn it would be in one segment alone.
    #[must_use]
    pub fn turn_of(&self, segment: usize) -> Option<Turn> {
        let published = self.segments.get(segment)?;
        [Part::Probation, Part::Correlation, Part::Protected]
            .into_iter()
            .find(|part| published.stamp(*part).is_some())
            .map(|part| Turn { segment, part })
    }

    /// What all segments hold, for the one that asks. Few entries are summed at every turn.
    fn all(&self, own: Option<usize>) -> Holdings {
        let sums = self.sums.holdings();
        if own.is_none() || sums.entries < SUMMED_FROM {
            self.sum()
        } else {
            sums
        }
    }

    /// Whether a look at [`GLANCES`] others, which change with every arrival, shows none that should go
    /// before.
    fn is_near(&self, own: usize, part: Part) -> bool {
        let Some(wait) = self.wait(own, part) else {
            return false;
        };
        let glance = self.arrivals.load(Relaxed) as usize;
        (0..GLANCES).all(|n| {
            let other = (glance + n * self.segments.len() / GLANCES) % self.segments.len();
            self.wait(other, part)
                .is_none_or(|theirs| is_nearly(wait, theirs, part))
        })
    }

    /// The segment whose next entry of a part is the first of all, or nearly the first and the own.
    fn first(&self, own: Option<usize>, part: Part) -> Option<Turn> {
        let waits = (0..self.segments.len()).filter_map(|n| Some((self.wait(n, part)?, n)));
        let (longest, segment) = waits.max_by_key(|(wait, _)| *wait)?;
        let own = own.filter(|own| {
            let wait = self.wait(*own, part);
            wait.is_some_and(|wait| is_nearly(wait, longest, part))
        });
        let segment = own.unwrap_or(segment);
        Some(Turn { segment, part })
    }

    /// How much longer than another the next entry of a segment has waited for its turn: by arrival in
    /// the window, by value in protected.
    fn wait(&self, segment: usize, part: Part) -> Option<i64> {
        let stamp = self.segments.get(segment)?.stamp(part)?;
        Some(match part {
            Part::Correlation | Part::Probation => {
                i64::from(self.arrivals.load(Relaxed).wrapping_sub(stamp))
            }
            Part::Protected => -i64::from(ahead(stamp, self.clock.load(Relaxed))),
        })
    }

    pub(crate) fn publish(&self, segment: usize, tails: Tails, holdings: Holdings) {
        if let Some(published) = self.segments.get(segment) {
            published.set(tails, holdings);
        }
    }

    pub(crate) fn arrive(&self) -> u32 {
        let stamp = self.arrivals.fetch_add(1, Relaxed);
        if stamp.is_multiple_of(SUMMED_EVERY) || self.sums.holdings().entries < SUMMED_FROM {
            self.sum();
        }
        stamp
    }

    pub(crate) fn clock(&self) -> u32 {
        self.clock.load(Relaxed)
    }

    /// Protected gives up this value: the clock goes on to it.
    pub(crate) fn advance(&self, value: u32) {
        let later = |clock| (ahead(value, clock) > 0).then_some(value);
        // A loser of the race was outrun by a later value.
        let _outrun = self.clock.fetch_update(Relaxed, Relaxed, later);
    }

    pub(crate) fn optimized(&self) -> Optimize {
        Optimize::of(self.optimize.load(Relaxed))
    }

    /// The mean size of an entry.
    pub(crate) fn mean(&self) -> u64 {
        let all = self.sums.holdings();
        (all.bytes() / all.entries.max(1)).max(1)
    }

    /// Whether the entry with this stamp has been in the correlation queue for as long as that
    /// queue is to be. By age, so that every segment can tell for itself.
    pub(crate) fn is_settled(&self, stamp: u32) -> bool {
        let all = self.sums.holdings();
        let mean = all.correlation as f64 / all.correlated.max(1) as f64;
        let share = CORRELATION_SHARE * self.window() * self.capacity() as f64;
        let age = self.arrivals.load(Relaxed).wrapping_sub(stamp);
        f64::from(age) * mean > share
    }

    /// Whether something has to leave soon. Until then there is no reason to doubt any hit.
    pub(crate) fn is_pressed(&self) -> bool {
        self.sums.holdings().bytes() as f64 > 0.9 * self.capacity() as f64
    }

    pub(crate) fn ghost_time(&self) -> u64 {
        self.ghost_time.load(Relaxed) >> 32
    }

    /// A ghost more. Time goes on by the part of the residents that left. Of two at once one may not
    /// count: that costs less than a locked operation for each.
    pub(crate) fn remember(&self, past: Past) {
        let residents = self.residents();
        let [window, protected] = &self.ghosts;
        let part = match past {
            Past::Window => window,
            Past::Protected => protected,
        };
        part.store(part.load(Relaxed) + 1, Relaxed);
        let (of_window, of_protected) = (window.load(Relaxed), protected.load(Relaxed));
        if (of_window + of_protected) as f64 > GHOST_SPAN * residents {
            window.store(of_window / 2 + 1, Relaxed);
            protected.store(of_protected / 2 + 1, Relaxed);
        }
        let time = self.ghost_time.load(Relaxed);
        self.ghost_time
            .store(time + fixed(TICKS / residents), Relaxed);
    }

    /// A ghost was asked for again. Says whether it had left too soon. At the margin of its part,
    /// the part should have been larger.
    pub(crate) fn found(&self, found: &Found) -> bool {
        let [window, protected] = &self.ghosts;
        let (window, protected) = (window.load(Relaxed) as f64, protected.load(Relaxed) as f64);
        let (part, sign) = match found.past {
            Past::Window => (window, 1.0),
            Past::Protected => (protected, -1.0),
        };
        if found.distance * part / (window + protected) <= MARGIN {
            let step = sign / self.residents();
            let moved = |share: u64| {
                let share = (share as f64 / UNIT + step).clamp(WINDOW_LEAST, WINDOW_MOST);
                Some(fixed(share))
            };
            let _previous = self.window.fetch_update(Relaxed, Relaxed, moved);
        }
        let soon = found.distance <= GHOST_REACH;
        self.returned.fetch_add(u64::from(soon), Relaxed);
        soon
    }

    /// What all segments hold together, which is also remembered.
    pub(crate) fn sum(&self) -> Holdings {
        let all = self
            .segments
            .iter()
            .map(Published::holdings)
            .fold(Holdings::default(), Holdings::and);
        self.sums.set(Tails::default(), all);
        all
    }

    fn residents(&self) -> f64 {
        self.sums.holdings().entries.max(RESIDENTS_LEAST) as f64
    }

    /// The bytes that entries may take.
    pub(crate) fn capacity(&self) -> u64 {
        self.capacity.load(Relaxed)
    }
}

/// Whether the own segment's wait is so little shorter than another's that it goes first.
fn is_nearly(own: i64, other: i64, part: Part) -> bool {
    let stay = match part {
        Part::Correlation | Part::Probation => other / STAY,
        Part::Protected => i64::from(ONE) / STAY,
    };
    other - own <= stay
}

/// How far a stamp lies after another. Both wrap; they are never half the circle apart.
pub(crate) const fn ahead(stamp: u32, of: u32) -> i32 {
    stamp.wrapping_sub(of).cast_signed()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "small positive numbers times a power of two"
)]
#[expect(clippy::cast_sign_loss, reason = "same")]
fn fixed(number: f64) -> u64 {
    (number * UNIT) as u64
}
