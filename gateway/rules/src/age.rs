//! How old a response is on arrival (RFC 9111 section 4.2.3).
//!
//! Only arithmetic: what "too old" means is in [`crate::freshness`]. The ages of the RFC appear
//! under their own names, so that the section can be read beside this file.

use crate::date;
use crate::field::{DELTA_SECONDS_MAX, delta_seconds, elements};
use crate::message::Times;
use http::HeaderMap;
use http::header::{AGE, DATE};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `age_value`: the first member of the first line; whatever is not delta-seconds is ignored
/// (RFC 9111 section 5.1).
#[must_use]
pub fn age_value(headers: &HeaderMap) -> Duration {
    let first = headers
        .get(AGE)
        .and_then(|line| elements(line.as_bytes()).next());
    first.and_then(delta_seconds).unwrap_or_default()
}

/// `corrected_initial_age`: the age that the response has already when it arrives.
#[must_use]
pub fn corrected_initial_age(headers: &HeaderMap, times: &Times) -> Duration {
    let response_delay = since(times.received, times.requested);
    let corrected_age_value = age_value(headers).saturating_add(response_delay);
    apparent_age(headers, times.received)
        .max(corrected_age_value)
        .min(Duration::from_secs(DELTA_SECONDS_MAX))
}

/// `date_value`: when the response was made. Without a usable `Date` it is when it arrived
/// (RFC 9110 section 6.6.1).
#[must_use]
pub fn date_value(headers: &HeaderMap, received: SystemTime) -> SystemTime {
    date::of_field(headers, &DATE, received)
        .moment()
        .unwrap_or(received)
}

/// In whole seconds, as `Date` is: a fraction would make every response up to a second older.
fn apparent_age(headers: &HeaderMap, received: SystemTime) -> Duration {
    let whole = since(received, UNIX_EPOCH).as_secs();
    since(
        UNIX_EPOCH + Duration::from_secs(whole),
        date_value(headers, received),
    )
}

/// How long `later` is after `earlier`; zero where a clock went backwards.
pub(crate) fn since(later: SystemTime, earlier: SystemTime) -> Duration {
    later.duration_since(earlier).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn with_age(lines: &[&'static str]) -> HeaderMap {
        let values = lines
            .iter()
            .map(|line| (AGE, HeaderValue::from_static(line)));
        values.collect()
    }

    #[test]
    fn age_is_parsed_strictly() {
        let cases: [(&[&'static str], u64); 10] = [
            (&["7200"], 7200),
            (&["7200,0"], 7200),
            (&["0, 7200"], 0),
            (&["7200", "0"], 7200),
            (&["abc"], 0),
            (&["-7200"], 0),
            (&["7200.0"], 0),
            (&["7200;foo=bar"], 0),
            (&["99999999999"], DELTA_SECONDS_MAX),
            (&[], 0),
        ];
        for (lines, expected) in cases {
            let headers = with_age(lines);
            assert_eq!(
                age_value(&headers),
                Duration::from_secs(expected),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn the_greater_of_the_two_ages_counts() {
        let times = Times {
            requested: at(1000),
            received: at(1003),
        };
        let mut headers = with_age(&["10"]);
        assert_eq!(
            corrected_initial_age(&headers, &times),
            Duration::from_secs(13)
        );
        headers.insert(DATE, date::format(at(900)));
        assert_eq!(
            corrected_initial_age(&headers, &times),
            Duration::from_secs(103)
        );
    }

    #[test]
    fn a_clock_that_goes_backwards_gives_no_negative_age() {
        let times = Times {
            requested: at(1000),
            received: at(990),
        };
        let headers: HeaderMap = [(DATE, date::format(at(2000)))].into_iter().collect();
        assert_eq!(corrected_initial_age(&headers, &times), Duration::ZERO);
    }
}
