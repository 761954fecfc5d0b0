//! Another implementation as a witness: the crate `http-cache-semantics`, written by other people
//! from RFC 7234, over generated exchanges.
//!
//! Every verdict in which the two differ has to be explained by a row of `differences`, and every
//! row has to be needed. Which exchanges are generated is in `exchange`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the exchanges are this test's own; one that is malformed has to fail"
)]

mod differences;
mod exchange;

use differences::{Difference, Verdict};
use exchange::{Exchange, Random};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy};
use shoal_rules::{Freshness, Overrides, Policy, Presented, Received, Reuse, Times};
use shoal_rules::{reuse, storability};
use std::collections::BTreeMap;
use std::time::Duration;

const EXCHANGES: u32 = 200_000;
const SEED: u64 = 9111;
/// Unexplained differences in a failure's message: enough to see what they have in common.
const SHOWN_MAX: usize = 4;

#[test]
fn every_difference_from_another_implementation_has_a_reason() {
    let mut random = Random::new(SEED);
    let mut seen = BTreeMap::new();
    let (mut stored, mut reused) = (0, 0);
    let mut unexplained = Vec::new();
    for _ in 0..EXCHANGES {
        let exchange = Exchange::draw(&mut random);
        let (our, their) = (judge(&exchange), judge_by_oracle(&exchange));
        stored += u32::from(our.stored && their.stored);
        reused += u32::from(our.reused && their.reused);
        match Difference::between(&exchange, our, their) {
            // A row counts where it alone explains: one that never does is not needed.
            Some(found) => {
                if let [alone] = found.as_slice() {
                    *seen.entry(*alone).or_insert(0_u32) += 1;
                }
            }
            None => unexplained.push(format!("we {our:?}\nthey {their:?}\n{exchange:#?}")),
        }
    }
    println!("of {EXCHANGES} exchanges both store {stored} and both reuse {reused}");
    for (difference, count) in &seen {
        println!("{count:7} {difference:?}: {}", difference.reason());
    }
    let count = unexplained.len();
    unexplained.truncate(SHOWN_MAX);
    assert!(
        count == 0,
        "seed {SEED}: {count} unexplained, such as {}",
        unexplained.join("\n\n")
    );
    let idle = Difference::ALL
        .iter()
        .find(|known| !seen.contains_key(known));
    assert_eq!(idle, None, "a row that is never needed explains nothing");
    // The comparison would be worth nothing if the two seldom said yes.
    assert!(
        stored > EXCHANGES / 10 && reused > EXCHANGES / 50,
        "{stored} {reused}"
    );
}

/// What our rules say.
fn judge(exchange: &Exchange) -> Verdict {
    let policy = Policy {
        methods: vec![Method::GET, Method::HEAD, Method::POST],
        ..Policy::default()
    };
    let stored = ours(exchange, &policy);
    let reused = stored.is_ok_and(|freshness| {
        let later = Presented {
            method: &Method::GET,
            headers: &exchange.later,
        };
        let now = exchange::now() + Duration::from_secs(exchange.elapsed);
        match reuse(&freshness, &later, &policy, now) {
            Reuse::Fresh | Reuse::StaleAccepted | Reuse::StaleWhileRevalidate => true,
            Reuse::Validate(_) | Reuse::Forward(_) => false,
        }
    });
    Verdict {
        stored: stored.is_ok(),
        reused,
        because: Some(stored),
    }
}

fn ours(exchange: &Exchange, policy: &Policy) -> Result<Freshness, shoal_rules::Reason> {
    storability(
        &Presented {
            method: &exchange.method,
            headers: &exchange.request,
        },
        &Received {
            status: StatusCode::from_u16(exchange.status).unwrap(),
            headers: &exchange.response,
        },
        policy,
        &Overrides::default(),
        &Times {
            requested: exchange::now(),
            received: exchange::now(),
        },
    )
}

/// What the other implementation says.
fn judge_by_oracle(exchange: &Exchange) -> Verdict {
    let request = |method: &Method, headers: &HeaderMap| {
        let mut request = Request::new(());
        *request.method_mut() = method.clone();
        *request.headers_mut() = headers.clone();
        request
    };
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(exchange.status).unwrap();
    *response.headers_mut() = exchange.response.clone();
    let policy = CachePolicy::new_options(
        &request(&exchange.method, &exchange.request),
        &response,
        exchange::now(),
        CacheOptions::default(),
    );
    let now = exchange::now() + Duration::from_secs(exchange.elapsed);
    // Only a stored response can be reused; the crate leaves that to its caller.
    let later = request(&exchange.method, &exchange.later);
    let fresh = matches!(policy.before_request(&later, now), BeforeRequest::Fresh(_));
    Verdict {
        stored: policy.is_storable(),
        reused: policy.is_storable() && fresh,
        because: None,
    }
}
