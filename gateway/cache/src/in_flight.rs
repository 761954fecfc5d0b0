//! A response while it is received: what its fill writes and its readers follow.
//!
//! One lock covers the chunks and everyone who waits. A waiter is registered under the lock under
//! which it found nothing, so no wake-up is lost. The two ends are `fill` and `reader`; whether the
//! result is stored is `store/commit`.

mod state;

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;

use self::state::{Chunk, Keep, Phase, State, chunk_cost, chunks_of};
use crate::{
    Body, EntryId, FillSpec, Key, Moment, Piece, Stamp,
    body::BUFFER_MAX,
    entry::record_weight,
    ledger::{Ledger, OverShare},
    provenance::Provenance,
    seat::{Pace, Seat},
    sync::{AtomicBool, Mutex, planted},
};

/// Readers of one fill. Past this a look-up misses: memory is bounded, and the origin still sees
/// one request in thousands.
pub const FOLLOWERS_MAX: usize = 4096;

/// Bytes that a fill which is not stored any more may be ahead of its slowest reader. Two or three
/// socket buffers: enough to keep a connection busy.
pub const OUTGROWN_WINDOW: u64 = 256 << 10;

pub(crate) struct InFlight {
    pub(crate) id: EntryId,
    pub(crate) key: Key,
    pub(crate) meta: Bytes,
    pub(crate) stamp: Stamp,
    pub(crate) requested: Moment,
    pub(crate) useful_until: Moment,
    pub(crate) provenance: Provenance,
    /// The owner removed the key meanwhile.
    pub(crate) revoked: AtomicBool,
    ledger: Arc<Ledger>,
    /// Everything that changes while it is received.
    state: Mutex<State>,
}

impl InFlight {
    /// Fails when all fills together hold too much already.
    pub(crate) fn begin(
        id: EntryId,
        spec: FillSpec,
        ledger: &Arc<Ledger>,
    ) -> Result<Self, OverShare> {
        let charged = record_weight(
            spec.key.bytes.len() + spec.meta.len() + 8 * spec.scopes.tags.len(),
            spec.scopes.tags.len(),
        ) + size_of::<Self>() as u64;
        ledger.try_charge_fill(charged)?;
        ledger.open_fill();
        let state = State {
            chunks: VecDeque::new(),
            received: 0,
            keep: Keep::Everything,
            phase: Phase::Receiving,
            trailers: None,
            seats: Vec::new(),
            room: None,
            charged,
        };
        Ok(Self {
            id,
            key: spec.key,
            meta: spec.meta,
            stamp: spec.stamp,
            requested: spec.requested,
            useful_until: spec.useful_until,
            provenance: Provenance::new(spec.scopes, spec.epoch),
            revoked: AtomicBool::new(false),
            ledger: Arc::clone(ledger),
            state: Mutex::new(state),
        })
    }

    /// Adds bytes to what may be stored. They are copied, as they may be a small piece of a large
    /// read buffer. All of them or none.
    pub(crate) fn append(&self, bytes: &[u8]) -> Result<(), OverShare> {
        let buffers = || bytes.chunks(BUFFER_MAX);
        let cost = buffers().map(|buffer| chunk_cost(buffer.len())).sum();
        self.ledger.try_charge_fill(cost)?;
        for buffer in buffers() {
            self.push(Bytes::copy_from_slice(buffer), chunk_cost(buffer.len()));
        }
        Ok(())
    }

    /// Adds a chunk to the window.
    pub(crate) fn pass_through(&self, bytes: Bytes) {
        let cost = chunk_cost(bytes.len());
        self.ledger.charge_fill(cost);
        self.push(bytes, cost);
    }

    /// From now on only what the slowest reader has not read is kept.
    pub(crate) fn outgrow(&self) {
        let mut state = self.state.lock();
        state.keep = Keep::Window;
        self.trim(&mut state);
    }

    /// What was received, when it is everything.
    pub(crate) fn body(&self) -> Body {
        let state = self.state.lock();
        if let [only] = state.chunks.as_slices().0
            && state.chunks.len() == 1
        {
            return Body::from_chunk(only.bytes.clone());
        }
        let chunks: Vec<Bytes> = state.chunks.iter().map(|c| c.bytes.clone()).collect();
        drop(state); // Joining copies.
        Body::from_chunks(chunks)
    }

    /// The bytes on the ledger are the entry's from now on.
    pub(crate) fn hand_over_charge(&self) {
        let charged = mem::take(&mut self.state.lock().charged);
        self.ledger.release_fill(charged);
    }

    /// All bytes are there. With `body`, readers go on in the buffers of the entry. What every
    /// reader has read need not be kept any more.
    pub(crate) fn complete(&self, body: Option<&Body>, trailers: Option<Bytes>) {
        let (waiting, chunks) = {
            let mut state = self.state.lock();
            debug_assert_eq!(state.phase, Phase::Receiving);
            state.phase = Phase::Complete;
            state.trailers = trailers;
            state.keep = Keep::Window;
            let followed = state.seats.iter().any(Option::is_some);
            let replaced = match body {
                Some(body) if followed => mem::replace(&mut state.chunks, chunks_of(body)),
                // Nobody reads them, and nobody can begin to.
                Some(_) => mem::take(&mut state.chunks),
                None => VecDeque::new(),
            };
            self.trim(&mut state);
            (state.waiting(), replaced)
        };
        self.ledger.close_fill();
        waiting.into_iter().for_each(Waker::wake);
        drop(chunks);
    }

    /// It will never be complete.
    pub(crate) fn abort(&self) {
        let (waiting, chunks) = {
            let mut state = self.state.lock();
            debug_assert_eq!(state.phase, Phase::Receiving);
            state.phase = Phase::Aborted;
            self.ledger.release_fill(mem::take(&mut state.charged));
            (state.waiting(), mem::take(&mut state.chunks))
        };
        self.ledger.close_fill();
        waiting.into_iter().for_each(Waker::wake);
        drop(chunks);
    }

    pub(crate) fn revoke(&self) {
        self.revoked.store(true, Relaxed);
    }

    /// Ready when the fill may write more.
    pub(crate) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        if state.has_room() {
            return Poll::Ready(());
        }
        planted!(WaitsAfterLookForRoom => {
            drop(state);
            state = self.state.lock();
        });
        state.room = Some(cx.waker().clone());
        Poll::Pending
    }

    /// A seat at the first byte; `None` when that is gone, or every seat is taken.
    pub(crate) fn sit_down(&self, pace: Pace) -> Option<usize> {
        let mut state = self.state.lock();
        let whole = match (state.keep, state.phase) {
            (_, Phase::Aborted) => false,
            (Keep::Everything, _) => true,
            (Keep::Window, _) => state.start() == 0,
        };
        if !whole {
            return None;
        }
        planted!(SitsDownLate => {
            drop(state);
            state = self.state.lock();
        });
        let seat = Some(Seat {
            offset: 0,
            pace,
            waker: None,
        });
        if let Some(free) = state.seats.iter().position(Option::is_none) {
            *state.seats.get_mut(free)? = seat;
            return Some(free);
        }
        let last = state.seats.len();
        if last >= FOLLOWERS_MAX {
            return None;
        }
        state.seats.push(seat);
        Some(last)
    }

    pub(crate) fn is_followed(&self) -> bool {
        self.state.lock().seats.iter().any(Option::is_some)
    }

    pub(crate) fn stand_up(&self, seat: usize) {
        let room = {
            let mut state = self.state.lock();
            if let Some(place) = state.seats.get_mut(seat) {
                *place = None;
            }
            self.trim(&mut state)
        };
        room.into_iter().for_each(Waker::wake);
    }

    /// The next bytes for a seat, else the end; trailers are asked for apart.
    pub(crate) fn poll_piece(&self, seat: usize, cx: &Context<'_>) -> Poll<Piece> {
        let mut state = self.state.lock();
        if state.phase == Phase::Aborted {
            return Poll::Ready(Piece::Failed);
        }
        let Some(offset) = state
            .seats
            .get(seat)
            .and_then(Option::as_ref)
            .map(|s| s.offset)
        else {
            return Poll::Ready(Piece::Failed);
        };
        let found = state.from(offset);
        let complete = state.phase == Phase::Complete;
        planted!(WaitsAfterLook => {
            drop(state);
            state = self.state.lock();
        });
        let Some(Some(own)) = state.seats.get_mut(seat) else {
            return Poll::Ready(Piece::Failed);
        };
        match found {
            Some(bytes) => {
                own.offset = offset + bytes.len() as u64;
                let room = self.trim(&mut state);
                drop(state);
                room.into_iter().for_each(Waker::wake);
                Poll::Ready(Piece::Data(bytes))
            }
            None if complete => Poll::Ready(Piece::End),
            None => {
                own.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    pub(crate) fn outgrown(&self) -> bool {
        self.state.lock().keep == Keep::Window
    }

    pub(crate) fn trailers(&self) -> Option<Bytes> {
        self.state.lock().trailers.clone()
    }

    fn push(&self, bytes: Bytes, cost: u64) {
        let waiting = {
            let mut state = self.state.lock();
            let start = state.received;
            state.received += bytes.len() as u64;
            planted!(ChargesInTwoSteps => {
                let charged = state.charged;
                drop(state);
                state = self.state.lock();
                state.charged = charged;
            });
            state.charged += cost;
            state.chunks.push_back(Chunk { start, bytes });
            self.trim(&mut state);
            state.waiting()
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Drops what every reader has read, if only a window is kept. Returns the fill's waker when
    /// there is room.
    fn trim(&self, state: &mut State) -> Option<Waker> {
        if state.keep == Keep::Everything {
            return None;
        }
        let slowest = state.slowest();
        while let Some(chunk) = state.chunks.front()
            && chunk.start + chunk.bytes.len() as u64 <= slowest
        {
            // After the charge was handed over, nothing is left to release.
            let cost = chunk_cost(chunk.bytes.len()).min(state.charged);
            state.charged -= cost;
            self.ledger.release_fill(cost);
            state.chunks.pop_front();
        }
        if state.has_room() {
            state.room.take()
        } else {
            None
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.ledger.release_fill(self.state.get_mut().charged);
    }
}
