//! Stored parts of one representation: which bytes are there, which are missing, and whether a new
//! part belongs to them (RFC 9111 sections 3.3 and 3.4, RFC 9110 section 15.3.7.3).
//!
//! Only positions: the bytes lie with the caller, and the fields of the whole are those of
//! [`crate::validation::freshen`]. What a client's `Range` asks for is in [`crate::range`].

mod slices;
mod spans;
mod validator;

pub use slices::{Slice, slices};
pub use validator::StrongValidator;

use crate::message::Received;
use crate::range::ContentRange;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::ops::Range;
use std::time::SystemTime;

/// The most ranges of one representation: a client that asks for every second byte must not make
/// a list as long as the content.
pub const PARTS_MAX: usize = 256;

/// The parts of one representation that are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    complete: Option<u64>,
    /// Ascending, none empty, none overlapping or touching.
    ranges: Vec<Range<u64>>,
    validator: StrongValidator,
}

/// What a new part makes of the stored ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Combination {
    /// It is of the same representation: these are the parts now.
    Combined(Parts),
    /// It is of another one: the stored bytes go, and only the new part is left.
    Replace(Parts),
    /// It is not stored, and the stored parts stay: there are [`PARTS_MAX`] of them.
    Ignore,
}

impl Parts {
    /// What a response brought, when `arrived` bytes of its content came: a 206 with one range, or
    /// a 200, which may have broken off. Absent where it cannot be combined with others: without a
    /// strong validator, without a byte, as `multipart/byteranges`, or where `Content-Length` and
    /// `Content-Range` contradict each other.
    #[must_use]
    pub fn of(response: &Received<'_>, arrived: u64, received: SystemTime) -> Option<Self> {
        let headers = response.headers;
        let length = crate::field::singleton(headers, CONTENT_LENGTH).ok()?;
        let length = length.and_then(crate::field::digits);
        let (first, promised, complete) = match response.status {
            StatusCode::PARTIAL_CONTENT => {
                let multipart = headers.get(CONTENT_TYPE).is_some_and(is_multipart);
                let mut lines = headers.get_all(CONTENT_RANGE).iter();
                let line = lines
                    .next()
                    .filter(|_| !multipart && lines.next().is_none())?;
                let ContentRange { range, complete } = ContentRange::parse(line.as_bytes())?;
                let range = range?;
                // Who tells two lengths is not trusted with the place.
                let agreed = length.is_none_or(|length| length == range.end - range.start);
                let range = Some(range).filter(|_| agreed)?;
                (range.start, Some(range.end), complete)
            }
            StatusCode::OK => (0, length, length),
            _ => return None,
        };
        let end = first.checked_add(arrived)?;
        let range = first..promised.map_or(end, |promised| end.min(promised));
        let validator = StrongValidator::of(headers, received)?;
        (!range.is_empty()).then(|| Self {
            complete,
            ranges: vec![range],
            validator,
        })
    }

    /// What lies in a store: `ranges` of the `complete` bytes of a representation with these fields,
    /// in any order. Absent without a strong validator.
    #[must_use]
    pub fn stored(
        headers: &HeaderMap,
        complete: u64,
        ranges: impl Iterator<Item = Range<u64>>,
        received: SystemTime,
    ) -> Option<Self> {
        Some(Self {
            complete: Some(complete),
            ranges: spans::union(ranges),
            validator: StrongValidator::of(headers, received)?,
        })
    }

    /// Adds a new part, the later word of the origin.
    #[must_use]
    pub fn combine(&self, new: &Self) -> Combination {
        // Two lengths under one strong validator: the origin is broken, and its last word counts.
        let complete = new.complete.or(self.complete);
        let last = |parts: &Self| parts.ranges.last().map_or(0, |range| range.end);
        let end = last(self).max(last(new));
        let same_length = self.complete.is_none() || self.complete == complete;
        let fits = complete.is_none_or(|complete| end <= complete);
        if self.validator != new.validator || !same_length || !fits {
            return Combination::Replace(new.clone());
        }
        let ranges = spans::union(self.ranges.iter().chain(&new.ranges).cloned());
        if ranges.len() > PARTS_MAX {
            return Combination::Ignore;
        }
        Combination::Combined(Self {
            complete,
            ranges,
            validator: self.validator.clone(),
        })
    }

    /// What of `wanted` is not stored: ascending, none empty, none touching.
    #[must_use]
    pub fn missing(&self, wanted: &[Range<u64>]) -> Vec<Range<u64>> {
        let wanted = spans::union(wanted.iter().cloned());
        let within = |range: Range<u64>| {
            let complete = self.complete.unwrap_or(u64::MAX);
            range.start..range.end.min(complete)
        };
        let wanted: Vec<_> = wanted
            .into_iter()
            .map(within)
            .filter(|r| !r.is_empty())
            .collect();
        spans::difference(&wanted, &self.ranges)
    }

    /// Are all bytes there? Only then may the parts answer a request without a range (RFC 9111
    /// section 3.3).
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let whole = self.complete.map(|complete| 0..complete);
        whole.is_some_and(|whole| self.ranges.as_slice() == std::slice::from_ref(&whole))
    }

    /// The fields that ask an origin for `range` of this very representation. If it has changed,
    /// the answer is a 200 with the new one.
    #[must_use]
    pub fn completing(&self, range: &Range<u64>) -> Option<[(HeaderName, HeaderValue); 2]> {
        let last = range
            .end
            .checked_sub(1)
            .filter(|last| *last >= range.start)?;
        let positions = format!("bytes={}-{last}", range.start);
        let range = HeaderValue::from_str(&positions).ok()?;
        Some([(RANGE, range), (IF_RANGE, self.validator.to_value()?)])
    }

    /// The length of the complete representation, where an origin told it.
    #[must_use]
    pub fn complete_length(&self) -> Option<u64> {
        self.complete
    }

    /// What is stored: ascending, none empty, none touching.
    #[must_use]
    pub fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    /// What all parts share.
    #[must_use]
    pub fn validator(&self) -> &StrongValidator {
        &self.validator
    }
}

/// Its own `Content-Range` fields stand between the parts; combining them is not worth the parser.
fn is_multipart(value: &HeaderValue) -> bool {
    let name = b"multipart/byteranges";
    let start = value.as_bytes().get(..name.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
