//! Whether a response is stored, how old it is and how long it is fresh (RFC 9111 sections 3 and
//! 4.2).
//!
//! What a stored response may be used for is `reuse`.

use super::control::{Control, SECONDS_MAX, seconds};
use crate::fields::Fields;
use crate::mutation::Mutation;
use std::time::{SystemTime, UNIX_EPOCH};

/// Statuses that may be stored without explicit freshness (RFC 9110 section 15.1). 206 is one of
/// them, but parts are not stored here.
const HEURISTICALLY_CACHEABLE: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/// Statuses of the generator that no registry knows: with `must-understand` they are not stored.
const NOT_UNDERSTOOD: [u16; 2] = [299, 599];

/// Section 4.2.2 suggests a tenth of the time since the last modification. The gateway stops at a
/// day.
const HEURISTIC_MAX: u64 = 24 * 3600;

/// What was decided when a response was stored.
#[derive(Debug, Clone)]
pub(super) struct Freshness {
    /// `corrected_initial_age`; no time passes in a sequence, so it stays the current age.
    pub(super) age: u64,
    pub(super) lifetime: u64,
    pub(super) while_revalidating: u64,
    /// Absent when the origin does not say.
    pub(super) if_error: Option<u64>,
    pub(super) no_cache: bool,
    /// `must-revalidate`, `proxy-revalidate`, an `s-maxage` that counts, `no-cache` (section 4.2.4).
    pub(super) stale_forbidden: bool,
}

/// Whether a response is stored.
#[derive(Debug, Clone)]
pub(super) enum Judged {
    Stored(Freshness),
    /// Nothing like it may be stored.
    RefusedByResponse,
    /// It may not be stored as the answer to this request.
    RefusedByRequest,
}

/// A response that asks to be stored.
pub(super) struct Candidate<'a> {
    pub(super) request: &'a Fields,
    pub(super) status: u16,
    pub(super) fields: &'a Fields,
    pub(super) now: SystemTime,
    pub(super) mutation: Option<Mutation>,
}

impl Candidate<'_> {
    /// Section 3, and what is decided when it is stored.
    pub(super) fn judge(&self) -> Judged {
        let control = if self.mutates(Mutation::IgnoresTargeted) {
            Control::of(self.fields)
        } else {
            Control::of_response(self.fields)
        };
        let freshness = self.freshness(&control);
        if !self.response_allows(&control) || !self.is_useful(&control, &freshness) {
            Judged::RefusedByResponse
        } else if !self.request_allows(&control) {
            Judged::RefusedByRequest
        } else {
            Judged::Stored(freshness)
        }
    }

    /// Whether the response says itself how long it is fresh.
    pub(super) fn is_explicit(&self) -> bool {
        self.explicit_lifetime(&Control::of_response(self.fields))
            .is_some()
    }

    /// `corrected_initial_age` (section 4.2.3): the greater of what `Age` says and of what is left
    /// between `Date` and now. Requests take no time here.
    pub(super) fn age(&self) -> u64 {
        if self.mutates(Mutation::ForgetsAge) {
            return 0;
        }
        // The first member of the first line (section 5.1).
        let first = self.fields.first("Age");
        let first = first.map(|line| line.split(',').next().unwrap_or_default().trim());
        let age_value = first.and_then(seconds).unwrap_or(0);
        let apparent = since(self.now, self.date());
        age_value.max(apparent).min(SECONDS_MAX)
    }

    fn mutates(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// Section 3, as far as the response speaks.
    fn response_allows(&self, control: &Control) -> bool {
        // Parts need a store of parts, and a 304 has no content.
        if matches!(self.status, 206 | 304) {
            return false;
        }
        let understand = control.has("must-understand");
        if understand && NOT_UNDERSTOOD.contains(&self.status) {
            return false;
        }
        let no_store = control.has("no-store") && !self.mutates(Mutation::StoresNoStore);
        // Section 5.2.2.3: with must-understand, no-store is for other caches.
        if no_store && !understand {
            return false;
        }
        if control.whole("private") && !self.mutates(Mutation::StoresPrivate) {
            return false;
        }
        let vary = self.fields.members("Vary");
        if vary.iter().any(|name| name == "*") {
            return false;
        }
        // The gateway's choice: a cookie marks a personal response, unless the origin says in so many
        // words that it is fresh for a while.
        let explicit = self
            .explicit_lifetime(control)
            .is_some_and(|lifetime| lifetime > 0);
        !self.fields.has("Set-Cookie") || explicit
    }

    /// Sections 5.2.1.5 and 3.5.
    fn request_allows(&self, control: &Control) -> bool {
        let permitted = ["public", "s-maxage", "must-revalidate"];
        let permitted = permitted.iter().any(|name| control.has(name));
        let authorized =
            self.request.has("Authorization") && !self.mutates(Mutation::StoresAuthorized);
        !Control::of_request(self.request).has("no-store") && (permitted || !authorized)
    }

    fn freshness(&self, control: &Control) -> Freshness {
        let no_cache = control.whole("no-cache");
        let forbids = ["must-revalidate", "proxy-revalidate"];
        let s_maxage = control.has("s-maxage") && !self.mutates(Mutation::ForgetsSMaxage);
        let forbidden =
            no_cache || s_maxage || forbids.iter().any(|directive| control.has(directive));
        Freshness {
            age: self.age(),
            lifetime: self.lifetime(control).unwrap_or(0),
            while_revalidating: control
                .seconds_or_zero("stale-while-revalidate")
                .unwrap_or(0),
            if_error: control.seconds_or_zero("stale-if-error"),
            no_cache,
            stale_forbidden: forbidden && !self.mutates(Mutation::ServesForbiddenStale),
        }
    }

    fn lifetime(&self, control: &Control) -> Option<u64> {
        let may_guess = HEURISTICALLY_CACHEABLE.contains(&self.status) || control.has("public");
        let guess = || self.heuristic_lifetime().filter(|_| may_guess);
        self.explicit_lifetime(control).or_else(guess)
    }

    /// Section 4.2.1.
    fn explicit_lifetime(&self, control: &Control) -> Option<u64> {
        let shared = control.seconds_or_zero("s-maxage");
        let shared = shared.filter(|_| !self.mutates(Mutation::ForgetsSMaxage));
        let directive = shared.or(control.seconds_or_zero("max-age"));
        // RFC 9213 section 2.2: beside a targeted field, Expires does not count.
        if directive.is_some() || control.targeted {
            return directive;
        }
        // What is no date is in the past (section 5.3).
        let expires = self.fields.first("Expires")?;
        Some(date(expires).map_or(0, |expires| since(expires, self.date())))
    }

    /// Section 4.2.2.
    fn heuristic_lifetime(&self) -> Option<u64> {
        let modified = date(self.fields.first("Last-Modified")?)?;
        Some((since(self.date(), modified) / 10).min(HEURISTIC_MAX))
    }

    /// `date_value`: without a date it is when the response arrived (RFC 9110 section 6.6.1).
    pub(super) fn date(&self) -> SystemTime {
        self.fields.first("Date").and_then(date).unwrap_or(self.now)
    }

    /// The gateway's choice: what no later request could use is not stored.
    fn is_useful(&self, control: &Control, freshness: &Freshness) -> bool {
        // Section 3 wants one of: explicit freshness, public, a status with heuristics.
        let nobody = self.lifetime(control).is_none();
        let cacheable = HEURISTICALLY_CACHEABLE.contains(&self.status) || control.has("public");
        if nobody && !cacheable {
            return false;
        }
        let granted =
            freshness.while_revalidating > 0 || freshness.if_error.is_some_and(|span| span > 0);
        let serves = freshness.lifetime > 0 || (granted && !freshness.stale_forbidden);
        has_validator(self.fields) || (serves && !freshness.no_cache)
    }
}

impl Judged {
    pub(super) fn stored(self) -> Option<Freshness> {
        match self {
            Self::Stored(freshness) => Some(freshness),
            Self::RefusedByResponse | Self::RefusedByRequest => None,
        }
    }
}

impl Freshness {
    /// Section 4.2.
    pub(super) fn is_fresh(&self) -> bool {
        self.lifetime > self.age
    }

    /// How long it has been stale.
    pub(super) fn staleness(&self) -> u64 {
        self.age.saturating_sub(self.lifetime)
    }

    /// The `ttl` of RFC 9211 section 2.6: negative when stale.
    pub(super) fn ttl(&self) -> i64 {
        self.lifetime.cast_signed() - self.age.cast_signed()
    }
}

/// Whether it can be validated (section 4.3.1).
pub(super) fn has_validator(fields: &Fields) -> bool {
    fields.has("ETag") || fields.has("Last-Modified")
}

/// An HTTP-date in one of its three forms (RFC 9110 section 5.6.7).
pub(super) fn date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

fn since(later: SystemTime, earlier: SystemTime) -> u64 {
    let seconds = |moment: SystemTime| {
        moment
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    };
    seconds(later).saturating_sub(seconds(earlier))
}
