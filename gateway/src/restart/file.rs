//! The file of a snapshot: our header, then what the engine writes.
//!
//! It is written beside its place, synced and renamed, so that its place holds a whole one or the one
//! before. The header says which keys and heads it holds, when it began and which journal belongs to it.

use super::Restart;
use super::boot::Boot;
use super::journal::{History, Id, Slot};
use super::outcome::NotLoaded;
use crate::caching::stored_response;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MAGIC: [u8; 8] = *b"shoal-gw";
/// Raise it when a key, a scope or a route's part in them is made another way: what is stored under the
/// old ones must not be found, nor escape an invalidation.
const KEYS: u8 = 1;
const VERSION: [u8; 4] = [1, KEYS, stored_response::VERSION, 0];
const CHECKSUM: usize = 16;
const HEADER: usize = MAGIC.len() + VERSION.len() + 1 + 16 + 8 + CHECKSUM;

/// What is read and written at once.
const BUFFER: usize = 1 << 20;
/// What is written before it is synced: the device's share of the work is not left to the end, and
/// giving up does not wait long.
const SYNC_STEP: usize = 64 << 20;
/// A clock that is set by the network moves by less.
const CLOCK_SLACK: Duration = Duration::from_secs(1);

/// The right to a snapshot's files, against other processes.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) path: PathBuf,
    _lock: File,
}

/// Says to whoever writes a snapshot that there is no more time.
#[derive(Debug, Clone, Default)]
pub(super) struct GiveUp(Arc<AtomicBool>);

/// The header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) slot: Slot,
    pub(super) id: Id,
    pub(super) began: SystemTime,
}

/// A snapshot that may be loaded.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) header: Header,
    pub(super) history: History,
    pub(super) content: BufReader<File>,
}

/// A snapshot in the making.
pub(super) struct Draft {
    path: PathBuf,
    to: BufWriter<Watched>,
}

/// Counts, syncs and gives up.
struct Watched {
    file: File,
    written: u64,
    unsynced: usize,
    give_up: GiveUp,
}

impl Restart {
    /// Claims the files of `path` for as long as the claim lives. `None`: another process has them.
    pub(super) fn claim(path: &Path) -> io::Result<Option<Claim>> {
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(beside(path, ".lock"))?;
        let claim = Claim {
            path: path.to_owned(),
            _lock: lock,
        };
        match claim._lock.try_lock() {
            Ok(()) => Ok(Some(claim)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

impl GiveUp {
    pub(super) fn now(&self) {
        self.0.store(true, Relaxed);
    }
}

impl Header {
    /// Of a snapshot that begins now.
    pub(super) fn new(slot: Slot, began: SystemTime) -> Self {
        let random = |number: u64| RandomState::new().hash_one(number);
        let id = u128::from(random(0)) << 64 | u128::from(random(1));
        Self {
            slot,
            id: id.to_le_bytes(),
            began,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let slot = match self.slot {
            Slot::Even => 0,
            Slot::Odd => 1,
        };
        let began = crate::clock::moment(self.began).0.to_le_bytes();
        let mut bytes = [&MAGIC[..], &VERSION, &[slot], &self.id, &began].concat();
        bytes.extend(checksum(blake3::hash(&bytes)));
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, NotLoaded> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(NotLoaded::NotASnapshot)?;
        if !rest.starts_with(&VERSION) {
            return Err(NotLoaded::OtherVersion);
        }
        let fields = || {
            let (content, seal) = bytes.split_at_checked(HEADER - CHECKSUM)?;
            (*seal == checksum(blake3::hash(content))).then_some(())?;
            let (slot, rest) = rest.get(VERSION.len()..)?.split_first()?;
            let (id, rest) = rest.split_first_chunk()?;
            let (began, _seal) = rest.split_first_chunk()?;
            Some(Self {
                slot: match slot {
                    0 => Slot::Even,
                    _odd => Slot::Odd,
                },
                id: *id,
                began: UNIX_EPOCH + Duration::from_millis(u64::from_le_bytes(*began)),
            })
        };
        fields().ok_or(NotLoaded::NotASnapshot)
    }
}

impl Opened {
    /// Reads all but the entries. `None`: there is no snapshot.
    pub(super) fn open(
        path: &Path,
        boot: &Boot,
        now: SystemTime,
    ) -> Result<Option<Self>, NotLoaded> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(NotLoaded::Unreadable(error)),
        };
        let mut content = BufReader::with_capacity(BUFFER, file);
        let mut header = [0; HEADER];
        content.read_exact(&mut header).map_err(|error| {
            if error.kind() == ErrorKind::UnexpectedEof {
                NotLoaded::NotASnapshot
            } else {
                NotLoaded::Unreadable(error)
            }
        })?;
        let header = Header::decode(&header)?;
        if header.began > now + CLOCK_SLACK {
            return Err(NotLoaded::FromTheFuture);
        }
        let history = History::read(&header.slot.path(path), &header.id, boot)?;
        Ok(Some(Self {
            header,
            history,
            content,
        }))
    }
}

impl Draft {
    /// Begins one for the place `path`.
    pub(super) fn begin(path: &Path, header: &Header, give_up: &GiveUp) -> io::Result<Self> {
        let watched = Watched {
            file: create(&partial(path))?,
            written: 0,
            unsynced: 0,
            give_up: give_up.clone(),
        };
        let mut to = BufWriter::with_capacity(BUFFER, watched);
        to.write_all(&header.encode())?;
        Ok(Self {
            path: path.to_owned(),
            to,
        })
    }

    /// Where the engine writes.
    pub(super) fn content(&mut self) -> &mut impl Write {
        &mut self.to
    }

    /// Everything is on the device. Gives its length.
    pub(super) fn finish(&mut self) -> io::Result<u64> {
        self.to.flush()?;
        let watched = self.to.get_mut();
        watched.sync()?;
        Ok(watched.written)
    }

    /// Takes its place.
    pub(super) fn publish(&self) -> io::Result<()> {
        std::fs::rename(partial(&self.path), &self.path)
    }
}

impl Watched {
    fn go_on(&self) -> io::Result<()> {
        if self.give_up.0.load(Relaxed) {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.go_on()?;
        self.unsynced = 0;
        self.file.sync_data()
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.go_on()?;
        if self.unsynced >= SYNC_STEP {
            self.sync()?;
        }
        let written = self.file.write(bytes)?;
        self.unsynced += written;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Creates a file that only its owner reads, in place of whatever had the name.
pub(super) fn create(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    OpenOptions::new()
        .create_new(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

/// Names and removals in the folder of `path` are on the device.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Removes a snapshot and all that belongs to it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let files = [partial(path), path.to_owned()];
    let journals = [Slot::Even, Slot::Odd].map(|slot| slot.path(path));
    for file in files.iter().chain(&journals) {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Where a snapshot that was refused is put, for people to look at.
pub(super) fn refused(path: &Path) -> PathBuf {
    beside(path, ".refused")
}

pub(super) fn partial(path: &Path) -> PathBuf {
    beside(path, ".partial")
}

/// The path with an ending.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

pub(super) fn checksum(hash: blake3::Hash) -> [u8; CHECKSUM] {
    hash.as_bytes()
        .first_chunk()
        .copied()
        .unwrap_or([0; CHECKSUM])
}

#[cfg(test)]
mod tests;
