//! What a journal gives back, and when it is not believed.

use super::*;
use shoal_cache::Scope;

const ID: Id = [7; 16];

fn boot(name: &str) -> Boot {
    Boot(name.as_bytes().to_vec())
}

fn tag(number: u64) -> Invalidation {
    Invalidation {
        target: Target::Tag(Scope(number)),
        strength: Strength::Hard,
    }
}

struct Story {
    _folder: tempfile::TempDir,
    path: PathBuf,
    journals: Journals,
}

/// A journal of a process that was started in the run `first` of the machine.
fn begun() -> Story {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let journal = Journal::create(path.clone(), ID, &boot("first")).unwrap();
    let journals = Journals {
        kept: Some(Kept {
            snapshot: folder.path().join("s"),
            slot: Slot::Even,
            journal,
        }),
        ..Journals::default()
    };
    Story {
        _folder: folder,
        path,
        journals,
    }
}

impl Story {
    fn record(&mut self, number: u64) {
        self.journals.record(&tag(number)).unwrap();
    }

    fn read(&self, run: &str) -> Result<Vec<Invalidation>, &'static str> {
        let history = History::read(&self.path, &ID, &boot(run));
        history
            .map(|history| history.invalidations)
            .map_err(|why| why.label())
    }
}

#[test]
fn it_says_what_was_invalidated_in_that_order() {
    let mut story = begun();
    (0..3).for_each(|number| story.record(number));
    assert_eq!(story.read("first"), Ok(vec![tag(0), tag(1), tag(2)]));
}

#[test]
fn a_process_goes_on_where_another_ended() {
    let mut story = begun();
    story.record(1);
    let history = History::read(&story.path, &ID, &boot("first")).unwrap();
    let journal = Journal::reopen(story.path.clone(), ID, &history, &boot("first")).unwrap();
    story.journals.kept.as_mut().unwrap().journal = journal;
    story.record(2);
    assert_eq!(story.read("first"), Ok(vec![tag(1), tag(2)]));
}

#[test]
fn after_another_run_of_the_machine_only_a_sealed_one_is_believed() {
    let mut story = begun();
    assert_eq!(story.read("second"), Err("unclean"));
    story.record(1);
    story.journals.seal();
    assert_eq!(story.read("second"), Ok(vec![tag(1)]));
    story.record(2);
    assert_eq!(story.read("second"), Err("unclean"));
    assert_eq!(story.read("first"), Ok(vec![tag(1), tag(2)]));
}

#[test]
fn a_machine_that_does_not_name_its_runs_is_not_believed_without_a_seal() {
    let mut story = begun();
    assert_eq!(story.read(""), Err("unclean"));
    story.journals.seal();
    assert_eq!(story.read(""), Ok(vec![]));
}

#[test]
fn a_changed_byte_or_a_lost_end_refuses_it_all() {
    let mut story = begun();
    story.record(1);
    let whole = std::fs::read(&story.path).unwrap();
    let first_ends = whole.len() - framed(&tag(1));
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&story.path, &changed).unwrap();
        assert_eq!(story.read("first"), Err("no-journal"), "byte {at}");
        std::fs::write(&story.path, &whole[..at]).unwrap();
        if at != first_ends && at != header(&ID).len() {
            assert_eq!(story.read("first"), Err("no-journal"), "cut at {at}");
        }
    }
    let other = History::read(&story.path, &[8; 16], &boot("first"));
    assert!(matches!(other, Err(NotLoaded::NoJournal)));
}

fn framed(invalidation: &Invalidation) -> usize {
    let content = Record::Invalidated(invalidation.clone()).encode();
    4 + content.len() + CHECKSUM
}

#[test]
fn one_that_is_full_says_that_everything_was_invalidated() {
    let mut story = begun();
    let journal = &mut story.journals.kept.as_mut().unwrap().journal;
    journal.length = LENGTH_MAX;
    story.record(1);
    story.record(2);
    let all = Invalidation {
        target: Target::All,
        strength: Strength::Hard,
    };
    assert_eq!(story.read("first"), Ok(vec![tag(1), all]));
}

#[test]
fn what_cannot_be_written_down_removes_the_snapshot() {
    let mut story = begun();
    let kept = story.journals.kept.as_mut().unwrap();
    let snapshot = kept.snapshot.clone();
    std::fs::write(&snapshot, "entries").unwrap();
    kept.journal.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let lost = story.journals.record(&tag(1)).unwrap_err();
    assert_eq!(lost.label(), "journal");
    assert!(!snapshot.exists() && story.journals.kept.is_none());
}
