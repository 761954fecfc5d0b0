//! Responses of which only parts are stored (RFC 9111 sections 3.3 and 3.4, RFC 9110 sections 14 and
//! 15.3.7.3): which are kept, what lays them together, and what is asked for where some are missing.
//!
//! Parts that hold all that a request wants are used like a whole response, by `reuse`.

use super::conditions::Verdict;
use super::expected::{Asked, CacheWords, Expected};
use super::freshness::{Freshness, date};
use super::reuse::{Reuse, reuse};
use super::variants::{Stored, varies_by_coding};
use super::{Control, Exchange, Reference, without_hop_by_hop};
use crate::fields::Fields;
use crate::mutation::Mutation;
use crate::sequence::{Manner, Sent};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// What is known of a URI beside whole responses.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    Parts(Parts),
    /// Its parts cannot be laid together. The gateway's choice: it is taken whole for a minute.
    Whole,
}

/// Parts of one version, and what the newest of them said.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) fields: Fields,
    pub(super) freshness: Freshness,
    pub(super) date: SystemTime,
    pub(super) length: usize,
    /// By position.
    pub(super) bytes: BTreeMap<usize, char>,
}

/// What came of asking for a gap.
enum Completed {
    Joined,
    /// It answers the client as it is.
    Whole(Sent),
    Nothing,
}

/// What a GET without a whole response does next.
enum Next {
    Use(Box<Stored>),
    Complete(Range<usize>),
    Ask,
}

impl Reference {
    /// A GET of which no whole response is stored: its parts answer, after what they lack was fetched.
    pub(super) fn ask_or_join(&mut self, exchange: &Exchange<'_>) -> Expected {
        let (mut completing, mut completed) = (Vec::new(), false);
        let next = loop {
            let next = self.next(exchange);
            let Next::Complete(gap) = &next else {
                break next;
            };
            match self.complete(exchange, gap, &mut completing) {
                Completed::Joined => completed = true,
                Completed::Whole(sent) => {
                    let mut expected = self.fill(exchange, sent, forwarded(200));
                    expected.completing = completing;
                    return expected;
                }
                Completed::Nothing => break Next::Ask,
            }
        };
        let mut expected = match next {
            Next::Use(stored) if completed => {
                let mut words = forwarded(206);
                (words.stored, words.ttl) = (true, Some(stored.freshness.ttl()));
                self.serve(exchange, &stored, words)
            }
            Next::Use(stored) => self.reuse(exchange, *stored),
            Next::Complete(_) | Next::Ask => {
                let partial = completed || self.parts(exchange).is_some();
                let why = if partial { "partial" } else { "uri-miss" };
                self.ask(exchange, why, None)
            }
        };
        expected.completing = completing;
        expected
    }

    fn next(&self, exchange: &Exchange<'_>) -> Next {
        let Some(parts) = self.parts(exchange) else {
            return Next::Ask;
        };
        let request = &exchange.step.fields;
        let stored = parts.as_whole();
        let answer = self.answer(exchange, 200, &stored.fields, Some(parts.length));
        let wanted = match answer.verdict() {
            Verdict::Whole => std::iter::once(0..parts.length).collect(),
            // The gateway's choice: ranges this near to each other are fetched as one.
            Verdict::Parts(ranges) => hull(&ranges).into_iter().collect(),
            // What ends before it begins asks for nothing, but the gateway fetches first.
            Verdict::Unsatisfiable if !request.first("Range").is_some_and(is_single) => {
                std::iter::once(0..parts.length).collect()
            }
            Verdict::NotModified | Verdict::Failed | Verdict::Unsatisfiable => Vec::new(),
        };
        let mut missing = wanted.iter().cloned().flatten().peekable();
        let held = |at: &usize| parts.bytes.contains_key(at);
        let Some(first) = missing.find(|at| !held(at)) else {
            return Next::Use(Box::new(stored));
        };
        if self.mutation == Some(Mutation::AnswersWithAPart) {
            return Next::Use(Box::new(stored));
        }
        // The gateway's choice: what is stale, or nothing of what is wanted, is not worth a request more.
        let fresh = reuse(&stored, request, self.mutation) == Reuse::Serve;
        let some = wanted.iter().cloned().flatten().any(|at| held(&at));
        if !fresh || !some || Control::of_request(request).has("only-if-cached") {
            return Next::Ask;
        }
        let last = std::iter::once(first).chain(missing).enumerate();
        let last = last.take_while(|(count, at)| first + count == *at && !held(at));
        Next::Complete(first..first + last.count())
    }

    /// Section 3.4: asks for `gap` of the very version that is stored.
    fn complete(
        &mut self,
        exchange: &Exchange<'_>,
        gap: &Range<usize>,
        asked: &mut Vec<Asked>,
    ) -> Completed {
        let Some(parts) = self.parts(exchange).cloned() else {
            return Completed::Nothing;
        };
        let Some(version) = self.version(&parts.fields) else {
            return Completed::Nothing;
        };
        let mut fields = Fields::default();
        fields.add("Range", format!("bytes={}-{}", gap.start, gap.end - 1));
        if self.mutation != Some(Mutation::CompletesBlindly) {
            fields.add("If-Range", version.as_condition());
        }
        asked.push(Asked::of("GET", &fields));
        let Some(sent) = exchange.step.reply.to("GET", &fields) else {
            return Completed::Nothing;
        };
        let place = self.place(&sent);
        let fits = place.is_some_and(|place| {
            let length = place.length.is_none_or(|length| length == parts.length);
            place.range == *gap && place.version == version && length
        });
        let storable = || {
            let fields = self.received(&sent.fields);
            self.candidate(exchange, 200, &fields).judge().stored()
        };
        if sent.status != 206 || !fits || storable().is_none() {
            // A failure says nothing about the version.
            if sent.status < 500 && self.mutation != Some(Mutation::KeepsDisownedParts) {
                self.parts.remove(&exchange.target);
            }
            if sent.status == 200 && !varies_by_coding(&exchange.step.fields, &sent.fields) {
                return Completed::Whole(sent);
            }
            return Completed::Nothing;
        }
        if let Some(Kept::Parts(parts)) = self.parts.get_mut(&exchange.target) {
            parts.bytes.extend(gap.clone().zip(sent.body.chars()));
        }
        Completed::Joined
    }

    /// A 206 for the client's own range.
    pub(super) fn fill_part(
        &mut self,
        exchange: &Exchange<'_>,
        sent: &Sent,
        mut words: CacheWords,
    ) -> Expected {
        let fields = self.received(&sent.fields);
        // Section 15.1 of RFC 9110 gives a 206 the heuristics of a 200.
        let candidate = self.candidate(exchange, 200, &fields);
        let (date, age) = (candidate.date(), candidate.age());
        let mut expected = Expected::own(206, None, None);
        if let Some(freshness) = candidate.judge().stored()
            && self.keep(exchange, sent, (&fields, &freshness, date))
        {
            (words.stored, words.ttl) = (true, Some(freshness.ttl()));
            expected.age = Some(age);
        }
        expected.cache = Some(words);
        let fields = without_hop_by_hop(&sent.fields);
        expected.shape("GET", (206, &fields, &sent.body), &Verdict::Whole);
        expected
    }

    /// Whether it is stored.
    fn keep(
        &mut self,
        exchange: &Exchange<'_>,
        sent: &Sent,
        (fields, freshness, date): (&Fields, &Freshness, SystemTime),
    ) -> bool {
        // The gateway's choice: without a word about the place nothing is learned of the object.
        if !sent.fields.has("Content-Range") {
            return false;
        }
        let place = self.place(sent);
        let Some((length, place)) = place.and_then(|place| Some((place.length?, place))) else {
            self.parts.insert(exchange.target.clone(), Kept::Whole);
            return false;
        };
        let mut new = fields.clone();
        new.remove("Content-Range");
        let stored = self.parts(exchange).cloned();
        let stored = stored.filter(|stored| {
            let same = self.version(&stored.fields).as_ref() == Some(&place.version);
            let joins = same || self.mutation == Some(Mutation::JoinsOtherVersions);
            joins && stored.length == length
        });
        // RFC 9110 section 15.3.7: a 206 that answers If-Range leaves out what its client knows.
        let terse = exchange.step.fields.has("If-Range");
        let mut parts = match stored {
            Some(mut stored) if !terse => {
                // Section 3.4, by way of 3.2. How long it is fresh says the newest alone, which has to
                // repeat what a 200 would say (RFC 9110 section 15.3.7): the gateway's choice.
                stored.fields = self.storable(&self.freshened(&stored.fields, &new));
                (stored.freshness, stored.date) = (freshness.clone(), date);
                stored
            }
            Some(stored) => stored,
            None if terse => return false,
            None => Parts {
                fields: self.storable(&new),
                freshness: freshness.clone(),
                date,
                length,
                bytes: BTreeMap::new(),
            },
        };
        parts.bytes.extend(place.range.zip(sent.body.chars()));
        self.parts
            .insert(exchange.target.clone(), Kept::Parts(parts));
        true
    }

    /// Where the content of a 206 stands, if that is beyond doubt and other parts may be laid beside it.
    fn place(&self, sent: &Sent) -> Option<Place> {
        let spec = sent.fields.first("Content-Range")?.strip_prefix("bytes ")?;
        let (positions, length) = spec.split_once('/')?;
        let (first, last) = positions.split_once('-')?;
        let range = first.parse().ok()?..last.parse::<usize>().ok()? + 1;
        let length = match length {
            "*" => None,
            length => Some(length.parse().ok()?),
        };
        // Who tells two lengths is not trusted with the place.
        let said = sent.manner != Manner::Sized || sent.body.len() == range.len();
        let version = self.version(&sent.fields)?;
        (said && !sent.fields.has("Vary")).then_some(Place {
            range,
            length,
            version,
        })
    }

    /// RFC 9110 section 15.3.7.3.
    pub(super) fn version(&self, fields: &Fields) -> Option<Version> {
        if let Some(tag) = fields.first("ETag") {
            let weak = tag.starts_with("W/");
            let strong = !weak || self.mutation == Some(Mutation::JoinsUnderWeakTags);
            return strong.then(|| Version::Tag(tag.to_owned()));
        }
        // Section 8.8.2.2.
        let modified = date(fields.first("Last-Modified")?)?;
        let sent = date(fields.first("Date")?)?;
        (modified + Duration::from_secs(1) <= sent).then_some(Version::Modified(modified))
    }

    /// Whether the origin is asked for the client's range and not for the whole: one range in bytes, of a
    /// GET without conditions, where no whole response is stored (the gateway's choice).
    pub(super) fn takes_range(&self, exchange: &Exchange<'_>) -> bool {
        let (step, target) = (exchange.step, &exchange.target);
        let conditional = [
            "If-Match",
            "If-None-Match",
            "If-Modified-Since",
            "If-Unmodified-Since",
        ];
        let range = step.fields.first("Range").is_some_and(is_single);
        let plain = !conditional.iter().any(|name| step.fields.has(name));
        let nothing = self.uris.get(target).is_none_or(|uri| uri.is_empty());
        let whole = matches!(self.parts.get(target), Some(Kept::Whole));
        step.method == "GET" && range && plain && nothing && !whole
    }

    /// A whole response comes in their place.
    pub(super) fn drop_parts(&mut self, exchange: &Exchange<'_>) {
        if self.parts(exchange).is_some() {
            self.parts.remove(&exchange.target);
        }
    }

    /// Whether a 304 changes a validator of stored parts. The gateway's choice is to treat it as one about
    /// another version: what is stored may be less than the client's condition wants then.
    pub(super) fn parts_fall_apart(&self, exchange: &Exchange<'_>, sent: &Sent) -> bool {
        self.parts(exchange).is_some_and(|parts| {
            let freshened = self.freshened(&parts.fields, &sent.fields);
            let differs = |name| freshened.first(name) != parts.fields.first(name);
            differs("ETag") || differs("Last-Modified")
        })
    }

    /// Puts what a 304 made of a stored response in its place, or nothing.
    pub(super) fn replace(&mut self, exchange: &Exchange<'_>, old: &Stored, new: Option<Stored>) {
        match (self.parts.get_mut(&exchange.target), new) {
            (Some(Kept::Parts(parts)), Some(new)) => {
                parts.fields = new.fields;
                (parts.freshness, parts.date) = (new.freshness, new.date);
            }
            (Some(Kept::Parts(_)), None) => drop(self.parts.remove(&exchange.target)),
            (Some(Kept::Whole) | None, new) => self.variants(exchange).replace(old, new),
        }
    }

    fn parts(&self, exchange: &Exchange<'_>) -> Option<&Parts> {
        match self.parts.get(&exchange.target)? {
            Kept::Parts(parts) => Some(parts),
            Kept::Whole => None,
        }
    }
}

/// Where a part stands.
struct Place {
    range: Range<usize>,
    length: Option<usize>,
    version: Version,
}

/// A strong validator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Version {
    Tag(String),
    Modified(SystemTime),
}

impl Version {
    fn as_condition(&self) -> String {
        match self {
            Self::Tag(tag) => tag.clone(),
            Self::Modified(moment) => httpdate::fmt_http_date(*moment),
        }
    }
}

impl Parts {
    /// As if it were whole; nobody may see what stands for the bytes that are missing.
    fn as_whole(&self) -> Stored {
        let byte = |at: usize| self.bytes.get(&at).copied().unwrap_or('?');
        let body = (0..self.length).map(byte).collect();
        let whole = (200, self.fields.clone(), body);
        // Nothing that varies is kept in parts.
        let nobody = Fields::default();
        Stored::new(&nobody, whole, self.freshness.clone(), self.date)
    }
}

fn forwarded(status: u16) -> CacheWords {
    CacheWords {
        fwd: Some("partial".to_owned()),
        fwd_status: Some(status),
        ..CacheWords::default()
    }
}

fn hull(ranges: &[Range<usize>]) -> Option<Range<usize>> {
    let (first, last) = ranges.first().zip(ranges.last())?;
    Some(first.start..last.end)
}

fn is_single(range: &str) -> bool {
    let spec = range.split_once('=').and_then(|(unit, spec)| {
        unit.eq_ignore_ascii_case("bytes")
            .then(|| spec.split_once('-'))?
    });
    let number = |text: &str| text.parse::<usize>().ok();
    match spec {
        None => false,
        Some(("", length)) => number(length).is_some(),
        Some((first, "")) => number(first).is_some(),
        Some((first, last)) => number(first)
            .zip(number(last))
            .is_some_and(|(first, last)| first <= last),
    }
}

/// Whether a status speaks of the resource. Any other may be about the range alone, and is not stored.
pub(super) fn answers_range(status: u16) -> bool {
    matches!(status, 200..=399 | 404 | 410)
}
