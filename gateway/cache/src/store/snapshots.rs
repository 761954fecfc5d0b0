//! How entries survive a restart: which are written, and how they come back.
//!
//! An entry of a snapshot comes back as a fill does, from the epoch that the caller names; what the
//! bytes look like is `snapshot`.

use std::io::{self, Read, Write};

use super::{Shared, Store, commit::admit};
use crate::{
    CacheEntry, Ending, Epoch, Loaded, Moment, Part, Rank, Refusal, Saved, Slot, Unloadable,
    entry::EntryParts,
    generations::Verdict,
    provenance::Tested,
    segment::Segment,
    snapshot::{Record, RecordReader, RecordWriter},
    warmth::Warmth,
};

/// Slots that are looked at under one lock, and entries that a slow writer keeps from being freed.
const SAVE_STEP: u32 = 64;

impl Store {
    /// Writes the entries, those first that are worth most. Look-ups and fills go on; no lock is
    /// held while something is written. What comes or goes meanwhile may be missed. Give it a
    /// buffered writer.
    ///
    /// Moments are written as they are: the clock must be the same at the load.
    pub fn save(&self, to: impl Write, now: Moment) -> io::Result<Saved> {
        let epoch = self.epoch();
        let mut writer = RecordWriter::begin(to)?;
        let mut entries = 0;
        for worth in [Worth::Protected, Worth::Window] {
            for segment in &self.shared.segments {
                entries += self.shared.save(segment, worth, now, &mut writer)?;
            }
        }
        writer.finish()?;
        Ok(Saved { entries, epoch })
    }

    /// Takes the entries of a snapshot in, as far as there is room; what is stored already stays.
    ///
    /// The snapshot has missed every invalidation since it began ([`Saved::epoch`] in its own store),
    /// [`Store::remove`] included. So take [`Store::epoch`] here, then apply what was missed, then
    /// load with that epoch as `since`: what an invalidation after `since` met does not come back.
    pub fn load(&self, from: impl Read, since: Epoch, now: Moment) -> Result<Loaded, Unloadable> {
        let mut reader = RecordReader::begin(from)?;
        let mut loaded = Loaded {
            entries: 0,
            left_out: 0,
            ending: Ending::Complete,
        };
        // An epoch from elsewhere could lie in the future and escape the next invalidations.
        let since = since.min(self.epoch());
        loop {
            let Ok(record) = reader.read() else {
                loaded.ending = Ending::Damaged;
                break;
            };
            let Some(record) = record else {
                break;
            };
            if now >= record.useful_until {
                loaded.left_out += 1;
                continue;
            }
            let rank = record.rank;
            let Ok(entry) = self.shared.entry_of(record, since, now) else {
                loaded.left_out += 1;
                continue;
            };
            if self.shared.ledger.lacks(entry.weight()) {
                loaded.ending = Ending::Full;
                break;
            }
            match self.shared.restore(&entry, rank) {
                Ok(()) => loaded.entries += 1,
                Err(_refused) => loaded.left_out += 1,
            }
        }
        Ok(loaded)
    }
}

/// What is written first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worth {
    Protected,
    Window,
}

impl Worth {
    const fn of(part: Part) -> Self {
        match part {
            Part::Protected => Self::Protected,
            Part::Correlation | Part::Probation => Self::Window,
        }
    }
}

impl Shared {
    fn save<W: Write>(
        &self,
        segment: &Segment,
        worth: Worth,
        now: Moment,
        writer: &mut RecordWriter<W>,
    ) -> io::Result<u64> {
        let mut saved = 0;
        let mut at = Some(Slot::FIRST);
        while let Some(from) = at {
            let mut entries: Vec<(CacheEntry, Rank)> = Vec::new();
            let scan = |entry: &CacheEntry, rank: Rank| {
                if Worth::of(rank.part) == worth && now < entry.useful_until() {
                    entries.push((entry.clone(), rank));
                }
            };
            at = segment.share().lru.scan_ranked(from, SAVE_STEP, scan);
            for (entry, rank) in entries {
                match self.stands(&entry) {
                    Verdict::Untouched | Verdict::Softened => {
                        saved += u64::from(writer.write(&entry, rank)?);
                    }
                    Verdict::Gone | Verdict::TooOld => {}
                }
            }
        }
        Ok(saved)
    }

    fn entry_of(&self, record: Record, since: Epoch, now: Moment) -> Result<CacheEntry, Refusal> {
        let tested = Tested::since(since);
        if record.softened {
            tested.soften();
        }
        CacheEntry::new(EntryParts {
            id: self.next_id(),
            hash: record.key.hash,
            key: &record.key.bytes,
            meta: &record.meta,
            body: record.body,
            trailers: record.trailers.as_deref(),
            stamp: record.stamp,
            // From a clock that was ahead it would keep later responses out.
            requested: record.requested.min(now),
            useful_until: record.useful_until,
            scopes: &record.scopes,
            tested,
            warmth: Warmth::default(),
        })
    }

    fn restore(&self, entry: &CacheEntry, rank: Rank) -> Result<(), Refusal> {
        admit(self.trust_incoming(entry))?;
        self.ledger.add_entry(entry.weight());
        let mut inside = self.segment(entry.hash()).lock();
        let linked = admit(self.trust_incoming(entry))
            .and_then(|()| inside.restore(entry.clone(), rank, &self.order));
        drop(inside);
        linked.inspect_err(|_| self.ledger.remove_entry(entry.weight()))
    }
}
