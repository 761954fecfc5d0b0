//! Generated exchanges: a request, its response, and a later request for the same.
//!
//! Fields are drawn from lists that hold the usual values and every odd one that the rules speak
//! of. One seed gives one sequence.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::time::{Duration, SystemTime};

/// 2026-01-01, when every response arrives.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) method: Method,
    pub(crate) request: HeaderMap,
    pub(crate) status: u16,
    pub(crate) response: HeaderMap,
    /// The fields of the later request.
    pub(crate) later: HeaderMap,
    /// Seconds between the response and the later request.
    pub(crate) elapsed: u64,
}

impl Exchange {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let method = match random.below(8) {
            0 => Method::POST,
            1 => Method::HEAD,
            _ => Method::GET,
        };
        let mut response = HeaderMap::new();
        for _ in 0..random.below(3) {
            let mut line = random.pick(DIRECTIVES).to_owned();
            for _ in 0..random.below(3) {
                line = format!("{line}, {}", random.pick(DIRECTIVES));
            }
            append(&mut response, "cache-control", &line);
        }
        for (name, one_in, values) in FIELDS {
            if random.below(*one_in) == 0 {
                append(&mut response, name, random.pick(values));
            }
        }
        let mut request = HeaderMap::new();
        for (name, one_in, values) in REQUEST_FIELDS {
            if random.below(*one_in) == 0 {
                append(&mut request, name, random.pick(values));
            }
        }
        let mut later = HeaderMap::new();
        for (name, one_in, values) in LATER_FIELDS {
            if random.below(*one_in) == 0 {
                append(&mut later, name, random.pick(values));
            }
        }
        Self {
            method,
            request,
            status: *random.pick(STATUSES),
            response,
            later,
            elapsed: *random.pick(ELAPSED),
        }
    }
}

fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
    headers.append(name, HeaderValue::from_str(value).unwrap());
}

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        let index = self.below(from.len() as u64);
        from[usize::try_from(index).unwrap()]
    }
}

const STATUSES: &[&u16] = &[
    &200, &200, &200, &200, &200, &200, &203, &204, &301, &302, &307, &308, &404, &410, &206, &304,
    &201, &403, &500, &503, &599,
];

const ELAPSED: &[&u64] = &[
    &0, &0, &5, &20, &29, &30, &31, &49, &50, &51, &59, &60, &61, &89, &90, &91, &8639, &8640,
    &8641, &86_399, &86_400, &100_000,
];

const DIRECTIVES: &[&str] = &[
    "max-age=60",
    "max-age=60",
    "max-age=100000",
    "max-age=30",
    "max-age=0",
    "max-age=\"60\"",
    "max-age=060",
    "MAX-AGE=60",
    "max-age",
    "max-age=-1",
    "max-age=+60",
    "max-age =60",
    "max-age= 60",
    "max-age=60.5",
    "max-age=99999999999999999999999",
    "s-maxage=30",
    "s-maxage=90",
    "s-maxage=0",
    "public",
    "public",
    "private",
    "private=\"x\"",
    "no-cache",
    "no-cache=\"x\"",
    "no-store",
    "No-Store",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "immutable",
    "stale-while-revalidate=30",
    "stale-if-error=30",
    "x=\"a, no-store, b\"",
    "y",
];

type Field = (&'static str, u64, &'static [&'static str]);

/// Name, how rare it is, values.
const FIELDS: &[Field] = &[
    (
        "date",
        2,
        &[
            "Thu, 01 Jan 2026 00:00:00 GMT",
            "Thu, 01 Jan 2026 00:00:00 GMT",
            "Wed, 31 Dec 2025 23:59:30 GMT",
            "Thu, 01 Jan 2026 00:00:30 GMT",
            "Thursday, 01-Jan-26 00:00:00 GMT",
            "Wed, 31 Dec 2025 23:59:30 +0000",
            "yesterday",
        ],
    ),
    (
        "expires",
        4,
        &[
            "Thu, 01 Jan 2026 00:01:00 GMT",
            "Thu, 01 Jan 2026 00:01:00 GMT",
            "Wed, 31 Dec 2025 23:59:00 GMT",
            "Thursday, 01-Jan-26 00:01:00 GMT",
            "Thu, 01 Jan 2026 00:01:00 +0000",
            "0",
        ],
    ),
    (
        "last-modified",
        3,
        &[
            "Wed, 31 Dec 2025 00:00:00 GMT",
            "Wed, 31 Dec 2025 00:00:00 GMT",
            "Wed, 31 Dec 2025 23:51:35 GMT",
            "Wed, 01 Jan 2020 00:00:00 GMT",
            "Thu, 01 Jan 2026 01:00:00 GMT",
            "Wednesday, 31-Dec-25 00:00:00 GMT",
            "once",
        ],
    ),
    (
        "age",
        6,
        &["10", "0", "10, 5", "-1", "+10", "ten", "99999999999"],
    ),
    ("etag", 3, &["\"a\"", "W/\"a\""]),
    ("vary", 12, &["*", "x", "x, *"]),
    ("set-cookie", 12, &["a=b"]),
    ("pragma", 24, &["no-cache"]),
    (
        "cdn-cache-control",
        30,
        &["max-age=10", "no-store", "max-age=a"],
    ),
];

const REQUEST_FIELDS: &[Field] = &[
    ("authorization", 12, &["Basic YTpi"]),
    (
        "cache-control",
        16,
        &["no-store", "NO-STORE", "no-cache", "max-age=0"],
    ),
];

const LATER_FIELDS: &[Field] = &[
    (
        "cache-control",
        3,
        &[
            "no-cache",
            "No-Cache",
            "no-store",
            "max-age=0",
            "max-age=20",
            "max-age=x",
            "min-fresh=20",
            "max-stale",
            "max-stale=10",
            "max-stale=x",
            "max-age=1000, max-stale=5",
            "only-if-cached",
        ],
    ),
    ("pragma", 12, &["no-cache", "x"]),
];
