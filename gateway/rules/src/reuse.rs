//! May a stored response answer this request (RFC 9111 section 4)?
//!
//! The stored response is already the selected one ([`crate::vary`]); what happens when its origin
//! fails is in [`crate::staleness`].

use crate::cache_control::RequestControl;
use crate::freshness::Freshness;
use crate::message::Presented;
use crate::policy::{Policy, RequestDirectives};
use crate::reason::Reason;
use std::time::SystemTime;

/// What to do with a stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// Answer from it.
    Fresh,
    /// It is stale, and the client's `max-stale` accepts that: answer from it.
    StaleAccepted,
    /// Answer from it, and let one request validate it in the background.
    StaleWhileRevalidate,
    /// Validate it first. When the origin fails, ask [`crate::may_serve_stale_on_error`].
    Validate(Reason),
    /// It has no validator: send the request as it is. When the origin fails, ask as above.
    Forward(Reason),
}

/// Decides the reuse of a selected stored response. It does not allocate.
#[must_use]
pub fn reuse(
    freshness: &Freshness,
    request: &Presented<'_>,
    policy: &Policy,
    now: SystemTime,
) -> Reuse {
    let ask = |reason| {
        if freshness.obligations.validator {
            Reuse::Validate(reason)
        } else {
            Reuse::Forward(reason)
        }
    };
    if freshness.obligations.no_cache {
        return ask(Reason::ResponseNoCache);
    }
    let control = request_control(request, policy);
    if let Some(reason) = refused_by_client(&control, freshness, now) {
        // `fwd=request` says that a fresh response could not be used (RFC 9211 section 2.2).
        return ask(if freshness.is_fresh(now) {
            reason
        } else {
            Reason::Stale
        });
    }
    if freshness.is_fresh(now) {
        return Reuse::Fresh;
    }
    if freshness.stale_forbidden() {
        return ask(Reason::Stale);
    }
    let staleness = freshness.staleness(now);
    if control
        .max_stale
        .is_some_and(|accepted| staleness <= accepted)
    {
        return Reuse::StaleAccepted;
    }
    // A client that names the freshness it wants gets nothing staler (section 5.2.1.3).
    let particular = control.min_fresh.is_some() || control.max_age.is_some();
    if staleness < freshness.stale_while_revalidate && !particular {
        return Reuse::StaleWhileRevalidate;
    }
    ask(Reason::Stale)
}

/// Does the client want a stored response or a 504 (section 5.2.1.7)?
#[must_use]
pub fn only_if_cached(request: &Presented<'_>, policy: &Policy) -> bool {
    request_control(request, policy).only_if_cached
}

/// The client's directives, or none where the route ignores them.
pub(crate) fn request_control(request: &Presented<'_>, policy: &Policy) -> RequestControl {
    match policy.request_directives {
        RequestDirectives::Honor => RequestControl::of(request.headers),
        RequestDirectives::Ignore => RequestControl::default(),
    }
}

fn refused_by_client(
    control: &RequestControl,
    freshness: &Freshness,
    now: SystemTime,
) -> Option<Reason> {
    if control.no_cache {
        return Some(Reason::RequestNoCache);
    }
    let age = freshness.current_age(now);
    // `max-age=0` asks for validation, also in the millisecond in which the response arrived.
    if control
        .max_age
        .is_some_and(|wanted| age > wanted || wanted.is_zero())
    {
        return Some(Reason::RequestMaxAge);
    }
    let rest = freshness.lifetime.saturating_sub(age);
    if control.min_fresh.is_some_and(|wanted| rest < wanted) {
        return Some(Reason::RequestMinFresh);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::freshness::tests::{SAMPLE, at};
    use http::header::{CACHE_CONTROL, PRAGMA};
    use http::{HeaderMap, HeaderName, HeaderValue, Method};
    use std::time::Duration;

    #[track_caller]
    fn check(freshness: &Freshness, request: &[(HeaderName, &'static str)], now: u64, want: Reuse) {
        let fields = request
            .iter()
            .cloned()
            .map(|(n, v)| (n, HeaderValue::from_static(v)));
        let headers: HeaderMap = fields.collect();
        let presented = Presented {
            method: &Method::GET,
            headers: &headers,
        };
        let policy = Policy::default();
        assert_eq!(
            reuse(freshness, &presented, &policy, at(now)),
            want,
            "{request:?} at {now}"
        );
        if !matches!(want, Reuse::Validate(Reason::ResponseNoCache)) {
            let deaf = Policy {
                request_directives: RequestDirectives::Ignore,
                ..Policy::default()
            };
            let got = reuse(freshness, &presented, &deaf, at(now));
            let bare = HeaderMap::new();
            let bare = Presented {
                method: &Method::GET,
                headers: &bare,
            };
            assert_eq!(got, reuse(freshness, &bare, &policy, at(now)));
        }
    }

    #[test]
    fn a_fresh_response_is_reused_unless_the_client_refuses() {
        use Reason::{RequestMaxAge, RequestMinFresh, RequestNoCache};
        let stored = SAMPLE();
        check(&stored, &[], 1049, Reuse::Fresh);
        for (value, reason) in [
            ("no-cache", RequestNoCache),
            ("max-age=0", RequestMaxAge),
            ("max-age=9", RequestMaxAge),
            ("min-fresh=51", RequestMinFresh),
        ] {
            check(
                &stored,
                &[(CACHE_CONTROL, value)],
                1000,
                Reuse::Forward(reason),
            );
        }
        for value in [
            "no-store",
            "max-age=10",
            "min-fresh=50",
            "max-stale",
            "min-fresh=x",
        ] {
            check(&stored, &[(CACHE_CONTROL, value)], 1000, Reuse::Fresh);
        }
        check(
            &stored,
            &[(PRAGMA, "no-cache")],
            1000,
            Reuse::Forward(RequestNoCache),
        );
    }

    #[test]
    fn a_stale_response_is_validated_unless_somebody_accepts_it() {
        let mut stored = SAMPLE();
        check(&stored, &[], 1050, Reuse::Forward(Reason::Stale));
        stored.obligations.validator = true;
        check(&stored, &[], 1050, Reuse::Validate(Reason::Stale));
        check(
            &stored,
            &[(CACHE_CONTROL, "max-stale=10")],
            1060,
            Reuse::StaleAccepted,
        );
        check(
            &stored,
            &[(CACHE_CONTROL, "max-stale")],
            1060,
            Reuse::StaleAccepted,
        );
        check(
            &stored,
            &[(CACHE_CONTROL, "max-stale=9")],
            1060,
            Reuse::Validate(Reason::Stale),
        );
        stored.stale_while_revalidate = Duration::from_secs(10);
        check(&stored, &[], 1059, Reuse::StaleWhileRevalidate);
        check(&stored, &[], 1060, Reuse::Validate(Reason::Stale));
        check(
            &stored,
            &[(CACHE_CONTROL, "max-age=999")],
            1055,
            Reuse::Validate(Reason::Stale),
        );
        stored.obligations.must_revalidate = true;
        check(
            &stored,
            &[(CACHE_CONTROL, "max-stale")],
            1055,
            Reuse::Validate(Reason::Stale),
        );
        check(&stored, &[], 1055, Reuse::Validate(Reason::Stale));
    }

    #[test]
    fn no_cache_in_the_response_always_asks() {
        let mut stored = SAMPLE();
        stored.obligations.no_cache = true;
        stored.obligations.validator = true;
        check(&stored, &[], 1000, Reuse::Validate(Reason::ResponseNoCache));
        check(
            &stored,
            &[(CACHE_CONTROL, "max-stale")],
            1000,
            Reuse::Validate(Reason::ResponseNoCache),
        );
    }
}
