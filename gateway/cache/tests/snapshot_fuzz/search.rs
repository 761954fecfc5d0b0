//! One file after the other: changed, loaded, compared. What ended as no file before it is kept, and
//! changed again.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use shoal_cache::{Budget, Ending, Invalidation, Loaded, Store, Strength, Target, Unloadable};

use crate::{
    chance::Chance,
    file::{File, NOW, SINCE},
    memory::most_held,
    mutation::{Mutation, index},
    shelf::{Content, Shelf, contents, filled, served, store},
};

const ROOM: u64 = 64 << 20;
/// Less than the pages need.
const LITTLE_ROOM: u64 = 16 << 10;
/// Files that are kept for more changes.
const KEPT_MAX: usize = 128;
const CHANGES_MAX: u64 = 3;

/// What a load may hold beside what its input explains: one head and one piece of a body with
/// lengths that are not true, and the tables of an empty store.
const HELD_FIXED: usize = (1 << 20) + (8 << 10) + (256 << 10);
/// Entries, the records that they are read from, buffers joined.
const HELD_PER_BYTE: usize = 4;

/// What was found, in numbers.
#[derive(Default)]
pub(crate) struct Tally {
    refused: u64,
    endings: BTreeMap<String, u64>,
    entries: u64,
    compressed: u64,
    kept: usize,
    most_held: usize,
}

#[derive(Clone)]
struct Case {
    file: File,
    seals: Seals,
    records: Records,
    mutations: Vec<Mutation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seals {
    AsSaved,
    Forged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Records {
    AsSaved,
    Changed,
}

/// What must come back.
struct Truth {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    shelf: Shelf,
    older_file: File,
    older_shelf: Shelf,
}

pub(crate) fn run(seed: u64, cases: u64) -> Result<Tally, String> {
    let (newer, older) = (filled(1), filled(2));
    let (file, older_file) = (File::of(&newer), File::of(&older));
    let truth = Truth {
        bytes: file.bytes(),
        ends: file.ends(),
        shelf: contents(&newer),
        older_file,
        older_shelf: contents(&older),
    };
    let mut chance = Chance::new(seed);
    let mut tally = Tally::default();
    let mut kept = vec![Case {
        file,
        seals: Seals::AsSaved,
        records: Records::AsSaved,
        mutations: Vec::new(),
    }];
    let mut seen = BTreeSet::new();
    for number in 0..cases {
        // The true one every other time.
        let parent = if chance.one_in(2) {
            0
        } else {
            index(&mut chance, kept.len())
        };
        let (case, bytes) = kept[parent].mutated(&truth, &mut chance);
        let room = if chance.one_in(8) { LITTLE_ROOM } else { ROOM };
        let check = AssertUnwindSafe(|| check(&truth, &case, &bytes, room, &mut tally));
        let outcome = catch_unwind(check).unwrap_or_else(|_| Err("a panic".to_owned()));
        let ended = outcome.map_err(|wrong| {
            let Case {
                seals,
                records,
                mutations,
                ..
            } = &case;
            format!("case {number}, {mutations:?}, seals {seals:?}, records {records:?}: {wrong}")
        })?;
        if seen.insert(ended) && kept.len() < KEPT_MAX {
            kept.push(case);
        }
    }
    tally.kept = kept.len();
    Ok(tally)
}

impl Case {
    fn mutated(&self, truth: &Truth, chance: &mut Chance) -> (Self, Vec<u8>) {
        let mut case = self.clone();
        let count = 1 + chance.below(CHANGES_MAX);
        let mutations: Vec<Mutation> = (0..count).map(|_| Mutation::draw(chance)).collect();
        for mutation in &mutations {
            match mutation {
                Mutation::Whole(whole) => whole.change(&mut case.file, &truth.older_file, chance),
                Mutation::Inside(inside) => {
                    inside.change(&mut case.file, chance);
                    case.records = Records::Changed;
                }
                Mutation::Bytes(_) => {}
            }
        }
        if chance.one_in(2) {
            case.file.seal();
            case.seals = Seals::Forged;
        }
        let mut bytes = case.file.bytes();
        for mutation in &mutations {
            match mutation {
                Mutation::Bytes(damage) => damage.change(&mut bytes, chance),
                Mutation::Whole(_) | Mutation::Inside(_) => {}
            }
        }
        case.mutations.extend(mutations);
        (case, bytes)
    }
}

/// Loads it, and says how that ended in a word by which cases are told apart.
fn check(
    truth: &Truth,
    case: &Case,
    bytes: &[u8],
    room: u64,
    tally: &mut Tally,
) -> Result<String, String> {
    let again = store(room);
    let (outcome, held) = most_held(|| again.load(bytes, SINCE, NOW));
    let limit = HELD_FIXED + HELD_PER_BYTE * bytes.len();
    tally.most_held = tally.most_held.max(held);
    if held > limit {
        return Err(format!(
            "{held} bytes were held for {} of input",
            bytes.len()
        ));
    }
    let found = contents(&again);
    expect_saved(truth, case, &found)?;
    for ((key, hash), content) in &found {
        if served(&again, key, *hash).as_ref() != Some(content) {
            return Err("another is served than is stored".to_owned());
        }
        if !content.is_whole() {
            return Err("a body is not as long as it says".to_owned());
        }
        tally.compressed += u64::from(content.is_compressed());
    }
    expect_accounts(&again, &found, room)?;
    match outcome {
        Ok(loaded) => {
            if case.seals == Seals::AsSaved && room == ROOM {
                expect_all_before_the_damage(truth, bytes, &loaded)?;
            }
            if loaded.entries != found.len() as u64 {
                return Err(format!("{} are there, {loaded:?}", found.len()));
            }
            tally.entries += loaded.entries;
            *tally
                .endings
                .entry(format!("{:?}", loaded.ending))
                .or_default() += 1;
            Ok(format!("{loaded:?} {:?}", case.seals))
        }
        Err(refused) => {
            tally.refused += 1;
            let intact = bytes.starts_with(&truth.bytes[..60]);
            if intact || !found.is_empty() {
                return Err(format!("refused and not to be, or not wholly: {refused}"));
            }
            match refused {
                Unloadable::NotASnapshot | Unloadable::OtherVersion(_) => Ok("refused".to_owned()),
                Unloadable::Unreadable(error) => Err(format!("memory could not be read: {error}")),
            }
        }
    }
}

/// Every entry is one that was saved. Only a forger may bring others.
fn expect_saved(truth: &Truth, case: &Case, found: &Shelf) -> Result<(), String> {
    if case.seals == Seals::Forged && case.records == Records::Changed {
        return Ok(());
    }
    for (key, content) in found {
        let older = truth.older_shelf.get(key) == Some(content) && case.seals == Seals::Forged;
        if truth.shelf.get(key) != Some(content) && !older {
            let key = String::from_utf8_lossy(&key.0);
            return Err(format!("{key} came back as it was never saved"));
        }
    }
    Ok(())
}

/// A damaged file gives back what comes before the damage, all of it.
fn expect_all_before_the_damage(
    truth: &Truth,
    bytes: &[u8],
    loaded: &Loaded,
) -> Result<(), String> {
    let same = truth.bytes.iter().zip(bytes).take_while(|(a, b)| a == b);
    let same = same.count();
    let whole = truth.ends.iter().filter(|end| **end <= same).count() as u64;
    let ending = if same == truth.bytes.len() {
        Ending::Complete
    } else {
        Ending::Damaged
    };
    if (loaded.entries, loaded.left_out, loaded.ending) != (whole, 0, ending) {
        return Err(format!("{loaded:?} of {whole} before the damage at {same}"));
    }
    Ok(())
}

/// What is charged is what is there, and everything can be invalidated and cleaned away.
fn expect_accounts(store: &Store, found: &Shelf, room: u64) -> Result<(), String> {
    let stats = store.stats();
    if stats.used != stats.total.bytes || stats.used > room {
        return Err(format!(
            "{} of {room} bytes are charged, wrongly",
            stats.used
        ));
    }
    let invalidation = Invalidation {
        target: Target::All,
        strength: Strength::Hard,
    };
    let objects = store.apply(&invalidation, NOW).unwrap().objects;
    let counted = found.values().map(Content::counted).sum();
    if objects != Some(counted) {
        return Err(format!("a receipt counts {objects:?} of {counted}"));
    }
    store.maintain(NOW, Budget::default());
    let stats = store.stats();
    if (stats.used, stats.total.entries) != (0, 0) {
        return Err(format!("{} bytes stay when all is gone", stats.used));
    }
    Ok(())
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            refused,
            endings,
            entries,
            compressed,
            kept,
            most_held,
        } = self;
        write!(
            f,
            "{refused} refused, ended {endings:?}, {entries} entries came back, {compressed} compressed, {kept} kinds kept, \
             {most_held} bytes held at most"
        )
    }
}
