//! What was invalidated since a snapshot began: a file beside it, so that nothing purged comes back.
//!
//! Each invalidation is appended before it is answered. It is not synced, which is enough while the machine
//! runs: after a crash of the process the kernel still has it. After a crash of the machine only a sealed
//! journal is believed. Who appends is the door in `caching::purge`; what a record says is `form`.

use super::boot::Boot;
use super::form::Record;
use super::outcome::{NotLoaded, NotWritten};
use shoal_cache::{Invalidation, Strength, Target};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use tracing::{error, warn};

const MAGIC: [u8; 8] = *b"shoal-jl";
const VERSION: u32 = 1;
const CHECKSUM: usize = 16;

/// A journal is not longer: past it, it says that everything was invalidated. Some 300,000 invalidations
/// between two snapshots; more than that and little of the older one is of use.
const LENGTH_MAX: u64 = 16 << 20;

/// Names a snapshot and its journal as belonging together.
pub(super) type Id = [u8; 16];

/// The journals that are written to.
#[derive(Debug, Default)]
pub struct Journals {
    /// Of the snapshot that is on disk.
    pub(super) kept: Option<Kept>,
    /// Of the one that is being written.
    pub(super) next: Option<Journal>,
    /// Why that one had to end.
    pub(super) broke: Option<io::Error>,
}

/// A snapshot on disk, with its journal.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) snapshot: PathBuf,
    pub(super) slot: Slot,
    pub(super) journal: Journal,
}

/// Which of a snapshot's two journal names: the next one has the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Even,
    Odd,
}

/// An open journal.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    id: Id,
    records: u64,
    length: u64,
}

/// What a journal says.
#[derive(Debug)]
pub(super) struct History {
    /// In their order.
    pub(super) invalidations: Vec<Invalidation>,
    records: u64,
    length: u64,
}

impl Slot {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Even => Self::Odd,
            Self::Odd => Self::Even,
        }
    }

    /// The journal's path beside a snapshot's.
    pub(super) fn path(self, snapshot: &Path) -> PathBuf {
        super::file::beside(
            snapshot,
            match self {
                Self::Even => ".since-0",
                Self::Odd => ".since-1",
            },
        )
    }
}

impl Journals {
    /// Writes an invalidation down. What cannot be written down condemns the snapshot that would need it:
    /// better no snapshot than one that brings back what was purged.
    pub fn record(&mut self, invalidation: &Invalidation) -> Result<(), NotWritten> {
        let record = Record::Invalidated(invalidation.clone());
        if let Some(Err(broke)) = self.next.as_mut().map(|next| next.append(&record)) {
            self.next = None;
            self.broke = Some(broke);
        }
        let Some(Err(broke)) = self.kept.as_mut().map(|kept| kept.journal.append(&record)) else {
            return Ok(());
        };
        let kept = self.kept.take();
        if let Some(Err(stays)) = kept.map(|kept| std::fs::remove_file(kept.snapshot)) {
            error!(%stays, "remove the snapshot before the next start: it would bring back what was purged");
        }
        Err(NotWritten::Journal(broke))
    }

    /// From here on this one is written too.
    pub(super) fn begin(&mut self, next: Journal) {
        (self.next, self.broke) = (Some(next), None);
    }

    /// Syncs what is written, so that even a restart of the machine may believe it.
    pub(super) fn seal(&mut self) {
        if let Some(Kept { journal, .. }) = &mut self.kept {
            let sealed = journal
                .append(&Record::Sealed)
                .and_then(|()| journal.file.sync_all());
            if let Err(unsealed) = sealed {
                warn!(%unsealed, "the journal is not sealed: a restart of the machine starts cold");
            }
        }
    }
}

impl Journal {
    /// An empty one. What was there before goes.
    pub(super) fn create(path: PathBuf, id: Id, boot: &Boot) -> io::Result<Self> {
        let mut file = super::file::create(&path)?;
        let header = header(&id);
        file.write_all(&header)?;
        let mut journal = Self {
            file,
            path,
            id,
            records: 0,
            length: header.len() as u64,
        };
        journal.append(&Record::Opened(boot.clone()))?;
        journal.file.sync_all()?;
        Ok(journal)
    }

    /// One that was read, to go on with it.
    pub(super) fn reopen(
        path: PathBuf,
        id: Id,
        history: &History,
        boot: &Boot,
    ) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).mode(0o600).open(&path)?;
        let mut journal = Self {
            file,
            path,
            id,
            records: history.records,
            length: history.length,
        };
        journal.append(&Record::Opened(boot.clone()))?;
        Ok(journal)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn append(&mut self, record: &Record) -> io::Result<()> {
        if self.length > LENGTH_MAX {
            return Ok(()); // It says already that everything was invalidated.
        }
        self.write(record)?;
        if self.length > LENGTH_MAX {
            warn!(journal = %self.path.display(), "full: until the next snapshot a crash means a cold start");
            self.write(&Record::Invalidated(Invalidation {
                target: Target::All,
                strength: Strength::Hard,
            }))?;
        }
        Ok(())
    }

    fn write(&mut self, record: &Record) -> io::Result<()> {
        let content = record.encode();
        let length = u32::try_from(content.len()).map_err(io::Error::other)?;
        let seal = seal(&self.id, self.records, &content);
        // In one call, so that a process that is killed leaves a whole record or none.
        let framed = [&length.to_le_bytes()[..], &content, &seal].concat();
        self.file.write_all(&framed)?;
        self.records += 1;
        self.length += framed.len() as u64;
        Ok(())
    }
}

impl History {
    /// Reads the journal of the snapshot `id`. What is not whole, or may lack its end, is refused.
    pub(super) fn read(path: &Path, id: &Id, boot: &Boot) -> Result<Self, NotLoaded> {
        let mut bytes = Vec::new();
        let read = File::open(path)
            // Its last records may lie beyond the limit, but not by much.
            .and_then(|file| file.take(2 * LENGTH_MAX).read_to_end(&mut bytes));
        read.map_err(|_missing| NotLoaded::NoJournal)?;
        let rest = bytes.strip_prefix(&header(id)[..]);
        let mut rest = rest.ok_or(NotLoaded::NoJournal)?;
        let mut history = Self {
            invalidations: Vec::new(),
            records: 0,
            length: bytes.len() as u64,
        };
        let mut trust = Trust::default();
        while !rest.is_empty() {
            let (record, after) = next(rest, id, history.records).ok_or(NotLoaded::NoJournal)?;
            trust.see(&record)?;
            if let Record::Invalidated(invalidation) = record {
                history.invalidations.push(invalidation);
            }
            history.records += 1;
            rest = after;
        }
        trust.see(&Record::Opened(boot.clone()))?;
        Ok(history)
    }
}

/// Whether all records are there: within one run of the machine, or up to a seal.
#[derive(Default)]
struct Trust {
    sealed: bool,
    boot: Option<Boot>,
}

impl Trust {
    fn see(&mut self, record: &Record) -> Result<(), NotLoaded> {
        match record {
            Record::Opened(boot) => {
                let same = self.boot.as_ref().is_none_or(|before| before.is(boot));
                if !same && !self.sealed {
                    return Err(NotLoaded::Unclean);
                }
                self.boot = Some(boot.clone());
            }
            Record::Invalidated(_) => self.sealed = false,
            Record::Sealed => self.sealed = true,
        }
        Ok(())
    }
}

/// The first record of `bytes`, and what follows it.
fn next<'a>(bytes: &'a [u8], id: &Id, number: u64) -> Option<(Record, &'a [u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (content, rest) = rest.split_at_checked(length)?;
    let (checksum, rest) = rest.split_first_chunk::<CHECKSUM>()?;
    (*checksum == seal(id, number, content)).then_some(())?;
    Some((Record::decode(content)?, rest))
}

fn header(id: &Id) -> Vec<u8> {
    [&MAGIC[..], &VERSION.to_le_bytes(), id].concat()
}

/// Over its number too, so that no record passes for another.
fn seal(id: &Id, number: u64, content: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(id)
        .update(&number.to_le_bytes())
        .update(content);
    super::file::checksum(hasher.finalize())
}

#[cfg(test)]
mod tests;
