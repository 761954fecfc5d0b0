//! The steps of a load and of a save. They block.
//!
//! Both hold to one order. A save takes its journal before its first entry, and its place in one step with
//! it. A load applies what its journal says before its first entry, and goes on with that journal. So every
//! invalidation is in the store that was saved, or in the journal beside it.

use super::Restart;
use super::boot::Boot;
use super::file::{self, Claim, Draft, GiveUp, Header, Opened};
use super::journal::{Journal, Kept, Slot};
use super::outcome::{NotLoaded, NotWritten, Restored, Written};
use crate::clock;
use crate::gateway::Gateway;
use shoal_cache::{Ending, Epoch};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tracing::{error, info, warn};

/// A snapshot whose entries may come.
pub(super) struct Prepared {
    path: PathBuf,
    opened: Opened,
    /// Invalidations after it concern what is loaded. Whoever learns of more that were missed, such as a
    /// cluster, applies them before the load begins.
    since: Epoch,
}

/// Takes in everything but the entries. A snapshot that may not be used is set aside.
pub(super) fn prepare(gateway: &Gateway, path: PathBuf) -> Option<Prepared> {
    let prepared = {
        let mut claim = gateway.restart.turn.lock();
        try_prepare(gateway, &mut claim, &path)
    };
    match prepared {
        Ok(Some(prepared)) => {
            gateway.restart.status.lock().loading = true;
            Some(prepared)
        }
        Ok(None) => {
            info!(path = %path.display(), "no snapshot yet");
            None
        }
        Err(why) => {
            refuse(gateway, &path, &why);
            None
        }
    }
}

fn try_prepare(
    gateway: &Gateway,
    claim: &mut Option<Claim>,
    path: &Path,
) -> Result<Option<Prepared>, NotLoaded> {
    *claim = match Restart::claim(path) {
        Ok(Some(claim)) => Some(claim),
        Ok(None) => return Err(NotLoaded::InUse),
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(NotLoaded::NoFolder),
        Err(error) => return Err(NotLoaded::Unreadable(error)),
    };
    let (boot, now) = (Boot::current(), clock::now());
    let Some(opened) = Opened::open(path, &boot, now)? else {
        return Ok(None);
    };
    let Header { slot, id, .. } = opened.header;
    let journal = Journal::reopen(slot.path(path), id, &opened.history, &boot);
    let journal = journal.map_err(|_lost| NotLoaded::NoJournal)?;
    let mut journals = gateway.door.journals();
    let since = gateway.store.epoch();
    for invalidation in &opened.history.invalidations {
        let applied = gateway.store.apply(invalidation, clock::moment(now));
        applied.map_err(|_bad_pattern| NotLoaded::NoJournal)?;
    }
    journals.kept = Some(Kept {
        snapshot: path.to_owned(),
        slot,
        journal,
    });
    Ok(Some(Prepared {
        path: path.to_owned(),
        opened,
        since,
    }))
}

/// Loads the entries.
pub(super) fn load(gateway: &Gateway, prepared: Prepared) {
    let Prepared {
        path,
        opened,
        since,
    } = prepared;
    let began = clock::now();
    let loaded = gateway
        .store
        .load(opened.content, since, clock::moment(began));
    gateway.restart.status.lock().loading = false;
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(why) => return refuse(gateway, &path, &why.into()),
    };
    let restored = Restored {
        took: elapsed(began),
        age: began
            .duration_since(opened.header.began)
            .unwrap_or_default(),
        entries: loaded.entries,
        left_out: loaded.left_out,
        ending: loaded.ending,
    };
    let (path, seconds) = (path.display(), restored.took.as_secs_f64());
    let (entries, left_out) = (restored.entries, restored.left_out);
    match restored.ending {
        Ending::Complete => info!(%path, entries, left_out, seconds, "the snapshot is loaded"),
        Ending::Full => {
            warn!(%path, entries, left_out, seconds, "the snapshot is loaded as far as max_memory allows")
        }
        Ending::Damaged => {
            error!(%path, entries, left_out, seconds, "the snapshot is damaged; what comes before the damage is loaded")
        }
    }
    gateway.metrics.restart().loaded(&restored);
    gateway.restart.status.lock().restored = Some(restored);
}

/// Writes a snapshot in place of the one before, which stays if that fails.
pub(super) fn save(gateway: &Gateway, path: &Path, give_up: &GiveUp) {
    let mut claim = gateway.restart.turn.lock();
    let saved = hold(&mut claim, path).and_then(|()| try_save(gateway, path, give_up));
    let mut status = gateway.restart.status.lock();
    match saved {
        Ok(written) => {
            let (entries, bytes) = (written.entries, written.bytes);
            let seconds = written.took.as_secs_f64();
            info!(path = %path.display(), entries, bytes, seconds, "the snapshot is written");
            gateway.metrics.restart().written();
            status.written = Some(written);
            status.failure = None;
        }
        Err(why) => {
            warn!(path = %path.display(), %why, "no snapshot is written; the one before stays");
            gateway.metrics.restart().not_written(&why);
            status.failure = Some(why.to_string());
        }
    }
}

fn hold(claim: &mut Option<Claim>, path: &Path) -> Result<(), NotWritten> {
    if claim.as_ref().is_none_or(|claim| claim.path != path) {
        *claim = Some(Restart::claim(path)?.ok_or(NotWritten::InUse)?);
    }
    Ok(())
}

fn try_save(gateway: &Gateway, path: &Path, give_up: &GiveUp) -> Result<Written, NotWritten> {
    let at = clock::now();
    let slot = {
        let journals = gateway.door.journals();
        let kept = journals.kept.as_ref().filter(|kept| kept.snapshot == path);
        kept.map_or(Slot::Even, |kept| kept.slot.other())
    };
    let header = Header::new(slot, at);
    let journal = Journal::create(header.slot.path(path), header.id, &Boot::current())?;
    gateway.door.journals().begin(journal);
    let written = Draft::begin(path, &header, give_up)
        .and_then(|mut draft| {
            let saved = gateway.store.save(draft.content(), clock::moment(at))?;
            Ok((saved, draft.finish()?, draft))
        })
        .map_err(NotWritten::from)
        .and_then(|(saved, bytes, draft)| {
            publish(gateway, path, header.slot, &draft)?;
            Ok(Written {
                at,
                took: elapsed(at),
                entries: saved.entries,
                bytes,
            })
        });
    if written.is_err() {
        gateway.door.journals().next = None;
        // What is left over costs nothing but its room; the next attempt replaces it.
        let _ = std::fs::remove_file(file::partial(path));
    }
    written
}

/// The snapshot takes its place, and its journal becomes the one that counts.
fn publish(gateway: &Gateway, path: &Path, slot: Slot, draft: &Draft) -> Result<(), NotWritten> {
    let mut journals = gateway.door.journals();
    let Some(journal) = journals.next.take() else {
        let broke = journals.broke.take();
        return Err(NotWritten::Journal(
            broke.unwrap_or_else(|| ErrorKind::Other.into()),
        ));
    };
    draft.publish()?;
    let before = journals.kept.replace(Kept {
        snapshot: path.to_owned(),
        slot,
        journal,
    });
    drop(journals);
    match before {
        Some(kept) if kept.snapshot == path => drop(std::fs::remove_file(kept.journal.path())),
        Some(kept) => removed(&kept.snapshot),
        None => {}
    }
    Ok(file::sync_folder(path)?)
}

/// The configuration names no snapshot any more: what it would miss from here on makes the old one
/// dangerous, so it goes.
pub(super) fn leave(gateway: &Gateway) {
    *gateway.restart.turn.lock() = None;
    let kept = gateway.door.journals().kept.take();
    if let Some(kept) = kept {
        removed(&kept.snapshot);
    }
}

/// Nothing more comes. A snapshot at another place than the one that is wanted, if any is, goes: what comes
/// after this process would not know of it.
pub(super) fn seal(gateway: &Gateway, wanted: Option<&Path>) {
    let mut journals = gateway.door.journals();
    let elsewhere = |kept: &mut Kept| wanted.is_some_and(|wanted| kept.snapshot != wanted);
    if let Some(kept) = journals.kept.take_if(elsewhere) {
        removed(&kept.snapshot);
    }
    journals.seal();
}

/// Says why, and puts the file where no later start finds it: it has missed invalidations by then.
fn refuse(gateway: &Gateway, path: &Path, why: &NotLoaded) {
    error!(path = %path.display(), %why, "the snapshot is refused; the cache starts cold");
    gateway.metrics.restart().refused(why);
    match why {
        NotLoaded::InUse | NotLoaded::NoFolder => return,
        NotLoaded::Unreadable(_)
        | NotLoaded::NotASnapshot
        | NotLoaded::OtherVersion
        | NotLoaded::FromTheFuture
        | NotLoaded::NoJournal
        | NotLoaded::Unclean => {}
    }
    gateway.door.journals().kept = None;
    match std::fs::rename(path, file::refused(path)) {
        Ok(()) => removed(path),
        Err(stays) => {
            error!(path = %path.display(), %stays, "remove it before the next start: it may bring back what was purged");
        }
    }
}

/// Removes what belongs to `path`.
fn removed(path: &Path) {
    if let Err(stays) = file::remove(path) {
        error!(path = %path.display(), %stays, "remove it before the next start: it may bring back what was purged");
    }
}

fn elapsed(began: SystemTime) -> std::time::Duration {
    clock::now().duration_since(began).unwrap_or_default()
}
