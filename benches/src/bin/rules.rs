//! Is a decision small beside the work around it? Deciding the reuse of a fresh hit may take 150 ns,
//! and reading a typical `Cache-Control` 100 ns.
//!
//! Both are called in short rounds that take turns, and the figure is the median round: a round is
//! far shorter than a slice of the scheduler, so the median was not interrupted, and its time is
//! the processor's. What they decide is checked before it is timed.

use std::env;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use shoal_benches::Verdict;
use shoal_benches::verdict::say;
use shoal_rules::cache_control::ResponseControl;
use shoal_rules::{Freshness, Overrides, Policy, Presented, Received, Reuse, Times};
use shoal_rules::{reuse, storability};

/// What an origin typically says.
const TYPICAL: &str =
    "public, max-age=3600, s-maxage=7200, stale-while-revalidate=60, must-revalidate";
/// Rounds of each kind. `SHOAL_BENCH_ROUNDS` asks for other numbers.
const ROUNDS: usize = 2001;
/// Calls in a round: some tens of microseconds, long beside reading the clock.
const CALLS: u32 = 500;
const REUSE_MAX_NS: f64 = 150.0;
const CACHE_CONTROL_MAX_NS: f64 = 100.0;

fn main() -> ExitCode {
    let rounds = env::var("SHOAL_BENCH_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok());
    let Some(hit) = Hit::new() else {
        let void = Verdict::Void {
            why: "the response is not stored and reused",
        };
        return void.announce("rules");
    };
    let [plain, asking, parsing] = measure(&hit, rounds.unwrap_or(ROUNDS));
    say(format_args!(
        "reuse of a fresh hit: {plain}; with Cache-Control in the request: {asking}"
    ));
    say(format_args!("parsing `{TYPICAL}`: {parsing}"));
    let reuse = announce("rules_reuse", plain.median, REUSE_MAX_NS);
    let parse = announce("rules_cache_control", parsing.median, CACHE_CONTROL_MAX_NS);
    if reuse == ExitCode::SUCCESS {
        parse
    } else {
        reuse
    }
}

fn announce(name: &str, figure: f64, goal: f64) -> ExitCode {
    let verdict = Verdict::AtMost {
        figure,
        goal,
        unit: "ns",
    };
    verdict.announce(name)
}

/// A stored response, the fields it came with, and two later requests for it.
struct Hit {
    freshness: Freshness,
    response: HeaderMap,
    plain: HeaderMap,
    /// The client has directives of its own, so that these are parsed as well.
    asking: HeaderMap,
    policy: Policy,
    now: SystemTime,
}

impl Hit {
    /// Absent where the rules decide something else than a fresh hit: there is nothing to time.
    fn new() -> Option<Self> {
        let response = fields(&[(CACHE_CONTROL, TYPICAL)]);
        let plain = fields(&[
            (HOST, "shop.example"),
            (USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64)"),
            (ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8"),
            (ACCEPT_ENCODING, "gzip, deflate, br, zstd"),
        ]);
        let mut asking = plain.clone();
        asking.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("max-age=600, min-fresh=10"),
        );
        let policy = Policy::default();
        let received = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let freshness = storability(
            &Presented {
                method: &Method::GET,
                headers: &plain,
            },
            &Received {
                status: StatusCode::OK,
                headers: &response,
            },
            &policy,
            &Overrides::default(),
            &Times {
                requested: received,
                received,
            },
        );
        let hit = Self {
            freshness: freshness.ok()?,
            response,
            plain,
            asking,
            policy,
            now: received + Duration::from_secs(30),
        };
        let fresh = |request| hit.decide(request) == Reuse::Fresh;
        let read = hit.parse();
        let right = fresh(&hit.plain)
            && fresh(&hit.asking)
            && read.public
            && read.must_revalidate
            && read.s_maxage == Some(Duration::from_secs(7200));
        right.then_some(hit)
    }

    fn decide(&self, request: &HeaderMap) -> Reuse {
        let request = Presented {
            method: &Method::GET,
            headers: request,
        };
        reuse(&self.freshness, &request, &self.policy, self.now)
    }

    fn parse(&self) -> ResponseControl {
        ResponseControl::of(&self.response)
    }
}

fn fields(list: &[(HeaderName, &'static str)]) -> HeaderMap {
    let pairs = list
        .iter()
        .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
    pairs.collect()
}

fn measure(hit: &Hit, rounds: usize) -> [Nanoseconds; 3] {
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        let [plain, asking, parsing] = &mut times;
        plain.push(round(|| hit.decide(black_box(&hit.plain))));
        asking.push(round(|| hit.decide(black_box(&hit.asking))));
        parsing.push(round(|| black_box(hit).parse()));
    }
    times.map(Nanoseconds::of)
}

/// Nanoseconds for one call.
fn round<T>(mut call: impl FnMut() -> T) -> f64 {
    let began = Instant::now();
    for _ in 0..CALLS {
        black_box(call());
    }
    began.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
}

/// How long calls took.
#[derive(Clone, Copy)]
struct Nanoseconds {
    median: f64,
    slowest_tenth: f64,
}

impl Nanoseconds {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| times.get(index).copied().unwrap_or(f64::NAN);
        Self {
            median: at(times.len() / 2),
            slowest_tenth: at(times.len() * 9 / 10),
        }
    }
}

impl std::fmt::Display for Nanoseconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "median {:.1} ns, nine in ten rounds below {:.1} ns",
            self.median, self.slowest_tenth
        )
    }
}
