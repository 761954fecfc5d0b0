//! What a method means to a cache (RFC 9110 section 9.2, RFC 9111 section 4).
//!
//! Which methods a route stores is in [`crate::policy`].

use http::Method;

/// May a request with this method be answered from a stored response? GET and HEAD may.
#[must_use]
pub fn lookup_method(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

/// Does a success of this method invalidate? An unknown method does (RFC 9111 section 4.4).
#[must_use]
pub fn is_unsafe(method: &Method) -> bool {
    // The safe ones of the IANA registry; QUERY is RFC 10008.
    const SAFE: [&str; 8] = [
        "GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH",
    ];
    !SAFE.contains(&method.as_str())
}

/// Methods that share stored responses; part of every key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodClass {
    /// GET and HEAD: one stored response answers both (RFC 9110 section 9.3.2).
    Get,
    /// POST, keyed with its content.
    Post,
    /// QUERY, keyed with its content.
    Query,
}

impl MethodClass {
    /// The class of a method; absent for a method that is never stored.
    #[must_use]
    pub fn of(method: &Method) -> Option<Self> {
        match method.as_str() {
            "GET" | "HEAD" => Some(Self::Get),
            "POST" => Some(Self::Post),
            "QUERY" => Some(Self::Query),
            _ => None,
        }
    }

    /// Its byte in a key.
    pub(crate) fn tag(self) -> u8 {
        match self {
            Self::Get => b'G',
            Self::Post => b'P',
            Self::Query => b'Q',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_methods_are_unsafe() {
        for (name, is_it) in [
            ("GET", false),
            ("QUERY", false),
            ("POST", true),
            ("M-SEARCH", true),
        ] {
            assert_eq!(is_unsafe(&name.parse().unwrap()), is_it, "{name}");
        }
    }

    #[test]
    fn head_shares_the_class_of_get() {
        assert_eq!(
            MethodClass::of(&Method::HEAD),
            MethodClass::of(&Method::GET)
        );
        assert_eq!(MethodClass::of(&Method::PUT), None);
        assert!(lookup_method(&Method::HEAD) && !lookup_method(&Method::POST));
    }
}
