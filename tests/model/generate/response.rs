//! Responses: freshness in all its spellings, validators, variants, targeted fields, failures.

use super::flavour::{Dates, Flavour, Subject};
use super::random::Random;
use crate::fields::Fields;
use crate::sequence::{Manner, Placing, Reply, object};

pub(super) const ETAGS: &[&str] = &["\"1\"", "\"2\"", "W/\"1\"", "W/\"2\""];

/// Dates long ago: a tenth of the time since is a multiple of 20 seconds, or more than a day.
pub(super) const LAST_MODIFIED: &[&str] = &["{-1000}", "{-6000}", "{-2000000}"];

/// The reply to one step; `serial` makes its body and marker unlike every other one's.
pub(super) fn reply(random: &mut Random, flavour: &Flavour, method: &str, serial: usize) -> Reply {
    let usual = match flavour.subject {
        Subject::Anything => 80,
        Subject::Parts => 95,
    };
    let unsafe_or_options = !matches!(method, "GET" | "HEAD");
    let status = if unsafe_or_options {
        random.pick(&[200, 204, 201, 303, 400, 404, 500])
    } else if random.percent(flavour.failures) {
        random.pick(&[500, 502, 503, 503, 504, 501, 599])
    } else if random.percent(usual) {
        200
    } else {
        random.pick(&[203, 204, 206, 299, 301, 302, 308, 404, 410, 403, 418, 451])
    };
    let hangs = random.percent(flavour.failures / 2);
    let breaks = random.percent(flavour.failures / 4) && !unsafe_or_options;
    let breaks = breaks && !matches!(status, 204 | 206);
    let manner = match random.below(3) {
        _ if hangs => Manner::HangsUp,
        _ if breaks => Manner::BreaksOff,
        0 => Manner::Chunked,
        _ => Manner::Sized,
    };
    let mut fields = Fields::default();
    metadata(random, flavour, &mut fields, serial);
    if unsafe_or_options && random.percent(50) {
        location(random, &mut fields);
    }
    let placing = (status == 200 && !unsafe_or_options && random.percent(flavour.placed))
        .then(|| placing(random, flavour));
    let whole = whole(&fields);
    if status == 206 {
        let place = format!("bytes 0-8/{}", whole.len());
        fields.add("Content-Range", place);
    }
    let not_modified = random
        .percent(70)
        .then(|| not_modified(random, flavour, &fields, serial));
    Reply {
        status,
        fields,
        body: match status {
            204 => String::new(),
            206 => whole[..9].to_owned(),
            _ if placing.is_some() => whole,
            _ => {
                // Another length is what a HEAD tells a change by.
                let more = if random.percent(15) { "-more" } else { "" };
                format!("body-{serial:04}{more}")
            }
        },
        // What comes of a part that breaks off is for the moment to say.
        manner: match placing {
            Some(Placing::Short) => Manner::Sized,
            Some(_) if manner == Manner::BreaksOff => Manner::Sized,
            Some(_) | None => manner,
        },
        not_modified: not_modified.filter(|_| !unsafe_or_options),
        placing,
    }
}

/// The object that these fields describe.
fn whole(fields: &Fields) -> String {
    let validator = fields.first("ETag").or(fields.first("Last-Modified"));
    object(validator.unwrap_or_default())
}

fn placing(random: &mut Random, flavour: &Flavour) -> Placing {
    if !random.percent(flavour.misplaced) {
        return Placing::Honest;
    }
    random.pick(&[
        Placing::LengthUnknown,
        Placing::Longer,
        Placing::Elsewhere,
        Placing::Short,
        Placing::Nowhere,
    ])
}

fn metadata(random: &mut Random, flavour: &Flavour, fields: &mut Fields, serial: usize) {
    fields.add("Content-Type", "text/plain");
    fields.add("X-Serial", serial.to_string());
    time(random, flavour, fields);
    control(random, flavour, fields);
    if random.percent(flavour.targeted) {
        targeted(random, fields);
    }
    if random.percent(flavour.validators) {
        let tagged = match flavour.subject {
            Subject::Anything => 75,
            Subject::Parts => 90,
        };
        if random.percent(tagged) {
            let other = random.pick(ETAGS);
            fields.add(
                "ETag",
                if random.percent(75) {
                    flavour.etag
                } else {
                    other
                },
            );
        }
        if random.percent(50) {
            let other = random.pick(LAST_MODIFIED);
            let usual = random.percent(75);
            fields.add(
                "Last-Modified",
                if usual { flavour.last_modified } else { other },
            );
        }
    }
    if random.percent(flavour.vary) {
        let values = [
            "X-Kind",
            "x-kind",
            "X-Mode",
            "Accept-Language",
            "Accept-Encoding",
            "X-Kind, X-Mode",
            "X-Mode,X-Kind",
            "accept-language, X-Kind, X-Mode",
            "*",
            "X-Kind, *",
        ];
        fields.add("Vary", random.pick(&values));
        if random.percent(10) {
            fields.add("Vary", "X-Mode");
        }
    }
    if random.percent(10) {
        fields.add("Set-Cookie", format!("id={serial}"));
    }
    if random.percent(30) {
        fields.add("X-A", format!("a{serial}"));
    }
    if random.percent(30) {
        fields.add("X-B", format!("b{serial}"));
    }
    if random.percent(3) {
        fields.add("Connection", "X-Hop");
        fields.add("X-Hop", "1");
    }
}

fn time(random: &mut Random, flavour: &Flavour, fields: &mut Fields) {
    let known = ["{-45}", "{100}", "{asctime:-25}"];
    // What came just now and what the origin dates just now are never compared: a second would decide.
    match (flavour.dates, random.below(20)) {
        (Dates::Present, 0..14) => fields.add("Date", "{0}"),
        (Dates::Present, 14) => fields.add("Date", "{rfc850:0}"),
        (Dates::Missing, 0..8) => {}
        (Dates::Missing, 8..12) => fields.add("Date", "not a date"),
        _ => fields.add("Date", random.pick(&known)),
    }
    if random.percent(flavour.stale) {
        let ages = ["65", "125", "305", "25", "0065"];
        fields.add("Age", random.pick(&ages));
    } else if random.percent(10) {
        let odd = [
            "0",
            "abc",
            "-65",
            "65.0",
            "65, 0",
            "0, 65",
            "99999999999",
            "\"65\"",
            "",
        ];
        fields.add("Age", random.pick(&odd));
    }
}

const FRESHNESS: &[&str] = &[
    "max-age=60",
    "max-age=60",
    "max-age=600",
    "max-age=600",
    "max-age=100",
    "MAX-AGE=600",
    "max-age=\"600\"",
    "max-age=000600",
    "max-age=0",
    "max-age=99999999999",
    "s-maxage=600",
    "s-maxage=60",
    "S-MaxAge=\"100\"",
    "max-age=abc",
    "max-age=-60",
    "max-age=60.0",
    "max-age= 60",
    "max-age =60",
    "max-age",
    "s-maxage=x",
    "max-age='60'",
];

const REFUSALS: &[&str] = &[
    "no-store",
    "No-Store",
    "private",
    "no-cache",
    "NO-CACHE",
    "private=\"X-A\"",
    "no-cache=\"X-A\"",
    "no-cache=\"x-a, X-B\"",
    "no-cache=X-B",
    "must-understand",
    "must-understand, no-store",
    "private=\"\"",
];

const GRANTS: &[&str] = &[
    "stale-while-revalidate=10",
    "stale-while-revalidate=90",
    "stale-if-error=90",
    "stale-if-error=10",
    "stale-if-error=0",
    "must-revalidate",
    "proxy-revalidate",
    "public",
    "immutable",
    "x=\"max-age=5, no-store\"",
    "no-transform",
];

fn control(random: &mut Random, flavour: &Flavour, fields: &mut Fields) {
    let mut drawn: Vec<&str> = Vec::new();
    let plain = flavour.subject == Subject::Parts && random.percent(60);
    if plain {
        drawn.push("max-age=600");
    } else if random.percent(75) {
        drawn.push(random.pick(FRESHNESS));
    }
    if random.percent(12) {
        drawn.push(random.pick(FRESHNESS));
    }
    if random.percent(flavour.refusals) {
        drawn.push(random.pick(REFUSALS));
    }
    if random.percent(flavour.failures) {
        let bridge = random.pick(&[
            "stale-if-error=90",
            "stale-if-error=10",
            "stale-if-error=600",
        ]);
        drawn.insert(random.below(drawn.len() + 1), bridge);
    }
    for _ in 0..2 {
        if random.percent(30) {
            let at = random.below(drawn.len() + 1);
            drawn.insert(at, random.pick(GRANTS));
        }
    }
    if random.percent(18) {
        let dates = [
            "{100}",
            "{645}",
            "{-100}",
            "0",
            "{rfc850:645}",
            "{asctime:645}",
            "soon",
        ];
        fields.add("Expires", random.pick(&dates));
    }
    if drawn.is_empty() {
        return;
    }
    if random.percent(15) {
        for directive in drawn {
            fields.add("Cache-Control", directive);
        }
    } else {
        let joined = drawn.join(random.pick(&[", ", ",", " ,, ", "\t, "]));
        fields.add("Cache-Control", joined);
    }
}

fn targeted(random: &mut Random, fields: &mut Fields) {
    let values = [
        "max-age=600",
        "max-age=60",
        "max-age=0",
        "max-age=60, max-age=600",
        "max-age=600;ext=1",
        "max-age=600, ext=(a b)",
        "no-store",
        "no-store=?0, max-age=100",
        "no-cache",
        "private",
        "s-maxage=100",
        "max-age=600, stale-if-error=90",
        "max-age=60, must-revalidate",
        "public",
        "MAX-AGE=600",
        "max-age=\"600\"",
        "max-age=600.0",
        "max-age=-5",
        "max-age=60,,no-store",
        "max-age=60,",
        "max-age",
        "",
        "max-age=600, no-store=1",
    ];
    fields.add("CDN-Cache-Control", random.pick(&values));
    if random.percent(20) {
        fields.add("Shoal-Cache-Control", random.pick(&values));
    }
}

fn location(random: &mut Random, fields: &mut Fields) {
    let places = [
        "{path}/1",
        "{path}/0",
        "2",
        "http://model.test{path}/1",
        "http://MODEL.test:80{path}/0",
        "http://other.test{path}/0",
        "https://model.test{path}/0",
        "//model.test{path}/2",
        "{path}/x/../1",
    ];
    let name = random.pick(&["Location", "Content-Location"]);
    fields.add(name, random.pick(&places));
}

/// Mostly the same validator and new freshness; sometimes less, sometimes another body's fields.
fn not_modified(random: &mut Random, flavour: &Flavour, whole: &Fields, serial: usize) -> Fields {
    let mut fields = Fields::default();
    time(random, flavour, &mut fields);
    if random.percent(60) {
        control(random, flavour, &mut fields);
    }
    if random.percent(80) {
        for (name, value) in &whole.0 {
            if matches!(name.as_str(), "ETag" | "Last-Modified") {
                fields.add(name, value.clone());
            }
        }
    }
    if random.percent(80) {
        fields.add("X-Serial", format!("304-{serial}"));
    }
    for name in ["X-A", "X-B"] {
        if random.percent(25) {
            fields.add(name, format!("new-{serial}"));
        }
    }
    if random.percent(10) {
        fields.add("Content-Type", "text/html");
    }
    if random.percent(3) {
        fields.add("Vary", random.pick(&["X-Mode", "X-Kind", "*"]));
    }
    fields
}
