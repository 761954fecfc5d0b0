//! What would become of the request, and why: the same questions in the same order as the request path
//! asks them, to the point where an origin would be asked.
//!
//! The answers are the rules' (`reuse`, `precondition`, `range`, `staleness`); here they are only told.

use super::request::Described;
use super::stored::withheld;
use super::verdict::{AnsweredBy, Verdict};
use crate::caching::lookup::{Located, Variants};
use crate::proxy::failure::Failure;
use crate::snapshot::{LiveRoute, Snapshot};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use shoal_cache::Found;
use shoal_rules as rules;
use shoal_rules::cache_status::{CacheStatus, Collapsed, Forward, Handling, Stored};
use shoal_rules::precondition::{Precondition, evaluate};
use shoal_rules::{RangeVerdict, Reason, Reuse};
use std::time::SystemTime;

/// A verdict with its reason and its effects.
pub(super) struct Outcome {
    verdict: Verdict,
    /// The status that the client gets; absent when an origin decides it.
    status: Option<u16>,
    reason: Option<Reason>,
    /// What `Cache-Status` adds to it: a plugin's own words, or a label.
    detail: Option<String>,
    /// What `Cache-Status` tells of a hit.
    ttl: Option<i64>,
    /// What an origin would be asked.
    origin: Option<Value>,
    /// What the client gets when no origin can be asked.
    failing: Option<Value>,
}

impl Outcome {
    pub(super) fn no_route() -> Self {
        Self::refused(Verdict::NoRoute, Failure::NoRoute)
    }

    /// `PURGE` is an operator's order, for the clients that may give it.
    pub(super) fn purge(snapshot: &Snapshot, described: &Described) -> Self {
        let ranges = &snapshot.config.admin.purge_from;
        let allowed = described
            .client
            .is_some_and(|client| ranges.iter().any(|range| range.contains(client)));
        if !allowed {
            return Self::refused(Verdict::PurgeForbidden, Failure::PurgeForbidden);
        }
        Self {
            status: Some(StatusCode::OK.as_u16()),
            ..Self::new(Verdict::Purge)
        }
    }

    pub(super) fn plugin_answers(status: u16) -> Self {
        Self {
            status: Some(status),
            ..Self::new(Verdict::PluginAnswers)
        }
    }

    pub(super) fn plugin_rejects() -> Self {
        Self::refused(Verdict::PluginRejects, Failure::PluginRejected)
    }

    pub(super) fn bypass(
        route: &LiveRoute,
        described: &Described,
        reason: Reason,
        words: Option<String>,
    ) -> Self {
        let asked = origin(route, described.method.as_str(), Vec::new());
        let sent = Self::sent(Verdict::Bypass, route, described, reason, asked);
        Self {
            detail: words.or(sent.detail),
            ..sent
        }
    }

    pub(super) fn absent(route: &LiveRoute, described: &Described, variants: Variants) -> Self {
        let reason = match variants {
            Variants::Others => Reason::VaryMiss,
            Variants::None => Reason::UriMiss,
        };
        let asked = origin(route, described.method.as_str(), Vec::new());
        Self::sent(Verdict::Forward, route, described, reason, asked)
    }

    /// Without a whole response: the origin is asked with these fields.
    pub(super) fn asks(
        route: &LiveRoute,
        described: &Described,
        verdict: Verdict,
        reason: Reason,
        fields: &[(HeaderName, HeaderValue)],
    ) -> Self {
        let asked = origin(route, Method::GET.as_str(), lines(fields));
        Self::sent(verdict, route, described, reason, asked)
    }

    /// With a stored response at hand.
    pub(super) fn of(
        route: &LiveRoute,
        described: &Described,
        located: &Located,
        now: SystemTime,
    ) -> Self {
        let response = &located.response;
        let freshness = &response.freshness;
        let asking = |verdict, reason| Self {
            failing: Some(failing(route, described, located, now)),
            ..Self::sent(
                verdict,
                route,
                described,
                reason,
                validation(route, &described.method, located),
            )
        };
        let reuse = rules::reuse(freshness, &described.presented(), &route.policy, now);
        match (withheld(located), reuse) {
            (Some(reason), _) if freshness.obligations.validator => {
                asking(Verdict::Validate, reason)
            }
            (Some(reason), _) => asking(Verdict::Forward, reason),
            (None, Reuse::Validate(reason)) => asking(Verdict::Validate, reason),
            (None, Reuse::Forward(reason)) => asking(Verdict::Forward, reason),
            (None, Reuse::StaleWhileRevalidate) => Self {
                status: Some(response.status.as_u16()),
                ttl: Some(freshness.remaining(now)),
                origin: Some(validation(route, &Method::GET, located)),
                ..Self::new(Verdict::StaleHit)
            },
            (None, Reuse::Fresh | Reuse::StaleAccepted) => Self {
                ttl: Some(freshness.remaining(now)),
                ..from_store(described, located, now)
            },
        }
    }

    /// On a route with slices everything goes that way that is not a whole answer from the store.
    pub(super) fn or_sliced(self, route: &LiveRoute, described: &Described) -> Self {
        let whole = match self.verdict {
            Verdict::Hit | Verdict::NotModified | Verdict::PreconditionFailed => {
                !described.headers.contains_key(header::RANGE)
            }
            Verdict::OnlyIfCached => true,
            Verdict::StaleHit
            | Verdict::RangeNotSatisfiable
            | Verdict::Validate
            | Verdict::Forward
            | Verdict::ForwardRange
            | Verdict::CompleteParts
            | Verdict::InSlices
            | Verdict::Bypass
            | Verdict::PluginAnswers
            | Verdict::PluginRejects
            | Verdict::NoRoute
            | Verdict::Purge
            | Verdict::PurgeForbidden => false,
        };
        if route.config.cache.slice.is_none() || described.method != Method::GET || whole {
            return self;
        }
        Self {
            origin: Some(origin(route, Method::GET.as_str(), Vec::new())),
            ..Self::new(Verdict::InSlices)
        }
    }

    pub(super) fn section(&self) -> Value {
        json!({
            "verdict": self.verdict.label(),
            "status": self.status,
            "sentence": self.verdict.sentence(),
            "reason": self.reason.map(Reason::label),
            "explanation": self.reason.map(Reason::explanation),
            "detail": self.detail,
            "cache_status": self.cache_status(),
            "origin": self.origin,
            "if_origin_fails": self.failing,
        })
    }

    fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            status: None,
            reason: None,
            detail: None,
            ttl: None,
            origin: None,
            failing: None,
        }
    }

    /// An answer of the gateway's own, from its table of failures.
    fn refused(verdict: Verdict, failure: Failure) -> Self {
        Self {
            status: Some(failure.status()),
            detail: Some(failure.label().to_owned()),
            ..Self::new(verdict)
        }
    }

    /// On its way to an origin, where only-if-cached ends it (RFC 9111 5.2.1.7).
    fn sent(
        verdict: Verdict,
        route: &LiveRoute,
        described: &Described,
        reason: Reason,
        origin: Value,
    ) -> Self {
        if !described.grpc && rules::only_if_cached(&described.presented(), &route.policy) {
            return Self {
                reason: Some(Reason::OnlyIfCached),
                ..Self::refused(Verdict::OnlyIfCached, Failure::OnlyIfCached)
            };
        }
        let told = reason
            .forward()
            .is_some_and(|forward| forward.token() == reason.label());
        Self {
            reason: Some(reason),
            detail: (!told).then(|| reason.label().to_owned()),
            origin: Some(origin),
            ..Self::new(verdict)
        }
    }

    /// `Cache-Status` as far as it is known before an origin answers. A slice tells when it is looked up.
    fn cache_status(&self) -> Option<String> {
        if self.verdict == Verdict::InSlices {
            return None;
        }
        let forward = self.reason.and_then(Reason::forward);
        let status = CacheStatus {
            handling: match self.verdict.answered_by() {
                AnsweredBy::Store => Handling::Hit,
                AnsweredBy::Origin => Handling::Forward(forward.unwrap_or(Forward::Miss), None),
                AnsweredBy::Gateway => Handling::Generated,
            },
            ttl: self
                .ttl
                .filter(|_| self.verdict.answered_by() == AnsweredBy::Store),
            stored: Stored::No,
            collapsed: Collapsed::No,
            detail: self.detail.as_deref(),
        };
        Some(status.to_string())
    }
}

/// What a usable stored response makes of the client's conditions and range.
fn from_store(described: &Described, located: &Located, now: SystemTime) -> Outcome {
    let response = &located.response;
    let presented = described.presented();
    let with = |verdict, status: StatusCode| Outcome {
        status: Some(status.as_u16()),
        ..Outcome::new(verdict)
    };
    match evaluate(&presented, response.status, &response.headers, now) {
        Precondition::Proceed => {}
        Precondition::NotModified => return with(Verdict::NotModified, StatusCode::NOT_MODIFIED),
        Precondition::Failed => {
            return Outcome {
                reason: Some(Reason::PreconditionFailed),
                ..Outcome::refused(Verdict::PreconditionFailed, Failure::PreconditionFailed)
            };
        }
    }
    // A range is of a 200 or of nothing (RFC 9110 14.2).
    let length = length(located).filter(|_| response.status == StatusCode::OK);
    let range = length.map(|length| rules::range::requested(&presented, &response.headers, length));
    match range {
        None | Some(RangeVerdict::Whole) => with(Verdict::Hit, response.status),
        Some(RangeVerdict::Ranges(_)) => with(Verdict::Hit, StatusCode::PARTIAL_CONTENT),
        Some(RangeVerdict::Unsatisfiable) => Outcome {
            reason: Some(Reason::RangeNotSatisfiable),
            ..with(
                Verdict::RangeNotSatisfiable,
                StatusCode::RANGE_NOT_SATISFIABLE,
            )
        },
    }
}

/// The body's length. What still grows, or is stored in parts, has one if the origin told it.
fn length(located: &Located) -> Option<u64> {
    let told = located.response.headers.get(header::CONTENT_LENGTH);
    let told = told.and_then(|value| value.to_str().ok()?.parse().ok());
    match &located.found {
        Found::Complete(hit) => Some(hit.entry.body().len())
            .filter(|length| *length > 0)
            .or(told)
            .or(Some(0)),
        Found::Filling(_) => told,
    }
}

/// The request to the origin that a stored response leads to.
fn validation(route: &LiveRoute, method: &Method, located: &Located) -> Value {
    let conditions = rules::validation::conditional_headers(&located.response.headers);
    origin(route, method.as_str(), lines(&conditions))
}

fn lines(fields: &[(HeaderName, HeaderValue)]) -> Vec<Value> {
    let line = |(name, value): &(HeaderName, HeaderValue)| {
        json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())])
    };
    fields.iter().map(line).collect()
}

fn origin(route: &LiveRoute, method: &str, conditions: Vec<Value>) -> Value {
    json!({
        "upstream": route.config.upstream,
        "method": method,
        "conditions": conditions,
    })
}

/// Whether the stored response stands in for an origin that fails.
fn failing(route: &LiveRoute, described: &Described, located: &Located, now: SystemTime) -> Value {
    let freshness = &located.response.freshness;
    let presented = described.presented();
    let serves = |failure| {
        let policy = &route.policy;
        let stale = rules::may_serve_stale_on_error(freshness, &presented, policy, now, failure);
        if stale { "stale" } else { "error" }
    };
    json!({
        "unreachable": serves(rules::Failure::Disconnected),
        "answers_5xx": serves(rules::Failure::Status(StatusCode::SERVICE_UNAVAILABLE.as_u16())),
    })
}
