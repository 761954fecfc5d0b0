//! What the origin makes of a range (RFC 9110 section 14), rightly or wrongly.
//!
//! Under one validator every byte of an object is the same whoever sends it: what two answers say of it
//! can be laid together.

use super::{Reply, Sent};
use crate::fields::Fields;
use std::ops::Range;

/// Bytes of an object that is sent in parts.
const LENGTH: usize = 20;

/// How a 206 says where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placing {
    /// As the RFC wants it.
    Honest,
    /// The whole length is not told.
    LengthUnknown,
    /// The object is told to be longer than others say.
    Longer,
    /// It is another range than the one that was asked for, and says so.
    Elsewhere,
    /// The content is a byte shorter than the field says.
    Short,
    /// No word about the place.
    Nowhere,
}

/// The content of an object whose validator is this one. No two bytes that are near each other are equal.
pub(crate) fn object(validator: &str) -> String {
    let shift: usize = validator.bytes().map(usize::from).sum();
    let letter = |at: usize| char::from(b'a' + u8::try_from((at + shift) % 26).unwrap_or(0));
    (0..LENGTH).map(letter).collect()
}

impl Reply {
    /// The answer with content, or a part of it.
    pub(super) fn content(&self, method: &str, request: &Fields) -> Sent {
        let mut sent = Sent {
            status: self.status,
            fields: self.fields.clone(),
            body: self.body.clone(),
            manner: self.manner,
        };
        let Some(placing) = self.placing.filter(|_| method == "GET") else {
            return sent;
        };
        let length = self.body.len();
        match asked(request, &self.fields, length) {
            None => {}
            Some(range) if range.is_empty() => {
                sent.status = 416;
                let place = format!("bytes */{length}");
                sent.fields.add("Content-Range", place);
            }
            Some(range) => self.part(&mut sent, range, placing),
        }
        sent
    }

    fn part(&self, sent: &mut Sent, asked: Range<usize>, placing: Placing) {
        let (mut range, mut length) = (asked.clone(), self.body.len().to_string());
        let mut content = asked;
        match placing {
            Placing::Honest | Placing::Nowhere => {}
            Placing::LengthUnknown => length = "*".to_owned(),
            Placing::Longer => length = (self.body.len() + 7).to_string(),
            Placing::Elsewhere => {
                range = 0..5.min(self.body.len());
                content = range.clone();
            }
            Placing::Short => content.end -= 1,
        }
        sent.status = 206;
        sent.body = self.body[content].to_owned();
        if placing != Placing::Nowhere {
            let place = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            sent.fields.add("Content-Range", place);
        }
    }
}

/// The one range that is asked for, empty where there is nothing. Of several the whole is sent.
fn asked(request: &Fields, own: &Fields, length: usize) -> Option<Range<usize>> {
    let (unit, spec) = request.first("Range")?.split_once('=')?;
    let (first, last) = spec.split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") || !holds(request, own) {
        return None;
    }
    let number = |text: &str| text.parse::<usize>().ok();
    Some(match (first, last) {
        ("", suffix) => length.saturating_sub(number(suffix)?)..length,
        (first, "") => number(first)?.min(length)..length,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            let end = (last + 1).min(length);
            (first <= last).then_some(first.min(end)..end)?
        }
    })
}

/// `If-Range`: the tag if it is strong, or the very date (section 13.1.5). An origin knows its own dates.
fn holds(request: &Fields, own: &Fields) -> bool {
    request.first("If-Range").is_none_or(|wanted| {
        let weak = wanted.starts_with("W/");
        let same = |name| own.first(name) == Some(wanted);
        !weak && (same("ETag") || same("Last-Modified"))
    })
}
