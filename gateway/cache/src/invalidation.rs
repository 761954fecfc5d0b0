//! The words of invalidation: what is meant, how hard, and what the store answers.
//!
//! Only vocabulary. How a target is remembered and tested is `generations`; where invalidations
//! come from is the gateway's.

use crate::{Epoch, KeyHash};

/// A stable 64-bit hash of a target URI, a host or a tag, made by the owner. A collision
/// invalidates too much, never too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(pub u64);

/// The sets that an entry belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes {
    /// Its target URI: all variants of a resource share it.
    pub uri: Scope,
    /// Its host.
    pub host: Scope,
    /// Its tags, each once. The owner bounds their number; their memory is charged.
    pub tags: Box<[Scope]>,
    /// Whether receipts count it.
    pub listed: Listed,
}

/// Whether an entry is one of the things that people store, or a help of the owner's in finding them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Listed {
    /// Receipts count it.
    #[default]
    Counted,
    /// It is invalidated with its sets, and no receipt names it.
    Silent,
}

/// What an invalidation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One key.
    Key(KeyHash),
    /// Every variant of a target URI.
    Uri(Scope),
    /// Everything of a host.
    Host(Scope),
    /// Everything with a tag.
    Tag(Scope),
    /// Every target URI that starts with this text.
    Prefix(Box<str>),
    /// Every target URI that this regular expression matches.
    Ban(Box<str>),
    /// Everything.
    All,
}

/// What happens to the entries that are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strength {
    /// They are gone.
    Hard,
    /// They stay, and must be validated before they are used again.
    Soft,
}

/// One invalidation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// What is meant.
    pub target: Target,
    /// How hard.
    pub strength: Strength,
}

/// The receipt of an invalidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The store's epoch with this invalidation counted in.
    pub epoch: Epoch,
    /// How many entries in the store were meant, those included that an earlier invalidation
    /// condemned and the cleaner has not met yet. `None` for a prefix and a ban, which are tested
    /// when an entry is read.
    pub objects: Option<u64>,
}
