//! The format: a header, then one record for each entry, then an empty record.
//!
//! Every record ends with a checksum over its number and its bytes, keyed by a random number in the
//! header: what is left of an older snapshot, or was moved, never passes. Nothing is decided here
//! about whether an entry is wanted.

use std::{
    hash::{BuildHasher, RandomState},
    io::{self, Read, Write},
};

use bytes::Bytes;

use super::{BODY_MAX, HEAD_MAX, Unloadable, body};
use crate::{
    Body, CacheEntry, Key, KeyHash, Listed, Moment, Rank, Scope, Scopes, Stamp, body::BUFFER_MAX,
};

/// Magic, version, key, checksum; little-endian throughout.
const MAGIC: [u8; 8] = *b"shoal-L1";
const VERSION: u32 = 2;
const KEY: usize = 32;
const CHECKSUM: usize = 16;

const SOFTENED: u8 = 1;
const SILENT: u8 = 2;
const TRAILERS: u8 = 4;
const PACKED: u8 = 8;

/// An entry as it is read back.
pub(crate) struct Record {
    pub(crate) rank: Rank,
    pub(crate) softened: bool,
    pub(crate) key: Key,
    pub(crate) meta: Bytes,
    pub(crate) scopes: Scopes,
    pub(crate) stamp: Stamp,
    pub(crate) requested: Moment,
    pub(crate) useful_until: Moment,
    pub(crate) trailers: Option<Bytes>,
    pub(crate) body: Body,
}

pub(crate) struct RecordWriter<W> {
    to: W,
    seals: Seals,
}

pub(crate) struct RecordReader<R> {
    from: R,
    seals: Seals,
}

/// The checksums of a snapshot's records.
struct Seals {
    key: [u8; KEY],
    next: u64,
}

/// What does not read as it was written.
pub(crate) struct Damaged;

impl<W: Write> RecordWriter<W> {
    pub(crate) fn begin(mut to: W) -> io::Result<Self> {
        let mut key = [0; KEY];
        for (part, number) in key.chunks_exact_mut(8).zip(0_u64..) {
            part.copy_from_slice(&RandomState::new().hash_one(number).to_le_bytes());
        }
        let header = header(&key);
        to.write_all(&header)?;
        to.write_all(&seal(blake3::hash(&header)))?;
        let seals = Seals { key, next: 0 };
        Ok(Self { to, seals })
    }

    /// Writes an entry, unless it is over the limits. Says whether it did.
    pub(crate) fn write(&mut self, entry: &CacheEntry, rank: Rank) -> io::Result<bool> {
        let head = head(entry, rank);
        let (Ok(head_length), Some(body_length)) =
            (u32::try_from(head.len()), body::length(entry.body()))
        else {
            return Ok(false);
        };
        if head_length > HEAD_MAX {
            return Ok(false);
        }
        let lengths = lengths(head_length, body_length);
        let mut hasher = self.seals.next();
        for part in [&lengths[..], &head] {
            hasher.update(part);
            self.to.write_all(part)?;
        }
        for part in body::parts(entry.body()) {
            hasher.update(&part);
            self.to.write_all(&part)?;
        }
        self.to.write_all(&seal(hasher.finalize()))?;
        Ok(true)
    }

    /// Marks the end, without which a snapshot counts as cut off.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let lengths = lengths(0, 0);
        let mut hasher = self.seals.next();
        hasher.update(&lengths);
        self.to.write_all(&lengths)?;
        self.to.write_all(&seal(hasher.finalize()))?;
        self.to.flush()
    }
}

impl<R: Read> RecordReader<R> {
    pub(crate) fn begin(mut from: R) -> Result<Self, Unloadable> {
        let mut start = [0; MAGIC.len() + 4];
        let mut key = [0; KEY];
        let mut checksum = [0; CHECKSUM];
        for part in [&mut start[..], &mut key, &mut checksum] {
            from.read_exact(part).map_err(|error| {
                if error.kind() == io::ErrorKind::UnexpectedEof {
                    Unloadable::NotASnapshot
                } else {
                    Unloadable::Unreadable(error)
                }
            })?;
        }
        let (magic, version) = start.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(Unloadable::NotASnapshot);
        }
        let version = version.try_into().map_or(0, u32::from_le_bytes);
        if version != VERSION {
            return Err(Unloadable::OtherVersion(version));
        }
        if checksum != seal(blake3::hash(&header(&key))) {
            return Err(Unloadable::NotASnapshot);
        }
        let seals = Seals { key, next: 0 };
        Ok(Self { from, seals })
    }

    /// The next entry; `None` at the end.
    pub(crate) fn read(&mut self) -> Result<Option<Record>, Damaged> {
        let mut lengths = [0; 8];
        self.fill(&mut lengths)?;
        let (head_length, body_length) = lengths.split_at(4);
        let number = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes);
        let (Ok(head_length), Ok(body_length)) = (number(head_length), number(body_length)) else {
            return Err(Damaged);
        };
        if head_length > HEAD_MAX || body_length > BODY_MAX {
            return Err(Damaged);
        }
        let mut hasher = self.seals.next();
        hasher.update(&lengths);
        let head = self.piece(head_length as usize, &mut hasher)?;
        let mut body = Vec::new();
        let mut left = body_length as usize;
        // In pieces, so that a length that is not true costs no more memory than there are bytes.
        while left > 0 {
            let piece = self.piece(left.min(BUFFER_MAX), &mut hasher)?;
            left -= piece.len();
            body.push(Bytes::from(piece));
        }
        let mut checksum = [0; CHECKSUM];
        self.fill(&mut checksum)?;
        if checksum != seal(hasher.finalize()) {
            return Err(Damaged);
        }
        if head.is_empty() {
            return Ok(None);
        }
        let record = Fields(&head).record(body);
        record.map(Some).ok_or(Damaged)
    }

    fn piece(&mut self, length: usize, hasher: &mut blake3::Hasher) -> Result<Vec<u8>, Damaged> {
        let mut piece = vec![0; length];
        self.fill(&mut piece)?;
        hasher.update(&piece);
        Ok(piece)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Damaged> {
        self.from.read_exact(bytes).map_err(|_cut_off| Damaged)
    }
}

impl Seals {
    fn next(&mut self) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&self.next.to_le_bytes());
        self.next += 1;
        hasher
    }
}

/// Reads the parts of a head, each from where the last one ended.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn record(mut self, body: Vec<Bytes>) -> Option<Record> {
        let rank = Rank::of(self.byte()?);
        let flags = self.byte()?;
        let hash = KeyHash(u128::from_le_bytes(self.array()?));
        let stamp = Stamp(self.array()?);
        let requested = Moment(self.number()?);
        let useful_until = Moment(self.number()?);
        let (uri, host) = (Scope(self.number()?), Scope(self.number()?));
        let tags = self.text()?;
        let tags = tags.as_chunks::<8>().0.iter();
        let tags = tags.map(|tag| Scope(u64::from_le_bytes(*tag))).collect();
        let listed = if flags & SILENT == 0 {
            Listed::Counted
        } else {
            Listed::Silent
        };
        let bytes = Bytes::from(self.text()?);
        let meta = Bytes::from(self.text()?);
        let trailers = Bytes::from(self.text()?);
        if !self.0.is_empty() {
            return None;
        }
        let body = if flags & PACKED == 0 {
            Body::from_chunks(body)
        } else {
            let bytes = body.concat();
            drop(body); // Once is enough of it.
            body::packed(&bytes)?
        };
        Some(Record {
            rank,
            softened: flags & SOFTENED != 0,
            key: Key { hash, bytes },
            meta,
            scopes: Scopes {
                uri,
                host,
                tags,
                listed,
            },
            stamp,
            requested,
            useful_until,
            trailers: (flags & TRAILERS != 0).then_some(trailers),
            body,
        })
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(u32::from_le_bytes(self.array()?)).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text.to_vec())
    }
}

fn header(key: &[u8; KEY]) -> Vec<u8> {
    [&MAGIC[..], &VERSION.to_le_bytes(), key].concat()
}

fn lengths(head: u32, body: u32) -> [u8; 8] {
    (u64::from(body) << 32 | u64::from(head)).to_le_bytes()
}

fn seal(hash: blake3::Hash) -> [u8; CHECKSUM] {
    hash.as_bytes()
        .first_chunk()
        .copied()
        .unwrap_or([0; CHECKSUM])
}

fn head(entry: &CacheEntry, rank: Rank) -> Vec<u8> {
    let scopes = entry.scopes();
    let listed = match scopes.listed {
        Listed::Counted => 0,
        Listed::Silent => SILENT,
    };
    let softened = u8::from(entry.tested().softened()) * SOFTENED;
    let trailers = entry.trailers().map_or(0, |_| TRAILERS);
    let packed = entry.body().packed().map_or(0, |_| PACKED);
    let mut head = vec![rank.byte(), listed | softened | trailers | packed];
    head.extend_from_slice(&entry.hash().0.to_le_bytes());
    head.extend_from_slice(&entry.stamp().0);
    for number in [
        entry.requested().0,
        entry.useful_until().0,
        scopes.uri.0,
        scopes.host.0,
    ] {
        head.extend_from_slice(&number.to_le_bytes());
    }
    let tags: Vec<u8> = scopes.tags.iter().flat_map(|t| t.0.to_le_bytes()).collect();
    let trailers = entry.trailers().map_or(&[][..], |trailers| trailers);
    for text in [&tags[..], entry.key(), entry.meta(), trailers] {
        // A length that does not fit makes a head over its limit, which is not written.
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        head.extend_from_slice(&length.to_le_bytes());
        head.extend_from_slice(text);
    }
    head
}
