//! Which invalidations are remembered, and which of them a response has met.
//!
//! A generation is the epoch of the last invalidation of a key or set. Prefixes and patterns are
//! `bans`; how many entries a set has is `live_counts`; who asks is `store`.
//!
//! # Why no fill slips past an invalidation
//!
//! *Remembered.* A fill and the entry it becomes carry the epoch at the start of the origin
//! request. Every read compares the store's epoch with what the entry was tested for, and tests
//! the difference. So an entry that was committed a moment too early is found out on its next
//! read, as long as the generation is remembered.
//!
//! *Forgotten.* A generation may go when (a) no stored entry older than it is untested, and (b)
//! no older fill can still commit. For (b) the floor rises to it: fills with an older epoch are
//! refused. For (a) either the cleaner made a whole pass that began after it, or its set had no
//! entry. A commit tests, counts and links under one hold of the segment's lock. So an entry whose
//! test missed the invalidation is linked before a pass that begins later takes that lock, and it is
//! in a count that is taken, segment by segment, when the invalidation is visible. Until its set was
//! counted a generation is not forgotten at all.
//! A key's entry is removed by the invalidation itself, under the lock of its segment.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::Ordering::{Acquire, Release},
    time::Duration,
};

use crate::{
    Epoch, KeyHash, Moment, Scope, Strength,
    bans::{BANS_MAX, Ban, Matcher},
    sets::Sets,
    sync::{AtomicU64, RwLock, planted},
};

/// Generations kept for fills alone. Past this the oldest becomes part of the floor, which refuses
/// fills that began before it: hits are lost, nothing stale is stored.
pub(crate) const TOMBSTONES_MAX: usize = 4096;
/// How long they are kept: longer than nearly every origin request.
pub(crate) const TOMBSTONE_TIME: Duration = Duration::from_secs(600);

pub(crate) struct Generations {
    /// Raised while `rows` is locked, read without.
    epoch: AtomicU64,
    rows: RwLock<Rows>,
}

/// What a generation is kept for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mark {
    Key(KeyHash),
    Uri(Scope),
    Host(Scope),
    Tag(Scope),
}

/// An invalidation that has been parsed.
pub(crate) enum Change {
    Mark(Mark),
    Ban(Matcher),
    All,
}

/// A response under test.
pub(crate) struct Subject<'a> {
    pub(crate) key: KeyHash,
    pub(crate) sets: Sets<'a>,
    /// Its target URI, for bans.
    pub(crate) uri: &'a [u8],
    /// Invalidations up to this one are known not to have hit it.
    pub(crate) since: Epoch,
}

/// What the invalidations after `Subject::since` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Untouched,
    Softened,
    Gone,
    /// For fills only: older than what is remembered.
    TooOld,
}

impl Verdict {
    const fn of(strength: Strength) -> Self {
        match strength {
            Strength::Hard => Self::Gone,
            Strength::Soft => Self::Softened,
        }
    }
}

/// Numbers for the statistics.
pub(crate) struct Remembered {
    pub(crate) bans: usize,
    pub(crate) bans_overflowed: u64,
    pub(crate) generations: usize,
    pub(crate) floor: Epoch,
}

#[derive(Default)]
struct Rows {
    all: Last,
    marks: HashMap<Mark, Generation>,
    /// Marks that stored entries may not have been tested for. Bounded by the sets in use.
    unswept: Vec<Mark>,
    /// Marks kept for fills alone, by their newest epoch: a set that is invalidated again and again
    /// must not be forgotten for its first time, as the floor would rise to its last.
    tombstones: BTreeMap<Epoch, Mark>,
    bans: Vec<Ban>,
    bans_overflowed: u64,
    /// A whole pass of the cleaner began at this epoch.
    swept: Epoch,
    floor: Epoch,
}

#[derive(Clone, Copy, Default)]
struct Last {
    hard: Epoch,
    soft: Epoch,
}

struct Generation {
    last: Last,
    at: Moment,
    kept: Kept,
}

#[derive(PartialEq, Eq)]
enum Kept {
    /// Nobody knows yet whether its set has entries: it stays.
    Uncounted,
    ForEntries,
    ForFills,
}

impl Generations {
    pub(crate) fn new() -> Self {
        Self {
            epoch: AtomicU64::new(0),
            rows: RwLock::new(Rows::default()),
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Acquire))
    }

    /// Counts and remembers an invalidation. One of a mark has to be [settled](Self::settle).
    pub(crate) fn record(&self, change: Change, strength: Strength, now: Moment) -> Epoch {
        let mut rows = self.rows.write();
        let epoch = self.epoch().next();
        planted!(RaisesEpochEarly => {
            drop(rows);
            self.epoch.store(epoch.0, Release);
            rows = self.rows.write();
        });
        match change {
            Change::All => rows.all.raise(strength, epoch),
            Change::Ban(matcher) => rows.ban(Ban {
                epoch,
                strength,
                matcher,
                at: now,
            }),
            Change::Mark(mark) => rows.mark(mark, strength, epoch, now),
        }
        planted!(RaisesEpochLate => return epoch);
        self.epoch.store(epoch.0, Release);
        epoch
    }

    /// Says how many entries a set had after its invalidation was recorded.
    pub(crate) fn settle(&self, mark: Mark, recorded: Epoch, entries: u64) {
        self.rows.write().settle(mark, recorded, entries);
        planted!(RaisesEpochLate => self.epoch.store(recorded.0, Release));
    }

    /// Tests a stored entry, and says up to which epoch.
    pub(crate) fn judge(&self, subject: &Subject<'_>) -> (Verdict, Epoch) {
        let rows = self.rows.read();
        // The epoch is raised under the write lock, so it belongs to these rows.
        let verdict = rows.verdict(subject);
        planted!(ReadsEpochLate => drop(rows));
        (verdict, self.epoch())
    }

    /// Tests a fill: as an entry, and against the floor.
    pub(crate) fn judge_fill(&self, subject: &Subject<'_>) -> (Verdict, Epoch) {
        let rows = self.rows.read();
        let verdict = match rows.verdict(subject) {
            Verdict::Untouched | Verdict::Softened if subject.since < rows.floor => Verdict::TooOld,
            verdict
            @ (Verdict::Untouched | Verdict::Softened | Verdict::Gone | Verdict::TooOld) => verdict,
        };
        (verdict, self.epoch())
    }

    /// Every stored entry has been tested since `began`: forgets what may be forgotten.
    pub(crate) fn swept(&self, began: Epoch, now: Moment) {
        let mut rows = self.rows.write();
        rows.swept = rows.swept.max(began);
        rows.retire();
        rows.forget(now);
    }

    pub(crate) fn remembered(&self) -> Remembered {
        let rows = self.rows.read();
        Remembered {
            bans: rows.bans.len(),
            bans_overflowed: rows.bans_overflowed,
            generations: rows.marks.len(),
            floor: rows.floor,
        }
    }
}

impl Rows {
    fn verdict(&self, subject: &Subject<'_>) -> Verdict {
        let since = subject.since;
        let mut worst = self.all.verdict(since);
        if !self.marks.is_empty() {
            for mark in subject.marks() {
                if let Some(generation) = self.marks.get(&mark) {
                    worst = worst.max(generation.last.verdict(since));
                }
            }
        }
        for ban in self.bans.iter().rev().take_while(|ban| ban.epoch > since) {
            // A ban that could change nothing is not worth its match.
            let verdict = Verdict::of(ban.strength);
            if verdict > worst && ban.matcher.matches(subject.uri) {
                worst = verdict;
            }
        }
        worst
    }

    fn mark(&mut self, mark: Mark, strength: Strength, epoch: Epoch, at: Moment) {
        let generation = self.marks.entry(mark).or_insert(Generation {
            last: Last::default(),
            at,
            kept: Kept::Uncounted,
        });
        // What entries may need stays: they may have been there before.
        if generation.kept == Kept::ForFills {
            self.tombstones.remove(&generation.last.newest());
            generation.kept = Kept::Uncounted;
        }
        generation.last.raise(strength, epoch);
        generation.at = at;
    }

    fn settle(&mut self, mark: Mark, recorded: Epoch, entries: u64) {
        let Some(generation) = self.marks.get_mut(&mark) else {
            return;
        };
        // Of two at once the later settles both: its count is the later one too.
        if generation.kept != Kept::Uncounted || generation.last.newest() != recorded {
            return;
        }
        if entries > 0 {
            generation.kept = Kept::ForEntries;
            self.unswept.push(mark);
        } else {
            generation.kept = Kept::ForFills;
            self.tombstones.insert(recorded, mark);
            self.bound_tombstones();
        }
    }

    fn ban(&mut self, ban: Ban) {
        if self.bans.len() >= BANS_MAX {
            self.bans_overflowed += 1;
            self.all.raise(Strength::Soft, ban.epoch);
        } else {
            self.bans.push(ban);
        }
    }

    /// Marks that every entry was tested for are kept for fills alone.
    fn retire(&mut self) {
        let Self {
            marks,
            unswept,
            tombstones,
            swept,
            ..
        } = self;
        unswept.retain(|mark| {
            let Some(generation) = marks.get_mut(mark) else {
                return false;
            };
            let waiting = generation.last.newest() > *swept;
            if !waiting {
                generation.kept = Kept::ForFills;
                tombstones.insert(generation.last.newest(), *mark);
            }
            waiting
        });
        self.bound_tombstones();
    }

    fn bound_tombstones(&mut self) {
        while self.tombstones.len() > TOMBSTONES_MAX {
            self.fold_oldest();
        }
    }

    /// Forgets what is too old to matter to a fill.
    fn forget(&mut self, now: Moment) {
        let old = |at: Moment| now.since(at) >= TOMBSTONE_TIME;
        while let Some((_, mark)) = self.tombstones.first_key_value()
            && self.marks.get(mark).is_none_or(|g| old(g.at))
        {
            self.fold_oldest();
        }
        let (swept, floor) = (self.swept, &mut self.floor);
        self.bans.retain(|ban| {
            let forget = ban.epoch <= swept && old(ban.at);
            if forget {
                *floor = ban.epoch.max(*floor);
            }
            !forget
        });
    }

    fn fold_oldest(&mut self) {
        if let Some((epoch, mark)) = self.tombstones.pop_first() {
            self.marks.remove(&mark);
            self.floor = epoch.max(self.floor);
        }
    }
}

impl Last {
    fn raise(&mut self, strength: Strength, epoch: Epoch) {
        match strength {
            Strength::Hard => self.hard = epoch,
            Strength::Soft => self.soft = epoch,
        }
    }

    fn newest(self) -> Epoch {
        self.hard.max(self.soft)
    }

    fn verdict(self, since: Epoch) -> Verdict {
        if self.hard > since {
            Verdict::Gone
        } else if self.soft > since {
            Verdict::Softened
        } else {
            Verdict::Untouched
        }
    }
}

impl Subject<'_> {
    fn marks(&self) -> impl Iterator<Item = Mark> + '_ {
        let tags = self.sets.tags().map(Mark::Tag);
        [
            Mark::Key(self.key),
            Mark::Uri(self.sets.uri),
            Mark::Host(self.sets.host),
        ]
        .into_iter()
        .chain(tags)
    }
}

#[cfg(test)]
mod tests;
