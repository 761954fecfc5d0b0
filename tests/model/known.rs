//! Differences that are known: the gateway is wrong or goes its own way, and the reason says how.
//!
//! An entry goes when its cause does. Until then a run counts it and says so.

use crate::compare::Word;
use crate::fields::{Fields, members};
use crate::play::Seen;
use crate::reference::expected::{Expected, Refresh};

/// One of them.
pub(crate) struct Known {
    pub(crate) reason: &'static str,
    /// Whether this is why a step differs in this word.
    pub(crate) excuses: fn(&Seen, &Expected, &Word) -> bool,
    /// Whether the store may differ after the step. The rest of the sequence is then not judged.
    pub(crate) diverges: fn(&Seen, &Expected) -> bool,
}

/// All of them.
pub(crate) const KNOWN: &[Known] = &[
    Known {
        reason: "only-if-cached is answered with 504 for unsafe methods too (RFC 9111 section 4)",
        excuses: |seen, expected, _| unsafe_504(seen, expected),
        diverges: unsafe_504,
    },
    Known {
        reason: "fwd=request for a stale response (RFC 9211 section 2.2)",
        excuses: |_, _, word| word.seen == word.expected.replace("fwd=stale", "fwd=request"),
        diverges: never,
    },
    Known {
        reason: "no fwd-status when a stale response stands in for an error (RFC 9211 section 2.3)",
        excuses: |seen, _, word| {
            let status = format!("; fwd-status={}", seen.step.reply.status);
            let without = word.expected.replace(&status, "");
            let fwd_too = without.replace("fwd=stale", "fwd=request");
            word.what == "Cache-Status" && (without == word.seen || fwd_too == word.seen)
        },
        diverges: never,
    },
    Known {
        reason: "fields that Connection lists reach the client (RFC 9110 section 7.6.1)",
        excuses: |_, _, word| word.what == "X-Hop",
        diverges: never,
    },
    Known {
        reason: "fields that private=\"…\" or no-cache=\"…\" name are kept from the first client",
        excuses: |seen, expected, word| {
            let stored = expected.cache.as_ref().is_some_and(|cache| cache.stored);
            stored && word.seen == "None" && is_qualified(&seen.step.reply.fields, word.what)
        },
        diverges: never,
    },
    Known {
        reason: "a 304 that makes the response unstorable: most of its fields are not answered, Age \
                 and ttl are those of before (RFC 9111 sections 4.3.4 and 5.1)",
        excuses: |_, expected, _| unstorable_304(expected),
        diverges: never,
    },
    Known {
        reason: "a 304 that makes the response unstorable for want of freshness, for its cookie, or \
                 beside a reason of the request's: the old response stays in use as it was (RFC 9111 \
                 section 4.3.4)",
        excuses: |_, _, _| false,
        diverges: |seen, expected| {
            let status = seen
                .response
                .fields
                .joined("Cache-Status")
                .unwrap_or_default();
            let why = [
                "no-freshness",
                "set-cookie",
                "status-not-understood",
                "request-no-store",
                "authorization",
            ];
            let kept = why
                .iter()
                .any(|why| status.contains(&format!("detail={why}")));
            kept && unstorable_304(expected)
        },
    },
    Known {
        reason: "with Range, or when the stored response is stale, If-Match and If-Unmodified-Since \
                 are ignored (docs: answered from the stored response; RFC 9110 section 13.1.1)",
        excuses: |seen, expected, word| {
            let answered = matches!(seen.response.status, 200..=299 | 304 | 416);
            word.what == "status" && expected.status == 412 && answered
        },
        diverges: never,
    },
    Known {
        reason: "of two suitable variants the last one stored is used, not the one with the newest \
                 Date (RFC 9111 section 4)",
        excuses: |_, expected, _| expected.suitable > 1,
        diverges: |_, expected| expected.suitable > 1,
    },
    Known {
        reason: "only-if-cached keeps the background refresh from the origin (RFC 5861 section 3)",
        excuses: |seen, expected, word| word.what == "origin asked" && no_refresh(seen, expected),
        diverges: no_refresh,
    },
];

fn never(_: &Seen, _: &Expected) -> bool {
    false
}

fn unsafe_504(seen: &Seen, expected: &Expected) -> bool {
    let method = expected.asked.as_ref().map(|asked| asked.method.as_str());
    seen.response.status == 504 && method.is_some_and(|method| method != "GET")
}

fn unstorable_304(expected: &Expected) -> bool {
    let cache = expected.cache.as_ref();
    cache.is_some_and(|cache| cache.fwd_status == Some(304) && !cache.stored)
}

fn no_refresh(seen: &Seen, expected: &Expected) -> bool {
    expected.refresh != Refresh::None && seen.asked.is_empty()
}

fn is_qualified(fields: &Fields, name: &str) -> bool {
    let directives = ["Cache-Control", "CDN-Cache-Control", "Shoal-Cache-Control"];
    let directives = directives.iter().flat_map(|field| fields.members(field));
    let mut named = directives.flat_map(|directive| {
        let list = directive
            .split_once('=')
            .map(|(_, list)| list.trim_matches('"').to_owned());
        members(&list.unwrap_or_default())
    });
    named.any(|named| named.eq_ignore_ascii_case(name))
}
