//! What a segment is told in its turn, and what it did.

/// Whether an entry that was used meanwhile may stay once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grace {
    /// It may.
    Granted,
    /// Enough of them did: something has to leave.
    Ended,
}

/// What a segment did in its turn.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It had nothing to give up there.
    Empty,
    /// The entry was used and is protected.
    Kept,
    /// The entry left.
    Out(T),
}
