//! What the origin saw of one request.
//!
//! Grows while the content arrives; see `ledger` for who writes it.

use crate::fields::Fields;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The request target: path and query.
    pub target: String,
    /// Every field line.
    pub fields: Fields,
    /// The content so far.
    pub body: Vec<u8>,
    /// Which connection it came on, counted from 1.
    pub connection: u64,
}

impl Recorded {
    /// A field's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.fields.get(name)
    }
}
