//! The reading end of a response that is being received.
//!
//! Many readers follow one `fill`; each starts at the first byte and goes its own pace.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use crate::{EntryId, Moment, Stamp, in_flight::InFlight, seat::Pace};

/// What a reader finds next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes of the body.
    Data(Bytes),
    /// The owner's form of the trailers; once, after the body.
    Trailers(Bytes),
    /// Everything was read.
    End,
    /// The response will never be complete.
    Failed,
}

/// Follows a fill. Dropped, it no longer holds the fill back.
pub struct Reader {
    flight: Arc<InFlight>,
    at: At,
}

#[derive(Clone, Copy)]
enum At {
    Body { seat: usize },
    End,
    Failed,
}

impl Reader {
    /// A reader that has failed, if the first byte is gone.
    pub(crate) fn new(flight: &Arc<InFlight>, pace: Pace) -> Self {
        let at = flight
            .sit_down(pace)
            .map_or(At::Failed, |seat| At::Body { seat });
        Self {
            flight: Arc::clone(flight),
            at,
        }
    }

    pub(crate) fn follow(flight: &Arc<InFlight>) -> Option<Self> {
        let at = At::Body {
            seat: flight.sit_down(Pace::Held)?,
        };
        Some(Self {
            flight: Arc::clone(flight),
            at,
        })
    }

    /// The owner's metadata.
    #[must_use]
    pub fn meta(&self) -> &Bytes {
        &self.flight.meta
    }

    /// The identity that the stored entry will have.
    #[must_use]
    pub fn id(&self) -> EntryId {
        self.flight.id
    }

    /// The cluster's bytes.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.flight.stamp
    }

    /// When its origin request began.
    #[must_use]
    pub fn requested(&self) -> Moment {
        self.flight.requested
    }

    /// Whether only what the slowest reader has not read is kept: the response outgrew its limit, or
    /// is complete.
    #[must_use]
    pub fn outgrown(&self) -> bool {
        self.flight.outgrown()
    }

    /// The next piece. When pending, the waker is called once there may be one.
    pub fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Piece> {
        let seat = match self.at {
            At::Body { seat } => seat,
            At::End => return Poll::Ready(Piece::End),
            At::Failed => return Poll::Ready(Piece::Failed),
        };
        let Poll::Ready(piece) = self.flight.poll_piece(seat, cx) else {
            return Poll::Pending;
        };
        Poll::Ready(match piece {
            Piece::Data(bytes) => Piece::Data(bytes),
            Piece::Trailers(_) | Piece::End => {
                self.leave(seat, At::End);
                self.flight.trailers().map_or(Piece::End, Piece::Trailers)
            }
            Piece::Failed => {
                self.leave(seat, At::Failed);
                Piece::Failed
            }
        })
    }

    fn leave(&mut self, seat: usize, at: At) {
        self.at = at;
        self.flight.stand_up(seat);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        match self.at {
            At::Body { seat } => self.flight.stand_up(seat),
            At::End | At::Failed => {}
        }
    }
}
