//! How an answer is sent: framing, holds, cuts, interim responses, raw bytes.
//!
//! What is sent is `Answer`; who sends it is `serve`.

use crate::answer::{Answer, status};
use bytes::Bytes;

/// An answer and the manner of sending it.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) answer: Answer,
    pub(super) manner: Manner,
    pub(super) interim: Vec<Answer>,
    pub(super) marks: Vec<Mark>,
}

/// How the bytes go out.
#[derive(Debug, Clone)]
pub(super) enum Manner {
    Length,
    Chunked,
    CloseDelimited,
    /// Exactly these bytes, then the connection closes.
    Raw(Bytes),
    /// After the head every byte is sent back.
    Echo,
}

/// Something that happens at a place in the body.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) at: usize,
    pub(super) event: Event,
}

#[derive(Debug, Clone)]
pub(super) enum Event {
    Hold(String),
    Cut,
}

/// Exactly these bytes instead of a well-formed response; then the connection closes.
#[must_use]
pub fn raw(bytes: impl Into<Bytes>) -> Reply {
    Reply {
        manner: Manner::Raw(bytes.into()),
        ..Reply::from(status(200))
    }
}

/// A 101 to `protocol`, after which every byte is sent back.
#[must_use]
pub fn switching_protocols(protocol: &str) -> Reply {
    let answer = status(101)
        .header("Connection", "Upgrade")
        .header("Upgrade", protocol);
    Reply {
        manner: Manner::Echo,
        ..Reply::from(answer)
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            manner: Manner::Length,
            interim: Vec::new(),
            marks: Vec::new(),
        }
    }
}

impl Reply {
    /// In chunks.
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.manner = Manner::Chunked;
        self
    }

    /// Without a length; the end of the connection ends the body.
    #[must_use]
    pub fn close_delimited(mut self) -> Self {
        self.manner = Manner::CloseDelimited;
        self
    }

    /// After `after` bytes of the body it waits for `origin.release(name)`.
    #[must_use]
    pub fn hold_body(self, name: &str, after: usize) -> Self {
        self.mark(after, Event::Hold(name.to_owned()))
    }

    /// After `after` bytes of the body the connection is cut.
    #[must_use]
    pub fn abort_after(self, after: usize) -> Self {
        self.mark(after, Event::Cut)
    }

    /// An interim response (1xx) goes first.
    #[must_use]
    pub fn after_interim(mut self, interim: Answer) -> Self {
        self.interim.push(interim);
        self
    }

    fn mark(mut self, at: usize, event: Event) -> Self {
        self.marks.push(Mark { at, event });
        self.marks.sort_by_key(|mark| mark.at);
        self
    }
}
