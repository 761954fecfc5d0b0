//! How many stored entries of a segment a set has: one row for each target URI, host and tag in use.
//!
//! For receipts, and to know when an invalidation can meet no stored entry. It remembers no
//! invalidation: that is `generations`. The segment's lock covers it.

use hashbrown::{HashTable, hash_table::Entry};

use crate::{Listed, Scope, generations::Mark, sets::Sets};

#[derive(Default)]
pub(crate) struct LiveCounts {
    rows: HashTable<Row>,
    /// The entries of all sets that receipts count.
    counted: u64,
}

/// 16 bytes: there is one for every stored target URI.
struct Row {
    scope: Scope,
    live: u32,
    /// How many of them no receipt names: 24 bits, more than a segment has of these.
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
    pub(crate) fn add(&mut self, sets: Sets<'_>) {
        self.counted += sets.counts();
        for (kind, scope) in each(sets) {
            let is = |row: &Row| row.is(kind, scope);
            match self.rows.entry(spread(scope), is, |r| spread(r.scope)) {
                Entry::Occupied(mut row) => {
                    let live = &mut row.get_mut().live;
                    *live = live.saturating_add(1);
                    row.get_mut().silence(sets.listed, 1);
                }
                Entry::Vacant(row) => {
                    let mut row = row.insert(Row {
                        scope,
                        live: 1,
                        silent: [0; 3],
                        kind,
                    });
                    row.get_mut().silence(sets.listed, 1);
                }
            }
        }
    }

    pub(crate) fn subtract(&mut self, sets: Sets<'_>) {
        self.counted = self.counted.saturating_sub(sets.counts());
        for (kind, scope) in each(sets) {
            let is = |row: &Row| row.is(kind, scope);
            if let Ok(mut row) = self.rows.find_entry(spread(scope), is) {
                row.get_mut().live -= 1;
                row.get_mut().silence(sets.listed, -1);
                if row.get().live == 0 {
                    row.remove();
                }
            }
        }
    }

    /// All entries that receipts count.
    pub(crate) const fn counted(&self) -> u64 {
        self.counted
    }

    /// Entries of the set; zero for a key, which is no set.
    pub(crate) fn count(&self, mark: Mark) -> Live {
        let (kind, scope) = match mark {
            Mark::Key(_) => return Live::default(),
            Mark::Uri(scope) => (Kind::Uri, scope),
            Mark::Host(scope) => (Kind::Host, scope),
            Mark::Tag(scope) => (Kind::Tag, scope),
        };
        self.rows
            .find(spread(scope), |r| r.is(kind, scope))
            .map_or(Live::default(), |row| {
                let all = u64::from(row.live);
                let counted = all - u64::from(row.silent()).min(all);
                Live { all, counted }
            })
    }
}

impl Live {
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            all: self.all + other.all,
            counted: self.counted + other.counted,
        }
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

fn each(sets: Sets<'_>) -> impl Iterator<Item = (Kind, Scope)> + '_ {
    let tags = sets.tags().map(|tag| (Kind::Tag, tag));
    [(Kind::Uri, sets.uri), (Kind::Host, sets.host)]
        .into_iter()
        .chain(tags)
}

/// Scopes are hashes already; this only protects from an owner whose hash is weak in some bits.
const fn spread(scope: Scope) -> u64 {
    let mixed = scope.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scopes;

    #[test]
    fn a_set_counts_its_entries_and_is_forgotten_with_the_last() {
        let mut counts = LiveCounts::default();
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
        counts.add(scopes(1).sets());
        counts.add(scopes(2).sets());
        let live = |all, counted| Live { all, counted };
        assert_eq!(counts.count(Mark::Host(Scope(7))), live(2, 1));
        assert_eq!(counts.count(Mark::Tag(Scope(7))), live(2, 1));
        assert_eq!(counts.count(Mark::Uri(Scope(1))), live(1, 1));
        assert_eq!(counts.count(Mark::Uri(Scope(2))), live(1, 0));
        assert_eq!(counts.counted(), 1);
        counts.subtract(scopes(1).sets());
        counts.subtract(scopes(2).sets());
        assert_eq!(counts.count(Mark::Host(Scope(7))), live(0, 0));
        assert!(counts.rows.is_empty());
    }
}
