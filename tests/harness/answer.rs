//! A response, as both sides of a story write it: a scripted origin sends it, a client expects it.
//!
//! The words that only one side has turn it into a `Reply` (how it is sent) or an `Expectation`
//! (what else must hold).

use crate::cache_status::{ExpectedStatus, hit};
use crate::expectation::Expectation;
use crate::fields::{Fields, entity_tag};
use crate::origin::reply::Reply;
use bytes::Bytes;

/// A status, fields and perhaps a body.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
    pub(crate) body: Option<Bytes>,
}

/// A 200 with this body.
#[must_use]
pub fn ok(body: impl Into<Bytes>) -> Answer {
    status(200).body(body)
}

/// A 304.
#[must_use]
pub fn not_modified() -> Answer {
    status(304)
}

/// Any status; expected, it says nothing of the body.
#[must_use]
pub fn status(status: u16) -> Answer {
    Answer {
        status,
        fields: Fields::default(),
        body: None,
    }
}

impl Answer {
    /// The body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// A field line.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.fields.push(name, value);
        self
    }

    /// `Age`: how a story makes a response old. Expected, a few seconds more are allowed.
    #[must_use]
    pub fn age(self, seconds: u64) -> Self {
        self.header("Age", &seconds.to_string())
    }

    /// One more directive of `Cache-Control`.
    #[must_use]
    pub fn cache_control(mut self, directive: &str) -> Self {
        self.fields.append("Cache-Control", directive);
        self
    }

    /// `Cache-Control: max-age`
    #[must_use]
    pub fn max_age(self, seconds: u64) -> Self {
        self.cache_control(&format!("max-age={seconds}"))
    }

    /// `Cache-Control: stale-while-revalidate`
    #[must_use]
    pub fn swr(self, seconds: u64) -> Self {
        self.cache_control(&format!("stale-while-revalidate={seconds}"))
    }

    /// `Cache-Control: stale-if-error`
    #[must_use]
    pub fn sie(self, seconds: u64) -> Self {
        self.cache_control(&format!("stale-if-error={seconds}"))
    }

    /// `ETag`; quotes are added where they are missing.
    #[must_use]
    pub fn etag(self, tag: &str) -> Self {
        self.header("ETag", &entity_tag(tag))
    }

    /// `Last-Modified`
    #[must_use]
    pub fn last_modified(self, date: &str) -> Self {
        self.header("Last-Modified", date)
    }

    /// `Vary`
    #[must_use]
    pub fn vary(self, names: &str) -> Self {
        self.header("Vary", names)
    }

    /// Sent in chunks.
    #[must_use]
    pub fn chunked(self) -> Reply {
        Reply::from(self).chunked()
    }

    /// Sent without a length; the end of the connection ends the body.
    #[must_use]
    pub fn close_delimited(self) -> Reply {
        Reply::from(self).close_delimited()
    }

    /// Sent up to `after` bytes of the body; the rest waits for `origin.release(name)`.
    #[must_use]
    pub fn hold_body(self, name: &str, after: usize) -> Reply {
        Reply::from(self).hold_body(name, after)
    }

    /// Sent up to `after` bytes of the body; then the connection is cut.
    #[must_use]
    pub fn abort_after(self, after: usize) -> Reply {
        Reply::from(self).abort_after(after)
    }

    /// Sent after an interim response.
    #[must_use]
    pub fn after_interim(self, interim: Self) -> Reply {
        Reply::from(self).after_interim(interim)
    }

    /// Expected with this Cache-Status.
    #[must_use]
    pub fn cache_status(self, expected: ExpectedStatus) -> Expectation {
        Expectation::from(self).cache_status(expected)
    }

    /// Expected from the store.
    #[must_use]
    pub fn hit(self) -> Expectation {
        self.cache_status(hit())
    }

    /// Expected without this field.
    #[must_use]
    pub fn without(self, name: &str) -> Expectation {
        Expectation::from(self).without(name)
    }
}
