//! Eviction and hits: what was handed out stays what it is, and whatever leaves is settled once.

use std::sync::Arc;

use shoal_cache::{Budget, Fault, Hit, Target};
use shoal_cache::{FillSpec, Moment, Store};
use shuttle::thread;

use crate::{search::holds_but_for, vocabulary::*};

/// Room for two pages and a fill.
const ROOM: u64 = 5 << 10;

#[test]
fn a_hit_stays_whole_while_its_entry_is_evicted() {
    holds_but_for(&[Fault::FindsInTwoHolds], || {
        let store = Arc::new(segmented_store(ROOM, 1));
        put(&store, 0, &body(0)).unwrap();
        let held = hit(&store, 0).unwrap();
        let readers = [0, 1].map(|n| {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                let hits: Vec<Hit> = [n, n + 1].iter().filter_map(|n| seen(&store, *n)).collect();
                hits.iter().for_each(expect_whole);
            })
        });
        for n in 1..4 {
            put(&store, n, &body(n)).unwrap();
        }
        for reader in readers {
            reader.join().unwrap();
        }
        expect_whole(&held);
        assert!(store.stats().total.evictions.space > 0);
        expect_accounts_to_close(&store, 4);
    });
}

#[test]
fn what_several_find_expired_leaves_once() {
    holds_but_for(&[Fault::SettlesTwice], || {
        let store = Arc::new(segmented_store(1 << 20, 1));
        put(&store, 1, &body(1)).unwrap();
        let short = FillSpec {
            useful_until: Moment(NOW.0 + 1),
            ..page(&store, 0)
        };
        put_page(&store, short, &body(0)).unwrap();
        let later = Moment(NOW.0 + 2);
        let reader = thread::spawn({
            let store = Arc::clone(&store);
            move || assert!(hit_at(&store, 0, later).is_none())
        });
        let cleaner = thread::spawn({
            let store = Arc::clone(&store);
            move || store.maintain(later, Budget::default()).expired
        });
        assert!(hit_at(&store, 0, later).is_none());
        reader.join().unwrap();
        cleaner.join().unwrap();
        let stats = store.stats();
        assert_eq!((stats.total.entries, stats.used), (1, stats.total.bytes));
        expect_accounts_to_close(&store, 2);
    });
}

/// A page's own number, many times.
fn body(n: u64) -> Vec<u8> {
    n.to_be_bytes().repeat(128)
}

fn seen(store: &Store, n: u64) -> Option<Hit> {
    let hit = hit(store, n)?;
    assert_eq!(
        hit.entry.key(),
        &*key(n).bytes,
        "another page was handed out"
    );
    Some(hit)
}

fn expect_whole(hit: &Hit) {
    let n = hit.entry.scopes().uri.0;
    assert_eq!(body_of(&hit.entry), body(n));
    assert_eq!(hit.entry.key(), &*key(n).bytes);
}

/// With the last entry gone, every account is at zero.
pub(crate) fn expect_accounts_to_close(store: &Store, pages: u64) {
    for n in 0..pages {
        store.remove(&key(n), None);
    }
    let stats = store.stats();
    assert_eq!(
        (stats.total.entries, stats.total.bytes, stats.used),
        (0, 0, 0)
    );
    assert_eq!((stats.fills, stats.fill_bytes), (0, 0));
    assert_eq!(hard(store, Target::All).objects, Some(0));
}
