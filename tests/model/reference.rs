//! A cache as the RFCs describe it: slow, simple, one request at a time, no time that passes.
//!
//! Written from RFC 9111, 9110, 5861, 9211 and 9213; it shares no line with the gateway. Where they
//! leave a choice, the gateway's is taken and a comment says so. What must be seen is an `Expected`.

mod broken_off;
mod conditions;
mod control;
pub(crate) mod expected;
mod freshness;
mod head;
mod parts;
mod received;
mod reuse;
mod structured;
mod uri;
mod variants;

use crate::fields::Fields;
use crate::mutation::Mutation;
use crate::sequence::{Sent, Stage, Step};
use conditions::{Answer, Verdict};
use control::Control;
use expected::{Asked, CacheWords, Expected, Refresh};
use freshness::Freshness;
use parts::Kept;
use reuse::{Failure, Reuse, reuse, stands_in};
use std::collections::BTreeMap;
use std::time::SystemTime;
use variants::{Selection, Stored, Variants};

/// The cache.
#[derive(Debug)]
pub(crate) struct Reference {
    now: SystemTime,
    mutation: Option<Mutation>,
    /// By path.
    uris: BTreeMap<String, Variants>,
    /// By path, and only where nothing else is stored.
    parts: BTreeMap<String, Kept>,
}

/// A step under way.
struct Exchange<'a> {
    step: &'a Step,
    target: String,
}

impl Reference {
    /// An empty cache. With a mutation it makes that mistake.
    pub(crate) fn new(stage: &Stage, mutation: Option<Mutation>) -> Self {
        Self {
            now: stage.began,
            mutation,
            uris: BTreeMap::new(),
            parts: BTreeMap::new(),
        }
    }

    /// What must be seen when `step`, its templates filled in, is played at `target`.
    pub(crate) fn play(&mut self, step: &Step, target: String) -> Expected {
        // RFC 9110 section 7.6.1: what `Connection` lists ends here, so it selects nothing either.
        let fields = without_hop_by_hop(&step.fields);
        let step = &Step {
            fields,
            ..step.clone()
        };
        self.respond(&Exchange { step, target })
    }

    fn respond(&mut self, exchange: &Exchange<'_>) -> Expected {
        let step = exchange.step;
        if !matches!(step.method, "GET" | "HEAD") {
            let only_if_cached = Control::of_request(&step.fields).has("only-if-cached");
            // Section 4: unsafe methods are written through, whatever the client says of caches. For
            // a safe one that is never stored, 504 is the gateway's choice (section 5.2.1.7).
            if only_if_cached && step.method == "OPTIONS" {
                return Expected::own(504, None, Some(CacheWords::default()));
            }
            return self.pass(exchange);
        }
        let selection = match self.mutation {
            Some(Mutation::IgnoresVary) => Selection::Any,
            Some(Mutation::TakesOldestDate) => Selection::Oldest,
            Some(_) | None => Selection::ByFields,
        };
        let variants = self.variants(exchange);
        let miss = if variants.is_empty() {
            "uri-miss"
        } else {
            "vary-miss"
        };
        let whole = variants.select(&step.fields, selection).cloned();
        match whole {
            Some(stored) => self.reuse(exchange, stored),
            None if step.method == "GET" && miss == "uri-miss" => self.ask_or_join(exchange),
            None => self.ask(exchange, miss, None),
        }
    }

    fn reuse(&mut self, exchange: &Exchange<'_>, stored: Stored) -> Expected {
        let step = exchange.step;
        match reuse(&stored, &step.fields, self.mutation) {
            Reuse::Serve => self.serve(exchange, &stored, hit(&stored.freshness)),
            Reuse::ServeAndRefresh => {
                let in_parts = self.variants(exchange).is_empty();
                let mut expected = self.serve(exchange, &stored, hit(&stored.freshness));
                let refreshed = self.fetch(exchange, "stale", Some(stored.clone()));
                expected.asked = refreshed.asked;
                let after = self
                    .uris
                    .get(&exchange.target)
                    .and_then(|variants| variants.select(&step.fields, Selection::ByFields));
                let marker = |stored: &Stored| stored.fields.joined("X-Serial");
                expected.refresh = match after {
                    Some(after) if marker(after) != marker(&stored) && !in_parts => {
                        Refresh::Changes(marker(&stored))
                    }
                    Some(_) | None => Refresh::Unseen,
                };
                expected
            }
            Reuse::Ask(why) => self.ask(exchange, why, Some(stored)),
        }
    }

    /// Methods that the cache does not answer: on to the origin as they are (section 4).
    fn pass(&mut self, exchange: &Exchange<'_>) -> Expected {
        let step = exchange.step;
        let asked = Asked::of(step.method, &step.fields);
        let mut words = CacheWords {
            fwd: Some("method".to_owned()),
            ..CacheWords::default()
        };
        let Some(sent) = step.reply.to(step.method, &step.fields) else {
            return Expected::own(502, Some(asked), Some(words));
        };
        self.invalidate(exchange, &sent);
        words.fwd_status = Some(sent.status);
        let age = self.post_for_get(exchange, &sent, &mut words);
        let mut expected = Expected::own(sent.status, Some(asked), Some(words));
        expected.age = age;
        let fields = without_hop_by_hop(&sent.fields);
        expected.shape(
            step.method,
            (sent.status, &fields, &sent.body),
            &Verdict::Whole,
        );
        expected
    }

    /// Section 4.4: after a success of a method that is unsafe or unknown, its URI, and what
    /// `Location` and `Content-Location` name of the same origin.
    fn invalidate(&mut self, exchange: &Exchange<'_>, sent: &Sent) {
        let safe = exchange.step.method == "OPTIONS";
        let success = (200..400).contains(&sent.status);
        if safe || !success || self.mutation == Some(Mutation::NeverInvalidates) {
            return;
        }
        self.forget(&exchange.target);
        for name in ["Location", "Content-Location"] {
            let named = sent.fields.first(name);
            if let Some(path) = named.and_then(|named| uri::same_origin(&exchange.target, named)) {
                self.forget(&path);
            }
        }
    }

    fn forget(&mut self, path: &str) {
        self.uris.remove(path);
        if !self.mutates(Mutation::PartsOutliveChanges) {
            self.parts.remove(path);
        }
    }

    /// Section 5.2.1.7, or the origin.
    fn ask(
        &mut self,
        exchange: &Exchange<'_>,
        why: &'static str,
        stored: Option<Stored>,
    ) -> Expected {
        if Control::of_request(&exchange.step.fields).has("only-if-cached") {
            return Expected::own(504, None, Some(CacheWords::default()));
        }
        if exchange.step.method == "HEAD" {
            return self.ask_with_head(exchange, why, stored);
        }
        self.fetch(exchange, why, stored)
    }

    fn fetch(
        &mut self,
        exchange: &Exchange<'_>,
        why: &'static str,
        stored: Option<Stored>,
    ) -> Expected {
        let step = exchange.step;
        let conditions = stored
            .as_ref()
            .map(|stored| self.conditions(stored))
            .unwrap_or_default();
        // The gateway's choice: the whole is asked for, so that it can be stored, and no client's words
        // decide what all get. Its own conditions and range, those for origin servers included, are
        // applied to what comes (RFC 9111 section 4.3.1, RFC 9110 section 3.7). But what is not stored at
        // all is asked for in the range that is wanted.
        let mut fields = conditions.clone();
        if self.takes_range(exchange) {
            for name in ["Range", "If-Range"] {
                if let Some(value) = step.fields.first(name) {
                    fields.add(name, value);
                }
            }
        }
        let asked = Asked::of("GET", &fields);
        let mut words = CacheWords {
            fwd: Some(why.to_owned()),
            ..CacheWords::default()
        };
        let sent = step.reply.to("GET", &fields);
        words.fwd_status = sent.as_ref().map(|sent| sent.status);
        let failure = match &sent {
            None => Some(Failure::Gone),
            Some(sent) if sent.status >= 500 => Some(Failure::Status(sent.status)),
            Some(_) => None,
        };
        let mut expected = match (stored, failure, sent) {
            (Some(stored), Some(failure), _)
                if stands_in(&stored, &step.fields, failure, self.mutation) =>
            {
                words.ttl = Some(stored.freshness.ttl());
                self.serve(exchange, &stored, words)
            }
            (_, _, None) => Expected::own(502, None, Some(words)),
            (Some(stored), _, Some(sent)) if sent.status == 304 => {
                self.validated(exchange, stored, &sent, words)
            }
            (_, _, Some(sent)) => self.fill(exchange, sent, words),
        };
        expected.asked = Some(asked);
        expected
    }

    /// Section 4.3.1: with every validator that is there.
    fn conditions(&self, stored: &Stored) -> Fields {
        let mut fields = Fields::default();
        if let Some(tag) = stored.fields.first("ETag") {
            fields.add("If-None-Match", tag);
        }
        let modified = stored.fields.first("Last-Modified");
        if let Some(date) = modified.filter(|_| !self.mutates(Mutation::ForgetsIfModifiedSince)) {
            fields.add("If-Modified-Since", date);
        }
        fields
    }

    /// An answer from the store.
    fn serve(&self, exchange: &Exchange<'_>, stored: &Stored, words: CacheWords) -> Expected {
        let length = Some(stored.body.len());
        let answer = self.answer(exchange, stored.status, &stored.fields, length);
        let verdict = answer.verdict();
        // Whether a 412 that no origin was asked for is a hit, RFC 9211 does not say: not judged.
        let words = Some(words).filter(|_| verdict != Verdict::Failed);
        let mut expected = Expected::own(stored.status, None, words);
        expected.age = Some(stored.freshness.age);
        let whole = (stored.status, &stored.fields, stored.body.as_str());
        expected.shape(exchange.step.method, whole, &verdict);
        expected
    }

    fn answer<'a>(
        &self,
        exchange: &'a Exchange<'_>,
        status: u16,
        fields: &'a Fields,
        length: Option<usize>,
    ) -> Answer<'a> {
        Answer {
            method: exchange.step.method,
            request: &exchange.step.fields,
            status,
            fields,
            length,
            mutation: self.mutation,
        }
    }

    fn variants(&mut self, exchange: &Exchange<'_>) -> &mut Variants {
        self.uris.entry(exchange.target.clone()).or_default()
    }

    fn mutates(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }
}

fn hit(freshness: &Freshness) -> CacheWords {
    CacheWords {
        hit: true,
        ttl: Some(freshness.ttl()),
        ..CacheWords::default()
    }
}

/// Section 3.1 and RFC 9110 section 7.6.1, for the field that the generator lists.
fn without_hop_by_hop(fields: &Fields) -> Fields {
    let mut kept = fields.clone();
    for name in fields.members("Connection") {
        kept.remove(&name);
    }
    kept.remove("Connection");
    kept
}
