//! Which responses are parts, which belong together, and what is asked for to complete them.

#![expect(
    clippy::single_range_in_vec_init,
    reason = "lists of one range are meant"
)]

use super::*;
use crate::freshness::tests::at;
use http::HeaderMap;

type Fields = [(&'static str, &'static str)];

/// 2026-01-01
const NOW: u64 = 1_767_225_600;
const TAG: (&str, &str) = ("etag", "\"a\"");
const DATE: (&str, &str) = ("date", "Thu, 01 Jan 2026 00:00:00 GMT");
const MODIFIED: (&str, &str) = ("last-modified", "Wed, 31 Dec 2025 00:00:00 GMT");

fn of(status: u16, fields: &Fields, arrived: u64) -> Option<Parts> {
    let pairs = fields.iter().map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    });
    let headers: HeaderMap = pairs.collect();
    let response = Received {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &headers,
    };
    Parts::of(&response, arrived, at(NOW))
}

#[track_caller]
fn part(content_range: &'static str) -> Parts {
    of(206, &[TAG, ("content-range", content_range)], u64::MAX / 2).unwrap()
}

#[track_caller]
fn combined(stored: &Parts, new: &Parts) -> Parts {
    match stored.combine(new) {
        Combination::Combined(parts) => parts,
        other @ (Combination::Replace(_) | Combination::Ignore) => panic!("{other:?}"),
    }
}

#[test]
fn a_206_with_a_strong_validator_is_a_part() {
    let range = ("content-range", "bytes 10-19/100");
    let parts = of(206, &[TAG, range], 10).unwrap();
    assert_eq!(
        (parts.ranges(), parts.complete_length()),
        (&[10..20][..], Some(100))
    );
    let broken = of(206, &[TAG, range], 4).unwrap();
    assert_eq!(broken.ranges(), [10..14]);
    let unknown = of(206, &[TAG, ("content-range", "bytes 10-19/*")], 10).unwrap();
    assert_eq!(unknown.complete_length(), None);
    assert!(of(206, &[MODIFIED, DATE, range], 10).is_some());
    for (fields, arrived) in [
        (&[range][..], 10),
        (&[TAG, range], 0),
        (&[("etag", "W/\"a\""), MODIFIED, DATE, range], 10),
        (&[MODIFIED, range], 10),
        (&[TAG], 10),
        (&[TAG, range, range], 10),
        (&[TAG, range, ("content-length", "9")], 9),
        (&[TAG, ("content-range", "bytes */100")], 10),
        (
            &[
                TAG,
                range,
                ("content-type", "Multipart/ByteRanges; boundary=a"),
            ],
            10,
        ),
    ] {
        assert_eq!(of(206, fields, arrived), None, "{fields:?}");
    }
}

#[test]
fn a_200_that_broke_off_is_a_part_from_the_beginning() {
    let parts = of(200, &[TAG, ("content-length", "100")], 30).unwrap();
    assert_eq!(
        (parts.ranges(), parts.complete_length()),
        (&[0..30][..], Some(100))
    );
    assert!(
        of(200, &[TAG, ("content-length", "100")], 100)
            .unwrap()
            .is_complete()
    );
    assert!(!of(200, &[TAG], 100).unwrap().is_complete());
    assert_eq!(of(404, &[TAG, ("content-length", "100")], 30), None);
}

#[test]
fn parts_of_one_representation_grow_together() {
    let first = part("bytes 0-9/100");
    let gap = combined(&first, &part("bytes 20-29/100"));
    assert_eq!(gap.ranges(), [0..10, 20..30]);
    let joined = combined(&gap, &part("bytes 10-19/*"));
    assert_eq!(
        (joined.ranges(), joined.complete_length()),
        (&[0..30][..], Some(100))
    );
    assert!(!joined.is_complete());
    assert!(combined(&joined, &part("bytes 25-99/100")).is_complete());
    let learnt = combined(&part("bytes 0-9/*"), &part("bytes 10-19/20"));
    assert!(learnt.is_complete());
}

#[test]
fn a_part_of_another_representation_replaces() {
    let stored = part("bytes 0-9/100");
    let other_tag = of(
        206,
        &[("etag", "\"b\""), ("content-range", "bytes 10-19/100")],
        10,
    );
    let other_kind = of(
        206,
        &[MODIFIED, DATE, ("content-range", "bytes 10-19/100")],
        10,
    );
    for new in [
        other_tag.unwrap(),
        other_kind.unwrap(),
        part("bytes 10-19/50"),
    ] {
        assert_eq!(stored.combine(&new), Combination::Replace(new));
    }
    // The length that is learnt contradicts what is stored.
    let long = part("bytes 90-99/*");
    let short = part("bytes 0-9/50");
    assert_eq!(long.combine(&short), Combination::Replace(short.clone()));
    assert_eq!(short.combine(&long), Combination::Replace(long));
}

#[test]
fn the_number_of_parts_is_bounded() {
    let at = |position: u64| Parts {
        complete: None,
        ranges: vec![position..position + 1],
        validator: StrongValidator::Tag(HeaderValue::from_static("\"a\"")),
    };
    let full = (1..PARTS_MAX as u64).fold(at(0), |parts, next| combined(&parts, &at(next * 2)));
    assert_eq!(full.ranges().len(), PARTS_MAX);
    assert_eq!(full.combine(&at(9_999)), Combination::Ignore);
    assert_eq!(combined(&full, &at(1)).ranges().len(), PARTS_MAX - 1);
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let parts = combined(&part("bytes 10-19/100"), &part("bytes 40-49/100"));
    for (wanted, missing) in [
        (&[0..100][..], &[0..10, 20..40, 50..100][..]),
        (&[12..15], &[]),
        (&[15..45], &[20..40]),
        (&[45..60, 5..12, 8..9], &[5..10, 50..60]),
        (&[90..500], &[90..100]),
        (&[200..300, 7..7], &[]),
    ] {
        assert_eq!(parts.missing(wanted), missing, "{wanted:?}");
    }
    let fields = parts.completing(&(20..40)).unwrap();
    let texts = fields.map(|(name, value)| (name, value.to_str().unwrap().to_owned()));
    let expected = [
        (RANGE, "bytes=20-39".to_owned()),
        (IF_RANGE, "\"a\"".to_owned()),
    ];
    assert_eq!(texts, expected);
    assert_eq!(parts.completing(&(20..20)), None);
    let dated = of(
        206,
        &[MODIFIED, DATE, ("content-range", "bytes 1-9/100")],
        9,
    )
    .unwrap();
    let [_, (_, date)] = dated.completing(&(0..1)).unwrap();
    assert_eq!(date, MODIFIED.1);
}
