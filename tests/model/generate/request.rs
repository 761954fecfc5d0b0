//! Requests: methods, directives, conditions, ranges, and the fields that `Vary` nominates.

use super::flavour::{Flavour, Subject};
use super::random::Random;
use super::response::{ETAGS, LAST_MODIFIED};
use crate::fields::Fields;

pub(super) fn method(random: &mut Random) -> &'static str {
    match random.below(100) {
        0..74 => "GET",
        74..86 => "HEAD",
        86..90 => "POST",
        90..93 => "PUT",
        93..95 => "DELETE",
        95..97 => "OPTIONS",
        97..98 => "PATCH",
        _ => "FROB",
    }
}

pub(super) fn fields(random: &mut Random, flavour: &Flavour, method: &str) -> Fields {
    let mut fields = Fields::default();
    selecting(random, &mut fields);
    if random.percent(flavour.directives) {
        control(random, &mut fields);
    }
    if random.percent(4) {
        fields.add("Pragma", random.pick(&["no-cache", "No-Cache", "x"]));
    }
    if random.percent(flavour.authorization) {
        fields.add("Authorization", random.pick(&["Basic eDp5", "Bearer t"]));
    }
    if matches!(method, "GET" | "HEAD") {
        if random.percent(flavour.conditions) {
            conditions(random, &mut fields);
        }
        if random.percent(flavour.ranges) {
            range(random, flavour.subject, &mut fields);
        }
    }
    fields
}

fn selecting(random: &mut Random, fields: &mut Fields) {
    if random.percent(35) {
        let kind = random.pick(&["a", "b", "a, b", "a,b", "A"]);
        fields.add("X-Kind", kind);
        if kind == "a" && random.percent(15) {
            fields.add("X-Kind", "b");
        }
    }
    if random.percent(20) {
        fields.add("X-Mode", random.pick(&["1", "2"]));
    }
    if random.percent(30) {
        let languages = [
            "en",
            "de",
            "EN",
            "en, de;q=0.5",
            "de;q=0.5, en",
            "en;q=1.0,de;q=0.5",
            "de, en;q=0.5",
        ];
        fields.add("Accept-Language", random.pick(&languages));
    }
    if random.percent(25) {
        let codings = [
            "gzip",
            "GZIP",
            "gzip, deflate",
            "br, gzip",
            "gzip,br;q=0.5",
            "gzip;q=0",
            "identity",
        ];
        fields.add("Accept-Encoding", random.pick(&codings));
    }
    if random.percent(5) {
        fields.add("Cookie", "id=1");
    }
    if random.percent(3) {
        fields.add("Connection", "X-Kind");
    }
}

const DIRECTIVES: &[&str] = &[
    "no-cache",
    "NO-CACHE",
    "no-cache=\"x\"",
    "no-store",
    "max-age=0",
    "max-age=10",
    "Max-Age=50",
    "max-age=\"90\"",
    "max-age=0090",
    "max-age=abc",
    "max-age",
    "min-fresh=10",
    "min-fresh=50",
    "min-fresh=550",
    "min-fresh=x",
    "max-stale",
    "max-stale=10",
    "max-stale=50",
    "max-stale=99999999999",
    "MAX-STALE=\"90\"",
    "only-if-cached",
    "Only-If-Cached",
    "stale-if-error=90",
    "stale-if-error=10",
    "x-unknown",
    "x=\"no-cache, no-store\"",
];

fn control(random: &mut Random, fields: &mut Fields) {
    let count = 1 + random.below(2) + random.below(2);
    let drawn: Vec<&str> = (0..count).map(|_| random.pick(DIRECTIVES)).collect();
    if count > 1 && random.percent(20) {
        for directive in drawn {
            fields.add("Cache-Control", directive);
        }
    } else {
        fields.add(
            "Cache-Control",
            drawn.join(random.pick(&[", ", ",", " ,, "])),
        );
    }
}

fn conditions(random: &mut Random, fields: &mut Fields) {
    let tags: Vec<&str> = ETAGS
        .iter()
        .copied()
        .chain(["*", "\"1\", \"2\"", "W/\"1\",\"9\"", "\"9\""])
        .collect();
    let date = |random: &mut Random| {
        let date = random.pick(LAST_MODIFIED);
        random.pick(&["{-100}", "yesterday", date, date])
    };
    match random.below(10) {
        0..4 => fields.add("If-None-Match", random.pick(&tags)),
        4..6 => {
            let date = date(random);
            fields.add("If-Modified-Since", date);
        }
        6 => {
            let date = date(random);
            fields.add("If-None-Match", random.pick(&tags));
            fields.add("If-Modified-Since", date);
        }
        7..9 => fields.add("If-Match", random.pick(&tags)),
        _ => {
            let date = date(random);
            fields.add("If-Unmodified-Since", date);
        }
    }
}

fn range(random: &mut Random, subject: Subject, fields: &mut Fields) {
    let ranges = [
        "bytes=0-1",
        "bytes=2-",
        "bytes=-3",
        "bytes=0-0",
        "bytes=4-100",
        "bytes=0-1,5-6",
        "bytes=0-1, 5-",
        "bytes=100-200",
        "bytes=100-,0-1",
        "bytes=-100",
        "Bytes=1-2",
        "items=0-1",
        "bytes=3-2",
        "bytes=a-b",
        "bytes 0-1",
        "bytes=5-6,0-1",
        "bytes=0-4,2-6",
    ];
    // So that they touch, overlap and leave gaps in an object that is sent in parts.
    let parts = [
        "bytes=0-4",
        "bytes=0-9",
        "bytes=5-9",
        "bytes=8-13",
        "bytes=10-14",
        "bytes=10-",
        "bytes=3-16",
        "bytes=-6",
        "bytes=0-19",
        "bytes=2-3,12-13",
    ];
    let (known, resumed) = match subject {
        Subject::Anything => (30, 30),
        Subject::Parts => (85, 10),
    };
    let chosen = if random.percent(known) {
        random.pick(&parts)
    } else {
        random.pick(&ranges)
    };
    fields.add("Range", chosen);
    if random.percent(resumed) {
        let date = random.pick(LAST_MODIFIED);
        let choices: Vec<&str> = ETAGS.iter().copied().chain([date, "{-100}"]).collect();
        fields.add("If-Range", random.pick(&choices));
    }
}
