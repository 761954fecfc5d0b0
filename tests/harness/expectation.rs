//! What a client expects of a response, and the message when it got another.
//!
//! The shared words are `Answer`'s; here are the ones that only a client has.

use crate::answer::Answer;
use crate::cache_status::{CacheStatus, ExpectedStatus};
use crate::client::response::Response;
use crate::transcript::short;
use std::fmt::Write as _;

/// `Age` may have grown by so many seconds while the test ran.
const AGE_SLACK: u64 = 5;

/// A response that a client expects; fields that it does not name may be anything.
#[derive(Debug, Clone)]
pub struct Expectation {
    answer: Answer,
    absent: Vec<String>,
    cache_status: Option<ExpectedStatus>,
}

impl From<Answer> for Expectation {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            absent: Vec::new(),
            cache_status: None,
        }
    }
}

impl Expectation {
    /// A field line.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.answer = self.answer.header(name, value);
        self
    }

    /// `Age`, or a few seconds more.
    #[must_use]
    pub fn age(mut self, seconds: u64) -> Self {
        self.answer = self.answer.age(seconds);
        self
    }

    /// The field must not be there.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.absent.push(name.to_owned());
        self
    }

    /// What `Cache-Status` must say.
    #[must_use]
    pub fn cache_status(mut self, expected: ExpectedStatus) -> Self {
        self.cache_status = Some(expected);
        self
    }

    /// What does not hold, in words.
    pub(crate) fn differences(&self, came: &Response) -> Vec<String> {
        let mut wrong = Vec::new();
        if came.status != self.answer.status {
            wrong.push(format!(
                "status is {}, not {}",
                came.status, self.answer.status
            ));
        }
        if let Some(body) = &self.answer.body
            && *body != came.body
        {
            wrong.push(format!(
                "body is {}, not {}",
                short(&came.body),
                short(body)
            ));
        }
        for (name, value) in self.answer.fields.iter() {
            let got = came.fields.get(name);
            if !got
                .as_deref()
                .is_some_and(|got| field_fits(name, value, got))
            {
                wrong.push(format!("{name} is {got:?}, not {value:?}"));
            }
        }
        for name in self.absent.iter().filter(|name| came.fields.has(name)) {
            wrong.push(format!("{name} is there: {:?}", came.fields.get(name)));
        }
        if let Some(expected) = &self.cache_status {
            match came
                .fields
                .get("Cache-Status")
                .as_deref()
                .and_then(CacheStatus::parse)
            {
                None => wrong.push("Cache-Status of shoal is missing".to_owned()),
                Some(status) => wrong.extend(
                    expected
                        .differences(&status)
                        .into_iter()
                        .map(|d| format!("Cache-Status: {d}")),
                ),
            }
        }
        wrong
    }

    /// The whole expectation, for a failure's message.
    pub(crate) fn describe(&self) -> String {
        let mut text = format!("  status {}\n", self.answer.status);
        for (name, value) in self.answer.fields.iter() {
            let _ = writeln!(text, "  {name}: {value}");
        }
        if let Some(status) = &self.cache_status {
            let _ = writeln!(text, "  Cache-Status: {status}");
        }
        for name in &self.absent {
            let _ = writeln!(text, "  (no {name})");
        }
        if let Some(body) = &self.answer.body {
            let _ = writeln!(text, "  body {}", short(body));
        }
        text
    }
}

fn field_fits(name: &str, expected: &str, got: &str) -> bool {
    if !name.eq_ignore_ascii_case("Age") {
        return expected == got;
    }
    match (expected.parse::<u64>(), got.parse::<u64>()) {
        (Ok(expected), Ok(got)) => (expected..=expected + AGE_SLACK).contains(&got),
        _ => false,
    }
}
