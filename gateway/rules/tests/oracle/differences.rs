//! In what the other implementation and ours differ, and why ours is right or as good.
//!
//! A row names one side of one verdict, and holds for exchanges that have a certain property: a
//! difference outside its row fails the test.

use super::exchange::{self, Exchange};
use http::header::{AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, LAST_MODIFIED, PRAGMA, SET_COOKIE};
use http::{HeaderMap, HeaderName};
use shoal_rules::{Freshness, LifetimeSource, Reason};
use std::time::Duration;

/// What one implementation says of an exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) stored: bool,
    pub(crate) reused: bool,
    /// Ours only: what was decided about storing.
    pub(crate) because: Option<Result<Freshness, Reason>>,
}

/// Which verdict differs, and who alone says yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    WeStore,
    TheyStore,
    WeReuse,
    TheyReuse,
}

macro_rules! differences {
    ($($variant:ident: $side:ident, $reason:literal, $holds:expr;)*) => {
        /// Why two verdicts differ.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Difference {
            $(#[doc = $reason] $variant,)*
        }

        impl Difference {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            pub(crate) fn reason(self) -> &'static str {
                match self { $(Self::$variant => $reason,)* }
            }

            fn side(self) -> Side {
                match self { $(Self::$variant => Side::$side,)* }
            }

            fn holds(self, exchange: &Exchange, our: Verdict) -> bool {
                let holds: fn(&Exchange, Verdict) -> bool = match self { $(Self::$variant => $holds,)* };
                holds(exchange, our)
            }
        }
    };
}

impl Difference {
    /// The rows that explain how the verdicts differ: none where they agree, `None` where no row
    /// explains it.
    pub(crate) fn between(exchange: &Exchange, our: Verdict, their: Verdict) -> Option<Vec<Self>> {
        let side = match (our.stored, their.stored, our.reused, their.reused) {
            (true, false, ..) => Side::WeStore,
            (false, true, ..) => Side::TheyStore,
            (true, true, true, false) => Side::WeReuse,
            (true, true, false, true) => Side::TheyReuse,
            _ => return Some(Vec::new()),
        };
        let explains = |row: &&Self| row.side() == side && row.holds(exchange, our);
        let rows: Vec<_> = Self::ALL.iter().filter(explains).copied().collect();
        (!rows.is_empty()).then_some(rows)
    }
}

differences! {
    AnyFinalStatus: WeStore,
        "RFC 9111 section 3: with explicit freshness a final status need not be understood; they keep a list.",
        |exchange, our| !THEIR_STATUSES.contains(&exchange.status)
            && (control(exchange).contains("public") || source(our).is_some_and(is_explicit));
    TargetedField: WeStore,
        "RFC 9213: CDN-Cache-Control takes the place of Cache-Control; they do not know it.",
        |exchange, our| source(our) == Some(LifetimeSource::Targeted) && exchange.response.contains_key(CDN);
    MustUnderstand: WeStore,
        "RFC 9111 section 5.2.2.3: must-understand with a known status overrides no-store; they do not know it.",
        |exchange, _| control(exchange).contains("must-understand") && control(exchange).contains("no-store");
    QualifiedPrivate: WeStore,
        "RFC 9111 section 5.2.2.7: private with field names is for those fields only; they refuse the response.",
        |exchange, _| control(exchange).contains("private=\"x\"");
    NoStoreInAQuotedString: WeStore,
        "RFC 9110 section 5.6.4: a comma in a quoted string splits nothing; they split there.",
        |exchange, _| control(exchange).contains("x=\"a, no-store, b\"");
    DirectiveInUpperCase: WeStore,
        "RFC 9111 section 5.2: directives have no case; they know lower case only.",
        |exchange, _| raw_control(exchange).contains("MAX-AGE");

    NothingToReuse: TheyStore,
        "Without a lifetime, a stale grant and a validator nothing could ever be reused; they store it all the same.",
        |exchange, our| refused(our) == Some(Reason::NoFreshness) && !has_validator(exchange);
    NothingSaysHowLong: TheyStore,
        "RFC 9111 section 3: a status outside the list needs a lifetime or public; for them the word max-age is enough.",
        |exchange, our| refused(our) == Some(Reason::NoFreshness)
            && !HEURISTIC_STATUSES.contains(&exchange.status);
    PersonalCookie: TheyStore,
        "A response with Set-Cookie and without explicit freshness is personal; they store it with a lifetime of zero.",
        |_, our| refused(our) == Some(Reason::SetCookieWithoutFreshness);
    VaryStar: TheyStore,
        "RFC 9111 section 4.1: Vary with * never matches a request; they store it and never use it.",
        |_, our| refused(our) == Some(Reason::VaryStar);
    TargetedRefusal: TheyStore,
        "RFC 9213: CDN-Cache-Control takes the place of Cache-Control; they do not know it.",
        |exchange, _| exchange.response.contains_key(CDN);
    NoStoreInUpperCase: TheyStore,
        "RFC 9111 section 5.2: directives have no case; they know lower case only.",
        |exchange, our| match refused(our) {
            Some(Reason::NoStoreDirective) => raw_control(exchange).contains("No-Store"),
            Some(Reason::RequestNoStore) => text(&exchange.request, CACHE_CONTROL) == "NO-STORE",
            _ => false,
        };
    PostWithoutALifetime: TheyStore,
        "RFC 9110 section 9.3.3: a POST needs explicit freshness; for them the word max-age is enough.",
        |_, our| refused(our) == Some(Reason::PostWithoutFreshness);
    PermissionByMistake: TheyStore,
        "RFC 9111 section 3.5: Authorization needs permission; they find must-revalidate in two values of a directive.",
        |exchange, our| refused(our) == Some(Reason::AuthorizationWithoutPermission)
            && two_values(exchange);
    ProxyRevalidate: WeReuse,
        "RFC 9111 section 5.2.2.8: proxy-revalidate is about stale responses; for them it ends freshness.",
        |exchange, _| control(exchange).contains("proxy-revalidate");
    CookieWithALifetime: WeReuse,
        "RFC 9111 says nothing of Set-Cookie: with explicit freshness it is reused; they ask for public or immutable.",
        |exchange, _| exchange.response.contains_key(SET_COOKIE);
    StaleWhileRevalidate: WeReuse,
        "RFC 5861 section 3: stale-while-revalidate grants a stale answer; they do not know it.",
        |exchange, our| control(exchange).contains("stale-while-revalidate") && is_stale(exchange, our);
    QualifiedNoCache: WeReuse,
        "RFC 9111 section 5.2.2.4: no-cache with field names is for those fields only; they validate the response.",
        |exchange, _| control(exchange).contains("no-cache=\"x\"");
    PragmaOfAResponse: WeReuse,
        "RFC 9111 section 5.4: Pragma in a response means nothing; they take it for no-cache.",
        |exchange, _| exchange.response.contains_key(PRAGMA);
    PragmaBesideCacheControl: WeReuse,
        "RFC 9111 section 5.4: Pragma counts only without Cache-Control; for them it always does.",
        |exchange, _| exchange.later.contains_key(PRAGMA) && exchange.later.contains_key(CACHE_CONTROL);
    LifetimeBeyondTheirNumbers: WeReuse,
        "RFC 9111 section 1.2.2: a number that is too large is the largest; for them it is zero.",
        |exchange, _| control(exchange).contains("99999999999999999999999");
    LifetimeInUpperCase: WeReuse,
        "RFC 9111 section 5.2: directives have no case; they know lower case only.",
        |exchange, _| raw_control(exchange).contains("MAX-AGE");
    ObsoleteDateReused: WeReuse,
        "RFC 9110 section 5.6.7: recipients read three forms of dates; they read one.",
        |exchange, _| dates(exchange).contains("day, ");
    MaxStaleToTheSecond: WeReuse,
        "RFC 9111 section 5.2.1.2: max-stale is 'no more than', so it includes its last second; for them it does not.",
        |exchange, our| later(exchange).contains("max-stale=") && is_stale(exchange, our);
    TwoValues: WeReuse,
        "RFC 9111 section 4.2.1 lets a cache use the first of two values; they add must-revalidate.",
        |exchange, our| later(exchange).contains("max-stale") && is_stale(exchange, our) && two_values(exchange);
    PlusInAnAge: WeReuse,
        "RFC 9111 section 1.2.2: delta-seconds are digits; they read a sign.",
        |exchange, _| text(&exchange.response, AGE) == "+10";
    HalfASecond: WeReuse,
        "A tenth of the time since Last-Modified may end within a second; they cut it.",
        |exchange, our| source(our) == Some(LifetimeSource::Heuristic) && dates(exchange).contains("23:51:35");
    SpaceInADirective: WeReuse,
        "RFC 9111 section 5.2: no space stands before the equals sign, so the directive is an unknown one; they read around it.",
        |exchange, _| control(exchange).contains("max-age =60");
    NumericZoneReused: WeReuse,
        "RFC 9110 section 5.6.7: a date ends with GMT; they read mail's numeric zones.",
        |exchange, _| text(&exchange.response, DATE).contains("+0000");
    TargetedLifetimeReused: WeReuse,
        "RFC 9213: CDN-Cache-Control takes the place of Cache-Control; they do not know it.",
        |exchange, _| exchange.response.contains_key(CDN);

    ApparentAge: TheyReuse,
        "RFC 9111 section 4.2.3: what Date shows of the age counts as well as Age; they read Age only.",
        |exchange, our| kept(our).is_some_and(|f| !f.corrected_initial_age.is_zero())
            && exchange.response.contains_key(DATE);
    ListOfAges: TheyReuse,
        "RFC 9111 section 5.1: the first member of an Age list counts; for them a list is zero.",
        |exchange, _| text(&exchange.response, AGE).contains(',');
    ValidationOnArrival: TheyReuse,
        "RFC 9111 section 5.2.1.1: max-age=0 is how a client asks for validation, also in the second of arrival.",
        |exchange, _| later(exchange).contains("max-age=0") && exchange.elapsed == 0;
    Immutable: TheyReuse,
        "RFC 8246: immutable gives no lifetime; they give it a day.",
        |exchange, _| control(exchange).contains("immutable");
    GuessOfADayAtMost: TheyReuse,
        "RFC 9111 section 4.2.2 leaves the heuristic to the cache: ours ends after a day, theirs never.",
        |exchange, our| source(our) == Some(LifetimeSource::Heuristic) && dates(exchange).contains("2020");
    SharedLifetimeIsNotStale: TheyReuse,
        "RFC 9111 section 5.2.2.10: s-maxage and proxy-revalidate forbid stale answers; for them only must-revalidate does.",
        |exchange, our| later(exchange).contains("max-stale")
            && kept(our).is_some_and(|f| f.obligations.s_maxage || f.obligations.proxy_revalidate);
    NoCacheIsNotStale: TheyReuse,
        "RFC 9111 section 5.2.2.4: no-cache is validated whatever the client accepts; for them max-stale is stronger.",
        |exchange, our| later(exchange).contains("max-stale")
            && kept(our).is_some_and(|f| f.obligations.no_cache);
    MaxStaleOfNothing: TheyReuse,
        "RFC 9111 section 5.2.1.2: a max-stale that is no number says nothing; for them it accepts everything.",
        |exchange, _| later(exchange).contains("max-stale=x");
    NoCacheInUpperCase: TheyReuse,
        "RFC 9111 section 5.2: directives have no case; they know lower case only.",
        |exchange, _| later(exchange).contains("No-Cache");
    UnreadableLifetime: TheyReuse,
        "RFC 9111 section 4.2.1: a lifetime that breaks the grammar makes the response stale; they read around it.",
        |exchange, _| control(exchange).split(", ").any(|d| ["max-age", "max-age=+60", "max-age =60", "max-age= 60"].contains(&d));
    UpperCaseLifetime: TheyReuse,
        "RFC 9111 section 5.2: directives have no case; they know lower case only, and guess instead.",
        |exchange, _| raw_control(exchange).contains("MAX-AGE");
    NumericZone: TheyReuse,
        "RFC 9110 section 5.6.7: a date ends with GMT; they read mail's numeric zones.",
        |exchange, _| dates(exchange).contains("+0000");
    TargetedLifetime: TheyReuse,
        "RFC 9213: CDN-Cache-Control takes the place of Cache-Control; they do not know it.",
        |exchange, _| exchange.response.contains_key(CDN);
}

/// Statuses that they store.
const THEIR_STATUSES: [u16; 14] = [
    200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501,
];
/// Statuses with a heuristic lifetime.
const HEURISTIC_STATUSES: [u16; 12] = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];
const CDN: HeaderName = HeaderName::from_static("cdn-cache-control");

fn text(headers: &HeaderMap, name: HeaderName) -> String {
    let lines = headers
        .get_all(name)
        .iter()
        .map(|line| line.to_str().unwrap());
    lines.collect::<Vec<_>>().join(", ")
}

fn raw_control(exchange: &Exchange) -> String {
    text(&exchange.response, CACHE_CONTROL)
}

fn control(exchange: &Exchange) -> String {
    raw_control(exchange).to_ascii_lowercase()
}

fn has_validator(exchange: &Exchange) -> bool {
    exchange.response.contains_key(ETAG) || exchange.response.contains_key(LAST_MODIFIED)
}

fn refused(our: Verdict) -> Option<Reason> {
    our.because?.err()
}

fn kept(our: Verdict) -> Option<Freshness> {
    our.because?.ok()
}

fn source(our: Verdict) -> Option<LifetimeSource> {
    kept(our).map(|freshness| freshness.source)
}

fn is_explicit(source: LifetimeSource) -> bool {
    use LifetimeSource::{Expires, MaxAge, SMaxage, Targeted};
    matches!(source, Expires | MaxAge | SMaxage | Targeted)
}

/// Do they find a directive with two values? They split at every comma, and a quoted value is
/// never what it was before.
fn two_values(exchange: &Exchange) -> bool {
    let text = raw_control(exchange);
    let pairs = text
        .split(',')
        .map(|directive| match directive.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (directive.trim(), None),
        });
    let pairs: Vec<_> = pairs.collect();
    let repeated = |index: usize, (name, value): (&str, Option<&str>)| {
        let mut before = pairs[..index].iter();
        before.any(|(known, first)| {
            let quoted = value.is_some_and(|value| value.starts_with('"'));
            *known == name && (*first != value || quoted)
        })
    };
    pairs
        .iter()
        .enumerate()
        .any(|(index, pair)| repeated(index, *pair))
}

fn later(exchange: &Exchange) -> String {
    text(&exchange.later, CACHE_CONTROL)
}

fn dates(exchange: &Exchange) -> String {
    let of = |name| text(&exchange.response, name);
    [of(DATE), of(EXPIRES), of(LAST_MODIFIED)].join("; ")
}

fn is_stale(exchange: &Exchange, our: Verdict) -> bool {
    let moment = exchange::now() + Duration::from_secs(exchange.elapsed);
    kept(our).is_some_and(|freshness| !freshness.is_fresh(moment))
}
