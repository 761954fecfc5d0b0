//! When the response to a POST answers later GETs (RFC 9110 section 9.3.3).

use super::*;
use crate::freshness::tests::at;
use http::{HeaderMap, HeaderName, HeaderValue};

/// 2026-01-01
const NOW: u64 = 1_767_225_600;
const FRESH: (&str, &str) = ("cache-control", "max-age=60");
const OWN: (&str, &str) = ("content-location", "/a?b");
const MODIFIED: (&str, &str) = ("last-modified", "Wed, 31 Dec 2025 00:00:00 GMT");

fn judge(
    method: &Method,
    status: u16,
    fields: &[(&'static str, &'static str)],
    policy: &Policy,
) -> Result<u64, Reason> {
    let pairs = fields.iter().map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    });
    let headers: HeaderMap = pairs.collect();
    let judged = post_as_get(
        &Target {
            scheme: "http",
            host: "a.example",
            path_and_query: "/a?b",
        },
        &Presented {
            method,
            headers: &HeaderMap::new(),
        },
        &Received {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
        },
        policy,
        &Overrides::default(),
        &Times {
            requested: at(NOW),
            received: at(NOW),
        },
    );
    judged.map(|freshness| freshness.lifetime.as_secs())
}

#[test]
fn it_needs_explicit_freshness_and_its_own_location() {
    let policy = Policy::default();
    let post = |fields: &[_]| judge(&Method::POST, 200, fields, &policy);
    assert_eq!(post(&[FRESH, OWN]), Ok(60));
    let absolute = ("content-location", "http://A.example:80/a?b");
    assert_eq!(post(&[FRESH, absolute]), Ok(60));
    let other = ("content-location", "/a");
    assert_eq!(post(&[FRESH, other]), Err(Reason::MethodNotStored));
    assert_eq!(post(&[FRESH]), Err(Reason::MethodNotStored));
    assert_eq!(post(&[MODIFIED, OWN]), Err(Reason::PostWithoutFreshness));
    let private = ("cache-control", "private, max-age=60");
    assert_eq!(post(&[private, OWN]), Err(Reason::PrivateToUser));
}

#[test]
fn a_default_is_no_explicit_freshness_and_a_route_may_leave_get_out() {
    let policy = Policy {
        default_ttl: Some(Duration::from_secs(300)),
        ..Policy::default()
    };
    let fields = [MODIFIED, OWN];
    let judged = judge(&Method::POST, 200, &fields, &policy);
    assert_eq!(judged, Err(Reason::PostWithoutFreshness));
    let policy = Policy {
        methods: vec![Method::POST],
        ..Policy::default()
    };
    let judged = judge(&Method::POST, 200, &[FRESH, OWN], &policy);
    assert_eq!(judged, Err(Reason::MethodNotStored));
}

#[test]
fn only_a_success_of_a_post_answers() {
    let policy = Policy::default();
    for (method, status) in [(Method::POST, 404), (Method::PUT, 200), (Method::GET, 200)] {
        let judged = judge(&method, status, &[FRESH, OWN], &policy);
        assert_eq!(judged, Err(Reason::MethodNotStored), "{method} {status}");
    }
    assert_eq!(judge(&Method::POST, 201, &[FRESH, OWN], &policy), Ok(60));
}
