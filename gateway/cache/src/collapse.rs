//! Who fetches and who waits: one leader for each key.
//!
//! It is generic over what followers wait on, and does not wait itself: a lock of Pingora's, a
//! gRPC flight. What a leader receives goes into a `fill`.

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::Deref,
    sync::Arc,
};

use crate::{KeyHash, sync::Mutex};

/// Locks, so that requests for different keys seldom meet. The table itself is bounded by the
/// leaders, that is by the requests in flight.
const SHARDS: usize = 64;

/// The requests under way, by key.
pub struct Collapse<T> {
    shards: Arc<[Shard<T>]>,
}

type Shard<T> = Mutex<HashMap<KeyHash, Arc<T>>>;

/// The part that a request plays.
pub enum Joined<T> {
    /// It is the first: it fetches, and the others wait on what it made.
    Leader(Lease<T>),
    /// Another fetches: wait on this.
    Follower(Arc<T>),
}

/// The leader's hold on a key. Dropped, the key is free again; followers keep their value.
pub struct Lease<T> {
    shards: Arc<[Shard<T>]>,
    hash: KeyHash,
    value: Arc<T>,
}

impl<T> Collapse<T> {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Leads with a new value, or follows the one that is there. `make` runs under a lock: it must
    /// be short and must not come back here.
    pub fn join(&self, hash: KeyHash, make: impl FnOnce() -> T) -> Joined<T> {
        self.replace_if(hash, |_| false, make)
    }

    /// As [`Collapse::join`], but leads also when the value that is there is `dead`: its leader
    /// gave up without a drop, or hangs. The old lease then releases nothing. Both closures run
    /// under a lock.
    pub fn replace_if(
        &self,
        hash: KeyHash,
        dead: impl FnOnce(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> Joined<T> {
        let replaced; // Dropped after the lock.
        let mut keys = shard(&self.shards, hash).lock();
        let value = match keys.entry(hash) {
            Entry::Occupied(mut place) => {
                if !dead(place.get()) {
                    return Joined::Follower(Arc::clone(place.get()));
                }
                let value = Arc::new(make());
                replaced = Some(place.insert(Arc::clone(&value)));
                value
            }
            Entry::Vacant(place) => {
                replaced = None;
                Arc::clone(place.insert(Arc::new(make())))
            }
        };
        drop(keys);
        drop(replaced);
        Joined::Leader(Lease {
            shards: Arc::clone(&self.shards),
            hash,
            value,
        })
    }

    /// What is under way for a key.
    #[must_use]
    pub fn get(&self, hash: KeyHash) -> Option<Arc<T>> {
        shard(&self.shards, hash).lock().get(&hash).cloned()
    }

    /// Keys that have a leader.
    #[must_use]
    pub fn leaders(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

impl<T> Default for Collapse<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Lease<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        &self.value
    }
}

impl<T> Drop for Lease<T> {
    fn drop(&mut self) {
        let mut keys = shard(&self.shards, self.hash).lock();
        // A successor may have taken the key over.
        let own = keys
            .get(&self.hash)
            .is_some_and(|value| Arc::ptr_eq(value, &self.value));
        let released = if own { keys.remove(&self.hash) } else { None };
        drop(keys);
        drop(released);
    }
}

#[expect(clippy::indexing_slicing, reason = "the index is a remainder")]
fn shard<T>(shards: &[Shard<T>], hash: KeyHash) -> &Shard<T> {
    &shards[(hash.high() >> 32) as usize % SHARDS]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: KeyHash = KeyHash(1);

    fn lead(table: &Collapse<u8>, value: u8) -> Lease<u8> {
        match table.join(HASH, || value) {
            Joined::Leader(lease) => lease,
            Joined::Follower(_) => panic!("expected to lead"),
        }
    }

    #[track_caller]
    fn expect_follower(joined: Joined<u8>, value: u8) {
        match joined {
            Joined::Leader(_) => panic!("expected to follow"),
            Joined::Follower(found) => assert_eq!(*found, value),
        }
    }

    #[test]
    fn the_first_leads_and_the_others_follow_until_it_ends() {
        let table = Collapse::new();
        let lease = lead(&table, 1);
        expect_follower(table.join(HASH, || 2), 1);
        assert_eq!((**lease, table.leaders()), (1, 1));
        drop(lease);
        assert!(table.get(HASH).is_none());
        drop(lead(&table, 3));
    }

    #[test]
    fn a_dead_leader_is_replaced_and_its_lease_releases_nothing() {
        let table = Collapse::new();
        let dead = lead(&table, 1);
        expect_follower(table.replace_if(HASH, |value| *value != 1, || 2), 1);
        let Joined::Leader(successor) = table.replace_if(HASH, |value| *value == 1, || 2) else {
            panic!("expected to lead")
        };
        drop(dead);
        expect_follower(table.join(HASH, || 3), 2);
        drop(successor);
        assert_eq!(table.leaders(), 0);
    }

    #[test]
    fn one_of_many_threads_leads() {
        let table = Collapse::new();
        let joined: Vec<Joined<i32>> = std::thread::scope(|scope| {
            let join = |n| {
                let table = &table;
                scope.spawn(move || table.join(HASH, || n))
            };
            let threads: Vec<_> = (0..8).map(join).collect();
            let joined = threads.into_iter().map(|thread| thread.join().unwrap());
            joined.collect()
        });
        let leads = |joined: &&Joined<i32>| matches!(joined, Joined::Leader(_));
        assert_eq!((joined.len(), joined.iter().filter(leads).count()), (8, 1));
    }
}
