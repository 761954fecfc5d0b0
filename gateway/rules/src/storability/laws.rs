//! What holds for every response, whatever it says.

use super::*;
use crate::freshness::tests::at;
use crate::reason::Group;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

/// 2026-01-01
const NOW: u64 = 1_767_225_600;

proptest! {
    #[test]
    fn no_response_panics_and_nothing_lives_below_zero_or_for_ever(
        control in "((max-age|s-maxage|no-cache|private|stale-if-error|x)(=\"?[0-9a]{0,12}\"?)?,? ?){0,4}",
        expires in "[ -~]{0,30}",
        age in "[ -~]{0,12}",
        later in 0_u64..10_000,
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in [("cache-control", control), ("expires", expires), ("age", age)] {
            headers.insert(name, HeaderValue::from_str(&value).unwrap());
        }
        headers.insert("etag", HeaderValue::from_static("\"a\""));
        let none = HeaderMap::new();
        let judged = storability(
            &Presented { method: &Method::GET, headers: &none },
            &Received { status: StatusCode::OK, headers: &headers },
            &Policy::default(),
            &Overrides::default(),
            &Times { requested: at(NOW), received: at(NOW + 1) },
        );
        let freshness = match judged {
            Ok(freshness) => freshness,
            Err(reason) => {
                prop_assert_eq!(reason.group(), Group::NotStored);
                return Ok(());
            }
        };
        let now = at(NOW + later);
        prop_assert!(freshness.lifetime <= Duration::from_secs(1 << 31));
        prop_assert!(freshness.current_age(now) >= freshness.corrected_initial_age);
        prop_assert_eq!(freshness.is_fresh(now), freshness.staleness(now).is_zero()
            && freshness.current_age(now) != freshness.lifetime);
        prop_assert!(freshness.useful_until() >= freshness.fresh_until());
        prop_assert_eq!(Freshness::decode(&freshness.encode()), Some(freshness));
    }
}
