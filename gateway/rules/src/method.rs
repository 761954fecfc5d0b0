//! What a method means to a cache (RFC 9110 section 9.2, RFC 9111 section 4, RFC 10008).
//!
//! Which methods a route stores is in [`crate::policy`]; the digest of a content is in
//! [`crate::body_key`].

use crate::body_key::BodyKey;
use crate::reason::Reason;
use http::Method;

/// May a request with this method be answered from a stored response? GET and HEAD may.
#[must_use]
pub fn lookup_method(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

/// Under which class is a request with this method looked up and stored? GET and HEAD always are.
///
/// POST and QUERY are where the route says how their content enters the key. RFC 9110 section 9.3.3
/// lets no stored response answer a POST, because it may change something: with a body key the
/// operator says that on this route it does not. Its success then invalidates nothing.
///
/// # Errors
/// [`Reason::MethodBypass`] for every other method.
pub fn lookup_class(method: &Method, body_key: BodyKey) -> Result<MethodClass, Reason> {
    let class = MethodClass::of(method).ok_or(Reason::MethodBypass)?;
    if class.has_content() && body_key == BodyKey::Off {
        Err(Reason::MethodBypass)
    } else {
        Ok(class)
    }
}

/// Does a request with this method retrieve a representation, so that 304 and ranges make sense?
/// GET and HEAD (RFC 9110 section 13.2.1), and QUERY, whose conditions and ranges are those of GET
/// (RFC 10008).
#[must_use]
pub(crate) fn retrieves(method: &Method) -> bool {
    lookup_method(method) || method.as_str() == "QUERY"
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

    /// Is the content of the request part of the key (RFC 10008 section 2.7)?
    #[must_use]
    pub fn has_content(self) -> bool {
        match self {
            Self::Get => false,
            Self::Post | Self::Query => true,
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

    #[test]
    fn methods_with_content_need_a_body_key() {
        use MethodClass::{Get, Post, Query};
        const BYPASS: Result<MethodClass, Reason> = Err(Reason::MethodBypass);
        for (name, off, json) in [
            ("GET", Ok(Get), Ok(Get)),
            ("HEAD", Ok(Get), Ok(Get)),
            ("POST", BYPASS, Ok(Post)),
            ("QUERY", BYPASS, Ok(Query)),
            ("PUT", BYPASS, BYPASS),
            ("get", BYPASS, BYPASS),
        ] {
            let method: Method = name.parse().unwrap();
            assert_eq!(lookup_class(&method, BodyKey::Off), off, "{name}");
            assert_eq!(lookup_class(&method, BodyKey::Json), json, "{name}");
        }
        assert!(retrieves(&"QUERY".parse().unwrap()) && !retrieves(&Method::POST));
    }
}
