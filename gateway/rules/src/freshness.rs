//! How long a stored response is fresh, and what may be done with it once it is stale (RFC 9111
//! section 4.2).
//!
//! Made once, when the response is stored (`storability`), and asked on every hit. Its stored form
//! is in `encoding`; the decision about one request is in [`mod@crate::reuse`].

mod encoding;

use crate::age::since;
use crate::field::DELTA_SECONDS_MAX;
use std::time::{Duration, SystemTime};

/// The freshness of one stored response. Times have a resolution of a millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// When the response arrived, or was last validated.
    pub response_time: SystemTime,
    /// How old it was then.
    pub corrected_initial_age: Duration,
    /// How old it may become and still be fresh.
    pub lifetime: Duration,
    /// Where the lifetime comes from.
    pub source: LifetimeSource,
    /// How long after that it may be served while one request validates it (RFC 5861 section 3).
    pub stale_while_revalidate: Duration,
    /// How long after that it may be served when the origin fails (RFC 5861 section 4); absent when
    /// neither origin nor operator says.
    pub stale_if_error: Option<Duration>,
    /// What the response demands.
    pub obligations: Obligations,
}

/// What a stored response demands of its reuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Obligations {
    /// `must-revalidate`: never served stale.
    pub must_revalidate: bool,
    /// `proxy-revalidate`: the same for shared caches.
    pub proxy_revalidate: bool,
    /// The lifetime is that of `s-maxage`, which implies `proxy-revalidate` (section 5.2.2.10).
    pub s_maxage: bool,
    /// `no-cache`: validated before every use.
    pub no_cache: bool,
    /// It has an `ETag` or a `Last-Modified`, so it can be validated.
    pub validator: bool,
}

/// Who set a freshness lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifetimeSource {
    /// A plugin.
    Plugin,
    /// The route's `status_ttl`.
    Status,
    /// The route's `ttl`.
    Route,
    /// A targeted field.
    Targeted,
    /// `s-maxage`
    SMaxage,
    /// `max-age`
    MaxAge,
    /// `Expires`
    Expires,
    /// The route's `default_ttl` or the general one.
    Default,
    /// A share of the time since `Last-Modified` (section 4.2.2).
    Heuristic,
    /// Nobody: the lifetime is zero, and every use is validated.
    Nobody,
}

impl LifetimeSource {
    /// Its name for people and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Status => "status-ttl",
            Self::Route => "route-ttl",
            Self::Targeted => "targeted",
            Self::SMaxage => "s-maxage",
            Self::MaxAge => "max-age",
            Self::Expires => "expires",
            Self::Default => "default-ttl",
            Self::Heuristic => "heuristic",
            Self::Nobody => "none",
        }
    }
}

/// How long a stale response with a validator is kept: a 304 costs less than a new transfer, but
/// what nobody asked for in an hour is better gone.
pub const KEPT_FOR_VALIDATION: Duration = Duration::from_secs(3600);

/// How long a stale response without a validator is kept: only a break of the connection can make
/// it useful once more.
pub const KEPT_WITHOUT_VALIDATOR: Duration = Duration::from_secs(3);

impl Freshness {
    /// `current_age` (section 4.2.3). It ends where delta-seconds do (section 1.2.2), so that a client
    /// that accepts any age accepts it.
    #[must_use]
    pub fn current_age(&self, now: SystemTime) -> Duration {
        self.corrected_initial_age
            .saturating_add(since(now, self.response_time))
            .min(Duration::from_secs(DELTA_SECONDS_MAX))
    }

    /// Is the lifetime longer than the age (section 4.2)?
    #[must_use]
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        self.lifetime > self.current_age(now)
    }

    /// The remaining lifetime in whole seconds, negative when stale: with `Age` it adds up to the
    /// lifetime.
    #[must_use]
    pub fn remaining(&self, now: SystemTime) -> i64 {
        let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        seconds(self.lifetime).saturating_sub(seconds(self.current_age(now)))
    }

    /// How long the response has been stale; zero while it is fresh.
    #[must_use]
    pub fn staleness(&self, now: SystemTime) -> Duration {
        self.current_age(now).saturating_sub(self.lifetime)
    }

    /// The moment at which it becomes stale; before `response_time` if it came stale.
    #[must_use]
    pub fn fresh_until(&self) -> SystemTime {
        let until = match self.lifetime.checked_sub(self.corrected_initial_age) {
            Some(rest) => self.response_time.checked_add(rest),
            None => self
                .response_time
                .checked_sub(self.corrected_initial_age - self.lifetime),
        };
        until.unwrap_or(self.response_time)
    }

    /// The moment after which it is of no use: the store may drop it.
    #[must_use]
    pub fn useful_until(&self) -> SystemTime {
        // What came stale serves a client's max-stale at least as long as what became stale.
        let base = self.fresh_until().max(self.response_time);
        let mut kept = self.kept_when_stale();
        if !self.stale_forbidden() {
            kept = kept.max(self.stale_while_revalidate);
            kept = kept.max(self.stale_if_error.unwrap_or_default());
        }
        base.checked_add(kept).unwrap_or(base)
    }

    /// Does the response forbid serving it stale (section 4.2.4)?
    #[must_use]
    pub fn stale_forbidden(&self) -> bool {
        let Obligations {
            must_revalidate,
            proxy_revalidate,
            s_maxage,
            no_cache,
            validator: _,
        } = self.obligations;
        must_revalidate || proxy_revalidate || s_maxage || no_cache
    }

    /// How long it is kept once stale, whatever was granted.
    pub(crate) fn kept_when_stale(&self) -> Duration {
        if self.obligations.validator {
            KEPT_FOR_VALIDATION
        } else {
            KEPT_WITHOUT_VALIDATOR
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    pub(crate) fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// Arrived at 1000 with an age of 10, fresh for 60 seconds.
    pub(crate) const SAMPLE: fn() -> Freshness = || Freshness {
        response_time: at(1000),
        corrected_initial_age: Duration::from_secs(10),
        lifetime: Duration::from_secs(60),
        source: LifetimeSource::MaxAge,
        stale_while_revalidate: Duration::ZERO,
        stale_if_error: None,
        obligations: Obligations::default(),
    };

    #[test]
    fn age_and_remaining_lifetime_add_up() {
        let freshness = SAMPLE();
        for (now, age, remaining, fresh) in [
            (1000, 10, 50, true),
            (1049, 59, 1, true),
            (1050, 60, 0, false),
            (1060, 70, -10, false),
        ] {
            assert_eq!(freshness.current_age(at(now)).as_secs(), age);
            assert_eq!(freshness.remaining(at(now)), remaining);
            assert_eq!(freshness.is_fresh(at(now)), fresh);
        }
        assert_eq!(freshness.fresh_until(), at(1050));
        assert_eq!(freshness.staleness(at(1060)).as_secs(), 10);
    }

    #[test]
    fn a_clock_that_went_backwards_makes_nothing_younger_than_on_arrival() {
        assert_eq!(SAMPLE().current_age(at(0)).as_secs(), 10);
    }

    #[test]
    fn it_is_useful_as_long_as_somebody_may_use_it() {
        let mut freshness = SAMPLE();
        assert_eq!(freshness.useful_until(), at(1053));
        freshness.stale_while_revalidate = Duration::from_secs(30);
        freshness.stale_if_error = Some(Duration::from_secs(100));
        assert_eq!(freshness.useful_until(), at(1150));
        freshness.obligations.must_revalidate = true;
        assert_eq!(freshness.useful_until(), at(1053));
        freshness.obligations.validator = true;
        assert_eq!(freshness.useful_until(), at(1050 + 3600));
        freshness.corrected_initial_age = Duration::from_secs(600);
        assert_eq!(freshness.fresh_until(), at(460));
        assert_eq!(freshness.useful_until(), at(1000 + 3600));
    }
}
