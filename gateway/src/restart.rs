//! What outlives the process: the stored responses, in a file that is written while the gateway runs and
//! when it stops, and read when it starts.
//!
//! `keeping` says when, `steps` how, `file` is the file and how it is replaced, `journal` holds what was invalidated
//! since it was written, so that nothing that was purged comes back with it. What an entry looks like in
//! the file is the engine's (`shoal_cache`, `snapshot`).

mod boot;
mod file;
mod form;
pub mod journal;
pub mod keeping;
pub mod outcome;
mod steps;

use file::Claim;
use outcome::{Restored, Written};
use parking_lot::Mutex;
use std::time::SystemTime;

/// The part that all of a gateway shares.
#[derive(Debug, Default)]
pub struct Restart {
    /// Covers the whole of a load or a save: one at a time.
    turn: Mutex<Option<Claim>>,
    status: Mutex<Status>,
}

/// What `/stats` and the metrics show.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The last load of this process, once it is over.
    pub restored: Option<Restored>,
    /// A load goes on.
    pub loading: bool,
    /// The last snapshot that this process wrote.
    pub written: Option<Written>,
    /// Why the last attempt after it failed.
    pub failure: Option<String>,
}

impl Restart {
    /// As it stands.
    pub fn status(&self) -> Status {
        self.status.lock().clone()
    }
}

impl Written {
    /// How old it is.
    pub fn age(&self, now: SystemTime) -> std::time::Duration {
        now.duration_since(self.at).unwrap_or_default()
    }
}
