//! The strong validator that parts of one representation share (RFC 9110 section 8.8.1).
//!
//! How validators are compared elsewhere is in [`crate::validator`].

use crate::date;
use crate::validator::{EntityTag, last_modified, last_modified_is_strong};
use http::header::ETAG;
use http::{HeaderMap, HeaderValue};
use std::time::SystemTime;

/// Equal ones stand for the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StrongValidator {
    /// An entity tag that is not weak, as it was sent.
    Tag(HeaderValue),
    /// `Last-Modified`, where it is a second older than `Date` and there is no entity tag.
    Modified(SystemTime),
}

impl StrongValidator {
    /// The one of a response; absent where all it has is weak.
    #[must_use]
    pub fn of(headers: &HeaderMap, received: SystemTime) -> Option<Self> {
        if let Some(tag) = EntityTag::of(headers) {
            return headers
                .get(ETAG)
                .filter(|_| !tag.is_weak())
                .map(|value| Self::Tag(value.clone()));
        }
        let strong = last_modified_is_strong(headers, received);
        last_modified(headers, received)
            .filter(|_| strong)
            .map(Self::Modified)
    }

    /// As `If-Range` carries it. A tag without quotes would be read as a date there.
    pub(super) fn to_value(&self) -> Option<HeaderValue> {
        match self {
            Self::Tag(tag) => tag.as_bytes().starts_with(b"\"").then(|| tag.clone()),
            Self::Modified(moment) => Some(date::format(*moment)),
        }
    }
}
