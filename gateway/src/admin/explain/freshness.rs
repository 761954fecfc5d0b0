//! The sum behind "fresh" and "stale", under the names of RFC 9111 section 4.2, so that the section can be
//! read beside it.
//!
//! What was stored is the result, `corrected_initial_age`; its terms are taken from the stored fields and
//! times, with the functions that made it.

use crate::caching::lookup::Located;
use crate::clock;
use serde_json::{Value, json};
use shoal_cache::Found;
use shoal_rules::age::{age_value, date_value};
use shoal_rules::{Freshness, Obligations, date};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(super) fn section(located: &Located, now: SystemTime) -> Value {
    let response = &located.response;
    let freshness = &response.freshness;
    let received = freshness.response_time;
    let date_value = date_value(&response.headers, received);
    let response_delay = match &located.found {
        Found::Complete(hit) => Some(since(received, clock::wall(hit.entry.requested()))),
        Found::Filling(_) => None,
    };
    let age_value = age_value(&response.headers);
    json!({
        "response_time": http_date(received),
        "date_value": http_date(date_value),
        "apparent_age": seconds(since(whole(received), date_value)),
        "age_value": seconds(age_value),
        "response_delay": response_delay.map(seconds),
        "corrected_age_value": response_delay.map(|delay| seconds(age_value.saturating_add(delay))),
        "corrected_initial_age": seconds(freshness.corrected_initial_age),
        "resident_time": seconds(since(now, received)),
        "current_age": seconds(freshness.current_age(now)),
        "freshness_lifetime": seconds(freshness.lifetime),
        "source": freshness.source.label(),
        "ttl": freshness.remaining(now),
        "stale_while_revalidate": seconds(freshness.stale_while_revalidate),
        "stale_if_error": freshness.stale_if_error.map(seconds),
        "obligations": obligations(freshness),
        "kept_for": seconds(since(freshness.useful_until(), now)),
    })
}

/// The directives that bind it, in their own spelling.
fn obligations(freshness: &Freshness) -> Vec<&'static str> {
    let Obligations {
        must_revalidate,
        proxy_revalidate,
        s_maxage,
        no_cache,
        validator: _,
    } = freshness.obligations;
    [
        (must_revalidate, "must-revalidate"),
        (proxy_revalidate, "proxy-revalidate"),
        (s_maxage, "s-maxage"),
        (no_cache, "no-cache"),
    ]
    .into_iter()
    .filter_map(|(binds, name)| binds.then_some(name))
    .collect()
}

/// `Date` has whole seconds, and so has the age that is reckoned from it.
fn whole(time: SystemTime) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(since(time, UNIX_EPOCH).as_secs())
}

fn since(later: SystemTime, earlier: SystemTime) -> Duration {
    later.duration_since(earlier).unwrap_or_default()
}

/// To the millisecond, which is what is stored.
fn seconds(span: Duration) -> f64 {
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)).as_secs_f64()
}

fn http_date(time: SystemTime) -> String {
    String::from_utf8_lossy(date::format(time).as_bytes()).into_owned()
}
