//! A request's head, read ahead of Pingora: where it ends, and how much of the connection the request
//! takes.
//!
//! Only framing is decided here. What the head says is Pingora's to parse and ours to judge later; a
//! doubtful head is handed over whole, so that there is one judge.

/// A head beyond it is refused with 431.
pub(super) const HEAD_MAX: usize = 64 * 1024;

/// Beyond it a head is doubtful; Pingora accepts as many.
const FIELDS_MAX: usize = 256;

/// What the bytes at hand are the start of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// More bytes are needed.
    Partial,
    /// Beyond [`HEAD_MAX`] without an end.
    TooLarge,
    /// HTTP/2's connection preface.
    Http2,
    /// A request that takes so many bytes, head and body.
    Sized(usize),
    /// A request whose end only its parser can tell: a chunked body, an upgrade, or something odd.
    Unsized,
}

const H2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

pub(super) fn head(bytes: &[u8]) -> Head {
    if !bytes.is_empty() && H2_PREFACE.starts_with(bytes.get(..16).unwrap_or(bytes)) {
        return if bytes.len() >= H2_PREFACE.len() {
            Head::Http2
        } else {
            Head::Partial
        };
    }
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) if bytes.len() > HEAD_MAX => Head::TooLarge,
        Ok(httparse::Status::Partial) => Head::Partial,
        Ok(httparse::Status::Complete(end)) if end > HEAD_MAX => Head::TooLarge,
        Ok(httparse::Status::Complete(end)) => framing(&request, end),
        Err(_malformed) => Head::Unsized,
    }
}

fn framing(request: &httparse::Request<'_, '_>, end: usize) -> Head {
    if request.method == Some("CONNECT") {
        return Head::Unsized;
    }
    let mut length = None;
    for field in request.headers.iter() {
        let named = |name: &str| field.name.eq_ignore_ascii_case(name);
        if named("transfer-encoding") || named("upgrade") {
            return Head::Unsized;
        }
        if named("content-length") {
            let digits = std::str::from_utf8(field.value)
                .ok()
                .filter(|v| !v.starts_with('+'));
            let value = digits.and_then(|value| value.parse::<usize>().ok());
            if length.is_some() || value.is_none() {
                return Head::Unsized;
            }
            length = value;
        }
    }
    match end.checked_add(length.unwrap_or(0)) {
        Some(total) => Head::Sized(total),
        None => Head::Unsized,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, expected: Head) {
        assert_eq!(head(bytes.as_bytes()), expected, "{bytes:?}");
    }

    #[test]
    fn framing_is_read_from_the_head() {
        check("", Head::Partial);
        check("GET / HTTP/1.1\r\nHost: a", Head::Partial);
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Head::Sized(27));
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2", Head::Sized(27));
        check(
            "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
            Head::Sized(43),
        );
        check(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            Head::Unsized,
        );
        check(
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
            Head::Unsized,
        );
        check("CONNECT a:443 HTTP/1.1\r\n\r\n", Head::Unsized);
        check("PRI * HT", Head::Partial);
        check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Head::Http2);
    }

    #[test]
    fn doubtful_heads_are_handed_over() {
        check(
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            Head::Unsized,
        );
        check(
            "GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
            Head::Unsized,
        );
        check(
            "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            Head::Unsized,
        );
        check("\u{0}\r\n\r\n", Head::Unsized);
        check(&format!("GET /{}", "a".repeat(HEAD_MAX)), Head::TooLarge);
    }
}
