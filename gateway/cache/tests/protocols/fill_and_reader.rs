//! A fill and its readers: every reader gets every byte once and in order, or learns that it fails.

use std::{future::poll_fn, sync::Arc};

use bytes::Bytes;
use shoal_cache::{Fault, Found, Piece, Reader};
use shuttle::{future::block_on, thread};

use crate::{search::holds_but_for, vocabulary::*};

const PIECES: [&str; 3] = ["a", "bc", "def"];
const WHOLE: &[u8] = b"abcdef";

#[test]
fn readers_get_every_byte_once_and_in_order_whenever_they_come() {
    holds_but_for(&[Fault::WaitsAfterLook, Fault::WakesOne], || {
        let store = Arc::new(segmented_store(1 << 20, 1));
        let mut fill = begin(&store, 1);
        let early = [fill.reader(), fill.reader()];
        let readers = early.map(|mut reader| thread::spawn(move || read(&mut reader)));
        let late = thread::spawn({
            let store = Arc::clone(&store);
            move || match store.get(&key(1), NOW) {
                Some(Found::Filling(mut reader)) => read(&mut reader),
                Some(Found::Complete(hit)) => Ok(body_of(&hit.entry)),
                None => panic!("neither the fill nor the entry was found"),
            }
        });
        for piece in PIECES {
            fill.write(Bytes::from_static(piece.as_bytes()));
        }
        fill.finish(None).unwrap();
        for reader in readers.into_iter().chain([late]) {
            assert_eq!(reader.join().unwrap(), Ok(WHOLE.to_vec()));
        }
        let stats = store.stats();
        assert_eq!((stats.fills, stats.fill_bytes), (0, 0));
        assert_eq!(stats.used, stats.total.bytes);
    });
}

#[test]
fn a_fill_that_is_given_up_wakes_every_reader() {
    holds_but_for(&[Fault::WaitsAfterLook, Fault::WakesOne], || {
        let store = Arc::new(segmented_store(1 << 20, 1));
        let mut fill = begin(&store, 1);
        let readers = [fill.reader(), fill.reader()];
        let readers = readers.map(|mut reader| thread::spawn(move || read(&mut reader)));
        let late = thread::spawn({
            let store = Arc::clone(&store);
            move || match store.get(&key(1), NOW) {
                Some(Found::Filling(mut reader)) => read(&mut reader),
                Some(Found::Complete(_)) => panic!("half a response was stored"),
                None => Err(Vec::new()),
            }
        });
        fill.write(Bytes::from_static(PIECES[0].as_bytes()));
        drop(fill);
        for reader in readers.into_iter().chain([late]) {
            let read = reader.join().unwrap().unwrap_err();
            assert!(read.is_empty() || read == PIECES[0].as_bytes());
        }
        let stats = store.stats();
        assert_eq!((stats.used, stats.fills, stats.fill_bytes), (0, 0, 0));
    });
}

/// All that a reader reads; an error when it failed on the way.
pub(crate) fn read(reader: &mut Reader) -> Result<Vec<u8>, Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        match block_on(poll_fn(|cx| reader.poll_next(cx))) {
            Piece::Data(data) => bytes.extend_from_slice(&data),
            Piece::Trailers(_) => {}
            Piece::End => return Ok(bytes),
            Piece::Failed => return Err(bytes),
        }
    }
}
