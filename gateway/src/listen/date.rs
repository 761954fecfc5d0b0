//! The origin's `Date`, kept over Pingora.
//!
//! A proxy does not make `Date` anew: `Expires` and the age of a response count from it (RFC 9110 6.6.1).
//! Pingora writes its own into every response head. So the proxy sends the origin's beside it, under
//! [`KEPT`], and here, on the way out, it takes the place of Pingora's. Streams of HTTP/2 keep it by
//! themselves (`http2`).

/// The name under which a kept `Date` travels from `proxy` to here. It never leaves the process.
pub const KEPT: &str = "shoal-kept-date";

/// The head with the kept date in its place; `None` where there is none to keep.
pub(super) fn restore(head: &[u8]) -> Option<Vec<u8>> {
    let kept = line(head, KEPT)?;
    let value = value(head.get(kept.clone())?)?.to_vec();
    let mut restored = head.get(..kept.start)?.to_vec();
    restored.extend_from_slice(head.get(kept.end..)?);
    if let Some(made) = line(&restored, "date") {
        let line = [b"Date: ", &value[..], b"\r\n"].concat();
        restored.splice(made, line);
    }
    Some(restored)
}

/// Where the line of `name` stands, its line end included.
pub(super) fn line(head: &[u8], name: &str) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    while let Some(length) = head
        .get(start..)?
        .windows(2)
        .position(|pair| pair == b"\r\n")
    {
        let end = start + length;
        let text = head.get(start..end)?;
        if text.is_empty() {
            return None;
        }
        let named = text
            .get(..name.len())
            .is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()));
        if named && text.get(name.len()) == Some(&b':') {
            return Some(start..end + 2);
        }
        start = end + 2;
    }
    None
}

fn value(line: &[u8]) -> Option<&[u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    Some(line.get(colon + 1..)?.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, expected: Option<&str>) {
        let restored = restore(head.as_bytes()).map(|head| String::from_utf8(head).unwrap());
        assert_eq!(restored.as_deref(), expected);
    }

    #[test]
    fn the_kept_date_takes_the_place_of_the_made_one() {
        check("HTTP/1.1 200 OK\r\nDate: now\r\n\r\nbody", None);
        check(
            "HTTP/1.1 200 OK\r\nA: 1\r\nShoal-Kept-Date: then\r\nDate: now\r\nB: 2\r\n\r\nDate: x\r\n",
            Some("HTTP/1.1 200 OK\r\nA: 1\r\nDate: then\r\nB: 2\r\n\r\nDate: x\r\n"),
        );
        check(
            "HTTP/1.1 200 OK\r\nDate: now\r\nshoal-kept-date: then\r\n\r\n",
            Some("HTTP/1.1 200 OK\r\nDate: then\r\n\r\n"),
        );
        check("HTTP/1.1 200 OK\r\n\r\nshoal-kept-date: then\r\n", None);
    }
}
