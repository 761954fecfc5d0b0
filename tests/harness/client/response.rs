//! A complete response, and the assertion on it.
//!
//! What is asserted is `Expectation`; how it arrived is `incoming`.

use crate::cache_status::CacheStatus;
use crate::expectation::Expectation;
use crate::fields::Fields;
use crate::transcript;
use bytes::Bytes;

/// What a client got.
#[derive(Debug, Clone)]
pub struct Response {
    /// The final status.
    pub status: u16,
    /// Every field line.
    pub fields: Fields,
    /// The whole content.
    pub body: Bytes,
    /// The trailer lines.
    pub trailers: Fields,
    /// Interim responses that came before.
    pub interim: Vec<(u16, Fields)>,
    pub(crate) request: String,
}

impl Response {
    /// Asserts.
    ///
    /// # Panics
    /// When the response is another; the message shows what was expected and what came.
    #[track_caller]
    pub fn expect(self, expected: impl Into<Expectation>) -> Self {
        let expected = expected.into();
        let wrong = expected.differences(&self);
        assert!(
            wrong.is_empty(),
            "{}\n\nexpected:\n{}\nasked:\n{}\ncame:\n{}",
            wrong.join("\n"),
            expected.describe(),
            self.request,
            self.transcript()
        );
        self
    }

    /// A field's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.fields.get(name)
    }

    /// What the gateway said about its cache.
    ///
    /// # Panics
    /// When it said nothing.
    #[track_caller]
    #[must_use]
    pub fn cache_status(&self) -> CacheStatus {
        let field = self.header("Cache-Status").unwrap_or_default();
        CacheStatus::parse(&field)
            .unwrap_or_else(|| panic!("no Cache-Status:\n{}", self.transcript()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON: {error}\n{}", self.transcript()))
    }

    fn transcript(&self) -> String {
        transcript::message('<', &self.status.to_string(), &self.fields, &self.body)
    }
}
