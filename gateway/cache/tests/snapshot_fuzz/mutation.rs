//! What is done to a snapshot: to its structure, to a record's inside, and to the bytes as they lie.

use std::ops::Range;

use crate::{
    chance::Chance,
    file::{File, KEY, Record},
};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Mutation {
    Whole(Whole),
    Inside(Inside),
    Bytes(Damage),
}

/// Records and header, each left as it was saved.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whole {
    Swap,
    Duplicate,
    Drop,
    /// A record of an older snapshot in the place of its successor.
    Replay,
    /// The end of one snapshot behind the begin of another.
    Splice,
    OtherKey,
    OtherVersion,
}

/// What a record says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inside {
    SwapLengths,
    HugeLength,
    LengthByOne,
    /// The head's last bytes become the body's first, or the other way.
    MoveBoundary,
    /// The length of one of the head's texts.
    TextLength,
    /// A number of the head, at an edge of what it can be.
    Number,
    HeadNoise,
    BodyNoise,
    /// A body as it came is called compressed, or the other way.
    OtherForm,
    /// A compressed piece: its codec, one of its lengths, its bytes.
    Piece,
    /// A compressed piece once more, or not at all.
    PieceTwice,
    PieceLost,
}

/// Bytes as they lie, checksums included.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Damage {
    Truncate,
    FlipBits,
    Overwrite,
    Insert,
    Append,
}

/// The numbers of a head and the length of its tags end here.
const NUMBERS: usize = 58;
/// Where a head says of what form its body is, and how.
const FLAGS: usize = 1;
const PACKED: u8 = 8;
/// Codec, length when unpacked, length.
const PIECE_HEAD: usize = 9;

impl Mutation {
    const ALL: [Self; 24] = [
        Self::Whole(Whole::Swap),
        Self::Whole(Whole::Duplicate),
        Self::Whole(Whole::Drop),
        Self::Whole(Whole::Replay),
        Self::Whole(Whole::Splice),
        Self::Whole(Whole::OtherKey),
        Self::Whole(Whole::OtherVersion),
        Self::Inside(Inside::SwapLengths),
        Self::Inside(Inside::HugeLength),
        Self::Inside(Inside::LengthByOne),
        Self::Inside(Inside::MoveBoundary),
        Self::Inside(Inside::TextLength),
        Self::Inside(Inside::Number),
        Self::Inside(Inside::HeadNoise),
        Self::Inside(Inside::BodyNoise),
        Self::Inside(Inside::OtherForm),
        Self::Inside(Inside::Piece),
        Self::Inside(Inside::PieceTwice),
        Self::Inside(Inside::PieceLost),
        Self::Bytes(Damage::Truncate),
        Self::Bytes(Damage::FlipBits),
        Self::Bytes(Damage::Overwrite),
        Self::Bytes(Damage::Insert),
        Self::Bytes(Damage::Append),
    ];

    pub(crate) fn draw(chance: &mut Chance) -> Self {
        Self::ALL[index(chance, Self::ALL.len())]
    }
}

impl Whole {
    pub(crate) fn change(self, file: &mut File, older: &File, chance: &mut Chance) {
        let count = file.records.len();
        if count == 0 {
            return;
        }
        let (at, other) = (index(chance, count), index(chance, count));
        match self {
            Self::Swap => file.records.swap(at, other),
            Self::Duplicate => file.records.insert(other, file.records[at].clone()),
            Self::Drop => drop(file.records.remove(at)),
            Self::Replay => file.records[at] = older.records[at % older.records.len()].clone(),
            Self::Splice => {
                file.records.truncate(at);
                let rest = other % older.records.len();
                file.records.extend_from_slice(&older.records[rest..]);
            }
            Self::OtherKey => scatter(&mut file.header[KEY], chance),
            Self::OtherVersion => file.header[8] = chance.next().to_le_bytes()[0],
        }
    }
}

impl Inside {
    pub(crate) fn change(self, file: &mut File, chance: &mut Chance) {
        let mut records: Vec<&mut Record> = file.records.iter_mut().collect();
        if matches!(self, Self::Piece | Self::PieceTwice | Self::PieceLost) {
            records.retain(|record| !pieces(record).is_empty());
        }
        if records.is_empty() {
            return;
        }
        let record = records.swap_remove(index(chance, records.len()));
        match self {
            Self::SwapLengths => {
                std::mem::swap(&mut record.head_length, &mut record.body_length);
            }
            Self::HugeLength => *one_length(record, chance) = huge(chance),
            Self::LengthByOne => {
                let length = one_length(record, chance);
                *length = length.wrapping_add_signed(sign(chance));
            }
            Self::MoveBoundary => {
                if chance.one_in(2) {
                    let at = index(chance, record.head.len() + 1);
                    let moved = record.head.split_off(at);
                    record.body.splice(..0, moved);
                } else {
                    let at = index(chance, record.body.len().min(64) + 1);
                    record.head.extend(record.body.drain(..at));
                }
                record.measure();
            }
            Self::TextLength => {
                // That of the tags, or anywhere: texts follow each other.
                let at = if chance.one_in(2) {
                    NUMBERS
                } else {
                    index(chance, 200)
                };
                let value = if chance.one_in(2) {
                    huge(chance)
                } else {
                    u32::try_from(chance.below(300)).unwrap()
                };
                put(&mut record.head, at, &value.to_le_bytes());
            }
            Self::Number => {
                let edges = [0, 1, u64::MAX, u64::MAX - 1, 1 << 63, 999_999, 1_000_001];
                let value = edges[index(chance, edges.len())];
                let at = index(chance, NUMBERS);
                put(&mut record.head, at, &value.to_le_bytes());
            }
            Self::HeadNoise => scatter(&mut record.head, chance),
            Self::BodyNoise => scatter(&mut record.body, chance),
            Self::OtherForm => {
                if let Some(flags) = record.head.get_mut(FLAGS) {
                    *flags ^= PACKED;
                }
            }
            Self::Piece => change_piece(record, chance),
            Self::PieceTwice | Self::PieceLost => {
                let pieces = pieces(record);
                let piece = pieces[index(chance, pieces.len())].clone();
                let twice = [&record.body[piece.clone()]; 2].concat();
                let lost = matches!(self, Self::PieceLost);
                record
                    .body
                    .splice(piece, if lost { Vec::new() } else { twice });
                record.measure();
            }
        }
    }
}

impl Damage {
    pub(crate) fn change(self, bytes: &mut Vec<u8>, chance: &mut Chance) {
        let at = index(chance, bytes.len() + 1);
        match self {
            Self::Truncate => bytes.truncate(at),
            Self::FlipBits => scatter(bytes, chance),
            Self::Overwrite => {
                let from = index(chance, bytes.len() + 1);
                let length = index(chance, 300)
                    .min(bytes.len() - at)
                    .min(bytes.len() - from);
                bytes.copy_within(from..from + length, at);
            }
            Self::Insert => {
                let noise = noise(chance);
                bytes.splice(at..at, noise);
            }
            Self::Append => bytes.extend(noise(chance)),
        }
    }
}

pub(crate) fn index(chance: &mut Chance, limit: usize) -> usize {
    usize::try_from(chance.below(limit.max(1) as u64)).unwrap()
}

/// Where the pieces of a compressed body lie.
fn pieces(record: &Record) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    if record
        .head
        .get(FLAGS)
        .is_none_or(|flags| flags & PACKED == 0)
    {
        return pieces;
    }
    let mut at = 0;
    while let Some(length) = record.body.get(at + 5..at + PIECE_HEAD) {
        let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
        let end = at + PIECE_HEAD + length;
        if end > record.body.len() {
            break;
        }
        pieces.push(at..end);
        at = end;
    }
    pieces
}

fn change_piece(record: &mut Record, chance: &mut Chance) {
    let pieces = pieces(record);
    let piece = pieces[index(chance, pieces.len())].clone();
    let (head, bytes) = record.body[piece].split_at_mut(PIECE_HEAD);
    match chance.below(4) {
        0 => head[0] = [0, 1, 2, 255][index(chance, 4)],
        1 => scatter(bytes, chance),
        _ => {
            let at = [1, 5][index(chance, 2)];
            let true_length = u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
            let length = if chance.one_in(2) {
                huge(chance)
            } else {
                true_length.wrapping_add_signed(sign(chance))
            };
            put(head, at, &length.to_le_bytes());
        }
    }
}

fn one_length<'a>(record: &'a mut Record, chance: &mut Chance) -> &'a mut u32 {
    if chance.one_in(2) {
        &mut record.head_length
    } else {
        &mut record.body_length
    }
}

/// The limits of the format, and what lies beyond.
fn huge(chance: &mut Chance) -> u32 {
    let edges = [1 << 20, 16 << 20, 1 << 31, u32::MAX];
    let edge: u32 = edges[index(chance, edges.len())];
    edge.saturating_add_signed(sign(chance))
}

fn sign(chance: &mut Chance) -> i32 {
    [-1, 0, 1][index(chance, 3)]
}

/// Changes up to four bytes.
fn scatter(bytes: &mut [u8], chance: &mut Chance) {
    for _ in 0..=chance.below(4) {
        let at = index(chance, bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= chance.next().to_le_bytes()[0];
        }
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

fn noise(chance: &mut Chance) -> Vec<u8> {
    let length = chance.below(300);
    (0..length)
        .map(|_| chance.next().to_le_bytes()[0])
        .collect()
}
