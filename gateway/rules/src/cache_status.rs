//! The `Cache-Status` field (RFC 9211): how the gateway tells what it did.
//!
//! Only the wording; the reasons behind `fwd` and `detail` are in [`crate::reason`].

use std::fmt::{self, Display, Formatter, Write};

/// The name under which this cache reports.
pub const CACHE_NAME: &str = "shoal";

/// Why a request went to the origin (RFC 9211 section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forward {
    /// The cache was configured not to handle the request.
    Bypass,
    /// The method demands it.
    Method,
    /// Nothing is stored for the URI.
    UriMiss,
    /// Stored responses exist, but none that the request selects.
    VaryMiss,
    /// Nothing stored fits, for one of the two reasons above.
    Miss,
    /// A fresh response is stored, but the request's directives forbid its use.
    Request,
    /// The stored response is stale.
    Stale,
    /// Only parts are stored, and not the ones asked for.
    Partial,
}

impl Forward {
    /// The token of the registry.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Miss => "miss",
            Self::Request => "request",
            Self::Stale => "stale",
            Self::Partial => "partial",
        }
    }
}

/// Was the request answered from the store?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// Yes, without asking the origin.
    Hit,
    /// No; with the status that the origin sent, where it differs from the one sent on or is worth
    /// telling (`fwd-status`).
    Forward(Forward, Option<u16>),
    /// The gateway answered by itself, with an error: neither `hit` nor `fwd`.
    Generated,
}

/// Was the response stored?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stored {
    /// It was.
    Yes,
    /// It was not.
    #[default]
    No,
}

/// Did the request wait for another one?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Collapsed {
    /// It was joined with one that was under way.
    Yes,
    /// It went alone.
    #[default]
    No,
}

/// One member of the field. Its [`Display`] is the member's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStatus<'a> {
    /// Hit or forwarded.
    pub handling: Handling,
    /// Remaining freshness lifetime in seconds; negative when stale.
    pub ttl: Option<i64>,
    /// Was the response stored?
    pub stored: Stored,
    /// Did the request wait for another one?
    pub collapsed: Collapsed,
    /// A reason's label, or a plugin's words.
    pub detail: Option<&'a str>,
}

impl Display for CacheStatus<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(CACHE_NAME)?;
        match self.handling {
            Handling::Hit => f.write_str("; hit")?,
            Handling::Forward(forward, status) => {
                write!(f, "; fwd={}", forward.token())?;
                if let Some(status) = status {
                    write!(f, "; fwd-status={status}")?;
                }
            }
            Handling::Generated => {}
        }
        if self.stored == Stored::Yes {
            f.write_str("; stored")?;
        }
        if let Some(ttl) = self.ttl {
            write!(f, "; ttl={}", ttl.clamp(-INTEGER_MAX, INTEGER_MAX))?;
        }
        if self.collapsed == Collapsed::Yes {
            f.write_str("; collapsed")?;
        }
        match self.detail {
            Some(detail) => write_detail(f, detail),
            None => Ok(()),
        }
    }
}

/// The largest Structured Fields Integer (RFC 9651 section 3.3.1).
const INTEGER_MAX: i64 = 999_999_999_999_999;

fn write_detail(f: &mut Formatter<'_>, detail: &str) -> fmt::Result {
    f.write_str("; detail=")?;
    if is_sf_token(detail) {
        return f.write_str(detail);
    }
    f.write_char('"')?;
    for character in detail.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            ' '..='~' => f.write_char(character)?,
            // An sf-string is printable ASCII (RFC 9651 section 3.3.3).
            _ => f.write_char('?')?,
        }
    }
    f.write_char('"')
}

fn is_sf_token(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '*');
    let inside = |byte: u8| crate::field::is_token_byte(byte) || byte == b':' || byte == b'/';
    starts && text.bytes().all(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIT: CacheStatus<'_> = CacheStatus {
        handling: Handling::Hit,
        ttl: Some(42),
        stored: Stored::No,
        collapsed: Collapsed::No,
        detail: None,
    };

    #[test]
    fn a_hit_and_a_forwarded_request_read_as_in_the_rfc() {
        assert_eq!(HIT.to_string(), "shoal; hit; ttl=42");
        assert_eq!(
            CacheStatus {
                ttl: Some(-3),
                ..HIT
            }
            .to_string(),
            "shoal; hit; ttl=-3"
        );
        let forwarded = CacheStatus {
            handling: Handling::Forward(Forward::UriMiss, Some(200)),
            ttl: Some(300),
            stored: Stored::Yes,
            collapsed: Collapsed::Yes,
            detail: Some("no-store"),
        };
        assert_eq!(
            forwarded.to_string(),
            "shoal; fwd=uri-miss; fwd-status=200; stored; ttl=300; collapsed; detail=no-store"
        );
    }

    #[test]
    fn a_detail_that_is_no_token_is_quoted() {
        let text = |detail| {
            CacheStatus {
                ttl: None,
                detail: Some(detail),
                ..HIT
            }
            .to_string()
        };
        assert_eq!(text("a b"), r#"shoal; hit; detail="a b""#);
        assert_eq!(text(r#"q"\"#), r#"shoal; hit; detail="q\"\\""#);
        assert_eq!(text("é\n"), r#"shoal; hit; detail="??""#);
        assert_eq!(text(""), r#"shoal; hit; detail="""#);
    }
}
