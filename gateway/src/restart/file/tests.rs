//! The header, and what a draft does when there is no more time or room.

use super::*;
use crate::restart::outcome::NotWritten;

fn header() -> Header {
    let began = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    Header::new(Slot::Odd, began)
}

#[test]
fn a_header_reads_as_it_was_written_and_not_otherwise() {
    let bytes = header().encode();
    assert_eq!(bytes.len(), HEADER);
    let read = Header::decode(&bytes).unwrap();
    assert_eq!(read.encode(), bytes);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Header::decode(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn one_from_the_future_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let header = header();
    std::fs::write(&path, header.encode()).unwrap();
    let open = |now| Opened::open(&path, &Boot(Vec::new()), now).unwrap_err();
    let early = open(header.began - CLOCK_SLACK - Duration::from_millis(1));
    assert_eq!(early.label(), "from-the-future");
    // The next thing that is looked at.
    assert_eq!(open(header.began).label(), "no-journal");
}

#[test]
fn one_that_is_given_up_does_not_take_the_place_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    std::fs::write(&path, "before").unwrap();
    let give_up = GiveUp::default();
    let mut draft = Draft::begin(&path, &header(), &give_up).unwrap();
    draft.content().write_all(&vec![0; 2 * BUFFER]).unwrap();
    give_up.now();
    let written = draft.content().write_all(&vec![0; 2 * BUFFER]);
    let why = NotWritten::from(written.unwrap_err());
    assert_eq!(why.label(), "given-up");
    assert!(draft.finish().is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"before");
}

#[test]
fn a_full_disk_is_named() {
    let file = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut watched = Watched {
        file,
        written: 0,
        unsynced: 0,
        give_up: GiveUp::default(),
    };
    let why = NotWritten::from(watched.write_all(b"entries").unwrap_err());
    assert_eq!(why.label(), "disk-full");
}
