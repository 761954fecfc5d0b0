//! A reader's place in a response that is being received.

use std::task::Waker;

/// One reader of one fill.
pub(crate) struct Seat {
    /// What it has read.
    pub(crate) offset: u64,
    pub(crate) pace: Pace,
    /// Called when there may be more.
    pub(crate) waker: Option<Waker>,
}

/// Whether a fill that is not stored any more waits for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It does, so that what is kept for a slow reader stays bounded.
    Held,
    /// It does not: the reader runs in the fill's own task, and waiting for it would wait for ever.
    Own,
}
