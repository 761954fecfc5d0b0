//! Holds what was seen against what the reference expects, and tells the differences in words.
//!
//! Ages and lifetimes may differ by a second, and by the time that the sequence has taken.

use crate::mutation::Mutation;
use crate::play::{Played, Seen};
use crate::reference::Reference;
use crate::reference::expected::{ANY_STATUS, Body, CacheWords, Expected};
use crate::sequence::Manner;
use std::fmt;
use std::ops::Range;

/// Where and how.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    /// From 0.
    pub(crate) step: usize,
    pub(crate) words: Vec<Word>,
    pub(crate) expected: Expected,
    pub(crate) seen: String,
}

/// One thing that is not as expected.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) what: &'static str,
    pub(crate) expected: String,
    pub(crate) seen: String,
}

/// Judges a whole sequence by a reference that makes this mistake, or none.
pub(crate) fn judge(played: &Played, mutation: Option<Mutation>) -> Option<Difference> {
    let mut reference = Reference::new(&played.stage, mutation);
    for (step, seen) in played.scenes.iter().enumerate() {
        let expected = reference.play(&seen.step, seen.target.clone());
        let words = differences(&expected, seen);
        if !words.is_empty() {
            return Some(Difference {
                step,
                words,
                expected,
                seen: format!("asked {:?}, {}", seen.asked, seen.response),
            });
        }
    }
    None
}

impl Difference {
    /// What differs, for telling kinds of failures apart.
    pub(crate) fn kind(&self) -> String {
        let whats: Vec<&str> = self.words.iter().map(|word| word.what).collect();
        whats.join(", ")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  step {} differs:", self.step + 1)?;
        for Word {
            what,
            expected,
            seen,
        } in &self.words
        {
            writeln!(f, "    {what}: expected {expected}, seen {seen}")?;
        }
        writeln!(f, "  expected: {}", self.expected)?;
        writeln!(f, "  seen: {}", self.seen)
    }
}

fn differences(expected: &Expected, seen: &Seen) -> Vec<Word> {
    let response = &seen.response;
    let mut words = Vec::new();
    let mut differs = |what: &'static str, expected: String, seen: String| {
        if expected != seen {
            words.push(Word {
                what,
                expected,
                seen,
            });
        }
    };
    let mut expected_asked = expected.completing.clone();
    expected_asked.extend(expected.asked.clone());
    // A closed connection may be tried once more; what hangs up hangs up again.
    let mut asked = seen.asked.clone();
    if seen.step.reply.manner == Manner::HangsUp {
        asked.dedup();
        expected_asked.dedup();
    }
    differs(
        "origin asked",
        format!("{expected_asked:?}"),
        format!("{asked:?}"),
    );
    if expected.status != ANY_STATUS {
        let status = response.status.to_string();
        differs("status", expected.status.to_string(), status);
    }
    if !body_fits(&expected.body, seen) {
        differs(
            "body",
            format!("{:?}", expected.body),
            format!("{:?}", response.body),
        );
    }
    for (name, value) in &expected.fields {
        let seen = response.fields.joined(name);
        differs(name, format!("{value:?}"), format!("{seen:?}"));
    }
    let slack = 1 + seen.elapsed.as_secs().cast_signed() + 1;
    let near = |expected: i64, seen: i64| (expected - seen).abs() <= slack;
    if let Some(age) = expected.age {
        let seen = response
            .fields
            .first("Age")
            .and_then(|age| age.parse::<i64>().ok());
        if !seen.is_some_and(|seen| near(age.cast_signed(), seen)) {
            differs("Age", age.to_string(), format!("{seen:?}"));
        }
    }
    if let Some(expected) = &expected.cache {
        let mut seen = cache_words(seen);
        if let (Some(expected), Some(ttl)) = (expected.ttl, seen.ttl)
            && near(expected, ttl)
        {
            seen.ttl = Some(expected);
        }
        differs("Cache-Status", format!("{expected:?}"), format!("{seen:?}"));
    }
    words
}

fn body_fits(expected: &Body, seen: &Seen) -> bool {
    let body = &seen.response.body;
    match expected {
        Body::Any => true,
        Body::Empty => body.is_empty(),
        Body::Text(text) => body == text,
        Body::Parts(text, ranges) => parts_fit(text, ranges, seen),
    }
}

/// RFC 9110 section 14.6.
fn parts_fit(text: &str, ranges: &[Range<usize>], seen: &Seen) -> bool {
    let kind = seen
        .response
        .fields
        .joined("Content-Type")
        .unwrap_or_default();
    let Some((_, boundary)) = kind.split_once("multipart/byteranges; boundary=") else {
        return false;
    };
    let separator = format!("--{boundary}");
    let mut parts = seen.response.body.split(separator.as_str()).skip(1);
    let all = ranges.iter().all(|range| {
        let part = parts.next().unwrap_or_default();
        let place = format!("bytes {}-{}/{}", range.start, range.end - 1, text.len());
        let (head, content) = part.split_once("\r\n\r\n").unwrap_or_default();
        let placed = head
            .to_ascii_lowercase()
            .contains(&format!("content-range: {place}"));
        placed && content.trim_end_matches("\r\n") == &text[range.clone()]
    });
    all && parts.next().is_some_and(|end| end.starts_with("--"))
}

/// The parameters of our own member of `Cache-Status`.
fn cache_words(seen: &Seen) -> CacheWords {
    let field = seen
        .response
        .fields
        .joined("Cache-Status")
        .unwrap_or_default();
    let mut words = CacheWords::default();
    for parameter in field.split(';').skip(1).map(str::trim) {
        match parameter.split_once('=') {
            None if parameter == "hit" => words.hit = true,
            None if parameter == "stored" => words.stored = true,
            Some(("fwd", value)) => words.fwd = Some(value.to_owned()),
            Some(("fwd-status", value)) => words.fwd_status = value.parse().ok(),
            Some(("ttl", value)) => words.ttl = value.parse().ok(),
            None | Some(_) => {}
        }
    }
    words
}
