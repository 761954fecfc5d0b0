//! Invalidations that no set can name: prefixes and regular expressions over target URIs.
//!
//! A bounded list, tested on read for entries older than the ban. When it may be forgotten is
//! decided by `generations`; this file compiles and matches.

use regex::bytes::{Regex, RegexBuilder};

use crate::{BadPattern, Epoch, Moment, Strength};

/// Bans in the list. Each costs a match on the first read of every older entry; past this the ban
/// becomes a soft invalidation of everything, which costs validations and misses nothing.
pub(crate) const BANS_MAX: usize = 256;
/// Bytes of a prefix or pattern: longer than any sensible target URI part.
pub(crate) const PATTERN_MAX: usize = 1024;
/// Bytes of a compiled pattern, and of its lazy automaton. With 256 bans this bounds the list to
/// some tens of megabytes at worst.
const PROGRAM_MAX: usize = 64 << 10;

pub(crate) struct Ban {
    pub(crate) epoch: Epoch,
    pub(crate) strength: Strength,
    pub(crate) matcher: Matcher,
    /// When it was applied.
    pub(crate) at: Moment,
}

pub(crate) enum Matcher {
    Prefix(Box<[u8]>),
    Pattern(Box<Regex>),
}

impl Matcher {
    pub(crate) fn prefix(text: &str) -> Result<Self, BadPattern> {
        check_length(text)?;
        Ok(Self::Prefix(text.as_bytes().into()))
    }

    pub(crate) fn pattern(text: &str) -> Result<Self, BadPattern> {
        check_length(text)?;
        RegexBuilder::new(text)
            .size_limit(PROGRAM_MAX)
            .dfa_size_limit(PROGRAM_MAX)
            .build()
            .map(|regex| Self::Pattern(Box::new(regex)))
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(limit) => BadPattern::TooCostly { limit },
                syntax @ (regex::Error::Syntax(_) | _) => BadPattern::Syntax(syntax.to_string()),
            })
    }

    pub(crate) fn matches(&self, uri: &[u8]) -> bool {
        match self {
            Self::Prefix(prefix) => uri.starts_with(prefix),
            Self::Pattern(regex) => regex.is_match(uri),
        }
    }
}

const fn check_length(text: &str) -> Result<(), BadPattern> {
    if text.len() > PATTERN_MAX {
        return Err(BadPattern::TooLong {
            length: text.len(),
            limit: PATTERN_MAX,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_patterns_are_tested_on_the_target_uri() {
        let prefix = Matcher::prefix("https://a/img/").unwrap();
        let pattern = Matcher::pattern(r"\.png$").unwrap();
        for (uri, by_prefix, by_pattern) in [
            ("https://a/img/1.png", true, true),
            ("https://a/img/1.png?x", true, false),
            ("https://a/image.png", false, true),
        ] {
            let uri = uri.as_bytes();
            assert_eq!(
                (prefix.matches(uri), pattern.matches(uri)),
                (by_prefix, by_pattern)
            );
        }
    }

    #[test]
    fn a_pattern_over_a_limit_is_refused() {
        let long = "a".repeat(PATTERN_MAX + 1);
        assert!(matches!(
            Matcher::prefix(&long),
            Err(BadPattern::TooLong { length: 1025, .. })
        ));
        assert!(matches!(
            Matcher::pattern(r"\w{500}"),
            Err(BadPattern::TooCostly { .. })
        ));
        assert!(matches!(Matcher::pattern("("), Err(BadPattern::Syntax(_))));
    }
}
