//! Many threads at once: fills, readers, purges, the cleaner, and what must hold all the while.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use bytes::Bytes;
use shoal_cache::{Budget, FillSpec, Found, Moment, Piece, Reader, Scope, Store, Target};

use crate::vocabulary::*;

const PAGES: u64 = 24;
const ROUNDS: u64 = 4000;
const PIECES: usize = 4;

/// The origin's pages: a purge follows a change, as a publisher would do it. The pages of a tag
/// change together.
struct Origin {
    versions: [AtomicU64; 3],
    /// What has been purged: no page of the tag may be older than this.
    purged: [AtomicU64; 3],
}

/// Wakes a parked thread.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn read_to_end(reader: &mut Reader) -> Result<Vec<u8>, ()> {
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    let cx = Context::from_waker(&waker);
    let mut bytes = Vec::new();
    loop {
        match reader.poll_next(&cx) {
            Poll::Ready(Piece::Data(data)) => bytes.extend_from_slice(&data),
            Poll::Ready(Piece::Trailers(_)) => {}
            Poll::Ready(Piece::End) => return Ok(bytes),
            Poll::Ready(Piece::Failed) => return Err(()),
            Poll::Pending => thread::park(),
        }
    }
}

/// A page is its version, repeated.
fn write_page(version: u64) -> Bytes {
    Bytes::from(version.to_be_bytes().repeat(100))
}

#[track_caller]
fn version_of(bytes: &[u8]) -> u64 {
    let version: [u8; 8] = bytes[..8].try_into().unwrap();
    assert_eq!(bytes.len(), 800 * PIECES, "torn");
    assert!(bytes.chunks(8).all(|word| word == version), "mixed");
    u64::from_be_bytes(version)
}

fn fetch(store: &Store, origin: &Origin, n: u64, round: u64) {
    let mut spec = page(store, n); // Takes the epoch before the origin is asked.
    spec = FillSpec {
        requested: Moment(0),
        ..spec
    };
    let version = origin.versions[(n % 3) as usize].load(SeqCst);
    let Ok(mut fill) = store.begin_fill(spec) else {
        return;
    };
    for _ in 0..PIECES {
        fill.write(write_page(version));
        if round.is_multiple_of(3) {
            thread::yield_now();
        }
    }
    if !round.is_multiple_of(7) {
        let _refused_if_purged = fill.finish(None);
    }
}

fn visit(store: &Store, origin: &Origin, n: u64) -> bool {
    let least = origin.purged[(n % 3) as usize].load(SeqCst);
    let version = match store.get(&key(n), NOW) {
        Some(Found::Complete(hit)) => version_of(&body_of(&hit.entry)),
        Some(Found::Filling(mut reader)) => match read_to_end(&mut reader) {
            Ok(bytes) => version_of(&bytes),
            Err(()) => return true,
        },
        None => return false,
    };
    assert!(
        version >= least,
        "page {n}: version {version} after a purge of {least}"
    );
    true
}

fn publish(store: &Store, origin: &Origin, round: u64) {
    let tag = (round % 3) as usize;
    let version = origin.versions[tag].fetch_add(1, SeqCst) + 1;
    match round % 5 {
        0 => hard(store, Target::All),
        1 => hard(store, Target::Ban("https://host/.*".into())),
        _ => hard(store, Target::Tag(Scope(tag as u64))),
    };
    // All and the ban purge more than was changed, so this holds for each of them.
    origin.purged[tag].fetch_max(version, SeqCst);
}

#[test]
fn no_purged_version_and_no_torn_body_is_ever_seen() {
    // Room for about half of the pages, so that eviction takes part.
    let store = store(PAGES * 4500 / 2);
    let origin = Origin {
        versions: Default::default(),
        purged: Default::default(),
    };
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let (store, origin, ended) = (&store, &origin, &ended);
        let clients: Vec<_> = (0..4)
            .map(|client| {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let n = (round * (2 * client + 3) + client) % PAGES;
                        if !visit(store, origin, n) {
                            fetch(store, origin, n, round);
                        }
                    }
                })
            })
            .collect();
        scope.spawn(move || {
            let mut round = 0;
            while !ended.load(SeqCst) {
                publish(store, origin, round);
                // Ages tombstones fast, so that they are forgotten while fills are under way.
                let now = Moment(NOW.0 + round * 200_000);
                store.maintain(
                    now,
                    Budget {
                        entries: 5,
                        holds: 20,
                    },
                );
                round += 1;
                thread::yield_now();
            }
        });
        let failed = clients
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .any(|r| r.is_err());
        ended.store(true, SeqCst);
        assert!(!failed);
    });
    let stats = store.stats();
    assert_eq!(
        (stats.used, stats.fills, stats.fill_bytes),
        (stats.total.bytes, 0, 0)
    );
    assert!(
        stats.used <= stats.max_memory && stats.total.hits > 0,
        "{stats:?}"
    );
}
