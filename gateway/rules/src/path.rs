//! One spelling of a path: the one that is in the key, and the one that the origin sees.
//!
//! A key from one spelling and a request with another is how a cache is poisoned, so both must use
//! this. Nothing is merged that RFC 3986 keeps apart: `//` stays, `%2F` stays.

use std::borrow::Cow;

/// Normalises a path (RFC 3986 sections 6.2.2 and 5.2.4): unreserved characters are decoded, other
/// escapes get upper-case digits, dot segments are removed. An empty path is `/`.
#[must_use]
pub fn normalize_path(path: &str) -> Cow<'_, str> {
    let path = match normalize_escapes(path) {
        Cow::Borrowed(path) => return remove_dot_segments(path),
        Cow::Owned(path) => path,
    };
    Cow::Owned(remove_dot_segments(&path).into_owned())
}

fn normalize_escapes(path: &str) -> Cow<'_, str> {
    let Some(first) = path.find('%') else {
        return Cow::Borrowed(path);
    };
    let (clean, mut rest) = path.split_at(first);
    let mut normal = String::with_capacity(path.len());
    normal.push_str(clean);
    while let Some(byte) = rest.bytes().next() {
        if byte != b'%' {
            let end = rest.find('%').unwrap_or(rest.len());
            let (plain, tail) = rest.split_at(end);
            normal.push_str(plain);
            rest = tail;
            continue;
        }
        let Some((decoded, tail)) = escape(rest) else {
            normal.push('%'); // Malformed: the origin sees it as it is, and so does the key.
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        if is_unreserved(decoded) && !begins_an_escape(&normal) {
            normal.push(char::from(decoded));
        } else {
            normal.push('%');
            normal.push(hex_digit(decoded >> 4));
            normal.push(hex_digit(decoded & 15));
        }
        rest = tail;
    }
    if normal == path {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(normal)
    }
}

/// Whether a digit more could make a whole escape of a malformed one: `%2%65` must not become `%2e`, which
/// an origin would read once more.
fn begins_an_escape(text: &str) -> bool {
    let mut last = text.bytes().rev();
    match (last.next(), last.next()) {
        (Some(b'%'), _) => true,
        (Some(digit), Some(b'%')) => digit.is_ascii_hexdigit(),
        _ => false,
    }
}

/// The byte that `%XX` at the start stands for, and what follows.
pub(crate) fn escape(text: &str) -> Option<(u8, &str)> {
    let digits = text.get(1..3)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let byte = u8::from_str_radix(digits, 16).ok()?;
    Some((byte, text.get(3..)?))
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn hex_digit(value: u8) -> char {
    let digit = if value < 10 {
        b'0' + value
    } else {
        b'A' + (value - 10)
    };
    char::from(digit)
}

fn remove_dot_segments(path: &str) -> Cow<'_, str> {
    if path.is_empty() {
        return Cow::Borrowed("/");
    }
    let Some(below_root) = path.strip_prefix('/') else {
        return Cow::Borrowed(path);
    };
    if !below_root.split('/').any(is_dots) {
        return Cow::Borrowed(path);
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = below_root.split('/').peekable();
    while let Some(segment) = segments.next() {
        if is_dots(segment) {
            if segment == ".." {
                kept.pop();
            }
            if segments.peek().is_none() {
                kept.push(""); // `/a/..` names a folder: `/`, not nothing.
            }
        } else {
            kept.push(segment);
        }
    }
    let mut normal = String::with_capacity(path.len());
    for segment in &kept {
        normal.push('/');
        normal.push_str(segment);
    }
    Cow::Owned(normal)
}

fn is_dots(segment: &str) -> bool {
    segment == "." || segment == ".."
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_paths_are_spelled_alike_and_others_stay_apart() {
        for (path, normal) in [
            ("", "/"),
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/%7euser/%41", "/~user/A"),
            ("/a%2fb", "/a%2Fb"),
            ("/a//b", "/a//b"),
            ("/a/./b/../c", "/a/c"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/..", "/"),
            ("/../../a", "/a"),
            ("/%2e%2e/a", "/a"),
            ("/a//../b", "/a/b"),
            ("/a/..b", "/a/..b"),
            ("/%zz%4", "/%zz%4"),
            ("/a/%2%65%2%65/b", "/a/%2%65%2%65/b"),
            ("/%%36%31", "/%%361"),
            ("/%25%32e", "/%252e"),
            ("/%é", "/%é"),
            ("*", "*"),
        ] {
            assert_eq!(normalize_path(path), normal, "{path}");
        }
        assert!(matches!(normalize_path("/a%2Fb"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(path in "/[a-c./%2eE5é]{0,20}") {
            let once = normalize_path(&path).into_owned();
            prop_assert_eq!(normalize_path(&once), once.as_str());
        }
    }
}
