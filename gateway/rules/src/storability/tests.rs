//! What is stored, for how long and by whose word; and what is not, and why.

use super::*;
use crate::freshness::tests::at;
use crate::policy::StatusMatch;
use http::{HeaderMap, HeaderName, HeaderValue};

/// 2026-01-01
const NOW: u64 = 1_767_225_600;
const DATE: (&str, &str) = ("date", "Thu, 01 Jan 2026 00:00:00 GMT");
const HOUR_LATER: (&str, &str) = ("expires", "Thu, 01 Jan 2026 01:00:00 GMT");
const DAY_BEFORE: (&str, &str) = ("last-modified", "Wed, 31 Dec 2025 00:00:00 GMT");
const ETAG_A: (&str, &str) = ("etag", "\"a\"");

type Fields = [(&'static str, &'static str)];

fn fields(list: &Fields) -> HeaderMap {
    let pairs = list.iter().map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    });
    pairs.collect()
}

struct Case {
    method: Method,
    request: HeaderMap,
    status: u16,
    policy: Policy,
    overrides: Overrides,
}

fn case() -> Case {
    Case {
        method: Method::GET,
        request: HeaderMap::new(),
        status: 200,
        policy: Policy::default(),
        overrides: Overrides::default(),
    }
}

impl Case {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn judge(&self, response: &Fields) -> Result<Freshness, Reason> {
        let headers = fields(response);
        let status = StatusCode::from_u16(self.status).unwrap();
        storability(
            &Presented {
                method: &self.method,
                headers: &self.request,
            },
            &Received {
                status,
                headers: &headers,
            },
            &self.policy,
            &self.overrides,
            &Times {
                requested: at(NOW),
                received: at(NOW),
            },
        )
    }

    #[track_caller]
    fn lives(&self, response: &Fields, seconds: u64, source: LifetimeSource) -> Freshness {
        let freshness = self.judge(response).unwrap();
        let got = (freshness.lifetime.as_secs(), freshness.source);
        assert_eq!(got, (seconds, source), "{response:?}");
        freshness
    }

    #[track_caller]
    fn refuses(&self, response: &Fields, reason: Reason) {
        assert_eq!(
            self.judge(response).map(|f| f.source),
            Err(reason),
            "{response:?}"
        );
    }
}

const SECONDS: fn(u64) -> Option<Duration> = |seconds| Some(Duration::from_secs(seconds));
const FRESH: (&str, &str) = ("cache-control", "max-age=60");

#[test]
fn the_origins_lifetime_is_s_maxage_then_max_age_then_expires() {
    use LifetimeSource::{Expires, Heuristic, MaxAge, Nobody, SMaxage, Targeted};
    case().lives(&[("cache-control", "max-age=1, s-maxage=60")], 60, SMaxage);
    case().lives(&[FRESH, DATE, HOUR_LATER], 60, MaxAge);
    case().lives(&[DATE, HOUR_LATER], 3600, Expires);
    case().lives(&[("date", "foo"), HOUR_LATER], 3600, Expires);
    case().lives(&[FRESH, ("cdn-cache-control", "max-age=5")], 5, Targeted);
    case().lives(&[DATE, DAY_BEFORE], 8640, Heuristic);
    case().lives(
        &[DATE, ("last-modified", "Wed, 31 Dec 2014 00:00:00 GMT")],
        86_400,
        Heuristic,
    );
    case().lives(&[DATE, ETAG_A], 0, Nobody);
    case().lives(&[DATE, ("expires", "0"), ETAG_A], 0, Expires);
    case().refuses(&[DATE, ("expires", "0")], Reason::NoFreshness);
    case().refuses(&[DATE], Reason::NoFreshness);
    case().refuses(
        &[("cdn-cache-control", "public"), HOUR_LATER],
        Reason::NoFreshness,
    );
}

#[test]
fn plugin_and_route_override_in_order() {
    use LifetimeSource::{Default as ByDefault, Expires, MaxAge, Plugin, Route, Status};
    let route = || {
        case().with(|case| {
            case.policy.ttl = SECONDS(300);
            case.policy.status_ttl = vec![
                (StatusMatch::Exact(404), Duration::from_secs(10)),
                (StatusMatch::Class(5), Duration::ZERO),
            ];
        })
    };
    route().lives(&[FRESH], 300, Route);
    route()
        .with(|case| case.status = 404)
        .lives(&[FRESH], 10, Status);
    route()
        .with(|case| case.status = 503)
        .refuses(&[FRESH], Reason::RouteTtlZero);
    route()
        .with(|case| case.status = 403)
        .lives(&[FRESH], 60, MaxAge);
    route()
        .with(|case| case.status = 403)
        .refuses(&[DATE], Reason::NoFreshness);
    let plugin = || route().with(|case| case.overrides.ttl = SECONDS(7));
    plugin().lives(&[FRESH], 7, Plugin);
    plugin()
        .with(|case| case.overrides.ttl = SECONDS(0))
        .refuses(&[FRESH], Reason::PluginNoStore);
    plugin()
        .with(|case| case.overrides.no_store = true)
        .refuses(&[FRESH], Reason::PluginNoStore);

    let defaults = || case().with(|case| case.policy.default_ttl = SECONDS(300));
    defaults().lives(&[DATE, DAY_BEFORE], 300, ByDefault);
    defaults().lives(&[FRESH], 60, MaxAge);
    defaults().lives(&[("cache-control", "max-age=0"), ETAG_A], 0, MaxAge);
    defaults().lives(&[("expires", "0"), ETAG_A], 0, Expires);
    let ignoring = || defaults().with(|case| case.policy.respect_cache_control = false);
    ignoring().lives(&[("cache-control", "max-age=5")], 300, ByDefault);
    ignoring().refuses(&[("cache-control", "no-store")], Reason::NoStoreDirective);
    ignoring().refuses(&[("cache-control", "private")], Reason::PrivateToUser);
    ignoring().refuses(&[("set-cookie", "a=b")], Reason::SetCookieWithoutFreshness);
}

#[test]
fn any_final_status_is_stored_with_explicit_freshness_and_some_without() {
    for status in [
        200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 503, 599,
    ] {
        case()
            .with(|case| case.status = status)
            .lives(&[FRESH], 60, LifetimeSource::MaxAge);
    }
    for (status, heuristic) in [
        (200, true),
        (203, true),
        (204, true),
        (404, true),
        (405, true),
        (410, true),
        (414, true),
    ]
    .into_iter()
    .chain([
        (501, true),
        (201, false),
        (202, false),
        (403, false),
        (502, false),
        (599, false),
    ]) {
        let judged = case()
            .with(|case| case.status = status)
            .judge(&[DATE, DAY_BEFORE]);
        assert_eq!(judged.is_ok(), heuristic, "{status}");
    }
    let public = [DATE, DAY_BEFORE, ("cache-control", "public")];
    case()
        .with(|case| case.status = 599)
        .lives(&public, 8640, LifetimeSource::Heuristic);
    for (status, reason) in [
        (103, Reason::StatusNotUnderstood),
        (206, Reason::PartialResponse),
        (304, Reason::PartialResponse),
    ] {
        case()
            .with(|case| case.status = status)
            .refuses(&[FRESH], reason);
    }
}

#[test]
fn parts_are_stored_only_by_an_owner_who_can() {
    let part = [FRESH, ("content-range", "bytes 0-4/10")];
    let store = case().with(|case| {
        case.status = 206;
        case.policy.partial = Partial::Store;
    });
    store.lives(&part, 60, LifetimeSource::MaxAge);
    store.refuses(&[FRESH], Reason::PartialResponse);
    case()
        .with(|case| case.status = 206)
        .refuses(&part, Reason::PartialResponse);
}

#[test]
fn must_understand_overrides_no_store_for_known_statuses_only() {
    let fields = [("cache-control", "max-age=60, no-store, must-understand")];
    case().lives(&fields, 60, LifetimeSource::MaxAge);
    case()
        .with(|case| case.status = 599)
        .refuses(&fields, Reason::StatusNotUnderstood);
}

#[test]
fn directives_forbid_storing() {
    case().refuses(
        &[("cache-control", "max-age=60, No-Store")],
        Reason::NoStoreDirective,
    );
    case().refuses(
        &[("cache-control", "private, max-age=60")],
        Reason::PrivateToUser,
    );
    case().lives(
        &[("cache-control", "max-age=60, private=\"a\"")],
        60,
        LifetimeSource::MaxAge,
    );
    case().lives(
        &[
            ("cache-control", "no-store"),
            ("cdn-cache-control", "max-age=9"),
        ],
        9,
        LifetimeSource::Targeted,
    );
    let no_store = || case().with(|case| case.request = fields(&[("cache-control", "no-store")]));
    no_store().refuses(&[FRESH], Reason::RequestNoStore);
    no_store()
        .with(|case| case.policy.request_directives = RequestDirectives::Ignore)
        .lives(&[FRESH], 60, LifetimeSource::MaxAge);
    case()
        .with(|case| case.method = Method::PUT)
        .refuses(&[FRESH], Reason::MethodNotStored);
}

#[test]
fn no_cache_needs_a_validator_and_yields_to_the_operator() {
    let fields = [("cache-control", "max-age=60, no-cache"), ETAG_A];
    let stored = case().lives(&fields, 60, LifetimeSource::MaxAge);
    assert!(stored.obligations.no_cache && stored.obligations.validator);
    case().refuses(
        &[("cache-control", "max-age=60, no-cache")],
        Reason::NoFreshness,
    );
    let route = case().with(|case| case.policy.ttl = SECONDS(300));
    assert!(
        !route
            .lives(&fields, 300, LifetimeSource::Route)
            .obligations
            .no_cache
    );
}

#[test]
fn credentials_need_permission() {
    let auth = |identity| {
        case().with(|case| {
            case.request = fields(&[("authorization", "FOO")]);
            case.policy.identity = identity;
        })
    };
    for permission in [
        "max-age=60, public",
        "max-age=60, must-revalidate",
        "s-maxage=60",
    ] {
        assert!(
            auth(Identity::Rfc)
                .judge(&[("cache-control", permission)])
                .is_ok()
        );
    }
    auth(Identity::Rfc).refuses(&[FRESH], Reason::AuthorizationWithoutPermission);
    auth(Identity::Bypass).refuses(&[FRESH], Reason::AuthorizationWithoutPermission);
    auth(Identity::Key).lives(&[FRESH], 60, LifetimeSource::MaxAge);
    auth(Identity::Shared).lives(&[FRESH], 60, LifetimeSource::MaxAge);
    let cookie = case().with(|case| case.request = fields(&[("cookie", "a=b")]));
    cookie.lives(&[FRESH], 60, LifetimeSource::MaxAge);
}

#[test]
fn a_cookie_needs_explicit_freshness() {
    const COOKIE: (&str, &str) = ("set-cookie", "a=b");
    case().lives(&[FRESH, COOKIE], 60, LifetimeSource::MaxAge);
    case().refuses(
        &[DATE, DAY_BEFORE, COOKIE],
        Reason::SetCookieWithoutFreshness,
    );
    let route = || case().with(|case| case.policy.ttl = SECONDS(300));
    route().refuses(&[COOKIE], Reason::SetCookieWithoutFreshness);
    route().refuses(
        &[("cache-control", "max-age=0"), COOKIE],
        Reason::SetCookieWithoutFreshness,
    );
    let plugin = case().with(|case| case.overrides.ttl = SECONDS(7));
    plugin.lives(&[COOKIE], 7, LifetimeSource::Plugin);
}

#[test]
fn vary_is_stored_unless_it_is_star_or_switched_off() {
    case().lives(&[FRESH, ("vary", "foo")], 60, LifetimeSource::MaxAge);
    case().refuses(&[FRESH, ("vary", "foo, *")], Reason::VaryStar);
    let off = case().with(|case| case.policy.vary_support = false);
    off.refuses(&[FRESH, ("vary", "foo")], Reason::VaryUnsupported);
}

#[test]
fn stale_grants_come_from_plugin_route_and_origin() {
    let fields = [(
        "cache-control",
        "max-age=0, stale-while-revalidate=1, stale-if-error=2, s-maxage=9",
    )];
    let stored = case().lives(&fields, 9, LifetimeSource::SMaxage);
    assert!(stored.obligations.s_maxage && stored.stale_forbidden());
    assert_eq!(stored.stale_while_revalidate, Duration::from_secs(1));
    assert_eq!(stored.stale_if_error, SECONDS(2));
    let route = || {
        case().with(|case| {
            case.policy.stale_while_revalidate = SECONDS(10);
            case.policy.stale_if_error = SECONDS(20);
            case.policy.ttl = SECONDS(300);
        })
    };
    let stored = route().lives(&fields, 300, LifetimeSource::Route);
    assert!(!stored.stale_forbidden());
    assert_eq!(stored.stale_while_revalidate, Duration::from_secs(10));
    let plugin = route().with(|case| case.overrides.stale_if_error = SECONDS(0));
    assert_eq!(plugin.judge(&fields).unwrap().stale_if_error, SECONDS(0));
    // Fresh for no time, but of use in its windows.
    let swr = [("cache-control", "max-age=0, stale-while-revalidate=60")];
    case().lives(&swr, 0, LifetimeSource::MaxAge);
}

#[test]
fn a_post_needs_explicit_freshness() {
    let post = case().with(|case| {
        case.method = Method::POST;
        case.policy.methods = vec![Method::POST];
        case.policy.default_ttl = SECONDS(300);
    });
    post.lives(&[FRESH], 60, LifetimeSource::MaxAge);
    post.refuses(&[DATE, DAY_BEFORE], Reason::PostWithoutFreshness);
}

#[test]
fn a_query_is_judged_like_a_get() {
    let query = case().with(|case| {
        case.method = "QUERY".parse().unwrap();
        case.policy.methods.push(case.method.clone());
    });
    query.lives(&[FRESH], 60, LifetimeSource::MaxAge);
    query.lives(&[DATE, DAY_BEFORE], 8640, LifetimeSource::Heuristic);
    query.refuses(&[DATE], Reason::NoFreshness);
    case()
        .with(|case| case.method = "QUERY".parse().unwrap())
        .refuses(&[FRESH], Reason::MethodNotStored);
}
