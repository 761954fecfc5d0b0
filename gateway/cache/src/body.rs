//! A stored body: one buffer when it is small, a list of them when it is not, or compressed pieces.
//!
//! Every buffer is the store's own, of exact size: what arrives from a socket may be a small piece
//! of a large read buffer and would keep all of it. How it grows is `fill`.

use std::ops::Range;

use bytes::Bytes;

use crate::{
    packed::{Packed, Piece},
    weight,
};

/// A body's buffers all have this length, but the last: the largest that the allocator keeps in its small
/// pages. Those are given back soon, and what one body leaves another takes. With buffers of 64 KiB a mix of
/// sizes held a sixth more than it was charged, of any length up to 256 KiB a quarter.
pub(crate) const BUFFER_MAX: usize = 8 << 10;

/// A complete stored body. Cloning shares the buffers.
#[derive(Clone, Debug)]
pub struct Body(Form);

#[derive(Clone, Debug)]
enum Form {
    One(Bytes),
    /// Behind one pointer, so that a body is no larger than its only buffer's handle.
    Other(Box<Other>),
}

#[derive(Clone, Debug)]
enum Other {
    Many(Many),
    Packed(Packed),
}

/// A part of a body.
enum Part<'a> {
    Raw(&'a Bytes),
    Packed(&'a Piece),
}

#[derive(Clone, Debug)]
struct Many {
    chunks: Box<[Bytes]>,
    length: u64,
}

impl Body {
    /// Lays the bytes out in buffers; one that has its length already is not copied.
    pub(crate) fn from_chunks(chunks: impl IntoIterator<Item = Bytes>) -> Self {
        let chunks: Vec<Bytes> = chunks.into_iter().collect();
        let length: usize = chunks.iter().map(Bytes::len).sum();
        let mut layout = Layout {
            left: length,
            buffers: Vec::new(),
            last: Vec::new(),
            missing: 0,
        };
        chunks.into_iter().for_each(|chunk| layout.take(chunk));
        let mut buffers = layout.buffers;
        if buffers.len() <= 1 {
            return Self(Form::One(buffers.pop().unwrap_or_default()));
        }
        let many = Many {
            chunks: buffers.into(),
            length: length as u64,
        };
        Self(Form::Other(Box::new(Other::Many(many))))
    }

    /// The same of one chunk.
    pub(crate) fn of_one(chunk: Bytes) -> Self {
        if chunk.len() <= BUFFER_MAX {
            Self::from_chunk(chunk)
        } else {
            Self::from_chunks([chunk])
        }
    }

    /// One buffer, which is not copied.
    pub(crate) const fn from_chunk(chunk: Bytes) -> Self {
        Self(Form::One(chunk))
    }

    pub(crate) fn from_packed(packed: Packed) -> Self {
        Self(Form::Other(Box::new(Other::Packed(packed))))
    }

    /// The same body as it came; `None` if it is damaged.
    pub(crate) fn unpacked(&self) -> Option<Self> {
        let Some(packed) = self.packed() else {
            return Some(self.clone());
        };
        let pieces = packed.pieces().iter().map(Piece::unpack);
        let chunks: Option<Vec<_>> = pieces.collect();
        Some(Self::from_chunks(chunks?.into_iter().map(Bytes::from)))
    }

    /// What compressing it saves; `None` when it is as it came.
    pub(crate) fn saved(&self) -> Option<u64> {
        let packed = self.packed()?;
        Some(packed.len().saturating_sub(packed.weight()))
    }

    /// Its compressed form, if that is the one it has.
    pub(crate) fn packed(&self) -> Option<&Packed> {
        match &self.0 {
            Form::One(_) => None,
            Form::Other(other) => match &**other {
                Other::Many(_) => None,
                Other::Packed(packed) => Some(packed),
            },
        }
    }

    /// Its length in bytes.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "a length on the wire, not a collection"
    )]
    pub fn len(&self) -> u64 {
        match &self.0 {
            Form::One(chunk) => chunk.len() as u64,
            Form::Other(other) => match &**other {
                Other::Many(many) => many.length,
                Other::Packed(packed) => packed.len(),
            },
        }
    }

    /// Its buffers in order; an empty body may have one empty buffer, a compressed one has none.
    #[must_use]
    pub fn chunks(&self) -> &[Bytes] {
        match &self.0 {
            Form::One(chunk) => std::slice::from_ref(chunk),
            Form::Other(other) => match &**other {
                Other::Many(many) => &many.chunks,
                Other::Packed(_) => &[],
            },
        }
    }

    /// The bytes of a range. What lies beyond the end is left out. They are shared and not copied, but
    /// for those of a compressed body, of which what the range touches is unpacked.
    pub fn slice(&self, range: Range<u64>) -> impl Iterator<Item = Bytes> + '_ {
        let mut start = 0;
        self.parts().filter_map(move |part| {
            let chunk_start = start;
            start += part.len();
            let from = range.start.clamp(chunk_start, start) - chunk_start;
            let to = range.end.clamp(chunk_start, start) - chunk_start;
            // Both are at most the chunk's length, so they fit.
            let (from, to) = (usize::try_from(from).ok()?, usize::try_from(to).ok()?);
            if from >= to {
                return None;
            }
            let bytes = part.bytes()?;
            (to <= bytes.len()).then(|| bytes.slice(from..to))
        })
    }

    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let packed = self.packed().map_or(&[][..], Packed::pieces);
        let raw = self.chunks().iter().map(Part::Raw);
        raw.chain(packed.iter().map(Part::Packed))
    }

    /// What it costs in memory.
    pub(crate) fn weight(&self) -> u64 {
        let other = match &self.0 {
            Form::One(chunk) => return weight::buffer(chunk.len()),
            Form::Other(other) => &**other,
        };
        let parts = match other {
            Other::Many(many) => many.weight(),
            Other::Packed(packed) => packed.weight(),
        };
        parts + weight::allocation_size(size_of::<Other>() as u64)
    }
}

impl Many {
    fn weight(&self) -> u64 {
        let buffers = self.chunks.iter().map(|c| weight::buffer(c.len()));
        buffers.sum::<u64>() + weight::allocation_size(size_of_val(&*self.chunks) as u64)
    }
}

impl Part<'_> {
    const fn len(&self) -> u64 {
        match self {
            Self::Raw(chunk) => chunk.len() as u64,
            Self::Packed(piece) => piece.len(),
        }
    }

    /// Whoever made a piece has tried it out, so that damage would be the memory's. Then it is missing,
    /// and the response falls short of its length.
    fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Raw(chunk) => Some((*chunk).clone()),
            Self::Packed(piece) => piece.unpack().map(Bytes::from),
        }
    }
}

/// A body on its way into its buffers.
struct Layout {
    /// Bytes that are in no buffer yet.
    left: usize,
    buffers: Vec<Bytes>,
    /// The buffer that is being filled, and the bytes that it still misses.
    last: Vec<u8>,
    missing: usize,
}

impl Layout {
    fn take(&mut self, mut chunk: Bytes) {
        // Only whole: a part of a buffer would keep all of it.
        if self.missing == 0 && !chunk.is_empty() && chunk.len() == self.next() {
            self.left -= chunk.len();
            self.buffers.push(chunk);
            return;
        }
        while !chunk.is_empty() {
            if self.missing == 0 {
                self.missing = self.next();
                self.left -= self.missing;
                self.last = Vec::with_capacity(self.missing);
            }
            let part = chunk.split_to(self.missing.min(chunk.len()));
            self.last.extend_from_slice(&part);
            self.missing -= part.len();
            if self.missing == 0 {
                self.buffers.push(std::mem::take(&mut self.last).into());
            }
        }
    }

    /// The length of the next buffer.
    fn next(&self) -> usize {
        self.left.min(BUFFER_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(sizes: &[usize]) -> Body {
        let mut next = 0_u8;
        Body::from_chunks(sizes.iter().map(|size| {
            next += 1;
            Bytes::from(vec![next; *size])
        }))
    }

    #[test]
    fn a_small_body_becomes_one_buffer() {
        let body = body(&[1000, 20, 3]);
        assert_eq!((body.len(), body.chunks().len()), (1023, 1));
    }

    #[test]
    fn an_empty_body_is_empty() {
        let body = body(&[]);
        assert_eq!(
            (body.len(), body.weight(), body.slice(0..10).count()),
            (0, 0, 0)
        );
    }

    #[test]
    fn a_body_is_laid_out_in_buffers_of_one_length_and_a_rest() {
        for (pieces, expected) in [
            (
                &[5 << 10, 3 << 10, 1, 8 << 10, 5][..],
                &[8 << 10, 8 << 10, 6][..],
            ),
            (&[8 << 10, 8 << 10], &[8 << 10, 8 << 10]),
            (&[1, 0, 8 << 10], &[8 << 10, 1]),
            (&[22 << 10], &[8 << 10, 8 << 10, 6 << 10]),
        ] {
            let body = body(pieces);
            let sizes: Vec<usize> = body.chunks().iter().map(Bytes::len).collect();
            assert_eq!(sizes, expected, "{pieces:?}");
            let bytes: Vec<u8> = body.slice(0..u64::MAX).flatten().collect();
            let sent = (1..).zip(pieces).flat_map(|(n, size)| vec![n; *size]);
            assert_eq!(bytes, sent.collect::<Vec<u8>>(), "{pieces:?}");
        }
    }

    #[test]
    fn no_buffer_is_a_part_of_one_that_came() {
        for pieces in [&[3 << 10, 8 << 10][..], &[150 << 10], &[8 << 10, 8 << 10]] {
            let came: Vec<Bytes> = pieces.iter().map(|size| vec![1; *size].into()).collect();
            let body = Body::from_chunks(came.clone());
            for buffer in body.chunks() {
                let within = came
                    .iter()
                    .find(|c| c.as_ptr_range().contains(&buffer.as_ptr()));
                assert!(within.is_none_or(|c| c.len() == buffer.len()), "{pieces:?}");
            }
        }
    }

    #[test]
    fn a_range_across_buffers_is_shared_and_exact() {
        let body = body(&[BUFFER_MAX, BUFFER_MAX]);
        let middle = BUFFER_MAX as u64;
        let parts: Vec<Bytes> = body.slice(middle - 2..middle + 3).collect();
        assert_eq!(parts, [&[1_u8, 1][..], &[2, 2, 2][..]]);
        assert_eq!(
            parts[0].as_ptr(),
            body.chunks()[0][BUFFER_MAX - 2..].as_ptr()
        );
        assert_eq!(
            body.slice(middle * 2 - 1..u64::MAX)
                .map(|b| b.len())
                .sum::<usize>(),
            1
        );
        #[expect(
            clippy::reversed_empty_ranges,
            reason = "what a careless caller may ask for"
        )]
        let nothing = body.slice(9..3).count();
        assert_eq!(nothing, 0);
    }
}
