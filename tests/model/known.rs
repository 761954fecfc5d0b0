//! Differences that are known: the gateway is wrong or goes its own way, and the reason says how.
//!
//! An entry goes when its cause does. Until then a run counts it and says so.

use crate::compare::Word;
use crate::play::Seen;
use crate::reference::expected::Expected;

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
        reason: "a 304 that makes the response unstorable: the client's own conditions are tested \
                 against the fields of before (RFC 9111 sections 4.3.2 and 4.3.4)",
        excuses: |_, expected, _| unstorable_304(expected),
        diverges: never,
    },
    Known {
        reason: "when the stored response is stale, If-Match and If-Unmodified-Since are \
                 ignored (docs: answered from the stored response; RFC 9110 section 13.1.1)",
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
];

fn never(_: &Seen, _: &Expected) -> bool {
    false
}

fn unstorable_304(expected: &Expected) -> bool {
    let cache = expected.cache.as_ref();
    cache.is_some_and(|cache| cache.fwd_status == Some(304) && !cache.stored)
}
