//! How a load and a save ended: closed lists that feed log, metric and `/stats`.

use shoal_cache::{Ending, Unloadable};
use std::io::{self, ErrorKind};
use std::time::{Duration, SystemTime};

/// A snapshot that was written.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// When it began.
    pub at: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// Stored responses in it, with what helps to find them.
    pub entries: u64,
    /// Its length.
    pub bytes: u64,
}

/// A snapshot that was read.
#[derive(Debug, Clone, Copy)]
pub struct Restored {
    /// How long it took.
    pub took: Duration,
    /// How old the snapshot was.
    pub age: Duration,
    /// Entries that came back.
    pub entries: u64,
    /// Entries that did not: over, invalidated, or stored anew meanwhile.
    pub left_out: u64,
    /// Why it ended.
    pub ending: Ending,
}

/// Why no snapshot was written. The one before stays.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// Two processes name one file.
    #[error("another process has the file")]
    InUse,
    /// Nobody made it.
    #[error("its folder does not exist")]
    NoFolder,
    /// The system forbids it.
    #[error("not permitted: {0}")]
    Denied(io::Error),
    /// The device, or the share of it.
    #[error("the disk is full")]
    DiskFull,
    /// The gateway had to stop first.
    #[error("given up: there was no more time")]
    GivenUp,
    /// What was invalidated meanwhile could not be written down.
    #[error("its journal cannot be written: {0}")]
    Journal(io::Error),
    /// Something else.
    #[error("{0}")]
    Failed(io::Error),
}

/// Why a snapshot was refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum NotLoaded {
    /// Two processes name one file.
    #[error("another process has the file")]
    InUse,
    /// Nobody made it.
    #[error("its folder does not exist")]
    NoFolder,
    /// The system does not give it.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// Foreign or damaged.
    #[error("not a snapshot, or its beginning is damaged")]
    NotASnapshot,
    /// Of a gateway with other keys or other stored heads.
    #[error("written by another version")]
    OtherVersion,
    /// Ages cannot be told.
    #[error("written later than now: the clock went back")]
    FromTheFuture,
    /// Something that was purged might come back.
    #[error(
        "what was invalidated after it was written is not known: its journal is missing or damaged"
    )]
    NoJournal,
    /// The same, after the machine itself stopped.
    #[error(
        "the machine stopped before the gateway did, so what was invalidated last is not known"
    )]
    Unclean,
}

impl NotWritten {
    /// For the metric.
    pub fn label(&self) -> &'static str {
        match self {
            Self::InUse => "in-use",
            Self::NoFolder => "no-folder",
            Self::Denied(_) => "denied",
            Self::DiskFull => "disk-full",
            Self::GivenUp => "given-up",
            Self::Journal(_) => "journal",
            Self::Failed(_) => "failed",
        }
    }
}

impl From<io::Error> for NotWritten {
    fn from(error: io::Error) -> Self {
        let kind = error.kind();
        let is = |kinds: &[ErrorKind]| kinds.contains(&kind);
        if is(&[ErrorKind::NotFound, ErrorKind::NotADirectory]) {
            Self::NoFolder
        } else if is(&[ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem]) {
            Self::Denied(error)
        } else if is(&[
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::FileTooLarge,
        ]) {
            Self::DiskFull
        } else if is(&[ErrorKind::TimedOut]) {
            Self::GivenUp
        } else {
            Self::Failed(error)
        }
    }
}

impl NotLoaded {
    /// For the metric.
    pub fn label(&self) -> &'static str {
        match self {
            Self::InUse => "in-use",
            Self::NoFolder => "no-folder",
            Self::Unreadable(_) => "unreadable",
            Self::NotASnapshot => "not-a-snapshot",
            Self::OtherVersion => "other-version",
            Self::FromTheFuture => "from-the-future",
            Self::NoJournal => "no-journal",
            Self::Unclean => "unclean",
        }
    }
}

impl From<Unloadable> for NotLoaded {
    fn from(why: Unloadable) -> Self {
        match why {
            Unloadable::NotASnapshot => Self::NotASnapshot,
            Unloadable::OtherVersion(_) => Self::OtherVersion,
            Unloadable::Unreadable(error) => Self::Unreadable(error),
        }
    }
}

impl Restored {
    /// For the metric.
    pub fn label(&self) -> &'static str {
        match self.ending {
            Ending::Complete => "complete",
            Ending::Full => "full",
            Ending::Damaged => "damaged",
        }
    }
}
