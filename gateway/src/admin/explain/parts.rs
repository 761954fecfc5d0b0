//! The stored parts of a response that is not stored whole, and what they make of the request.
//!
//! Only a look: nothing here counts as use, and nothing is fetched.

use super::freshness;
use super::outcome::Outcome;
use super::request::Described;
use super::verdict::Verdict;
use crate::caching::lookup::{Absent, Count, Located, Variants};
use crate::caching::parts::{Index, Kept, kept, single_range};
use crate::clock;
use crate::snapshot::LiveRoute;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::{Value, json};
use shoal_cache::{Found, Key, Store, Usability};
use shoal_rules::{Reason, Reuse, reuse};
use std::ops::Range;
use std::time::SystemTime;

/// What is told of parts.
pub(super) struct InParts {
    pub(super) section: Value,
    pub(super) freshness: Option<Value>,
    pub(super) outcome: Outcome,
}

/// `None` where parts change nothing.
pub(super) fn look(
    store: &Store,
    route: &LiveRoute,
    described: &Described,
    primary: &Key,
    absent: &Absent,
    now: SystemTime,
) -> Option<InParts> {
    let sliced = route.config.cache.slice.is_some();
    if sliced || described.method != Method::GET || absent.variants == Variants::Others {
        return None;
    }
    match kept(store, primary, clock::moment(now), Count::Nothing) {
        Kept::Parts(index) => Some(stored(store, route, described, primary, *index, now)),
        Kept::Whole => Some(InParts {
            section: json!({ "found": false, "taken": "whole" }),
            freshness: None,
            outcome: Outcome::absent(route, described, absent.variants),
        }),
        Kept::Nothing => {
            single_range(&described.headers)?;
            let fields = ranged(&described.headers);
            let verdict = Verdict::ForwardRange;
            Some(InParts {
                section: json!({ "found": false }),
                freshness: None,
                outcome: Outcome::asks(route, described, verdict, Reason::UriMiss, &fields),
            })
        }
    }
}

fn stored(
    store: &Store,
    route: &LiveRoute,
    described: &Described,
    primary: &Key,
    index: Index,
    now: SystemTime,
) -> InParts {
    let presented = described.presented();
    let parts = &index.parts;
    let wanted = parts.wanted(&presented, now);
    let moment = clock::moment(now);
    let held = parts.holding(store, primary, &wanted, moment, Count::Nothing);
    let missing = parts.missing(&held, &wanted, now);
    let section = json!({
        "found": true,
        "length": parts.complete,
        "stored": spans(&parts.ranges),
        "wanted": spans(&wanted),
        "missing": spans(&missing),
    });
    let verdict = reuse(&parts.response.freshness, &presented, &route.policy, now);
    let usable = index.hit.usability == Usability::Usable
        && matches!(verdict, Reuse::Fresh | Reuse::StaleAccepted);
    let gap = missing.first().filter(|_| usable && !held.is_empty());
    let rest = gap.and_then(|gap| {
        let stored = parts.add_up(parts.ranges.iter().cloned(), now)?;
        stored.completing(gap)
    });
    let located = Located {
        key: index.key,
        response: Box::new(index.parts.response),
        found: Found::Complete(index.hit),
    };
    let ask = |verdict, fields: &[(HeaderName, HeaderValue)]| {
        Outcome::asks(route, described, verdict, Reason::PartialMiss, fields)
    };
    let outcome = match rest {
        _ if missing.is_empty() => Outcome::of(route, described, &located, now),
        Some(fields) => ask(Verdict::CompleteParts, &fields),
        None if single_range(&described.headers).is_some() => {
            ask(Verdict::ForwardRange, &ranged(&described.headers))
        }
        None => ask(Verdict::Forward, &[]),
    };
    InParts {
        section,
        freshness: Some(freshness::section(&located, now)),
        outcome,
    }
}

/// The client's own fields, which go to the origin with its range.
fn ranged(request: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let fields = [header::RANGE, header::IF_RANGE].into_iter();
    fields
        .filter_map(|name| Some((name.clone(), request.get(&name)?.clone())))
        .collect()
}

/// First and last position, as `Content-Range` has them.
fn spans(ranges: &[Range<u64>]) -> Vec<String> {
    let span = |range: &Range<u64>| format!("{}-{}", range.start, range.end.saturating_sub(1));
    ranges.iter().map(span).collect()
}
