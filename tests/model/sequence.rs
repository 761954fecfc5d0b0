//! A sequence: requests one after the other, and what the origin would answer to each.
//!
//! Values are templates, so that a sequence can be played at any time and under any path: `{-65}` is
//! the date 65 seconds before the sequence began, `{path}` the sequence's own folder. Who makes
//! sequences is `generate`, who plays them `play`.

mod ranged;

use crate::fields::Fields;
pub(crate) use ranged::{Placing, object};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The authority of every request.
pub(crate) const HOST: &str = "model.test";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence(pub(crate) Vec<Step>);

/// A request and the origin's answer, should it be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) method: &'static str,
    /// The last part of the path.
    pub(crate) url: u8,
    pub(crate) fields: Fields,
    pub(crate) reply: Reply,
}

/// What the origin answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
    pub(crate) body: String,
    pub(crate) manner: Manner,
    /// The fields of a 304, which answers a conditional request instead.
    pub(crate) not_modified: Option<Fields>,
    /// What a request for a range gets instead of a 200. Absent: ranges are not heard.
    pub(crate) placing: Option<Placing>,
}

/// How the origin answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// With `Content-Length`.
    Sized,
    /// In chunks.
    Chunked,
    /// It closes the connection without a word.
    HangsUp,
    /// It closes the connection in the middle of the content.
    BreaksOff,
}

/// What the origin sends to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
    pub(crate) body: String,
    pub(crate) manner: Manner,
}

impl Reply {
    /// The answer to a request with these fields; nothing when the origin hangs up.
    pub(crate) fn to(&self, method: &str, request: &Fields) -> Option<Sent> {
        if self.manner == Manner::HangsUp {
            return None;
        }
        let conditional = request.has("If-None-Match") || request.has("If-Modified-Since");
        let sent = match &self.not_modified {
            Some(fields) if conditional => Sent {
                status: 304,
                fields: fields.clone(),
                body: String::new(),
                manner: self.manner,
            },
            Some(_) | None => self.content(method, request),
        };
        Some(sent)
    }
}

/// Where and when a sequence is played.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// The folder, without a slash at its end.
    pub(crate) path: String,
    /// When it began, in whole seconds.
    pub(crate) began: SystemTime,
}

impl Stage {
    /// A stage that opens now.
    pub(crate) fn open(path: String) -> Self {
        // Text and back: the harness has the one reader of the clock, and dates are whole seconds.
        let began = httpdate::parse_http_date(&shoal_tests::http_date(0)).unwrap_or(UNIX_EPOCH);
        Self { path, began }
    }

    /// The step with its templates filled in.
    pub(crate) fn fill(&self, step: &Step) -> Step {
        let mut step = step.clone();
        let reply = &mut step.reply;
        for fields in [&mut step.fields, &mut reply.fields]
            .into_iter()
            .chain(&mut reply.not_modified)
        {
            for (_, value) in &mut fields.0 {
                *value = self.fill_text(value);
            }
        }
        step
    }

    /// The path of a step.
    pub(crate) fn target(&self, step: &Step) -> String {
        format!("{}/{}", self.path, step.url)
    }

    fn fill_text(&self, text: &str) -> String {
        let Some((before, rest)) = text.split_once('{') else {
            return text.to_owned();
        };
        let Some((word, after)) = rest.split_once('}') else {
            return text.to_owned();
        };
        let filled = match word.split_once(':') {
            None if word == "path" => self.path.clone(),
            None => self.date(word),
            Some(("rfc850", offset)) => rfc850(&self.date(offset)),
            Some((_, offset)) => asctime(&self.date(offset)),
        };
        format!("{before}{filled}{}", self.fill_text(after))
    }

    fn date(&self, offset: &str) -> String {
        let offset: i64 = offset.parse().unwrap_or_default();
        let distance = Duration::from_secs(offset.unsigned_abs());
        let moment = if offset < 0 {
            self.began - distance
        } else {
            self.began + distance
        };
        httpdate::fmt_http_date(moment)
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` as `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 9110 section 5.6.7).
fn rfc850(date: &str) -> String {
    let long = match &date[..3] {
        "Tue" => "Tuesday".to_owned(),
        "Wed" => "Wednesday".to_owned(),
        "Thu" => "Thursday".to_owned(),
        "Sat" => "Saturday".to_owned(),
        short => format!("{short}day"),
    };
    let (day, month, year, time) = (&date[5..7], &date[8..11], &date[14..16], &date[17..25]);
    format!("{long}, {day}-{month}-{year} {time} GMT")
}

/// The same as `Sun Nov  6 08:49:37 1994`.
fn asctime(date: &str) -> String {
    let day = date[5..7].trim_start_matches('0');
    let (week, month, year, time) = (&date[..3], &date[8..11], &date[12..16], &date[17..25]);
    format!("{week} {month} {day:>2} {time} {year}")
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            writeln!(f, "  {}. {step}", number + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.url)?;
        lines(f, &self.fields)?;
        let reply = &self.reply;
        if reply.manner == Manner::HangsUp {
            return write!(f, "\n     origin: hangs up");
        }
        write!(f, "\n     origin: {} ({:?})", reply.status, reply.manner)?;
        lines(f, &reply.fields)?;
        write!(f, " body {:?}", reply.body)?;
        if let Some(placing) = reply.placing {
            write!(f, " ranges {placing:?}")?;
        }
        match &reply.not_modified {
            None => Ok(()),
            Some(fields) => {
                write!(f, "\n     or 304 to a condition")?;
                lines(f, fields)
            }
        }
    }
}

fn lines(f: &mut fmt::Formatter<'_>, fields: &Fields) -> fmt::Result {
    for (name, value) in &fields.0 {
        write!(f, " | {name}: {value}")?;
    }
    Ok(())
}
