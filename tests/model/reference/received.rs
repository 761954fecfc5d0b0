//! What a response from the origin does to the store and to the answer: a 304, or content (RFC 9111
//! sections 3, 4.3.3 and 4.3.4).
//!
//! Whether the origin is asked at all is in `reference`; who judges a response is `freshness`.

use super::conditions::weak_match;
use super::control::qualified;
use super::expected::{CacheWords, Expected};
use super::freshness::{Candidate, Judged, has_validator};
use super::uri::same_origin;
use super::variants::Stored;
use super::{Exchange, Reference, parts, without_hop_by_hop};
use crate::fields::Fields;
use crate::mutation::Mutation;
use crate::sequence::{Manner, Sent};

impl Reference {
    /// Section 4.3.3: a 304.
    pub(super) fn validated(
        &mut self,
        exchange: &Exchange<'_>,
        stored: Stored,
        sent: &Sent,
        mut words: CacheWords,
    ) -> Expected {
        if !identifies(&sent.fields, &stored) || self.parts_fall_apart(exchange, sent) {
            // Section 4.3.4: it must not update. What then, no RFC says: the gateway answers from what it
            // has and forgets it. Age and Cache-Status are not judged.
            self.replace(exchange, &stored, None);
            let mut expected = self.serve(exchange, &stored, words);
            (expected.age, expected.cache) = (None, None);
            return expected;
        }
        let mut fields = self.freshened(&stored.fields, &sent.fields);
        let age = self.candidate(exchange, stored.status, &fields).age();
        let body = stored.body.clone();
        if let Some(kept) = self.update(exchange, &stored, &fields) {
            if let Some(new) = &kept {
                (words.stored, words.ttl) = (true, Some(new.freshness.ttl()));
                // What is answered is what is stored from now on.
                fields = new.fields.clone();
            }
            self.replace(exchange, &stored, kept);
        }
        let mut expected = Expected::own(stored.status, None, Some(words));
        expected.age = Some(age);
        let tested = if self.mutates(Mutation::TestsOldFields) {
            &stored.fields
        } else {
            &fields
        };
        let answer = self.answer(exchange, stored.status, tested, Some(body.len()));
        let verdict = answer.verdict();
        expected.shape(
            exchange.step.method,
            (stored.status, &fields, &body),
            &verdict,
        );
        expected
    }

    /// What takes the place of a stored response with these new fields, if anything does; absent when it
    /// stays as it is.
    pub(super) fn update(
        &self,
        exchange: &Exchange<'_>,
        stored: &Stored,
        fields: &Fields,
    ) -> Option<Option<Stored>> {
        let candidate = self.candidate(exchange, stored.status, fields);
        let date = candidate.date();
        match candidate.judge() {
            Judged::Stored(freshness) => {
                let new = (stored.status, self.storable(fields), stored.body.clone());
                let new = Stored::new(&exchange.step.fields, new, freshness, date);
                // The gateway's choice: what varies by other fields now is forgotten, since nobody
                // knows which requests it answers.
                Some(new.varies_like(stored).then_some(new))
            }
            // It must update (section 4.3.4), and what it makes may not be stored (section 3).
            Judged::RefusedByResponse => Some(None),
            Judged::RefusedByRequest => None,
        }
    }

    /// Section 3.2: what the 304 brings replaces what is stored, but for the fields that describe the
    /// stored content. `Age` and `Date` speak of the response that has just come.
    pub(super) fn freshened(&self, stored: &Fields, new: &Fields) -> Fields {
        let mut fields = stored.clone();
        fields.remove("Age");
        fields.remove("Date");
        if self.mutates(Mutation::FreshensNothing) {
            return self.received(&fields);
        }
        let kept = [
            "content-length",
            "content-type",
            "content-encoding",
            "content-range",
        ];
        let new = self.received(new);
        for (name, _) in &new.0 {
            if !kept.contains(&name.to_ascii_lowercase().as_str()) {
                fields.remove(name);
            }
        }
        for (name, value) in &new.0 {
            if !kept.contains(&name.to_ascii_lowercase().as_str()) {
                fields.add(name, value.clone());
            }
        }
        fields
    }

    /// A response with content, stored if it may be (section 3).
    pub(super) fn fill(
        &mut self,
        exchange: &Exchange<'_>,
        sent: Sent,
        mut words: CacheWords,
    ) -> Expected {
        let step = exchange.step;
        let takes_range = self.takes_range(exchange);
        if takes_range && sent.status == 206 {
            return self.fill_part(exchange, &sent, words);
        }
        let is_whole = sent.manner != Manner::BreaksOff || sent.body.is_empty();
        let fields = self.received(&sent.fields);
        let candidate = self.candidate(exchange, sent.status, &fields);
        let (judged, date, age) = (candidate.judge(), candidate.date(), candidate.age());
        let mut expected = Expected::own(sent.status, None, None);
        let about_range = takes_range && !parts::answers_range(sent.status);
        if let Some(freshness) = judged.stored().filter(|_| !about_range) {
            words.stored = true;
            words.ttl = Some(freshness.ttl());
            expected.age = Some(age);
            let stored = (sent.status, self.storable(&fields), sent.body.clone());
            let stored = Stored::new(&step.fields, stored, freshness.clone(), date);
            self.drop_parts(exchange);
            if !is_whole {
                // Section 3.3: what broke off is not stored as a whole.
                self.variants(exchange).broke_off(&stored);
                if step.method == "GET" {
                    self.keep_what_came(exchange, &sent, (&fields, freshness, date));
                }
                return Expected::unjudged();
            }
            self.variants(exchange).store(stored);
        }
        if !is_whole {
            return Expected::unjudged();
        }
        let length = (sent.manner == Manner::Sized).then_some(sent.body.len());
        let fields = if words.stored {
            fields
        } else {
            without_hop_by_hop(&sent.fields)
        };
        // The gateway's choice: ranges of what has just come only where its length is known.
        let verdict = self
            .answer(exchange, sent.status, &fields, length)
            .verdict();
        expected.cache = Some(words);
        expected.shape(step.method, (sent.status, &fields, &sent.body), &verdict);
        expected
    }

    /// RFC 9110 section 9.3.3: a response to POST that says by `Content-Location` that it is what a GET of
    /// the same URI would get, and for how long. Its age, if it is stored.
    pub(super) fn post_for_get(
        &mut self,
        exchange: &Exchange<'_>,
        sent: &Sent,
        words: &mut CacheWords,
    ) -> Option<u64> {
        let named = sent.fields.first("Content-Location");
        let named = named.and_then(|named| same_origin(&exchange.target, named));
        let own = named.as_ref() == Some(&exchange.target);
        let success = (200..300).contains(&sent.status);
        if exchange.step.method != "POST"
            || !own
            || !success
            || self.mutates(Mutation::NeverCopiesPost)
        {
            return None;
        }
        let fields = self.received(&sent.fields);
        let candidate = self.candidate(exchange, sent.status, &fields);
        let (judged, date, age) = (candidate.judge(), candidate.date(), candidate.age());
        let freshness = judged.stored().filter(|_| candidate.is_explicit())?;
        (words.stored, words.ttl) = (true, Some(freshness.ttl()));
        let new = (sent.status, self.storable(&fields), sent.body.clone());
        let new = Stored::new(&exchange.step.fields, new, freshness, date);
        if sent.manner == Manner::BreaksOff && !sent.body.is_empty() {
            return Some(age);
        }
        self.variants(exchange).store(new);
        Some(age)
    }

    /// A response as it was received: without `Date` it gets the moment (RFC 9110 section 6.6.1).
    pub(super) fn received(&self, fields: &Fields) -> Fields {
        let mut fields = without_hop_by_hop(fields);
        if !fields.has("Date") {
            fields.add("Date", httpdate::fmt_http_date(self.now));
        }
        fields
    }

    /// What is stored of a response: without the fields that its own directives keep out (sections
    /// 5.2.2.4 and 5.2.2.7).
    pub(super) fn storable(&self, fields: &Fields) -> Fields {
        let mut stored = fields.clone();
        if !self.mutates(Mutation::KeepsQualifiedFields) {
            qualified(fields)
                .iter()
                .for_each(|name| stored.remove(name));
        }
        stored
    }

    pub(super) fn candidate<'a>(
        &self,
        exchange: &'a Exchange<'_>,
        status: u16,
        fields: &'a Fields,
    ) -> Candidate<'a> {
        Candidate {
            request: &exchange.step.fields,
            status,
            fields,
            now: self.now,
            mutation: self.mutation,
        }
    }
}

/// Whether a 304 speaks of the stored response (section 4.3.4).
fn identifies(not_modified: &Fields, stored: &Stored) -> bool {
    let new = not_modified.first("ETag");
    let old = stored.fields.first("ETag");
    match (new, old) {
        (Some(new), Some(old)) if new.starts_with("W/") || old.starts_with("W/") => {
            weak_match(new, old)
        }
        (Some(new), Some(old)) => new == old,
        (Some(_), None) => false,
        // The gateway's choice: without a tag, a date must be the stored one; and a 304 without any
        // validator answers the one condition that was sent.
        (None, _) => {
            let dates = (
                not_modified.first("Last-Modified"),
                stored.fields.first("Last-Modified"),
            );
            !matches!(dates, (Some(new), Some(old)) if new != old) || !has_validator(&stored.fields)
        }
    }
}
