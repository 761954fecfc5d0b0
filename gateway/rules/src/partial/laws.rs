//! What holds for every sequence of parts, beside a slow model that keeps every byte on its own.

#![expect(
    clippy::single_range_in_vec_init,
    reason = "lists of one range are meant"
)]

use super::*;
use http::HeaderMap;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Positions of the model; small, so that parts meet.
const LENGTH: u64 = 64;

fn parts() -> impl Strategy<Value = Parts> {
    let complete = prop_oneof![Just(None), Just(Some(LENGTH)), Just(Some(LENGTH / 2))];
    (0..LENGTH, 1..LENGTH / 3, complete, 0..3_u8).prop_map(|(start, length, complete, tag)| {
        let end = (start + length).min(complete.unwrap_or(LENGTH));
        // A range that begins behind the end is moved to the beginning.
        let start = if start < end { start } else { 0 };
        let tag = if tag == 0 { "\"b\"" } else { "\"a\"" };
        Parts {
            complete,
            ranges: vec![start..end],
            validator: StrongValidator::Tag(HeaderValue::from_static(tag)),
        }
    })
}

fn bytes(ranges: &[Range<u64>]) -> BTreeSet<u64> {
    ranges.iter().flat_map(Clone::clone).collect()
}

fn after(stored: &Parts, combination: Combination) -> Parts {
    match combination {
        Combination::Combined(parts) | Combination::Replace(parts) => parts,
        Combination::Ignore => stored.clone(),
    }
}

proptest! {
    #[test]
    fn no_byte_is_lost_and_none_is_invented(news in proptest::collection::vec(parts(), 2..12)) {
        let mut news = news.into_iter();
        let mut stored = news.next().unwrap();
        for new in news {
            let combination = stored.combine(&new);
            match &combination {
                Combination::Combined(parts) => {
                    let expected = &bytes(&stored.ranges) | &bytes(&new.ranges);
                    prop_assert_eq!(bytes(&parts.ranges), expected);
                    prop_assert_eq!(&parts.validator, &new.validator);
                    prop_assert_eq!(parts.complete, new.complete.or(stored.complete));
                }
                Combination::Replace(parts) => prop_assert_eq!(parts, &new),
                Combination::Ignore => prop_assert!(stored.ranges.len() >= PARTS_MAX),
            }
            stored = after(&stored, combination);
            let ranges = &stored.ranges;
            prop_assert!(!ranges.is_empty() && ranges.iter().all(|range| range.start < range.end));
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start));
            let last = ranges.last().unwrap().end;
            prop_assert!(stored.complete.is_none_or(|complete| last <= complete));
        }
    }

    #[test]
    fn a_part_that_comes_twice_changes_nothing(one in parts(), other in parts(), new in parts()) {
        let stored = after(&one, one.combine(&other));
        let once = after(&stored, stored.combine(&new));
        let twice = after(&once, once.combine(&new));
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn what_is_missing_is_what_is_wanted_and_not_there(
        one in parts(),
        other in parts(),
        wanted in proptest::collection::vec((0..LENGTH, 0..LENGTH), 0..5),
    ) {
        let stored = after(&one, one.combine(&other));
        let wanted: Vec<_> = wanted.into_iter().map(|(at, length)| at..at + length).collect();
        let missing = stored.missing(&wanted);
        let exists = 0..stored.complete.unwrap_or(u64::MAX);
        let mut expected = &bytes(&wanted) - &bytes(&stored.ranges);
        expected.retain(|byte| exists.contains(byte));
        prop_assert_eq!(bytes(&missing), expected);
        prop_assert!(missing.windows(2).all(|pair| pair[0].end < pair[1].start));
        // Asking for it all completes the representation.
        let whole = stored.complete.map(|complete| stored.missing(&[0..complete]).is_empty());
        prop_assert_eq!(whole.unwrap_or(false), stored.is_complete());
    }

    #[test]
    fn no_response_panics(
        line in "bytes [0-9]{1,20}-[0-9]{1,20}/([0-9]{1,20}|\\*)",
        arrived in any::<u64>(),
        status in 200_u16..207,
    ) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_RANGE, HeaderValue::from_str(&line).unwrap());
        headers.insert("etag", HeaderValue::from_static("\"a\""));
        let status = StatusCode::from_u16(status).unwrap();
        let response = Received { status, headers: &headers };
        let Some(parts) = Parts::of(&response, arrived, SystemTime::UNIX_EPOCH) else {
            return Ok(());
        };
        prop_assert!(parts.missing(parts.ranges()).is_empty());
        let twice = parts.combine(&parts);
        prop_assert_eq!(twice, Combination::Combined(parts));
    }
}
