//! How many stored entries a set has: one for each target URI, host and tag in use.
//!
//! For receipts, and to know when an invalidation can meet no stored entry. It remembers no
//! invalidation: that is `generations`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hashbrown::{HashTable, hash_table::Entry};
use parking_lot::Mutex;

use crate::{Listed, Scope, Scopes, generations::Mark};

/// Locks, so that fills of different sets seldom wait for each other.
const SHARDS: usize = 16;

pub(crate) struct LiveCounts {
    shards: [Mutex<HashTable<Row>>; SHARDS],
    /// The entries of all sets that receipts count.
    counted: AtomicU64,
}

/// 16 bytes: there is one for every stored target URI.
struct Row {
    scope: Scope,
    live: u32,
    /// How many of them no receipt names: 24 bits, more than a store holds.
    silent: [u8; 3],
    kind: Kind,
}

/// How many entries a set has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) all: u64,
    /// Of these, the ones that receipts count.
    pub(crate) counted: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Uri,
    Host,
    Tag,
}

impl LiveCounts {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::new(HashTable::new())),
            counted: AtomicU64::new(0),
        }
    }

    pub(crate) fn add(&self, scopes: &Scopes) {
        self.counted.fetch_add(counts(scopes), Relaxed);
        for (kind, scope) in sets(scopes) {
            let mut rows = self.shard(scope).lock();
            match rows.entry(spread(scope), |r| r.is(kind, scope), |r| spread(r.scope)) {
                Entry::Occupied(mut row) => {
                    let live = &mut row.get_mut().live;
                    *live = live.saturating_add(1);
                    row.get_mut().silence(scopes.listed, 1);
                }
                Entry::Vacant(row) => {
                    let mut row = row.insert(Row {
                        scope,
                        live: 1,
                        silent: [0; 3],
                        kind,
                    });
                    row.get_mut().silence(scopes.listed, 1);
                }
            }
        }
    }

    pub(crate) fn subtract(&self, scopes: &Scopes) {
        self.counted.fetch_sub(counts(scopes), Relaxed);
        for (kind, scope) in sets(scopes) {
            let mut rows = self.shard(scope).lock();
            if let Ok(mut row) = rows.find_entry(spread(scope), |r| r.is(kind, scope)) {
                row.get_mut().live -= 1;
                row.get_mut().silence(scopes.listed, -1);
                if row.get().live == 0 {
                    row.remove();
                }
            }
        }
    }

    /// All entries that receipts count.
    pub(crate) fn counted(&self) -> u64 {
        self.counted.load(Relaxed)
    }

    /// Entries of the set; zero for a key, which is no set.
    pub(crate) fn count(&self, mark: Mark) -> Live {
        let (kind, scope) = match mark {
            Mark::Key(_) => return Live::default(),
            Mark::Uri(scope) => (Kind::Uri, scope),
            Mark::Host(scope) => (Kind::Host, scope),
            Mark::Tag(scope) => (Kind::Tag, scope),
        };
        let rows = self.shard(scope).lock();
        rows.find(spread(scope), |r| r.is(kind, scope))
            .map_or(Live::default(), |row| {
                let all = u64::from(row.live);
                let counted = all - u64::from(row.silent()).min(all);
                Live { all, counted }
            })
    }

    #[expect(clippy::indexing_slicing, reason = "the index is a remainder")]
    const fn shard(&self, scope: Scope) -> &Mutex<HashTable<Row>> {
        // The top bits choose the shard; the table uses others.
        &self.shards[(spread(scope) >> 32) as usize % SHARDS]
    }
}

impl Row {
    fn is(&self, kind: Kind, scope: Scope) -> bool {
        self.scope == scope && self.kind == kind
    }

    fn silent(&self) -> u32 {
        let [high, middle, low] = self.silent;
        u32::from_be_bytes([0, high, middle, low])
    }

    fn silence(&mut self, listed: Listed, change: i32) {
        match listed {
            Listed::Counted => {}
            Listed::Silent => {
                let [_, silent @ ..] = self.silent().saturating_add_signed(change).to_be_bytes();
                self.silent = silent;
            }
        }
    }
}

fn sets(scopes: &Scopes) -> impl Iterator<Item = (Kind, Scope)> + '_ {
    let tags = scopes.tags.iter().map(|tag| (Kind::Tag, *tag));
    [(Kind::Uri, scopes.uri), (Kind::Host, scopes.host)]
        .into_iter()
        .chain(tags)
}

/// What an entry adds to a receipt.
pub(crate) const fn counts(scopes: &Scopes) -> u64 {
    match scopes.listed {
        Listed::Counted => 1,
        Listed::Silent => 0,
    }
}

/// Scopes are hashes already; this only protects from an owner whose hash is weak in some bits.
const fn spread(scope: Scope) -> u64 {
    let mixed = scope.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_counts_its_entries_and_is_forgotten_with_the_last() {
        let counts = LiveCounts::new();
        let scopes = |uri| Scopes {
            uri: Scope(uri),
            host: Scope(7),
            tags: [Scope(7)].into(),
            listed: if uri == 2 {
                Listed::Silent
            } else {
                Listed::Counted
            },
        };
        counts.add(&scopes(1));
        counts.add(&scopes(2));
        let live = |all, counted| Live { all, counted };
        assert_eq!(counts.count(Mark::Host(Scope(7))), live(2, 1));
        assert_eq!(counts.count(Mark::Tag(Scope(7))), live(2, 1));
        assert_eq!(counts.count(Mark::Uri(Scope(1))), live(1, 1));
        assert_eq!(counts.count(Mark::Uri(Scope(2))), live(1, 0));
        assert_eq!(counts.counted(), 1);
        counts.subtract(&scopes(1));
        counts.subtract(&scopes(2));
        assert_eq!(counts.count(Mark::Host(Scope(7))), live(0, 0));
        assert!(counts.shards.iter().all(|shard| shard.lock().is_empty()));
    }
}
