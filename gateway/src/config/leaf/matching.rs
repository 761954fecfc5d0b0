//! What requests are matched by: host and path patterns, methods, field names.

use super::{Leaf, address::host_name};
use crate::config::route::{HostPattern, PathPattern};
use http::{HeaderName, Method};

impl Leaf for HostPattern {
    const FORMAT: &'static str = "host-pattern";

    fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "write a name such as shop.example, or *.shop.example for all below it";
        if text == "*" {
            return Err("leave `host` out to match every host".to_owned());
        }
        if text.contains(':') || text.contains('/') {
            return Err(format!(
                "a host pattern has no scheme, port or path: {FORM}"
            ));
        }
        let host = text.to_ascii_lowercase();
        match host.strip_prefix('*') {
            Some(suffix) if suffix.strip_prefix('.').is_some_and(host_name) => {
                Ok(Self::Suffix(suffix.to_owned()))
            }
            None if host_name(&host) => Ok(Self::Exact(host)),
            Some(_) | None => Err(format!("not a host pattern: {FORM}")),
        }
    }
}

impl Leaf for PathPattern {
    const FORMAT: &'static str = "path-pattern";
    const PATTERN: &'static str = r"/[^*?#]*|/([^*?#]*/)?\*";

    fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "write a path such as /about, or /api/* for all below it";
        if !text.starts_with('/') {
            return Err(format!("a path begins with `/`: {FORM}"));
        }
        if text.contains(['?', '#']) {
            return Err(format!(
                "a path pattern has no query and no fragment: {FORM}"
            ));
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("write spaces and other special characters as %XX".to_owned());
        }
        // Requests are compared after normalisation: such a pattern could never match.
        if text
            .split('/')
            .any(|segment| segment == "." || segment == "..")
        {
            return Err("a path pattern has no `.` and no `..` segments".to_owned());
        }
        match text.strip_suffix("/*") {
            Some(rest) if !rest.contains('*') => Ok(Self::Prefix(format!("{rest}/"))),
            None if !text.contains('*') => Ok(Self::Exact(text.to_owned())),
            Some(_) | None => Err(format!(
                "`*` may only stand at the end, after a `/`: {FORM}"
            )),
        }
    }
}

/// A request method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodName(pub Method);

impl Leaf for MethodName {
    const FORMAT: &'static str = "method";
    const PATTERN: &'static str = "[A-Z][A-Z-]*";

    fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "write one such as GET, HEAD or POST";
        let method = Method::from_bytes(text.as_bytes())
            .ok()
            .ok_or_else(|| format!("not a request method: {FORM}"))?;
        // RFC 9110 9.1: methods are case-sensitive, and every registered one is upper case.
        match text.bytes().any(|b| b.is_ascii_lowercase()) {
            true => Err(format!("methods are written in upper case: {FORM}")),
            false => Ok(Self(method)),
        }
    }
}

/// A field's name, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldName(pub HeaderName);

impl Leaf for FieldName {
    const FORMAT: &'static str = "field-name";

    fn parse(text: &str) -> Result<Self, String> {
        HeaderName::from_bytes(text.as_bytes())
            .map(Self)
            .ok()
            .ok_or_else(|| "not a header name: write one such as accept-language".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_patterns_are_lower_case() {
        assert_eq!(
            HostPattern::parse("Shop.Example"),
            Ok(HostPattern::Exact("shop.example".into()))
        );
        let below = HostPattern::Suffix(".shop.example".into());
        assert_eq!(HostPattern::parse("*.shop.example"), Ok(below));
        for wrong in [
            "*",
            "shop.example:80",
            "https://shop.example",
            "a.*.b",
            "*shop",
            "",
            "a b",
        ] {
            assert!(HostPattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_star_stands_at_the_end_of_a_path() {
        assert_eq!(
            PathPattern::parse("/about"),
            Ok(PathPattern::Exact("/about".into()))
        );
        assert_eq!(
            PathPattern::parse("/api/*"),
            Ok(PathPattern::Prefix("/api/".into()))
        );
        assert_eq!(
            PathPattern::parse("/*"),
            Ok(PathPattern::Prefix("/".into()))
        );
        for wrong in [
            "", "api", "*", "/a*", "/*/b", "/a/*/*", "/a?b", "/a/../b", "/ä",
        ] {
            assert!(PathPattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn methods_and_fields_are_tokens() {
        assert_eq!(
            MethodName::parse("PURGE").map(|m| m.0.to_string()),
            Ok("PURGE".to_owned())
        );
        for wrong in ["get", "", "G T"] {
            assert!(MethodName::parse(wrong).is_err(), "{wrong}");
        }
        assert!(FieldName::parse("Accept-Language").is_ok());
        assert!(FieldName::parse("accept language").is_err());
    }
}
