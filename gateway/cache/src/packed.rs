//! A body in compressed pieces, each of which can be read without the others.
//!
//! A piece is tried out when it is made, so that what a use unpacks is known to unpack. Whether a body is
//! worth it is `compression`.

use std::cell::RefCell;

use bytes::Bytes;

use crate::{
    Body,
    compression::{Codec, SAMPLE, is_worth_it},
    weight,
};

/// Zstandard's level: the fastest, and most of the gain.
const ZSTD_LEVEL: i32 = 1;

/// With what a frame begins (RFC 8878 §3.1.1).
const ZSTD_MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// A longer piece is not compressed: it is unpacked as a whole, for any byte of it.
const PIECE_MAX: usize = 1 << 20;

/// A compressed body.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pieces: Box<[Piece]>,
    length: u64,
}

/// A compressed part of it.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    bytes: Bytes,
    /// Its length when it is unpacked.
    raw: u32,
    codec: Codec,
}

/// The contexts of Zstandard, which cost more to make than a small body to unpack.
struct Zstd {
    packs: zstd::bulk::Compressor<'static>,
    unpacks: zstd::bulk::Decompressor<'static>,
}

thread_local! {
    static ZSTD: RefCell<Option<Zstd>> = const { RefCell::new(None) };
}

impl Packed {
    /// Compresses a body. `None` when it is not worth it.
    pub(crate) fn new(body: &Body, codec: Codec) -> Option<Self> {
        let first = body.chunks().first()?;
        let sample = first.get(..SAMPLE).unwrap_or(first);
        if !is_worth_it(pack(sample, codec)?.len() as u64, sample.len() as u64) {
            return None;
        }
        let pieces = body.chunks().iter().map(|chunk| Piece::new(chunk, codec));
        let packed = Self::of(pieces.collect::<Option<_>>()?);
        is_worth_it(packed.weight(), body.weight()).then_some(packed)
    }

    /// Of pieces that were tried out.
    pub(crate) fn of(pieces: Vec<Piece>) -> Self {
        Self {
            length: pieces.iter().map(Piece::len).sum(),
            pieces: pieces.into(),
        }
    }

    /// The length of the body.
    pub(crate) const fn len(&self) -> u64 {
        self.length
    }

    pub(crate) const fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// What the pieces and their list cost in memory.
    pub(crate) fn weight(&self) -> u64 {
        let pieces = self.pieces.iter().map(|p| weight::buffer(p.bytes.len()));
        pieces.sum::<u64>() + weight::allocation_size(size_of_val(&*self.pieces) as u64)
    }
}

impl Piece {
    fn new(raw: &[u8], codec: Codec) -> Option<Self> {
        if raw.len() > PIECE_MAX {
            return None;
        }
        let piece = Self {
            // Of exact size: what it is charged with is its length.
            bytes: Bytes::from(pack(raw, codec)?.into_boxed_slice()),
            raw: u32::try_from(raw.len()).ok()?,
            codec,
        };
        // Tried out here, off the path of requests, where a defect costs an entry nothing.
        (piece.unpack()? == *raw).then_some(piece)
    }

    /// One that was made elsewhere; `None` if it does not unpack to so many bytes.
    pub(crate) fn tried_out(codec: Codec, raw: u32, bytes: &[u8]) -> Option<Self> {
        if raw == 0 || raw as usize > PIECE_MAX || !is_as_made_here(codec, bytes) {
            return None;
        }
        let piece = Self {
            bytes: Bytes::copy_from_slice(bytes),
            raw,
            codec,
        };
        piece.unpack().map(|_| piece)
    }

    pub(crate) const fn codec(&self) -> Codec {
        self.codec
    }

    pub(crate) const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its length when it is unpacked.
    pub(crate) const fn len(&self) -> u64 {
        self.raw as u64
    }

    /// Its bytes; `None` if they are damaged.
    pub(crate) fn unpack(&self) -> Option<Vec<u8>> {
        let raw = self.raw as usize;
        let unpacked = match self.codec {
            Codec::Lz4 => lz4_flex::block::decompress(&self.bytes, raw).ok(),
            Codec::Zstd => with_zstd(|zstd| zstd.unpacks.decompress(&self.bytes, raw).ok()),
        };
        unpacked.filter(|unpacked| unpacked.len() == raw)
    }
}

/// Whether it is what a codec writes. Of Zstandard that is one frame of the standard's: its library may have been
/// built with decoders of what came before, which are not for bytes from elsewhere.
fn is_as_made_here(codec: Codec, bytes: &[u8]) -> bool {
    match codec {
        Codec::Lz4 => true,
        Codec::Zstd => {
            bytes.starts_with(&ZSTD_MAGIC)
                && zstd::zstd_safe::find_frame_compressed_size(bytes) == Ok(bytes.len())
        }
    }
}

fn pack(raw: &[u8], codec: Codec) -> Option<Vec<u8>> {
    match codec {
        Codec::Lz4 => Some(lz4_flex::block::compress(raw)),
        Codec::Zstd => with_zstd(|zstd| zstd.packs.compress(raw).ok()),
    }
}

fn with_zstd<T>(work: impl FnOnce(&mut Zstd) -> Option<T>) -> Option<T> {
    ZSTD.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = Some(Zstd {
                packs: zstd::bulk::Compressor::new(ZSTD_LEVEL).ok()?,
                unpacks: zstd::bulk::Decompressor::new().ok()?,
            });
        }
        work(kept.as_mut()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(length: usize) -> Vec<u8> {
        let words =
            (0_u32..).flat_map(|n| format!("{{\"id\":{n},\"name\":\"name {n}\"}},").into_bytes());
        words.take(length).collect()
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    fn body(bytes: Vec<u8>) -> Body {
        let chunks: Vec<Bytes> = bytes
            .chunks(256 << 10)
            .map(Bytes::copy_from_slice)
            .collect();
        Body::from_chunks(chunks)
    }

    #[test]
    fn what_unpacks_is_what_was_packed() {
        for codec in [Codec::Lz4, Codec::Zstd] {
            for length in [512, 4096, 100_000, 700_000] {
                let raw = text(length);
                let packed = Packed::new(&body(raw.clone()), codec).unwrap();
                assert_eq!(packed.len(), length as u64);
                assert!(
                    packed.weight() < length as u64 * 3 / 4,
                    "{codec:?} {length}"
                );
                let unpacked: Vec<u8> = packed
                    .pieces()
                    .iter()
                    .flat_map(|p| p.unpack().unwrap())
                    .collect();
                assert!(unpacked == raw, "{codec:?} {length}");
            }
        }
    }

    #[test]
    fn noise_and_a_text_with_a_noisy_beginning_stay_as_they_are() {
        for codec in [Codec::Lz4, Codec::Zstd] {
            assert!(Packed::new(&body(noise(100_000)), codec).is_none());
            let late = [noise(SAMPLE), text(100_000)].concat();
            assert!(Packed::new(&body(late), codec).is_none());
            let early = [text(SAMPLE), noise(100_000)].concat();
            assert!(Packed::new(&body(early), codec).is_none());
        }
    }

    #[test]
    fn a_damaged_piece_is_an_answer_and_no_panic() {
        for codec in [Codec::Lz4, Codec::Zstd] {
            let raw = text(5000);
            let whole = Piece::new(&raw, codec).unwrap();
            for at in 0..whole.bytes.len() {
                for flip in [1, 0x80, 0xff] {
                    let mut bytes = whole.bytes.to_vec();
                    bytes[at] ^= flip;
                    let damaged = |bytes: Vec<u8>| Piece {
                        bytes: bytes.into(),
                        ..whole.clone()
                    };
                    // Never longer or shorter than it says; what it holds, nobody promises.
                    let unpacked = damaged(bytes).unpack();
                    assert!(unpacked.is_none_or(|unpacked| unpacked.len() == raw.len()));
                    assert!(damaged(whole.bytes[..at].to_vec()).unpack().is_none());
                }
            }
        }
    }
}
