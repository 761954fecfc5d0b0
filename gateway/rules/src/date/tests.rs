//! Dates that must be read, and dates that must be refused.

use super::*;
use proptest::prelude::*;

/// 2026-01-01
const NOW: u64 = 1_767_225_600;

fn seconds(text: &str) -> Option<u64> {
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    parse(text.as_bytes(), now)?
        .duration_since(UNIX_EPOCH)
        .ok()
        .map(|since| since.as_secs())
}

#[test]
fn the_three_formats_name_the_same_moment() {
    for text in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "SUN, 06 nOV 1994 08:49:37 gmt",
    ] {
        assert_eq!(seconds(text), Some(784_111_777), "{text}");
    }
}

#[test]
fn two_digit_years_are_at_most_fifty_years_ahead() {
    assert_eq!(
        seconds("Thursday, 18-Aug-50 02:01:18 GMT"),
        seconds("Thu, 18 Aug 2050 02:01:18 GMT")
    );
    assert_eq!(
        seconds("Sunday, 06-Nov-77 08:49:37 GMT"),
        seconds("Sun, 06 Nov 1977 08:49:37 GMT")
    );
}

#[test]
fn everything_else_is_refused() {
    for text in [
        "Thu, 18 Aug 2050 02:01:18 UTC",
        "Thu, 18 Aug 2050 02:01:18 AEST",
        "Thu, 18 Aug 50 02:01:18 GMT",
        "Thu 18 Aug 2050 02:01:18 GMT",
        "Thu, 18  Aug  2050 02:01:18 GMT",
        "Thu, 18-Aug-2050 02:01:18 GMT",
        "Thu, 18 Aug 2050 02.01.18 GMT",
        "Thu, 18 Aug 2050 2:01:18 GMT",
        "Thu, 31 Feb 2050 02:01:18 GMT",
        "Thu, 00 Jan 2050 02:01:18 GMT",
        "Thu, 18 Aug 2050 24:01:18 GMT",
        "Thu, 18 Aug 2050 02:01:18",
        "Foo, 18 Aug 2050 02:01:18 GMT",
        "Sun Nov 6 08:49:37 1994",
        "0",
        "-1",
        "",
    ] {
        assert_eq!(seconds(text), None, "{text}");
    }
}

#[test]
fn two_lines_are_invalid() {
    let mut headers = HeaderMap::new();
    let name = http::header::EXPIRES;
    assert_eq!(of_field(&headers, &name, UNIX_EPOCH), Dated::Absent);
    headers.append(
        &name,
        HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"),
    );
    assert!(of_field(&headers, &name, UNIX_EPOCH).moment().is_some());
    headers.append(
        &name,
        HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"),
    );
    assert_eq!(of_field(&headers, &name, UNIX_EPOCH), Dated::Invalid);
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(since in 0_u64..253_402_300_799) {
        let moment = UNIX_EPOCH + Duration::from_secs(since);
        prop_assert_eq!(parse(format(moment).as_bytes(), moment), Some(moment));
    }

    #[test]
    fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = parse(&text, UNIX_EPOCH);
    }

    #[test]
    fn no_almost_date_panics(text in "(Sun|Sunday),? [0-9]{1,2}[ -]Nov[ -][0-9]{1,5} [0-9:]{0,9} GMT") {
        let _ = parse(text.as_bytes(), UNIX_EPOCH);
    }
}
