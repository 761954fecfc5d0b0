//! Whether the store's books are right: what it holds, entry by entry, against what it says.

use std::{collections::HashSet, ops::ControlFlow};

use shoal_cache::{CacheEntry, Listed, Moment, Stats, Target};

use crate::{
    operation::key_hash,
    reference::{Reference, meets},
    subject::Subject,
    world::{World, Wrong, ensure, page_of},
};

/// All entries, those included that no look-up would hand out.
pub(crate) fn contents(subject: &Subject) -> Vec<CacheEntry> {
    let mut entries = Vec::new();
    subject.store.iterate(|entry| {
        entries.push(entry.clone());
        ControlFlow::Continue(())
    });
    entries
}

impl World {
    /// What the store holds of a page, whether or not a look-up would hand it out.
    pub(crate) fn there(&self, page: u64) -> Option<CacheEntry> {
        let entries = contents(&self.subject);
        entries.into_iter().find(|entry| page_of(entry) == page)
    }
}

/// What a receipt has to say of a target.
pub(crate) fn meant(entries: &[CacheEntry], reference: &Reference, target: &Target) -> Option<u64> {
    let counted = entries.iter().filter(|entry| {
        let page = page_of(entry);
        let tags = reference.stored.get(&page).map_or(&[][..], |v| &v.tags);
        entry.scopes().listed == Listed::Counted
            && match target {
                Target::Key(hash) => key_hash(page) == *hash,
                Target::Uri(_)
                | Target::Host(_)
                | Target::Tag(_)
                | Target::Prefix(_)
                | Target::Ban(_)
                | Target::All => meets(target, page, tags),
            }
    });
    match target {
        Target::Prefix(_) | Target::Ban(_) => None,
        Target::Key(_) | Target::Uri(_) | Target::Host(_) | Target::Tag(_) | Target::All => {
            Some(counted.count() as u64)
        }
    }
}

/// The sums over the entries are what the statistics say, and each is the last of its page.
pub(crate) fn audit(subject: &Subject, reference: &Reference) -> Result<(), Wrong> {
    let entries = contents(subject);
    let stats = subject.store.stats();
    let bytes: u64 = entries.iter().map(|entry| entry.weight()).sum();
    let pages: HashSet<u64> = entries.iter().map(page_of).collect();
    ensure(pages.len() == entries.len(), || {
        "a page is there twice".into()
    })?;
    for entry in &entries {
        let last = reference.stored.get(&page_of(entry)).map(|v| v.id);
        ensure(last == Some(entry.id()), || {
            format!("{:?} is there, {last:?} was stored last", entry.id())
        })?;
    }
    let Stats {
        total,
        used,
        fill_bytes,
        ..
    } = &stats;
    ensure(
        (total.entries, total.bytes) == (entries.len() as u64, bytes),
        || format!("{} entries of {bytes} bytes, but {total:?}", entries.len()),
    )?;
    ensure(
        total.probation_bytes + total.protected_bytes == bytes,
        || format!("{bytes} bytes, parts of {total:?}"),
    )?;
    ensure(*used == bytes + fill_bytes, || {
        format!("{used} used by {bytes} and {fill_bytes} of fills")
    })
}

/// As documented: how late the cleaner may be.
const TICK: u64 = 128;

/// After a whole pass of the cleaner nothing is there that could not be handed out a tick before.
pub(crate) fn nothing_is_left_over(
    subject: &Subject,
    reference: &mut Reference,
    now: Moment,
) -> Result<(), Wrong> {
    let before = Moment(now.0 - TICK);
    for entry in contents(subject) {
        let servable = reference
            .servable(page_of(&entry), before)
            .map(|(v, _)| v.id);
        ensure(servable == Some(entry.id()), || {
            format!("the cleaner left {:?}", entry.id())
        })?;
    }
    Ok(())
}
