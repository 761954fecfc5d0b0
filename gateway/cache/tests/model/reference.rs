//! The naive model: the last version of every page and every invalidation ever applied.
//!
//! It decides by going through the list. It evicts nothing, forgets nothing and knows no bytes.

use std::collections::HashMap;

use shoal_cache::{EntryId, Epoch, Listed, Moment, Scope, Stamp, Strength, Target};

use crate::operation::{host_scope, key_hash, tag_scope, uri, uri_scope};

/// One response, complete or on its way.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) id: EntryId,
    pub(crate) page: u64,
    pub(crate) meta: Vec<u8>,
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) trailers: Vec<u8>,
    pub(crate) tags: Vec<u64>,
    pub(crate) listed: Listed,
    pub(crate) stamp: Stamp,
    pub(crate) epoch: Epoch,
    pub(crate) requested: Moment,
    pub(crate) useful_until: Moment,
    /// Invalidations that were looked at, and what they did.
    pub(crate) seen: usize,
    pub(crate) fate: Fate,
}

/// What the invalidations after the origin request did to a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Untouched,
    Softened,
    Gone,
}

pub(crate) struct Applied {
    pub(crate) target: Target,
    pub(crate) strength: Strength,
    pub(crate) at: Moment,
}

#[derive(Default)]
pub(crate) struct Reference {
    pub(crate) stored: HashMap<u64, Version>,
    /// The fill of a page that look-ups find.
    pub(crate) followed: HashMap<u64, EntryId>,
    /// The first has epoch 1.
    pub(crate) applied: Vec<Applied>,
    pub(crate) bound: Option<u64>,
    pub(crate) proof: Moment,
}

impl Version {
    pub(crate) fn new(page: u64, epoch: Epoch) -> Self {
        Self {
            id: EntryId(0),
            page,
            meta: Vec::new(),
            offset: 0,
            length: 0,
            trailers: Vec::new(),
            tags: Vec::new(),
            listed: Listed::Counted,
            stamp: Stamp::default(),
            epoch,
            requested: Moment(0),
            useful_until: Moment::MAX,
            seen: usize::try_from(epoch.count()).unwrap(),
            fate: Fate::Untouched,
        }
    }

    pub(crate) fn fate(&mut self, applied: &[Applied]) -> Fate {
        for invalidation in &applied[self.seen..] {
            if meets(&invalidation.target, self.page, &self.tags) {
                self.fate = self.fate.max(match invalidation.strength {
                    Strength::Hard => Fate::Gone,
                    Strength::Soft => Fate::Softened,
                });
            }
        }
        self.seen = applied.len();
        self.fate
    }
}

impl Reference {
    /// What is stored of a page and may be served, if the store has not forgotten it.
    pub(crate) fn servable(&mut self, page: u64, now: Moment) -> Option<(&Version, Fate)> {
        let version = self.stored.get_mut(&page)?;
        let fate = version.fate(&self.applied);
        (fate != Fate::Gone && now < version.useful_until).then_some((&*version, fate))
    }

    pub(crate) fn fenced(&self, requested: Moment, now: Moment) -> bool {
        self.bound
            .is_some_and(|bound| now.0 > self.proof.max(requested).0.saturating_add(bound))
    }
}

/// Whether a target means an entry with these sets. Nothing of the store's is used.
pub(crate) fn meets(target: &Target, page: u64, tags: &[u64]) -> bool {
    match target {
        Target::Key(hash) => key_hash(page) == *hash,
        Target::Uri(_) | Target::Host(_) | Target::Tag(_) => in_set(target, page, tags),
        Target::Prefix(text) => uri(page).starts_with(&**text),
        Target::Ban(pattern) => match pattern.strip_prefix('^') {
            Some(whole) => uri(page) == whole.trim_end_matches('$'),
            None => uri(page).ends_with(&pattern.replace("[.]", ".").replace('$', "")),
        },
        Target::All => true,
    }
}

fn in_set(target: &Target, page: u64, tags: &[u64]) -> bool {
    let has = |scope: Scope| tags.iter().any(|tag| tag_scope(*tag) == scope);
    match target {
        Target::Uri(scope) => uri_scope(page) == *scope,
        Target::Host(scope) => host_scope(page) == *scope,
        Target::Tag(scope) => has(*scope),
        Target::Key(_) | Target::Prefix(_) | Target::Ban(_) | Target::All => false,
    }
}
