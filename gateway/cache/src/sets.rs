//! The sets of a response in one form, however they are kept.
//!
//! A caller names them as `Scopes`; an entry keeps its tags packed among its bytes. Counting and
//! testing see only this.

use crate::{Listed, Scope, Scopes};

/// The sets that a response belongs to. Two are equal when they were kept alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sets<'a> {
    pub(crate) uri: Scope,
    pub(crate) host: Scope,
    pub(crate) listed: Listed,
    /// One of the two is empty.
    loose: &'a [Scope],
    packed: &'a [[u8; 8]],
}

impl<'a> Sets<'a> {
    /// With the tags as [`pack`] wrote them.
    pub(crate) fn packed(uri: Scope, host: Scope, listed: Listed, tags: &'a [u8]) -> Self {
        Self {
            uri,
            host,
            listed,
            loose: &[],
            packed: tags.as_chunks().0,
        }
    }

    pub(crate) fn tags(self) -> impl Iterator<Item = Scope> + 'a {
        let packed = self
            .packed
            .iter()
            .map(|tag| Scope(u64::from_le_bytes(*tag)));
        self.loose.iter().copied().chain(packed)
    }

    pub(crate) fn scopes(self) -> Scopes {
        Scopes {
            uri: self.uri,
            host: self.host,
            tags: self.tags().collect(),
            listed: self.listed,
        }
    }

    /// What it adds to a receipt.
    pub(crate) const fn counts(self) -> u64 {
        match self.listed {
            Listed::Counted => 1,
            Listed::Silent => 0,
        }
    }
}

impl Scopes {
    pub(crate) const fn sets(&self) -> Sets<'_> {
        Sets {
            uri: self.uri,
            host: self.host,
            listed: self.listed,
            loose: &self.tags,
            packed: &[],
        }
    }
}

/// The tags as bytes.
pub(crate) fn pack(tags: &[Scope], to: &mut Vec<u8>) {
    for tag in tags {
        to.extend_from_slice(&tag.0.to_le_bytes());
    }
}
