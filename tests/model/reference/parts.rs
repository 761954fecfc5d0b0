//! When an origin is asked for a range and not for the whole (the gateway's choice; RFC 9110 section 14.2).
//!
//! What becomes of a 206 is not modelled: `compare` ends there.

use crate::fields::Fields;

/// One range in bytes, of a GET without conditions, where nothing is stored.
pub(super) fn takes_range(method: &str, request: &Fields, why: &str) -> bool {
    let conditional = [
        "If-Match",
        "If-None-Match",
        "If-Modified-Since",
        "If-Unmodified-Since",
    ];
    let range = request.first("Range").is_some_and(is_single);
    let plain = !conditional.iter().any(|name| request.has(name));
    method == "GET" && why == "uri-miss" && range && plain
}

fn is_single(range: &str) -> bool {
    let spec = range.split_once('=').and_then(|(unit, spec)| {
        unit.eq_ignore_ascii_case("bytes")
            .then(|| spec.split_once('-'))?
    });
    let number = |text: &str| text.parse::<usize>().ok();
    match spec {
        None => false,
        Some(("", length)) => number(length).is_some(),
        Some((first, "")) => number(first).is_some(),
        Some((first, last)) => number(first)
            .zip(number(last))
            .is_some_and(|(first, last)| first <= last),
    }
}

/// Whether a status speaks of the resource. Any other may be about the range alone, and is not stored.
pub(super) fn answers_range(status: u16) -> bool {
    matches!(status, 200..=399 | 404 | 410)
}
