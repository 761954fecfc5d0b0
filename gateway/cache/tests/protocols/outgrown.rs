//! A fill that is too large to be stored, and those who follow it: what is kept for them is bounded, and
//! they get all of it.

use std::{future::poll_fn, sync::Arc};

use bytes::Bytes;
use shoal_cache::{Fault, FillSpec, Found, OUTGROWN_WINDOW, Refusal, Written};
use shuttle::{future::block_on, thread};

use crate::{fill_and_reader::read, search::holds_but_for, vocabulary::*};

/// Two pieces of the body are more than the window.
const PIECE: usize = 200 << 10;
const PIECES: u8 = 3;

#[test]
fn followers_of_an_outgrown_fill_get_all_of_it_and_hold_it_back() {
    let faults = [
        Fault::WaitsAfterLook,
        Fault::WaitsAfterLookForRoom,
        Fault::SitsDownLate,
        Fault::ChargesInTwoSteps,
    ];
    holds_but_for(&faults, || {
        let store = Arc::new(segmented_store(8 << 20, 1));
        let spec = FillSpec {
            max_body: PIECE as u64,
            ..page(&store, 1)
        };
        let mut fill = store.begin_fill(spec).unwrap();
        let mut early = fill.reader();
        let early = thread::spawn(move || Some(read(&mut early)));
        let late = thread::spawn({
            let store = Arc::clone(&store);
            move || match store.get(&key(1), NOW) {
                Some(Found::Filling(mut reader)) => Some(read(&mut reader)),
                Some(Found::Complete(_)) => panic!("it was to be too large"),
                None => None, // It came when the first byte was gone.
            }
        });
        let mut whole = Vec::new();
        for n in 0..PIECES {
            block_on(poll_fn(|cx| fill.poll_room(cx)));
            let piece = vec![n; PIECE];
            whole.extend_from_slice(&piece);
            let kept = fill.write(Bytes::from(piece)) == Written::Kept;
            assert_eq!(kept, n == 0);
            assert!(store.stats().fill_bytes <= OUTGROWN_WINDOW + 2 * PIECE as u64);
        }
        assert_eq!(fill.finish(None), Err(Refusal::Outgrown));
        for reader in [early, late] {
            if let Some(read) = reader.join().unwrap() {
                assert!(read == Ok(whole.clone()), "not all was read");
            }
        }
        let stats = store.stats();
        assert_eq!((stats.used, stats.fills, stats.fill_bytes), (0, 0, 0));
    });
}
