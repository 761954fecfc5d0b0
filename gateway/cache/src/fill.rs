//! The writing end of a response that is being received.
//!
//! It decides when a body has outgrown its limits. What readers see is `in_flight`; whether the
//! finished response may be stored is `store/commit`.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll},
};

use bytes::Bytes;

use crate::{
    Body, EntryId, Epoch, Key, Moment, Reader, Refusal, Scopes, Stamp, in_flight::InFlight,
    seat::Pace, store::Shared,
};

/// What is known of a response when its fill begins.
#[derive(Clone, Debug)]
pub struct FillSpec {
    /// The key to store it under.
    pub key: Key,
    /// The owner's metadata, opaque here.
    pub meta: Bytes,
    /// The sets it belongs to.
    pub scopes: Scopes,
    /// [`Store::epoch`](crate::Store::epoch) when the origin request began.
    pub epoch: Epoch,
    /// The cluster's bytes.
    pub stamp: Stamp,
    /// When the origin request began.
    pub requested: Moment,
    /// From then on it is of no use, not even stale.
    pub useful_until: Moment,
    /// A body longer than this is not stored.
    pub max_body: u64,
    /// The length of the body, if it was announced.
    pub size_hint: Option<u64>,
}

/// The right to write one response into the store. Dropped without [`Fill::finish`], it fails: its
/// readers see [`Piece::Failed`](crate::Piece::Failed) and nothing is stored.
pub struct Fill {
    store: Arc<Shared>,
    flight: Arc<InFlight>,
    max_body: u64,
    received: u64,
    state: FillState,
}

/// What became of written bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// They are kept; the response may still be stored.
    Kept,
    /// The response will not be stored. Readers still get everything; wait for
    /// [`Fill::poll_room`] before the next write.
    Outgrown,
}

/// A response was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The bytes that it is charged with.
    pub weight: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FillState {
    Storing,
    Outgrown,
    Ended,
}

impl Fill {
    pub(crate) const fn new(store: Arc<Shared>, flight: Arc<InFlight>, max_body: u64) -> Self {
        Self {
            store,
            flight,
            max_body,
            received: 0,
            state: FillState::Storing,
        }
    }

    /// Adds bytes to the body. Never blocks.
    pub fn write(&mut self, bytes: Bytes) -> Written {
        if !bytes.is_empty() {
            self.received = self.received.saturating_add(bytes.len() as u64);
            if self.state == FillState::Storing && !self.keep(&bytes) {
                self.store.unlink_fill(&self.flight);
                self.flight.outgrow();
                self.state = FillState::Outgrown;
            }
            if self.state == FillState::Outgrown {
                let passing = bytes.len() as u64;
                self.flight.pass_through(bytes);
                self.store.make_room(self.flight.key.hash, passing);
            }
        }
        match self.state {
            FillState::Storing => Written::Kept,
            FillState::Outgrown | FillState::Ended => Written::Outgrown,
        }
    }

    /// Ready when the next write is welcome. Pending only for a body that is not stored any more
    /// and whose slowest reader is [`OUTGROWN_WINDOW`](crate::OUTGROWN_WINDOW) behind.
    pub fn poll_room(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.flight.poll_room(cx)
    }

    /// A reader from the first byte on. Take it before the body can outgrow its limit: once the
    /// first byte is gone, a new reader has failed.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(&self.flight, Pace::Held)
    }

    /// As [`Fill::reader`], for the task that writes: [`Fill::poll_room`] does not wait for it.
    #[must_use]
    pub fn leading_reader(&self) -> Reader {
        Reader::new(&self.flight, Pace::Own)
    }

    /// Whether anybody reads it now.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.flight.is_followed()
    }

    /// The identity that the stored entry will have.
    #[must_use]
    pub fn id(&self) -> EntryId {
        self.flight.id
    }

    /// The body is complete: stores it, unless an invalidation or a limit forbids. Readers get
    /// everything in any case.
    pub fn finish(mut self, trailers: Option<Bytes>) -> Result<Stored, Refusal> {
        let outgrown = self.state == FillState::Outgrown;
        self.state = FillState::Ended;
        if outgrown {
            self.flight.complete(None, trailers);
            return Err(Refusal::Outgrown);
        }
        let body = self.flight.body();
        match self
            .store
            .commit(&self.flight, body.clone(), trailers.clone())
        {
            Ok(stored) => {
                self.flight.complete(Some(&body), trailers);
                Ok(stored)
            }
            Err(refusal) => {
                self.store.unlink_fill(&self.flight);
                self.flight.complete(None, trailers);
                Err(refusal)
            }
        }
    }

    /// The body will never be complete: its readers fail. What was received is given back, unless the
    /// body outgrew its limits or the key was removed meanwhile.
    #[must_use]
    pub fn break_off(self) -> Option<Body> {
        let kept = self.state == FillState::Storing && !self.flight.revoked.load(Relaxed);
        kept.then(|| self.flight.body())
        // Dropped here, it fails.
    }

    /// The owner's metadata.
    #[must_use]
    pub fn meta(&self) -> &Bytes {
        &self.flight.meta
    }

    /// Whether the bytes could be kept.
    fn keep(&self, bytes: &[u8]) -> bool {
        let kept = self.received <= self.max_body && self.flight.append(bytes).is_ok();
        if kept {
            self.store
                .make_room(self.flight.key.hash, bytes.len() as u64);
        }
        kept
    }
}

impl Drop for Fill {
    fn drop(&mut self) {
        match self.state {
            FillState::Storing | FillState::Outgrown => {
                self.store.unlink_fill(&self.flight);
                self.flight.abort();
            }
            FillState::Ended => {}
        }
    }
}
