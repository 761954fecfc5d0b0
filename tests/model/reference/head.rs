//! A HEAD that no stored response may answer: it is asked as a HEAD, and its answer updates what is stored
//! (RFC 9111 section 4.3.5).
//!
//! What a 304 does is in `received`, as for a GET.

use super::conditions::{Answer, weak_match};
use super::expected::{Asked, CacheWords, Expected};
use super::reuse::{Failure, stands_in};
use super::variants::Stored;
use super::{Exchange, Reference, without_hop_by_hop};
use crate::fields::Fields;
use crate::mutation::Mutation;
use crate::sequence::{Manner, Sent};

impl Reference {
    pub(super) fn ask_with_head(
        &mut self,
        exchange: &Exchange<'_>,
        why: &'static str,
        stored: Option<Stored>,
    ) -> Expected {
        let step = exchange.step;
        let mut words = CacheWords {
            fwd: Some(why.to_owned()),
            ..CacheWords::default()
        };
        // Without a stored response the conditions are likely meant for the origin (section 4.3.2).
        let conditions = match &stored {
            Some(stored) => self.conditions(stored),
            None => step.fields.clone(),
        };
        let sent = step.reply.to("HEAD", &conditions);
        words.fwd_status = sent.as_ref().map(|sent| sent.status);
        let mut expected = match (stored, sent) {
            (Some(stored), sent) => self.updated(exchange, stored, sent, words),
            (None, None) => Expected::own(502, None, Some(words)),
            (None, Some(sent)) => {
                // The gateway's choice: nothing is taken from it, so that it is not tested either.
                let untested = Fields::default();
                self.passed_on(exchange, &untested, &sent, words)
            }
        };
        expected.asked = Some(Asked::of("HEAD", &conditions));
        expected
    }

    fn updated(
        &mut self,
        exchange: &Exchange<'_>,
        stored: Stored,
        sent: Option<Sent>,
        mut words: CacheWords,
    ) -> Expected {
        let failure = match &sent {
            None => Some(Failure::Gone),
            Some(sent) if sent.status >= 500 => Some(Failure::Status(sent.status)),
            Some(_) => None,
        };
        let request = &exchange.step.fields;
        if failure.is_some_and(|failure| stands_in(&stored, request, failure, self.mutation)) {
            words.ttl = Some(stored.freshness.ttl());
            return self.serve(exchange, &stored, words);
        }
        let Some(sent) = sent else {
            return Expected::own(502, None, Some(words));
        };
        if sent.status == 304 {
            return self.validated(exchange, stored, &sent, words);
        }
        let mut age = None;
        if sent.status == 200 && !self.mutates(Mutation::HeadChangesNothing) {
            if describes(&sent, &stored) || self.mutates(Mutation::HeadAlwaysFreshens) {
                age = self.freshen_by_head(exchange, &stored, &sent, &mut words);
            } else {
                // "Consider the stored response to be stale": the gateway's choice is to forget it.
                self.variants(exchange).replace(&stored, None);
            }
        }
        let mut expected = self.passed_on(exchange, request, &sent, words);
        expected.age = age.filter(|_| expected.status != 412);
        expected
    }

    /// The age of what is stored from now on.
    fn freshen_by_head(
        &mut self,
        exchange: &Exchange<'_>,
        stored: &Stored,
        sent: &Sent,
        words: &mut CacheWords,
    ) -> Option<u64> {
        let fields = self.freshened(&stored.fields, &sent.fields);
        let kept = self.update(exchange, stored, &fields)?;
        self.variants(exchange).replace(stored, kept.clone());
        let freshness = kept?.freshness;
        (words.stored, words.ttl) = (true, Some(freshness.ttl()));
        Some(freshness.age)
    }

    /// The origin's own answer.
    fn passed_on(
        &self,
        exchange: &Exchange<'_>,
        conditions: &Fields,
        sent: &Sent,
        words: CacheWords,
    ) -> Expected {
        let fields = without_hop_by_hop(&sent.fields);
        let answer = self.answer(exchange, sent.status, &fields, None);
        let verdict = Answer {
            request: conditions,
            ..answer
        }
        .verdict();
        let mut expected = Expected::own(sent.status, None, Some(words));
        expected.shape("HEAD", (sent.status, &fields, &sent.body), &verdict);
        expected
    }
}

/// Whether every validator that came matches, and the length where it came.
fn describes(sent: &Sent, stored: &Stored) -> bool {
    let validator = |name| (sent.fields.first(name), stored.fields.first(name));
    let same_tag = match validator("ETag") {
        (Some(new), Some(old)) => weak_match(new, old),
        (Some(_), None) => false,
        (None, _) => true,
    };
    let same_date = match validator("Last-Modified") {
        (Some(new), old) => old == Some(new),
        (None, _) => true,
    };
    let same_length = sent.manner == Manner::Chunked || sent.body.len() == stored.body.len();
    // The gateway's choice: what answers with another status has changed.
    same_tag && same_date && same_length && stored.status == sent.status
}
