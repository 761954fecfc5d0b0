//! What a fill has received and who waits for it: everything under the lock of `in_flight`.
//!
//! It neither locks nor wakes, and it charges nobody.

use std::{collections::VecDeque, task::Waker};

use bytes::Bytes;

use super::OUTGROWN_WINDOW;
use crate::{
    Body,
    seat::{Pace, Seat},
    sync::planted,
    weight,
};

/// The handle and the place in the list that each chunk of a fill costs.
const CHUNK_HANDLE: u64 = 40;

pub(super) struct State {
    pub(super) chunks: VecDeque<Chunk>,
    /// Bytes received so far.
    pub(super) received: u64,
    pub(super) keep: Keep,
    pub(super) phase: Phase,
    pub(super) trailers: Option<Bytes>,
    pub(super) seats: Vec<Option<Seat>>,
    /// The fill, while it waits for its readers.
    pub(super) room: Option<Waker>,
    /// Bytes on the ledger.
    pub(super) charged: u64,
}

pub(super) struct Chunk {
    pub(super) start: u64,
    pub(super) bytes: Bytes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// From the first byte on: it may be stored, and new readers may come.
    Everything,
    /// What the slowest reader has not read.
    Window,
}

/// `Receiving` ends once, in one of the other two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Receiving,
    Complete,
    Aborted,
}

impl State {
    /// The offset of the slowest reader; without readers, everything has been read.
    pub(super) fn slowest(&self) -> u64 {
        self.seats
            .iter()
            .flatten()
            .map(|seat| seat.offset)
            .min()
            .unwrap_or(self.received)
    }

    pub(super) fn has_room(&self) -> bool {
        let waited_for = self
            .seats
            .iter()
            .flatten()
            .filter(|seat| seat.pace == Pace::Held);
        let slowest = waited_for
            .map(|seat| seat.offset)
            .min()
            .unwrap_or(self.received);
        self.keep == Keep::Everything || self.received - slowest <= OUTGROWN_WINDOW
    }

    /// The offset of the first byte that is still there.
    pub(super) fn start(&self) -> u64 {
        self.chunks
            .front()
            .map_or(self.received, |chunk| chunk.start)
    }

    /// What is there from `offset` on, up to the end of a chunk.
    pub(super) fn from(&self, offset: u64) -> Option<Bytes> {
        let after = self.chunks.partition_point(|chunk| chunk.start <= offset);
        let chunk = self.chunks.get(after.checked_sub(1)?)?;
        let skip = usize::try_from(offset - chunk.start).ok()?;
        (skip < chunk.bytes.len()).then(|| chunk.bytes.slice(skip..))
    }

    pub(super) fn waiting(&mut self) -> Vec<Waker> {
        let waiting = self
            .seats
            .iter_mut()
            .flatten()
            .filter_map(|seat| seat.waker.take());
        planted!(WakesOne => return waiting.take(1).collect());
        waiting.collect()
    }
}

pub(super) const fn chunk_cost(length: usize) -> u64 {
    weight::buffer(length) + CHUNK_HANDLE
}

pub(super) fn chunks_of(body: &Body) -> VecDeque<Chunk> {
    let mut end = 0;
    let chunk = |bytes: &Bytes| {
        let start = end;
        end += bytes.len() as u64;
        Chunk {
            start,
            bytes: bytes.clone(),
        }
    };
    body.chunks()
        .iter()
        .filter(|bytes| !bytes.is_empty())
        .map(chunk)
        .collect()
}
