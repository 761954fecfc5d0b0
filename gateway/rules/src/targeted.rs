//! Which cache directives govern a response: the ones of a field that is aimed at caches like this
//! one, or those of `Cache-Control` (RFC 9213).
//!
//! The first valid field of the target list decides alone; `Cache-Control` and `Expires` then do
//! not count. `Surrogate-Control` has no standard grammar and is read leniently, after the two
//! others.

use crate::cache_control::{Qualifier, ResponseControl};
use crate::field::{DELTA_SECONDS_MAX, combined, list, trim};
use crate::structured::{self, Bare, Member};
use http::{HeaderMap, HeaderName};
use std::time::Duration;

/// The targeted fields, which are not sent on to the client.
pub const TARGETED_FIELDS: [HeaderName; 3] = [
    HeaderName::from_static("cdn-cache-control"),
    HeaderName::from_static("shoal-cache-control"),
    HeaderName::from_static("surrogate-control"),
];

/// The name under which `Surrogate-Control` may address this cache.
const SURROGATE_NAME: &[u8] = b"shoal";

/// The directives that count for this cache, and who gave them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Governing {
    /// What they say.
    pub control: ResponseControl,
    /// Where they stood.
    pub speaker: Speaker,
}

/// Where the directives stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// In a targeted field: `Expires` does not count.
    Targeted,
    /// In `Cache-Control`, which may be absent.
    CacheControl,
}

/// Finds the directives that count.
#[must_use]
pub fn governing(headers: &HeaderMap) -> Governing {
    let [cdn, own, surrogate] = &TARGETED_FIELDS;
    // The more specific target comes first in the target list (RFC 9213 section 2.2).
    let targeted = structured_control(headers, own)
        .or_else(|| structured_control(headers, cdn))
        .or_else(|| surrogate_control(headers, surrogate));
    match targeted {
        Some(control) => Governing {
            control,
            speaker: Speaker::Targeted,
        },
        None => {
            let control = ResponseControl::of(headers);
            Governing {
                control,
                speaker: Speaker::CacheControl,
            }
        }
    }
}

/// A dictionary of directives; absent when the field is, is empty, or has an error anywhere.
fn structured_control(headers: &HeaderMap, name: &HeaderName) -> Option<ResponseControl> {
    let text = combined(headers, name)?;
    let members = structured::dictionary(&text)?;
    if members.is_empty() {
        return None;
    }
    let mut control = ResponseControl::default();
    for (key, member) in members {
        apply(&mut control, &key, &member)?;
    }
    Some(control)
}

fn apply(control: &mut ResponseControl, key: &str, member: &Member) -> Option<()> {
    match key {
        "max-age" => control.max_age = Some(seconds(member)?),
        "s-maxage" => control.s_maxage = Some(seconds(member)?),
        "stale-while-revalidate" => control.stale_while_revalidate = Some(seconds(member)?),
        "stale-if-error" => control.stale_if_error = Some(seconds(member)?),
        "no-cache" => control.no_cache = qualifier(member)?,
        "private" => control.private = qualifier(member)?,
        "no-store" => control.no_store = boolean(member)?,
        "public" => control.public = boolean(member)?,
        "must-revalidate" => control.must_revalidate = boolean(member)?,
        "proxy-revalidate" => control.proxy_revalidate = boolean(member)?,
        "must-understand" => control.must_understand = boolean(member)?,
        "immutable" => control.immutable = boolean(member)?,
        _ => {}
    }
    Some(())
}

fn seconds(member: &Member) -> Option<Duration> {
    let Member::Item(Bare::Integer(value)) = member else {
        return None;
    };
    let value = u64::try_from(*value).unwrap_or_default();
    Some(Duration::from_secs(value.min(DELTA_SECONDS_MAX)))
}

fn boolean(member: &Member) -> Option<bool> {
    let Member::Item(Bare::Boolean(value)) = member else {
        return None;
    };
    Some(*value)
}

fn qualifier(member: &Member) -> Option<Qualifier> {
    if let Member::Item(Bare::String(names)) = member {
        let names = names.trim_matches([' ', ',']);
        return Some(if names.is_empty() {
            Qualifier::Whole
        } else {
            Qualifier::Fields
        });
    }
    Some(if boolean(member)? {
        Qualifier::Whole
    } else {
        Qualifier::Absent
    })
}

/// `Surrogate-Control: max-age=3600;shoal`; absent unless it says `max-age` or `no-store`.
///
/// `max-age=60+30` is its own way to write 60 fresh seconds and 30 stale ones; the first part
/// counts.
fn surrogate_control(headers: &HeaderMap, name: &HeaderName) -> Option<ResponseControl> {
    let mut control = ResponseControl::default();
    for element in list(headers, name) {
        let mut parts = element.split(|&byte| byte == b';').map(trim);
        let directive = parts.next().unwrap_or_default();
        if parts.any(|target| !target.eq_ignore_ascii_case(SURROGATE_NAME)) {
            continue;
        }
        control.add(
            directive
                .split(|&byte| byte == b'+')
                .next()
                .unwrap_or_default(),
        );
    }
    let speaks = control.max_age.is_some() || control.no_store;
    speaks.then_some(control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&'static str, &'static str)]) -> Governing {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        governing(&headers)
    }

    /// (fields, governing max-age, targeted?)
    type Row = (
        &'static [(&'static str, &'static str)],
        Option<u64>,
        Speaker,
    );

    use Speaker::{CacheControl, Targeted};
    const CC: (&str, &str) = ("cache-control", "max-age=1");
    const ROWS: [Row; 15] = [
        (
            &[CC, ("cdn-cache-control", "max-age=3600")],
            Some(3600),
            Targeted,
        ),
        (
            &[CC, ("cdn-cache-control", "max-age=99999999999")],
            Some(1 << 31),
            Targeted,
        ),
        (
            &[CC, ("cdn-cache-control", "foobar, max-age=3600")],
            Some(3600),
            Targeted,
        ),
        (
            &[CC, ("cdn-cache-control", "max-age=-5")],
            Some(0),
            Targeted,
        ),
        (&[CC, ("cdn-cache-control", "no-store")], None, Targeted),
        (
            &[CC, ("cdn-cache-control", "MaX-aGe=3600")],
            Some(1),
            CacheControl,
        ),
        (
            &[CC, ("cdn-cache-control", "max-age=\"10000\"")],
            Some(1),
            CacheControl,
        ),
        (
            &[CC, ("cdn-cache-control", "max-age=10000, &&&&&")],
            Some(1),
            CacheControl,
        ),
        (
            &[CC, ("cdn-cache-control", "max-age =100")],
            Some(1),
            CacheControl,
        ),
        (&[CC, ("cdn-cache-control", "")], Some(1), CacheControl),
        (
            &[
                ("cdn-cache-control", "max-age=9"),
                ("shoal-cache-control", "max-age=8"),
            ],
            Some(8),
            Targeted,
        ),
        (
            &[CC, ("surrogate-control", "max-age=60+30")],
            Some(60),
            Targeted,
        ),
        (
            &[CC, ("surrogate-control", "max-age=60;Shoal, x")],
            Some(60),
            Targeted,
        ),
        (
            &[CC, ("surrogate-control", "max-age=60;other")],
            Some(1),
            CacheControl,
        ),
        (
            &[CC, ("surrogate-control", "content=\"ESI/1.0\"")],
            Some(1),
            CacheControl,
        ),
    ];

    #[test]
    fn the_first_valid_field_of_the_target_list_decides() {
        for (fields, max_age, speaker) in ROWS {
            let governing = of(fields);
            let got = (governing.control.max_age, governing.speaker);
            assert_eq!(
                got,
                (max_age.map(Duration::from_secs), speaker),
                "{fields:?}"
            );
        }
    }

    #[test]
    fn lines_are_one_dictionary() {
        let lines = [
            ("cdn-cache-control", "max-age=10"),
            ("cdn-cache-control", "no-cache=\"a\""),
        ];
        let control = of(&lines).control;
        assert_eq!(control.max_age, Some(Duration::from_secs(10)));
        assert_eq!(control.no_cache, Qualifier::Fields);
    }
}
