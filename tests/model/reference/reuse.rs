//! What a stored response may be used for (RFC 9111 section 4, RFC 5861).
//!
//! Pure: it looks at one selected response and one request.

use super::control::Control;
use super::freshness::{Freshness, has_validator};
use super::variants::Stored;
use crate::fields::Fields;
use crate::mutation::Mutation;

/// The gateway's choice: how long after its lifetime a response is kept for an origin that cannot be
/// reached. Nothing was granted, but section 4.2.4 lets a disconnected cache serve it.
const KEPT_WITH_VALIDATOR: u64 = 3600;
const KEPT_WITHOUT_VALIDATOR: u64 = 3;

/// What to do with a selected response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reuse {
    /// Answer from it.
    Serve,
    /// Answer from it, and ask the origin in the background.
    ServeAndRefresh,
    /// Ask the origin first; why, in RFC 9211's words.
    Ask(&'static str),
}

/// How the origin failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    Gone,
    Status(u16),
}

/// Section 4, from the top of its list to the bottom.
pub(super) fn reuse(stored: &Stored, request: &Fields, mutation: Option<Mutation>) -> Reuse {
    let freshness = &stored.freshness;
    let control = Control::of_request(request);
    // RFC 9211 section 2.2 has `request` for a fresh response that the request refuses; and no word
    // for a response that forbids its own use: `stale` is the nearest.
    let asked = if freshness.is_fresh() && !freshness.no_cache {
        "request"
    } else {
        "stale"
    };
    if freshness.no_cache {
        return Reuse::Ask(asked);
    }
    let no_cache = control.has("no-cache") && mutation != Some(Mutation::IgnoresRequestNoCache);
    if no_cache || !is_young_enough(&control, freshness) {
        return Reuse::Ask(asked);
    }
    if freshness.is_fresh() {
        return Reuse::Serve;
    }
    if freshness.stale_forbidden {
        return Reuse::Ask("stale");
    }
    if control
        .max_stale()
        .is_some_and(|accepted| freshness.staleness() <= accepted)
    {
        return Reuse::Serve;
    }
    // The gateway's choice: who asks for a freshness gets nothing stale (section 5.2.1.3).
    let particular = control.seconds("max-age").is_some() || control.seconds("min-fresh").is_some();
    if freshness.staleness() < freshness.while_revalidating && !particular {
        return Reuse::ServeAndRefresh;
    }
    Reuse::Ask("stale")
}

/// Whether a stale response stands in for a failure (RFC 5861 section 4, RFC 9111 section 4.2.4).
pub(super) fn stands_in(
    stored: &Stored,
    request: &Fields,
    failure: Failure,
    mutation: Option<Mutation>,
) -> bool {
    let freshness = &stored.freshness;
    let control = Control::of_request(request);
    let refused = control.has("no-cache")
        || control.seconds("min-fresh").is_some()
        || control
            .seconds("max-age")
            .is_some_and(|wanted| freshness.age > wanted || wanted == 0);
    if freshness.stale_forbidden || refused || mutation == Some(Mutation::NeverStaleOnError) {
        return false;
    }
    let staleness = freshness.staleness();
    if control
        .max_stale()
        .is_some_and(|accepted| staleness <= accepted)
    {
        return true;
    }
    // The gateway's choice: a zero of the origin is a refusal that a client cannot undo, otherwise
    // the greater grant counts.
    let granted = match (freshness.if_error, control.seconds("stale-if-error")) {
        (Some(0), _) => Some(0),
        (Some(stored), Some(asked)) => Some(stored.max(asked)),
        (stored, asked) => stored.or(asked),
    };
    match failure {
        Failure::Status(500 | 502 | 503 | 504) => staleness < granted.unwrap_or(0),
        Failure::Status(_) => false,
        Failure::Gone => {
            let kept = if has_validator(&stored.fields) {
                KEPT_WITH_VALIDATOR
            } else {
                KEPT_WITHOUT_VALIDATOR
            };
            staleness < granted.unwrap_or(kept)
        }
    }
}

/// Sections 5.2.1.1 and 5.2.1.3.
fn is_young_enough(control: &Control, freshness: &Freshness) -> bool {
    let rest = freshness.lifetime.saturating_sub(freshness.age);
    // `max-age=0` asks for validation, however new the response is.
    let young = control
        .seconds("max-age")
        .is_none_or(|wanted| freshness.age <= wanted && wanted > 0);
    young
        && control
            .seconds("min-fresh")
            .is_none_or(|wanted| rest >= wanted)
}
