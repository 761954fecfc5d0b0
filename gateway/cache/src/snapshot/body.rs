//! How a record holds a body: its bytes as they came or, of one that is kept compressed, its pieces.
//!
//! A piece is its codec, its length when it is unpacked, its length, its bytes. A seal shows damage and
//! no forgery, so a piece counts when it unpacks. What frames and seals a record is `record`.

use bytes::Bytes;

use super::BODY_MAX;
use crate::{
    Body,
    body::BUFFER_MAX,
    compression::Codec,
    packed::{Packed, Piece},
};

/// No body that is written has more buffers. Many small pieces would take more memory than they are.
const PIECES_MAX: usize = BODY_MAX as usize / BUFFER_MAX;

/// The bytes that a record holds.
pub(super) fn parts(body: &Body) -> impl Iterator<Item = Bytes> + '_ {
    let pieces = body.packed().map_or(&[][..], Packed::pieces);
    let pieces = pieces
        .iter()
        .flat_map(|piece| [head(piece), piece.bytes().clone()]);
    pieces.chain(body.chunks().iter().cloned())
}

/// How many they are; `None` if it is over the limit, for which what they unpack to counts too: whoever
/// reads them tries them out.
pub(super) fn length(body: &Body) -> Option<u32> {
    let length: u64 = parts(body).map(|part| part.len() as u64).sum();
    let within = length.max(body.len()) <= u64::from(BODY_MAX);
    u32::try_from(length).ok().filter(|_| within)
}

/// A compressed body; `None` if it does not unpack to what it says.
pub(super) fn packed(mut bytes: &[u8]) -> Option<Body> {
    let mut pieces = Vec::new();
    let mut room = BODY_MAX;
    while let Some((head, rest)) = bytes.split_first_chunk() {
        let [codec, a, b, c, d, e, f, g, h] = *head;
        let raw = u32::from_le_bytes([a, b, c, d]);
        let length = usize::try_from(u32::from_le_bytes([e, f, g, h])).ok()?;
        let (content, rest) = rest.split_at_checked(length)?;
        room = room.checked_sub(raw)?;
        if pieces.len() == PIECES_MAX {
            return None;
        }
        pieces.push(Piece::tried_out(Codec::of(codec)?, raw, content)?);
        bytes = rest;
    }
    let whole = bytes.is_empty() && !pieces.is_empty();
    whole.then(|| Body::from_packed(Packed::of(pieces)))
}

fn head(piece: &Piece) -> Bytes {
    let length = |length: u64| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let (raw, packed) = (length(piece.len()), length(piece.bytes().len() as u64));
    Bytes::from([&[piece.codec().number()], &raw[..], &packed].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(length: usize, codec: Codec) -> Body {
        let text = Bytes::from(b"the same again, ".repeat(length / 16));
        Body::from_packed(Packed::new(&Body::from_chunks([text]), codec).unwrap())
    }

    fn written(body: &Body) -> Vec<u8> {
        parts(body).flatten().collect()
    }

    fn unpacked(body: &Body) -> Vec<u8> {
        body.slice(0..u64::MAX).flatten().collect()
    }

    fn piece(codec: u8, raw: u32, bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        [&[codec], &raw.to_le_bytes()[..], &length, bytes].concat()
    }

    #[test]
    fn pieces_read_as_they_were_written() {
        for codec in [Codec::Lz4, Codec::Zstd] {
            for size in [512, 8 << 10, 200 << 10] {
                let body = body(size, codec);
                let bytes = written(&body);
                assert_eq!(length(&body), u32::try_from(bytes.len()).ok());
                assert!(bytes.len() < size / 4, "{codec:?} {size}");
                let again = packed(&bytes).unwrap();
                assert_eq!(
                    (again.len(), again.weight()),
                    (size as u64, body.weight()),
                    "{codec:?} {size}"
                );
                assert!(unpacked(&again) == unpacked(&body), "{codec:?} {size}");
            }
        }
    }

    #[test]
    fn what_unpacks_to_more_than_a_record_may_hold_is_not_written() {
        assert!(length(&body(16 << 20, Codec::Zstd)).is_some());
        assert!(length(&body((16 << 20) + 16, Codec::Zstd)).is_none());
    }

    #[test]
    fn forged_pieces_are_refused() {
        let lz4 = |raw: &[u8]| lz4_flex::block::compress(raw);
        let zstd = |raw: &[u8]| zstd::bulk::compress(raw, 1).unwrap();
        let good = piece(0, 5, &lz4(b"hello"));
        assert!(packed(&good).is_some());
        let mib = vec![0; 1 << 20];
        let longest = piece(1, 1 << 20, &zstd(&mib));
        assert!(packed(&longest.repeat(16)).is_some());
        for (what, bytes) in [
            ("no piece", vec![]),
            ("a cut head", good[..8].to_vec()),
            ("a cut piece", good[..good.len() - 1].to_vec()),
            ("more than a piece", [&good[..], b"x"].concat()),
            ("an unknown codec", piece(2, 5, &lz4(b"hello"))),
            ("the other codec", piece(1, 5, &lz4(b"hello"))),
            ("shorter than it says", piece(0, 6, &lz4(b"hello"))),
            ("longer than it says", piece(0, 4, &lz4(b"hello"))),
            ("zstd, shorter", piece(1, 6, &zstd(b"hello"))),
            ("zstd, longer", piece(1, 4, &zstd(b"hello"))),
            ("nothing", piece(0, 0, &lz4(b""))),
            ("noise", piece(0, 1 << 20, &[0xff; 40])),
            (
                "a piece beyond the limit",
                piece(1, (1 << 20) + 1, &zstd(&[&mib[..], b"x"].concat())),
            ),
            ("a length that is not there", piece(0, u32::MAX, &[])),
            ("a body beyond the limit", longest.repeat(17)),
            (
                "more pieces than a body has buffers",
                piece(0, 1, &lz4(b"x")).repeat(PIECES_MAX + 1),
            ),
            (
                "two frames of zstd",
                piece(1, 10, &[zstd(b"hello"), zstd(b"hello")].concat()),
            ),
            // Of the format before the standard: one raw block, then the end. Some builds of the library would take it.
            (
                "an old frame",
                piece(
                    1,
                    5,
                    b"\x27\xb5\x2f\xfd\x20\x05\x40\x00\x05hello\xc0\x00\x00",
                ),
            ),
        ] {
            assert!(packed(&bytes).is_none(), "{what}");
        }
    }
}
