//! Who sets the freshness lifetime of a response, and how long it is (RFC 9111 section 4.2.1).
//!
//! Plugin, then the route's word for the status, then the route's `ttl`, then the origin, then the
//! defaults, then the heuristic. Whether the response is stored at all is in
//! [`mod@crate::storability`].

use crate::age::{date_value, since};
use crate::date::{self, Dated};
use crate::field::DELTA_SECONDS_MAX;
use crate::freshness::LifetimeSource;
use crate::message::{Received, Times};
use crate::policy::{Overrides, Policy};
use crate::targeted::{Governing, Speaker};
use http::StatusCode;
use http::header::{EXPIRES, LAST_MODIFIED};
use std::time::Duration;

/// A lifetime and its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) length: Duration,
    pub(crate) source: LifetimeSource,
}

/// The heuristic lifetime's share of the time since the last modification (section 4.2.2).
const HEURISTIC_DIVISOR: u32 = 10;

/// The longest heuristic lifetime: beyond a day a guess is no longer a good one.
const HEURISTIC_MAX: Duration = Duration::from_secs(24 * 3600);

/// Chooses the lifetime; absent when nobody gives one, not even a heuristic.
pub(crate) fn choose(
    response: &Received<'_>,
    policy: &Policy,
    overrides: &Overrides,
    times: &Times,
    governing: &Governing,
) -> Option<Lifetime> {
    let operator = || by_operator(response.status, policy, overrides);
    let origin = || by_origin(response, times, governing).filter(|_| policy.respect_cache_control);
    let guess = || {
        let may = heuristically_cacheable(response.status) || governing.control.public;
        may.then(|| by_default(policy).or_else(|| by_heuristic(response, times)))
            .flatten()
    };
    let chosen = operator().or_else(origin).or_else(guess)?;
    let longest = Duration::from_secs(DELTA_SECONDS_MAX);
    Some(Lifetime {
        length: chosen.length.min(longest),
        ..chosen
    })
}

/// What the origin says in so many words; the explicit freshness of RFC 9111.
pub(crate) fn by_origin(
    response: &Received<'_>,
    times: &Times,
    governing: &Governing,
) -> Option<Lifetime> {
    let control = &governing.control;
    let directive = match (control.s_maxage, control.max_age) {
        (Some(length), _) => Some((length, LifetimeSource::SMaxage)),
        (None, Some(length)) => Some((length, LifetimeSource::MaxAge)),
        (None, None) => None,
    };
    match (governing.speaker, directive) {
        (Speaker::Targeted, Some((length, _))) => Some(Lifetime {
            length,
            source: LifetimeSource::Targeted,
        }),
        (Speaker::CacheControl, Some((length, source))) => Some(Lifetime { length, source }),
        (Speaker::Targeted, None) => None,
        (Speaker::CacheControl, None) => by_expires(response, times),
    }
}

/// Statuses that may be stored without explicit freshness (RFC 9110 section 15.1).
pub(crate) fn heuristically_cacheable(status: StatusCode) -> bool {
    let status = status.as_u16();
    matches!(
        status,
        200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

fn by_operator(status: StatusCode, policy: &Policy, overrides: &Overrides) -> Option<Lifetime> {
    let lifetime = |length, source| Lifetime { length, source };
    // The route's ttl is for what may be stored by default: with it, a 500 that says nothing must
    // not be kept for minutes. `status_ttl` can say so.
    let route = || policy.ttl.filter(|_| heuristically_cacheable(status));
    let plugin = overrides
        .ttl
        .map(|ttl| lifetime(ttl, LifetimeSource::Plugin));
    plugin
        .or_else(|| {
            policy
                .ttl_of_status(status)
                .map(|ttl| lifetime(ttl, LifetimeSource::Status))
        })
        .or_else(|| route().map(|ttl| lifetime(ttl, LifetimeSource::Route)))
}

/// `Expires` is relative to `Date`; a value that is no date is in the past (section 5.3).
fn by_expires(response: &Received<'_>, times: &Times) -> Option<Lifetime> {
    let length = match date::of_field(response.headers, &EXPIRES, times.received) {
        Dated::Absent => return None,
        Dated::Invalid => Duration::ZERO,
        Dated::At(expires) => since(expires, date_value(response.headers, times.received)),
    };
    Some(Lifetime {
        length,
        source: LifetimeSource::Expires,
    })
}

fn by_default(policy: &Policy) -> Option<Lifetime> {
    let length = policy.default_ttl?;
    Some(Lifetime {
        length,
        source: LifetimeSource::Default,
    })
}

fn by_heuristic(response: &Received<'_>, times: &Times) -> Option<Lifetime> {
    let modified = date::of_field(response.headers, &LAST_MODIFIED, times.received).moment()?;
    let unchanged_for = since(date_value(response.headers, times.received), modified);
    let length = (unchanged_for / HEURISTIC_DIVISOR).min(HEURISTIC_MAX);
    Some(Lifetime {
        length,
        source: LifetimeSource::Heuristic,
    })
}
