//! A limit that changes while fills and evictions run: in the end what is held is within it, and
//! every byte is on the account of an entry.

use std::sync::Arc;

use shoal_cache::{Budget, Fault, Store};
use shuttle::thread;

use crate::{evict_and_hit::expect_accounts_to_close, search::holds_but_for, vocabulary::*};

const HIGH: u64 = 12 << 10;
const LOW: u64 = 5 << 10;
const PAGES: u64 = 4;
/// More than entries and fills can ever hold together here.
const CEILING: u64 = HIGH + (PAGES + 1) * (4 << 10);

#[test]
fn a_limit_that_falls_and_rises_loses_nothing_and_is_kept() {
    let faults = [
        Fault::AddsInTwoSteps,
        Fault::ChargesAfterLink,
        Fault::ReadsLimitTwice,
    ];
    holds_but_for(&faults, || {
        let store = Arc::new(segmented_store(HIGH, 2));
        put(&store, 0, &[0; 1000]).unwrap();
        let fillers = [[1, 2], [3, 4]].map(|pages| {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                for n in pages {
                    // While the limit is zero there is no room for a fill.
                    let _refused = put(&store, n, &[0; 1000]);
                    expect_sane(&store);
                }
            })
        });
        for limit in [0, HIGH, LOW] {
            store.resize(limit);
            store.maintain(NOW, Budget::default());
            expect_sane(&store);
        }
        for filler in fillers {
            filler.join().unwrap();
        }
        store.maintain(NOW, Budget::default());
        let stats = store.stats();
        assert!(stats.used <= LOW, "{} of {LOW}", stats.used);
        assert_eq!(stats.used, stats.total.bytes);
        expect_accounts_to_close(&store, PAGES + 1);
    });
}

fn expect_sane(store: &Store) {
    let used = store.stats().used;
    assert!(used <= CEILING, "{used} bytes are charged");
}
