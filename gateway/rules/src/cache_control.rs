//! The `Cache-Control` field, of requests and of responses (RFC 9111 section 5.2).
//!
//! It parses and judges nothing. Fields with the same directives and another grammar are in
//! [`crate::targeted`].

use crate::field::{delta_seconds, elements, list, position_of_any, trim};
use http::header::{CACHE_CONTROL, PRAGMA};
use http::{HeaderMap, HeaderName};
use std::time::Duration;

/// The directives of a response. The first of several equal ones counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResponseControl {
    /// Freshness lifetime. One that is not a number counts as zero (RFC 9111 section 4.2.1).
    pub max_age: Option<Duration>,
    /// Freshness lifetime for shared caches.
    pub s_maxage: Option<Duration>,
    /// RFC 5861 section 3.
    pub stale_while_revalidate: Option<Duration>,
    /// RFC 5861 section 4.
    pub stale_if_error: Option<Duration>,
    /// Whether the whole response or some of its fields must be validated.
    pub no_cache: Qualifier,
    /// Whether the whole response or some of its fields are for one user.
    pub private: Qualifier,
    /// Never store.
    pub no_store: bool,
    /// May be stored although something would forbid it.
    pub public: bool,
    /// Never serve stale.
    pub must_revalidate: bool,
    /// Never serve stale from a shared cache.
    pub proxy_revalidate: bool,
    /// Store only when the status is understood; then `no-store` does not count.
    pub must_understand: bool,
    /// A reload need not validate (RFC 8246).
    pub immutable: bool,
}

/// How far `no-cache` or `private` reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Qualifier {
    /// The directive is not there.
    #[default]
    Absent,
    /// It names fields: these are not stored.
    Fields,
    /// It covers the response.
    Whole,
}

/// The directives of a request (RFC 9111 section 5.2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestControl {
    /// Nothing older than this.
    pub max_age: Option<Duration>,
    /// Nothing that becomes stale sooner than this.
    pub min_fresh: Option<Duration>,
    /// Stale by at most this is welcome.
    pub max_stale: Option<Duration>,
    /// RFC 5861 section 4.
    pub stale_if_error: Option<Duration>,
    /// Validate first.
    pub no_cache: bool,
    /// Store nothing of this exchange.
    pub no_store: bool,
    /// A stored response or a 504.
    pub only_if_cached: bool,
}

impl ResponseControl {
    /// Reads every line of `Cache-Control`.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut control = Self::default();
        for line in headers.get_all(CACHE_CONTROL) {
            for element in elements(line.as_bytes()) {
                control.add(element);
            }
        }
        control
    }

    /// Adds one element of a list.
    pub(crate) fn add(&mut self, element: &[u8]) {
        let (name, argument) = directive(element);
        self.set(name, argument);
    }

    fn set(&mut self, name: &[u8], argument: Argument<'_>) {
        let lifetime = match name {
            b"max-age" => &mut self.max_age,
            b"s-maxage" => &mut self.s_maxage,
            b"stale-while-revalidate" => &mut self.stale_while_revalidate,
            b"stale-if-error" => &mut self.stale_if_error,
            b"no-cache" => return self.no_cache = self.no_cache.widened_by(argument),
            b"private" => return self.private = self.private.widened_by(argument),
            b"no-store" => return self.no_store = true,
            b"public" => return self.public = true,
            b"must-revalidate" => return self.must_revalidate = true,
            b"proxy-revalidate" => return self.proxy_revalidate = true,
            b"must-understand" => return self.must_understand = true,
            b"immutable" => return self.immutable = true,
            other => {
                if let Some(name) = in_lower_case(other) {
                    self.set(&name, argument);
                }
                return;
            }
        };
        lifetime.get_or_insert(argument.seconds_or_zero());
    }
}

impl RequestControl {
    /// Reads `Cache-Control`, or `Pragma` where there is none (RFC 9111 section 5.4).
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut control = Self::default();
        if !headers.contains_key(CACHE_CONTROL) {
            let no_cache = |element: &[u8]| element.eq_ignore_ascii_case(b"no-cache");
            control.no_cache = list(headers, PRAGMA).any(no_cache);
            return control;
        }
        for line in headers.get_all(CACHE_CONTROL) {
            for element in elements(line.as_bytes()) {
                control.add(element);
            }
        }
        control
    }

    fn add(&mut self, element: &[u8]) {
        let (name, argument) = directive(element);
        self.set(name, argument);
    }

    fn set(&mut self, name: &[u8], argument: Argument<'_>) {
        // An argument that is not a number leaves the directive out: unlike in a response, nothing
        // unsafe follows from doing without it.
        match name {
            b"max-age" => self.max_age = self.max_age.or(argument.seconds()),
            b"min-fresh" => self.min_fresh = self.min_fresh.or(argument.seconds()),
            b"max-stale" => {
                let any_age = matches!(argument, Argument::None).then_some(Duration::MAX);
                self.max_stale = self.max_stale.or(any_age).or(argument.seconds());
            }
            b"stale-if-error" => {
                self.stale_if_error = self.stale_if_error.or(argument.seconds());
            }
            b"no-cache" => self.no_cache = true,
            b"no-store" => self.no_store = true,
            b"only-if-cached" => self.only_if_cached = true,
            other => {
                if let Some(name) = in_lower_case(other) {
                    self.set(&name, argument);
                }
            }
        }
    }
}

impl Qualifier {
    /// The wider of two counts: a response that says both `no-cache` and `no-cache="a"` says
    /// no-cache.
    fn widened_by(self, argument: Argument<'_>) -> Self {
        match (self, argument.names().next()) {
            (Self::Whole, _) | (_, None) => Self::Whole,
            (Self::Absent | Self::Fields, Some(_)) => Self::Fields,
        }
    }
}

/// The field names that `no-cache="…"` and `private="…"` list (RFC 9111 sections 5.2.2.4 and
/// 5.2.2.7) in the field `of`: a shared cache does not store them.
pub fn qualified_fields(headers: &HeaderMap, of: HeaderName) -> impl Iterator<Item = &[u8]> {
    list(headers, of).flat_map(|element| {
        let (name, argument) = directive(element);
        let lists = name.eq_ignore_ascii_case(b"no-cache") || name.eq_ignore_ascii_case(b"private");
        argument.names().filter(move |_| lists)
    })
}

#[derive(Debug, Clone, Copy)]
enum Argument<'a> {
    None,
    /// Without its quotes, where it had them: recipients accept both (RFC 9111 section 5.2).
    Text(&'a [u8]),
}

impl<'a> Argument<'a> {
    fn seconds(self) -> Option<Duration> {
        match self {
            Self::None => None,
            Self::Text(text) => delta_seconds(text),
        }
    }

    fn seconds_or_zero(self) -> Duration {
        self.seconds().unwrap_or_default()
    }

    fn names(self) -> impl Iterator<Item = &'a [u8]> {
        let text: &[u8] = match self {
            Self::None => b"",
            Self::Text(text) => text,
        };
        elements(text).filter(|name| !name.is_empty())
    }
}

/// The name of a directive in lower case, where it is not: names have no case, but hardly any is
/// written otherwise, so that the usual ones are compared as they are.
fn in_lower_case(name: &[u8]) -> Option<Vec<u8>> {
    let other = name.iter().any(u8::is_ascii_uppercase);
    other.then(|| name.to_ascii_lowercase())
}

/// Name and argument of one directive. White space around `=` is part of neither grammar, so it
/// makes the name unknown or the argument invalid.
fn directive(element: &[u8]) -> (&[u8], Argument<'_>) {
    let Some(equals) = position_of_any(element, *b"==") else {
        return (trim(element), Argument::None);
    };
    let (name, rest) = element.split_at(equals);
    let text = match rest.get(1..).unwrap_or_default() {
        [b'"', inner @ .., b'"'] => inner,
        token => token,
    };
    (name, Argument::Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn response(lines: &[&'static str]) -> ResponseControl {
        let lines = lines
            .iter()
            .map(|line| (CACHE_CONTROL, HeaderValue::from_static(line)));
        ResponseControl::of(&lines.collect())
    }

    #[test]
    fn max_age_is_read_as_the_rfc_says() {
        let cases: [(&[&'static str], Option<u64>); 17] = [
            (&["max-age=3600"], Some(3600)),
            (&["MaX-aGe=3600"], Some(3600)),
            (&["max-age=\"3600\""], Some(3600)),
            (&["max-age=003600"], Some(3600)),
            (&["foobar, max-age=3600"], Some(3600)),
            (&["max-age=99999999999"], Some(1 << 31)),
            (&["max-age=1, max-age=1800"], Some(1)),
            (&["max-age=1800", "max-age=1"], Some(1800)),
            (&["extension=\"max-age=3600\", max-age=1"], Some(1)),
            (&["max-age=1, extension=\"max-age=3600\""], Some(1)),
            (&["max-age='3600'"], Some(0)),
            (&["max-age=3600.0"], Some(0)),
            (&["max-age=-3600"], Some(0)),
            (&["max-age= 3600"], Some(0)),
            (&["max-age"], Some(0)),
            (&["max-age =3600"], None),
            (&["extension=\"max-age=3600\""], None),
        ];
        for (lines, expected) in cases {
            assert_eq!(
                response(lines).max_age,
                expected.map(Duration::from_secs),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn qualified_directives_reach_some_fields_only() {
        assert_eq!(response(&["no-cache=\"a, b\""]).no_cache, Qualifier::Fields);
        assert_eq!(
            response(&["no-cache=\"a\", no-cache"]).no_cache,
            Qualifier::Whole
        );
        assert_eq!(
            response(&["no-cache, no-cache=\"a\""]).no_cache,
            Qualifier::Whole
        );
        assert_eq!(response(&["private=\"\""]).private, Qualifier::Whole);
        let lines = [(
            CACHE_CONTROL,
            HeaderValue::from_static("no-cache=\"a, b\", private=c, x=d"),
        )];
        let headers: HeaderMap = lines.into_iter().collect();
        let fields: Vec<_> = qualified_fields(&headers, CACHE_CONTROL).collect();
        assert_eq!(fields, [b"a", b"b", b"c"]);
    }

    #[test]
    fn flags_are_read_in_any_case_and_on_any_line() {
        let control = response(&["No-StOrE", "public,must-revalidate ,, Proxy-Revalidate"]);
        assert!(control.no_store && control.public);
        assert!(control.must_revalidate && control.proxy_revalidate);
        assert!(!control.must_understand && !control.immutable);
    }

    #[test]
    fn pragma_counts_only_without_cache_control() {
        let mut headers = HeaderMap::new();
        headers.insert(PRAGMA, HeaderValue::from_static("x, No-Cache"));
        assert!(RequestControl::of(&headers).no_cache);
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("max-age=abc, max-stale"),
        );
        let control = RequestControl::of(&headers);
        assert!(!control.no_cache && control.max_age.is_none());
        assert_eq!(control.max_stale, Some(Duration::MAX));
    }

    proptest! {
        #[test]
        fn no_value_panics(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok(()) };
            let headers: HeaderMap = [(CACHE_CONTROL, value)].into_iter().collect();
            let _ = ResponseControl::of(&headers);
            let _ = RequestControl::of(&headers);
            prop_assert!(qualified_fields(&headers, CACHE_CONTROL).count() < 60);
        }
    }
}
