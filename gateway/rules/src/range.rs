//! Range requests against a complete stored response (RFC 9110 section 14).
//!
//! It turns a `Range` into byte positions. Whether the range may be used at all, `If-Range` says
//! ([`crate::precondition::if_range_holds`]).

use crate::field::{digits, elements, singleton, trim};
use crate::message::Presented;
use crate::method::retrieves;
use crate::precondition::if_range_holds;
use http::header::RANGE;
use http::{HeaderMap, Method};
use std::fmt::{self, Display, Formatter};
use std::ops::Range;

/// What a request asks of a complete response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeVerdict {
    /// All of it: there is no range, or one that is to be ignored.
    Whole,
    /// These parts, ascending, none overlapping or touching; at least one, none empty. One part is
    /// sent as a plain 206, several as `multipart/byteranges`.
    Ranges(Vec<Range<u64>>),
    /// Nothing that exists: 416, with [`ContentRange::unsatisfied`].
    Unsatisfiable,
}

/// The most ranges of one request; beyond that the whole is sent. Many small parts cost more to
/// frame than they save, and are a known way to overload a server (section 14.2).
pub const RANGES_MAX: usize = 16;

/// Parts this close are sent as one: the frame between two parts is about as long.
const GAP_MAX: u64 = 80;

/// What the request asks of a stored response with `complete_length` bytes. Only a GET has ranges
/// (RFC 9110 section 14.2), and a QUERY like it (RFC 10008).
#[must_use]
pub fn requested(
    request: &Presented<'_>,
    stored_headers: &HeaderMap,
    complete_length: u64,
) -> RangeVerdict {
    let line = singleton(request.headers, RANGE).ok().flatten();
    let ranged = retrieves(request.method) && request.method != Method::HEAD;
    match line {
        Some(line) if ranged && if_range_holds(request, stored_headers) => {
            evaluate(line, complete_length)
        }
        _ => RangeVerdict::Whole,
    }
}

/// Reads a `Range` value. One that has another unit or is malformed is ignored, and so is one whose ranges
/// overlap or are out of order (section 14.2).
#[must_use]
pub fn evaluate(value: &[u8], complete_length: u64) -> RangeVerdict {
    let Some(specs) = specs(value) else {
        return RangeVerdict::Whole;
    };
    let mut ranges: Vec<Range<u64>> = specs
        .into_iter()
        .filter_map(|spec| spec.within(complete_length))
        .collect();
    if ranges.is_empty() {
        return RangeVerdict::Unsatisfiable;
    }
    let in_order = ranges.is_sorted_by(|earlier, later| earlier.end <= later.start);
    if !in_order {
        return RangeVerdict::Whole;
    }
    ranges.dedup_by(|later, earlier| {
        let joined = later.start <= earlier.end.saturating_add(GAP_MAX);
        if joined {
            earlier.end = earlier.end.max(later.end);
        }
        joined
    });
    RangeVerdict::Ranges(ranges)
}

/// One member of a range set (section 14.1.1).
enum Spec {
    /// `first-`, `first-last`
    From { first: u64, last: Option<u64> },
    /// `-length`
    Suffix { length: u64 },
}

impl Spec {
    fn parse(text: &[u8]) -> Option<Self> {
        let dash = text.iter().position(|&byte| byte == b'-')?;
        let (first, last) = (text.get(..dash)?, text.get(dash + 1..)?);
        match (first, last) {
            (b"", length) => Some(Self::Suffix {
                length: digits(length)?,
            }),
            (first, b"") => Some(Self::From {
                first: digits(first)?,
                last: None,
            }),
            (first, last) => {
                let (first, last) = (digits(first)?, digits(last)?);
                (first <= last).then_some(Self::From {
                    first,
                    last: Some(last),
                })
            }
        }
    }

    /// The positions that exist; absent when there are none.
    fn within(self, complete: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From { first, last } => {
                let end = last.map_or(complete, |last| last.saturating_add(1).min(complete));
                first..end
            }
            Self::Suffix { length } => complete.saturating_sub(length)..complete,
        };
        (!range.is_empty()).then_some(range)
    }
}

fn specs(value: &[u8]) -> Option<Vec<Spec>> {
    let (unit, set) = value.split_at(value.iter().position(|&byte| byte == b'=')?);
    if !trim(unit).eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let mut specs = Vec::new();
    for element in elements(set.get(1..)?).filter(|element| !element.is_empty()) {
        if specs.len() == RANGES_MAX {
            return None;
        }
        specs.push(Spec::parse(element)?);
    }
    (!specs.is_empty()).then_some(specs)
}

/// `Content-Range` of a part (section 14.4). Its [`Display`] is the field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentRange {
    /// Absent in a 416.
    pub range: Option<Range<u64>>,
    /// The length of the complete representation; absent when the origin does not know it.
    pub complete: Option<u64>,
}

impl ContentRange {
    /// `bytes */complete`, for a 416.
    #[must_use]
    pub fn unsatisfied(complete: u64) -> Self {
        Self {
            range: None,
            complete: Some(complete),
        }
    }

    /// Reads the field of a 206; absent when it contradicts itself or has another unit.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (unit, rest) = value.split_at_checked(6)?;
        if !unit.eq_ignore_ascii_case(b"bytes ") {
            return None;
        }
        let mut halves = rest.split(|&byte| byte == b'/');
        let (positions, length) = (halves.next()?, halves.next()?);
        let mut ends = positions.split(|&byte| byte == b'-');
        let (first, last) = (digits(ends.next()?)?, digits(ends.next()?)?);
        let range = first..last.checked_add(1)?;
        let complete = if length == b"*" {
            None
        } else {
            Some(digits(length)?)
        };
        let fits = complete.is_none_or(|complete| range.end <= complete);
        let ended = halves.next().is_none() && ends.next().is_none();
        (fits && ended && !range.is_empty()).then_some(Self {
            range: Some(range),
            complete,
        })
    }
}

impl Display for ContentRange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.range {
            Some(range) => write!(f, "bytes {}-{}/", range.start, range.end.saturating_sub(1))?,
            None => f.write_str("bytes */")?,
        }
        match self.complete {
            Some(complete) => write!(f, "{complete}"),
            None => f.write_str("*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_are_read_against_the_complete_length() {
        let parts = |list: &[(u64, u64)]| {
            RangeVerdict::Ranges(list.iter().map(|&(start, end)| start..end).collect())
        };
        let rows = [
            ("bytes=0-1", parts(&[(0, 2)])),
            ("bytes=1-", parts(&[(1, 1000)])),
            ("bytes=-5", parts(&[(995, 1000)])),
            ("bytes=-5000", parts(&[(0, 1000)])),
            ("Bytes=0-99999", parts(&[(0, 1000)])),
            ("bytes=0-1, 500-501", parts(&[(0, 2), (500, 502)])),
            ("bytes=0-10,11-20,30-40", parts(&[(0, 41)])),
            ("bytes=500-501,0-1", RangeVerdict::Whole),
            ("bytes=0-10,5-20,30-40", RangeVerdict::Whole),
            ("bytes=0-1,5000-", parts(&[(0, 2)])),
            ("bytes=1000-", RangeVerdict::Unsatisfiable),
            ("bytes=-0", RangeVerdict::Unsatisfiable),
            ("bytes=2-1", RangeVerdict::Whole),
            ("bytes=a-b", RangeVerdict::Whole),
            ("bytes=", RangeVerdict::Whole),
            ("lines=0-1", RangeVerdict::Whole),
            ("bytes=0-1,x", RangeVerdict::Whole),
            (
                "bytes=0-,1-,2-,3-,4-,5-,6-,7-,8-,9-,1-,1-,1-,1-,1-,1-,1-",
                RangeVerdict::Whole,
            ),
        ];
        for (value, expected) in rows {
            assert_eq!(evaluate(value.as_bytes(), 1000), expected, "{value}");
        }
        assert_eq!(evaluate(b"bytes=0-", 0), RangeVerdict::Unsatisfiable);
    }

    #[test]
    fn get_and_query_have_ranges() {
        let headers: HeaderMap = [(RANGE, "bytes=0-1".parse().unwrap())]
            .into_iter()
            .collect();
        for (name, ranged) in [
            ("GET", true),
            ("QUERY", true),
            ("HEAD", false),
            ("POST", false),
        ] {
            let method: Method = name.parse().unwrap();
            let request = Presented {
                method: &method,
                headers: &headers,
            };
            let verdict = requested(&request, &HeaderMap::new(), 10);
            assert_eq!(verdict != RangeVerdict::Whole, ranged, "{name}");
        }
    }

    #[test]
    fn content_range_is_read_and_written() {
        for text in ["bytes 4-9/10", "bytes 0-0/*"] {
            let range = ContentRange::parse(text.as_bytes()).unwrap();
            assert_eq!(range.to_string(), text);
        }
        for bad in [
            "bytes 4-10/10",
            "bytes 9-4/10",
            "bytes */10",
            "items 0-1/2",
            "bytes 0-1",
            "",
        ] {
            assert_eq!(ContentRange::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(ContentRange::unsatisfied(10).to_string(), "bytes */10");
    }

    proptest! {
        #[test]
        fn parts_are_ascending_apart_and_inside(value in "bytes=[0-9,\\- ]{0,30}", length in 0_u64..200) {
            if let RangeVerdict::Ranges(ranges) = evaluate(value.as_bytes(), length) {
                prop_assert!(!ranges.is_empty() && ranges.len() <= RANGES_MAX);
                prop_assert!(ranges.iter().all(|r| r.start < r.end && r.end <= length));
                prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start));
            }
        }

        #[test]
        fn no_bytes_panic(value in proptest::collection::vec(any::<u8>(), 0..30)) {
            let _ = evaluate(&value, 10);
            let _ = ContentRange::parse(&value);
        }
    }
}
