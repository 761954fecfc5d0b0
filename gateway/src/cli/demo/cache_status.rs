//! What happened to a request, in one word, read from the `Cache-Status` that arrived (RFC 9211).
//!
//! The demo reads it as any client would; writing it is the gateway's.

use std::fmt::{self, Display, Formatter};

/// In the words of nginx and its users, where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    /// Made by the origin, and stored.
    Miss,
    /// Answered from memory.
    Hit,
    /// Answered from memory though too old, at once.
    Stale,
    /// Answered from memory after the origin said that nothing changed.
    Revalidated,
    /// Made by the origin, and not stored.
    NotStored,
    /// Not the cache's business.
    Bypass,
    /// A method that changes something.
    Forwarded,
    /// An operator forgot something.
    Purged,
    /// A new configuration runs.
    Reloaded,
    /// None of these.
    Unclear,
}

impl Happened {
    /// Reads the gateway's member of the field.
    pub(super) fn of(field: &str) -> Self {
        let name = field.split(';').next().unwrap_or_default();
        if name.trim() != shoal_rules::cache_status::CACHE_NAME {
            return Self::Unclear;
        }
        let value = |name| parameter(field, name);
        let old = value("ttl").is_some_and(|ttl| ttl.starts_with('-'));
        match (value("fwd"), value("hit")) {
            (None, Some(_)) if old => Self::Stale,
            (None, Some(_)) => Self::Hit,
            (Some("bypass"), _) => Self::Bypass,
            (Some("method"), _) => Self::Forwarded,
            (Some("stale"), _) if value("fwd-status") == Some("304") => Self::Revalidated,
            (Some(_), _) if value("stored").is_some() => Self::Miss,
            (Some(_), _) => Self::NotStored,
            (None, None) => Self::Unclear,
        }
    }

    /// How many requests the origin sees for it while the client waits; none where it does not matter.
    pub(super) fn origin_sees(self) -> Option<u64> {
        match self {
            Self::Hit | Self::Purged | Self::Reloaded => Some(0),
            Self::Miss | Self::Revalidated | Self::NotStored | Self::Bypass | Self::Forwarded => {
                Some(1)
            }
            // The refresh in the background may be quick or late.
            Self::Stale | Self::Unclear => None,
        }
    }
}

/// The value of a parameter; empty where it stands without one.
pub(super) fn parameter<'a>(field: &'a str, name: &str) -> Option<&'a str> {
    let parameters = field.split(';').skip(1).map(str::trim);
    let mut pairs = parameters.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

impl Display for Happened {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Miss => "MISS",
            Self::Hit => "HIT",
            Self::Stale => "STALE",
            Self::Revalidated => "REVALIDATED",
            Self::NotStored => "NOT STORED",
            Self::Bypass => "BYPASS",
            Self::Forwarded => "FORWARDED",
            Self::Purged => "PURGED",
            Self::Reloaded => "RELOADED",
            Self::Unclear => "?",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_has_its_word() {
        for (field, word) in [
            ("shoal; hit; ttl=58", Happened::Hit),
            ("shoal; hit; ttl=-1", Happened::Stale),
            (
                "shoal; fwd=uri-miss; fwd-status=200; stored; ttl=60",
                Happened::Miss,
            ),
            (
                "shoal; fwd=stale; fwd-status=304; ttl=60",
                Happened::Revalidated,
            ),
            (
                "shoal; fwd=stale; fwd-status=200; stored; ttl=60",
                Happened::Miss,
            ),
            (
                "shoal; fwd=uri-miss; fwd-status=200; detail=no-store",
                Happened::NotStored,
            ),
            (
                "shoal; fwd=bypass; fwd-status=200; detail=grpc",
                Happened::Bypass,
            ),
            ("shoal; fwd=method; fwd-status=204", Happened::Forwarded),
            ("shoal", Happened::Unclear),
            ("other; hit", Happened::Unclear),
            ("", Happened::Unclear),
        ] {
            assert_eq!(Happened::of(field), word, "{field}");
        }
    }
}
