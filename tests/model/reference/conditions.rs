//! Conditions and ranges of a client, against the response that would answer it (RFC 9110 sections
//! 13 and 14).
//!
//! The conditions that the cache itself sends are in `reference`.

use super::freshness::date;
use crate::fields::{Fields, members};
use crate::mutation::Mutation;
use std::ops::Range;
use std::time::Duration;

/// What the client's conditions make of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Whole,
    NotModified,
    Failed,
    Unsatisfiable,
    /// One part, or several in a multipart body.
    Parts(Vec<Range<usize>>),
}

/// A response about to be sent to a request.
pub(super) struct Answer<'a> {
    pub(super) method: &'a str,
    pub(super) request: &'a Fields,
    pub(super) status: u16,
    pub(super) fields: &'a Fields,
    /// Absent where the length is not known when the head is sent.
    pub(super) length: Option<usize>,
    pub(super) mutation: Option<Mutation>,
}

impl Answer<'_> {
    /// In the order of section 13.2.2.
    pub(super) fn verdict(&self) -> Verdict {
        // What is no success would be the same without the condition (section 13.2.1).
        if (200..300).contains(&self.status) {
            let heard = self.mutation != Some(Mutation::IgnoresIfMatch);
            if heard && !self.state_matches() {
                return Verdict::Failed;
            }
            if self.unchanged() {
                return Verdict::NotModified;
            }
        }
        self.range().unwrap_or(Verdict::Whole)
    }

    fn state_matches(&self) -> bool {
        if self.request.has("If-Match") {
            return tags(self.request, "If-Match").iter().any(|tag| {
                tag == "*"
                    || self
                        .fields
                        .first("ETag")
                        .is_some_and(|own| strong_match(own, tag))
            });
        }
        let limit = self.request.first("If-Unmodified-Since").and_then(date);
        let modified = self.fields.first("Last-Modified").and_then(date);
        limit
            .zip(modified)
            .is_none_or(|(limit, modified)| modified <= limit)
    }

    fn unchanged(&self) -> bool {
        if self.request.has("If-None-Match") {
            return tags(self.request, "If-None-Match").iter().any(|tag| {
                tag == "*"
                    || self
                        .fields
                        .first("ETag")
                        .is_some_and(|own| weak_match(own, tag))
            });
        }
        // RFC 9111 section 4.3.2: without Last-Modified, Date stands in for it.
        let modified = self.fields.first("Last-Modified").and_then(date);
        let modified = modified.or_else(|| self.fields.first("Date").and_then(date));
        let since = self.request.first("If-Modified-Since").and_then(date);
        since
            .zip(modified)
            .is_some_and(|(since, modified)| modified <= since)
    }

    /// Section 14.2; only a GET has ranges, and only of a 200.
    fn range(&self) -> Option<Verdict> {
        let asked = self.request.first("Range")?;
        if self.method != "GET" || self.status != 200 || !self.if_range_holds() {
            return None;
        }
        let ranges = ranges(asked, self.length?)?;
        Some(if ranges.is_empty() {
            Verdict::Unsatisfiable
        } else {
            Verdict::Parts(ranges)
        })
    }

    /// Section 13.1.5: a strong tag, or the very date and that a strong one.
    fn if_range_holds(&self) -> bool {
        let Some(wanted) = self.request.first("If-Range") else {
            return true;
        };
        if wanted.contains('"') {
            let own = self.fields.first("ETag");
            let weakly = self.mutation == Some(Mutation::MatchesIfRangeWeakly);
            let matches = if weakly { weak_match } else { strong_match };
            return own.is_some_and(|own| matches(own, wanted));
        }
        let Some(modified) = self
            .fields
            .first("Last-Modified")
            .filter(|own| *own == wanted)
        else {
            return false;
        };
        // Section 8.8.2.2: strong when Date is at least a second later.
        let dates = date(modified).zip(self.fields.first("Date").and_then(date));
        dates.is_some_and(|(modified, sent)| modified + Duration::from_secs(1) <= sent)
    }
}

/// The satisfiable ranges; absent when the field is to be ignored.
fn ranges(asked: &str, length: usize) -> Option<Vec<Range<usize>>> {
    let (unit, set) = asked.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for spec in members(set) {
        let (first, last) = spec.split_once('-')?;
        let number = |text: &str| text.trim().parse::<usize>().ok();
        let range = match (first.trim(), last.trim()) {
            ("", suffix) => length.saturating_sub(number(suffix)?)..length,
            (first, "") => number(first)?..length,
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                // Section 14.1.1 calls a last position before the first invalid. The gateway's choice is
                // to count it as one that cannot be satisfied, which section 15.5.17 allows.
                first..(last + 1).min(length)
            }
        };
        if range.start >= range.end {
            continue;
        }
        // Section 14.2 lets a server ignore ranges that overlap or are out of order: the gateway does.
        if ranges
            .last()
            .is_some_and(|earlier| range.start < earlier.end)
        {
            return None;
        }
        ranges.push(range);
    }
    Some(ranges)
}

fn tags(fields: &Fields, name: &str) -> Vec<String> {
    fields.members(name)
}

/// Section 8.8.3.2.
fn strong_match(a: &str, b: &str) -> bool {
    a == b && !a.starts_with("W/")
}

/// Section 8.8.3.2.
pub(super) fn weak_match(a: &str, b: &str) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    opaque(a) == opaque(b)
}
