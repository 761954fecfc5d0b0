//! The stored form of [`Freshness`]: fixed in size, versioned, little-endian.
//!
//! `version, obligations, source, 0, response_time, corrected_initial_age, lifetime,
//! stale_while_revalidate, stale_if_error`: four bytes and five times milliseconds in eight bytes.

use super::{Freshness, LifetimeSource, Obligations};
use crate::age::since;
use std::time::{Duration, UNIX_EPOCH};

const VERSION: u8 = 1;

/// `stale_if_error` when nobody says.
const NOBODY_SAYS: u64 = u64::MAX;

impl Freshness {
    /// The length of the stored form.
    pub const ENCODED_LEN: usize = 44;

    /// The stored form.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::ENCODED_LEN] {
        let head = [
            VERSION,
            obligations_byte(self.obligations),
            source_byte(self.source),
            0,
        ];
        let times = [
            milliseconds(since(self.response_time, UNIX_EPOCH)),
            milliseconds(self.corrected_initial_age),
            milliseconds(self.lifetime),
            milliseconds(self.stale_while_revalidate),
            self.stale_if_error.map_or(NOBODY_SAYS, milliseconds),
        ];
        let mut bytes = [0; Self::ENCODED_LEN];
        let encoded = head
            .into_iter()
            .chain(times.into_iter().flat_map(u64::to_le_bytes));
        for (place, byte) in bytes.iter_mut().zip(encoded) {
            *place = byte;
        }
        bytes
    }

    /// Reads the stored form; absent when it is of another version, has another length or is
    /// damaged.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::ENCODED_LEN] = bytes.try_into().ok()?;
        let ([version, obligations, source, 0], times) = bytes.split_first_chunk()? else {
            return None;
        };
        let (times, []) = times.as_chunks::<8>() else {
            return None;
        };
        let [response_time, age, lifetime, swr, sie] = times else {
            return None;
        };
        let span = |time: &[u8; 8]| Duration::from_millis(u64::from_le_bytes(*time));
        if *version != VERSION {
            return None;
        }
        Some(Self {
            response_time: UNIX_EPOCH.checked_add(span(response_time))?,
            corrected_initial_age: span(age),
            lifetime: span(lifetime),
            source: source_of(*source)?,
            stale_while_revalidate: span(swr),
            stale_if_error: (u64::from_le_bytes(*sie) != NOBODY_SAYS).then(|| span(sie)),
            obligations: obligations_of(*obligations),
        })
    }
}

/// The greatest time that can be written: one less than the mark of an absent one.
fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis())
        .unwrap_or(NOBODY_SAYS)
        .min(NOBODY_SAYS - 1)
}

fn obligations_byte(obligations: Obligations) -> u8 {
    let Obligations {
        must_revalidate,
        proxy_revalidate,
        s_maxage,
        no_cache,
        validator,
    } = obligations;
    u8::from(must_revalidate)
        | u8::from(proxy_revalidate) << 1
        | u8::from(s_maxage) << 2
        | u8::from(no_cache) << 3
        | u8::from(validator) << 4
}

fn obligations_of(byte: u8) -> Obligations {
    let bit = |index: u8| byte >> index & 1 == 1;
    Obligations {
        must_revalidate: bit(0),
        proxy_revalidate: bit(1),
        s_maxage: bit(2),
        no_cache: bit(3),
        validator: bit(4),
    }
}

fn source_byte(source: LifetimeSource) -> u8 {
    match source {
        LifetimeSource::Plugin => 0,
        LifetimeSource::Status => 1,
        LifetimeSource::Route => 2,
        LifetimeSource::Targeted => 3,
        LifetimeSource::SMaxage => 4,
        LifetimeSource::MaxAge => 5,
        LifetimeSource::Expires => 6,
        LifetimeSource::Default => 7,
        LifetimeSource::Heuristic => 8,
        LifetimeSource::Nobody => 9,
    }
}

fn source_of(byte: u8) -> Option<LifetimeSource> {
    Some(match byte {
        0 => LifetimeSource::Plugin,
        1 => LifetimeSource::Status,
        2 => LifetimeSource::Route,
        3 => LifetimeSource::Targeted,
        4 => LifetimeSource::SMaxage,
        5 => LifetimeSource::MaxAge,
        6 => LifetimeSource::Expires,
        7 => LifetimeSource::Default,
        8 => LifetimeSource::Heuristic,
        9 => LifetimeSource::Nobody,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FAR: u64 = 1 << 45;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            times in proptest::array::uniform5(0_u64..FAR),
            says in any::<bool>(),
            flags in 0_u8..32,
            source in 0_u8..10,
        ) {
            let [received, age, lifetime, swr, sie] = times.map(Duration::from_millis);
            let freshness = Freshness {
                response_time: UNIX_EPOCH + received,
                corrected_initial_age: age,
                lifetime,
                source: source_of(source).unwrap(),
                stale_while_revalidate: swr,
                stale_if_error: says.then_some(sie),
                obligations: obligations_of(flags),
            };
            prop_assert_eq!(Freshness::decode(&freshness.encode()), Some(freshness));
            // Whatever was written, no answer about it may panic.
            let _ = freshness.useful_until();
            prop_assert!(freshness.remaining(UNIX_EPOCH) <= i64::try_from(lifetime.as_secs()).unwrap());
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(freshness) = Freshness::decode(&bytes) {
                let _ = freshness.useful_until();
            }
        }
    }

    #[test]
    fn another_version_is_refused() {
        let mut bytes = super::super::tests::SAMPLE().encode();
        assert!(Freshness::decode(&bytes).is_some());
        bytes[0] = 2;
        assert_eq!(Freshness::decode(&bytes), None);
    }
}
