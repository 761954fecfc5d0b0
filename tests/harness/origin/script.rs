//! One step of a script: the request that is awaited, and what is answered.
//!
//! Whether a step was used is kept in `ledger`.

use super::record::Recorded;
use super::reply::Reply;
use crate::ask::Ask;

/// A request and its answer.
#[derive(Debug, Clone)]
pub struct Step {
    pub(super) ask: Ask,
    pub(super) reply: Reply,
    pub(super) uses: Uses,
}

/// How often a step may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uses {
    /// And must be.
    Exactly(u32),
    AnyNumber,
}

impl Step {
    pub(crate) fn new(ask: Ask, reply: Reply) -> Self {
        Self {
            ask,
            reply,
            uses: Uses::Exactly(1),
        }
    }

    /// The step may be used any number of times, also never.
    #[must_use]
    pub fn repeat(mut self) -> Self {
        self.uses = Uses::AnyNumber;
        self
    }

    /// The step must be used so many times.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.uses = Uses::Exactly(count);
        self
    }

    /// Whether it speaks of this method and target.
    pub(super) fn concerns(&self, request: &Recorded) -> bool {
        let target = match self.ask.target.strip_suffix('*') {
            Some(prefix) => request.target.starts_with(prefix),
            None => request.target == self.ask.target,
        };
        target && request.method == self.ask.method
    }

    /// Why the request's head is not the one that is awaited.
    pub(super) fn head_mismatch(&self, request: &Recorded) -> Option<String> {
        let wrong = self
            .ask
            .fields
            .iter()
            .find(|(name, value)| request.fields.get(name).as_deref() != Some(*value));
        if let Some((name, value)) = wrong {
            return Some(format!(
                "{name} is {:?}, not {value:?}",
                request.fields.get(name)
            ));
        }
        let present = self
            .ask
            .absent
            .iter()
            .find(|name| request.fields.has(name))?;
        Some(format!(
            "{present} is there: {:?}",
            request.fields.get(present)
        ))
    }
}
