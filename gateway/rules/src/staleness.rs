//! May a stale response stand in for an origin that failed (RFC 5861 section 4, RFC 9111 sections
//! 4.2.4 and 4.3.3)?
//!
//! Serving stale while the origin answers is a matter of [`mod@crate::reuse`].

use crate::freshness::Freshness;
use crate::message::Presented;
use crate::policy::Policy;
use crate::reuse::request_control;
use std::time::{Duration, SystemTime};

/// How the origin failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It could not be reached, or broke the connection before its answer.
    Disconnected,
    /// It did not answer in time.
    Timeout,
    /// It answered with this status.
    Status(u16),
}

/// Statuses that are errors for `stale-if-error` (RFC 5861 section 4).
fn is_error(status: u16) -> bool {
    matches!(status, 500 | 502 | 503 | 504)
}

/// Decides whether the stored response is served instead of the failure.
#[must_use]
pub fn may_serve_stale_on_error(
    freshness: &Freshness,
    request: &Presented<'_>,
    policy: &Policy,
    now: SystemTime,
    failure: Failure,
) -> bool {
    if freshness.stale_forbidden() {
        return false;
    }
    let control = request_control(request, policy);
    let too_old = control
        .max_age
        .is_some_and(|wanted| freshness.current_age(now) > wanted);
    if control.no_cache || control.min_fresh.is_some() || too_old {
        return false;
    }
    let staleness = freshness.staleness(now);
    if control
        .max_stale
        .is_some_and(|accepted| staleness <= accepted)
    {
        return true;
    }
    let granted = match (freshness.stale_if_error, control.stale_if_error) {
        // The operator or the origin may say that nothing is served stale; a client cannot undo it.
        (Some(Duration::ZERO), _) => Some(Duration::ZERO),
        (Some(stored), Some(asked)) => Some(stored.max(asked)),
        (stored, asked) => stored.or(asked),
    };
    match failure {
        // Without any word on it, a cache that is cut off may serve what it still has.
        Failure::Disconnected | Failure::Timeout => {
            staleness < granted.unwrap_or(freshness.kept_when_stale())
        }
        Failure::Status(status) => is_error(status) && staleness < granted.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::freshness::tests::{SAMPLE, at};
    use http::header::CACHE_CONTROL;
    use http::{HeaderMap, HeaderValue, Method};

    fn serves(freshness: &Freshness, control: &'static str, now: u64, failure: Failure) -> bool {
        let field = (CACHE_CONTROL, HeaderValue::from_static(control));
        let headers: HeaderMap = [field].into_iter().collect();
        let request = Presented {
            method: &Method::GET,
            headers: &headers,
        };
        may_serve_stale_on_error(freshness, &request, &Policy::default(), at(now), failure)
    }

    #[test]
    fn errors_are_bridged_within_the_window() {
        let mut stored = SAMPLE();
        stored.stale_if_error = Some(Duration::from_secs(20));
        for failure in [
            Failure::Disconnected,
            Failure::Timeout,
            Failure::Status(503),
        ] {
            assert!(serves(&stored, "", 1069, failure));
            assert!(!serves(&stored, "", 1070, failure));
            assert!(!serves(&stored, "no-cache", 1069, failure));
            assert!(!serves(&stored, "max-age=5", 1069, failure));
        }
        for status in [404, 429, 501, 200] {
            assert!(
                !serves(&stored, "", 1069, Failure::Status(status)),
                "{status}"
            );
        }
    }

    #[test]
    fn what_the_response_forbids_is_not_served() {
        let forbid: [fn(&mut Freshness); 4] = [
            |f| f.obligations.must_revalidate = true,
            |f| f.obligations.proxy_revalidate = true,
            |f| f.obligations.s_maxage = true,
            |f| f.obligations.no_cache = true,
        ];
        for change in forbid {
            let mut stored = SAMPLE();
            stored.stale_if_error = Some(Duration::from_secs(20));
            change(&mut stored);
            assert!(!serves(&stored, "max-stale", 1051, Failure::Disconnected));
        }
    }

    #[test]
    fn without_a_word_only_a_broken_connection_is_bridged() {
        let mut stored = SAMPLE();
        assert!(serves(&stored, "", 1052, Failure::Disconnected));
        assert!(!serves(&stored, "", 1052, Failure::Status(503)));
        assert!(serves(
            &stored,
            "stale-if-error=60",
            1060,
            Failure::Status(503)
        ));
        assert!(!serves(&stored, "", 1053, Failure::Disconnected));
        stored.obligations.validator = true;
        assert!(serves(&stored, "", 1053, Failure::Disconnected));
        stored.stale_if_error = Some(Duration::ZERO);
        assert!(!serves(
            &stored,
            "stale-if-error=60",
            1050,
            Failure::Disconnected
        ));
    }
}
