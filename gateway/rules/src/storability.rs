//! May this response be stored, and how fresh is it then (RFC 9111 section 3)?
//!
//! The checks stand in the order in which their reasons are worth telling. The lifetime is chosen
//! in `lifetime`; what a stored response may be used for is in [`mod@crate::reuse`].

use crate::age::{corrected_initial_age, since};
use crate::cache_control::{Qualifier, RequestControl};
use crate::freshness::{Freshness, LifetimeSource, Obligations};
use crate::invalidation::answers_get;
use crate::lifetime::{self, Lifetime, heuristically_cacheable};
use crate::message::{Presented, Received, Target, Times};
use crate::policy::{Identity, Overrides, Partial, Policy, RequestDirectives};
use crate::range::ContentRange;
use crate::reason::Reason;
use crate::targeted::{Governing, governing};
use crate::vary::names_star;
use http::header::{AUTHORIZATION, CONTENT_RANGE, ETAG, LAST_MODIFIED, SET_COOKIE, VARY};
use http::{Method, StatusCode};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Decides whether a response is stored, and computes its freshness.
///
/// The response to a HEAD that went out as HEAD has no content and does not come here: see
/// [`crate::validation::head_effect`]. The response to a QUERY is judged like that to a GET
/// (RFC 10008 section 2.7). That to a POST needs explicit freshness: here it is stored under its
/// content, which is the operator's word ([`crate::lookup_class`]); [`post_as_get`] is the RFC's
/// other way.
///
/// # Errors
/// The reason why it is not stored.
pub fn storability(
    request: &Presented<'_>,
    response: &Received<'_>,
    policy: &Policy,
    overrides: &Overrides,
    times: &Times,
) -> Result<Freshness, Reason> {
    let governing = governing(response.headers);
    if overrides.no_store {
        return Err(Reason::PluginNoStore);
    }
    method_allows(request, policy)?;
    status_allows(response, policy, &governing)?;
    directives_allow(request, policy, &governing)?;
    variants_allow(response, policy)?;
    credentials_allow(request, policy, &governing)?;

    let chosen = lifetime::choose(response, policy, overrides, times, &governing);
    cookies_allow(response, overrides, times, &governing)?;
    let freshness = freshness(response, policy, overrides, times, &governing, chosen);
    is_useful(request, response, &governing, &freshness)?;
    Ok(freshness)
}

/// Decides whether the response to a POST is stored as the answer to later GETs: with explicit
/// freshness, and a `Content-Location` that is the POST's own `target` (RFC 9110 section 9.3.3). It
/// is then stored under the key of that GET.
///
/// # Errors
/// The reason why it is not stored.
pub fn post_as_get(
    target: &Target<'_>,
    post: &Presented<'_>,
    response: &Received<'_>,
    policy: &Policy,
    overrides: &Overrides,
    times: &Times,
) -> Result<Freshness, Reason> {
    let Target {
        scheme,
        host,
        path_and_query,
    } = *target;
    let own = answers_get(scheme, host, path_and_query, response.headers);
    // An error says nothing about what a GET would get.
    if post.method != Method::POST || !own || !response.status.is_success() {
        return Err(Reason::MethodNotStored);
    }
    let get = Presented {
        method: &Method::GET,
        headers: post.headers,
    };
    let freshness = storability(&get, response, policy, overrides, times)?;
    if is_explicit(freshness.source) {
        Ok(freshness)
    } else {
        Err(Reason::PostWithoutFreshness)
    }
}

/// Did origin or operator say how long the response is fresh?
fn is_explicit(source: LifetimeSource) -> bool {
    match source {
        LifetimeSource::Plugin
        | LifetimeSource::Status
        | LifetimeSource::Route
        | LifetimeSource::Targeted
        | LifetimeSource::SMaxage
        | LifetimeSource::MaxAge
        | LifetimeSource::Expires => true,
        LifetimeSource::Default | LifetimeSource::Heuristic | LifetimeSource::Nobody => false,
    }
}

fn method_allows(request: &Presented<'_>, policy: &Policy) -> Result<(), Reason> {
    let allowed = policy.methods.contains(request.method);
    if allowed {
        Ok(())
    } else {
        Err(Reason::MethodNotStored)
    }
}

/// Any final status may be stored with explicit freshness; parts only by an owner who can.
fn status_allows(
    response: &Received<'_>,
    policy: &Policy,
    governing: &Governing,
) -> Result<(), Reason> {
    let must_understand = governing.control.must_understand;
    match response.status {
        status if status.is_informational() => Err(Reason::StatusNotUnderstood),
        StatusCode::NOT_MODIFIED => Err(Reason::PartialResponse),
        StatusCode::PARTIAL_CONTENT => {
            let range = response.headers.get(CONTENT_RANGE);
            let known = range
                .and_then(|value| ContentRange::parse(value.as_bytes()))
                .is_some();
            let may = known && policy.partial == Partial::Store;
            if may {
                Ok(())
            } else {
                Err(Reason::PartialResponse)
            }
        }
        status if must_understand && !understood(status) => Err(Reason::StatusNotUnderstood),
        _ => Ok(()),
    }
}

/// Statuses whose meaning for caches is implemented here (section 5.2.2.3): those that RFC 9110 and
/// its registered companions define.
fn understood(status: StatusCode) -> bool {
    let known = status.canonical_reason().is_some();
    known && status != StatusCode::IM_USED
}

fn directives_allow(
    request: &Presented<'_>,
    policy: &Policy,
    governing: &Governing,
) -> Result<(), Reason> {
    let control = &governing.control;
    // With must-understand, no-store is for caches that do not know the status (section 5.2.2.3).
    if control.no_store && !control.must_understand {
        return Err(Reason::NoStoreDirective);
    }
    if control.private == Qualifier::Whole {
        return Err(Reason::PrivateToUser);
    }
    let honored = policy.request_directives == RequestDirectives::Honor;
    if honored && RequestControl::of(request.headers).no_store {
        return Err(Reason::RequestNoStore);
    }
    Ok(())
}

fn variants_allow(response: &Received<'_>, policy: &Policy) -> Result<(), Reason> {
    if !response.headers.contains_key(VARY) {
        Ok(())
    } else if !policy.vary_support {
        Err(Reason::VaryUnsupported)
    } else if names_star(response.headers) {
        Err(Reason::VaryStar)
    } else {
        Ok(())
    }
}

/// Section 3.5.
fn credentials_allow(
    request: &Presented<'_>,
    policy: &Policy,
    governing: &Governing,
) -> Result<(), Reason> {
    if !request.headers.contains_key(AUTHORIZATION) {
        return Ok(());
    }
    let control = &governing.control;
    let permitted = control.public || control.s_maxage.is_some() || control.must_revalidate;
    match policy.identity {
        Identity::Key | Identity::Shared => Ok(()),
        Identity::Rfc if permitted => Ok(()),
        Identity::Rfc | Identity::Bypass => Err(Reason::AuthorizationWithoutPermission),
    }
}

/// A cookie marks a personal response, unless its origin says how long it is fresh, or a plugin
/// looked at it. The route's ttl looks at nothing, so it does not count.
fn cookies_allow(
    response: &Received<'_>,
    overrides: &Overrides,
    times: &Times,
    governing: &Governing,
) -> Result<(), Reason> {
    if !response.headers.contains_key(SET_COOKIE) || overrides.ttl.is_some() {
        return Ok(());
    }
    let explicit = lifetime::by_origin(response, times, governing);
    let fresh = explicit.is_some_and(|lifetime| !lifetime.length.is_zero());
    if fresh {
        Ok(())
    } else {
        Err(Reason::SetCookieWithoutFreshness)
    }
}

fn freshness(
    response: &Received<'_>,
    policy: &Policy,
    overrides: &Overrides,
    times: &Times,
    governing: &Governing,
    chosen: Option<Lifetime>,
) -> Freshness {
    let control = &governing.control;
    let nobody = Lifetime {
        length: Duration::ZERO,
        source: LifetimeSource::Nobody,
    };
    let Lifetime { length, source } = chosen.unwrap_or(nobody);
    let by_operator = by_operator(source);
    let heard = |span: Option<Duration>| span.filter(|_| policy.respect_cache_control);
    let obligations = Obligations {
        must_revalidate: control.must_revalidate,
        proxy_revalidate: control.proxy_revalidate,
        // Where somebody else sets the lifetime, s-maxage is not "applicable" (section 4.2.4).
        s_maxage: matches!(source, LifetimeSource::SMaxage)
            || (source == LifetimeSource::Targeted && control.s_maxage.is_some()),
        no_cache: control.no_cache == Qualifier::Whole
            && policy.respect_cache_control
            && !by_operator,
        validator: response.headers.contains_key(ETAG)
            || response.headers.contains_key(LAST_MODIFIED),
    };
    Freshness {
        response_time: whole_milliseconds(times.received),
        corrected_initial_age: corrected_initial_age(response.headers, times),
        lifetime: length,
        source,
        stale_while_revalidate: overrides
            .stale_while_revalidate
            .or(policy.stale_while_revalidate)
            .or(heard(control.stale_while_revalidate))
            .unwrap_or_default(),
        stale_if_error: overrides
            .stale_if_error
            .or(policy.stale_if_error)
            .or(heard(control.stale_if_error)),
        obligations,
    }
}

fn by_operator(source: LifetimeSource) -> bool {
    match source {
        LifetimeSource::Plugin | LifetimeSource::Status | LifetimeSource::Route => true,
        LifetimeSource::Targeted
        | LifetimeSource::SMaxage
        | LifetimeSource::MaxAge
        | LifetimeSource::Expires
        | LifetimeSource::Default
        | LifetimeSource::Heuristic
        | LifetimeSource::Nobody => false,
    }
}

/// The resolution of the stored form, so that a decision is the same before and after storing.
fn whole_milliseconds(moment: SystemTime) -> SystemTime {
    let since = since(moment, UNIX_EPOCH).as_millis();
    let since = u64::try_from(since).unwrap_or_default();
    UNIX_EPOCH
        .checked_add(Duration::from_millis(since))
        .unwrap_or(UNIX_EPOCH)
}

/// Could a later request use the response at all?
fn is_useful(
    request: &Presented<'_>,
    response: &Received<'_>,
    governing: &Governing,
    freshness: &Freshness,
) -> Result<(), Reason> {
    let zero = freshness.lifetime.is_zero();
    match freshness.source {
        LifetimeSource::Plugin if zero => return Err(Reason::PluginNoStore),
        LifetimeSource::Status | LifetimeSource::Route if zero => return Err(Reason::RouteTtlZero),
        source if request.method == Method::POST && !is_explicit(source) => {
            return Err(Reason::PostWithoutFreshness); // RFC 9110 section 9.3.3.
        }
        LifetimeSource::Nobody
            if !heuristically_cacheable(response.status) && !governing.control.public =>
        {
            return Err(Reason::NoFreshness);
        }
        LifetimeSource::Plugin
        | LifetimeSource::Status
        | LifetimeSource::Route
        | LifetimeSource::Targeted
        | LifetimeSource::SMaxage
        | LifetimeSource::MaxAge
        | LifetimeSource::Expires
        | LifetimeSource::Default
        | LifetimeSource::Heuristic
        | LifetimeSource::Nobody => {}
    }
    let may_be_stale = !freshness.stale_forbidden()
        && (!freshness.stale_while_revalidate.is_zero()
            || freshness.stale_if_error.is_some_and(|span| !span.is_zero()));
    let usable_unvalidated = !freshness.obligations.no_cache && (!zero || may_be_stale);
    if usable_unvalidated || freshness.obligations.validator {
        Ok(())
    } else {
        Err(Reason::NoFreshness)
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod post;
#[cfg(test)]
mod tests;
