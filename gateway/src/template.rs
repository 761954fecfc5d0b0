//! Templates such as `product:$query.id`, evaluated against a request.
//!
//! Parsing is `config::template`; a template that is here is valid.

use crate::config::route::{Piece, Template};
use crate::exchange::Target;
use http::{HeaderMap, Method, header};
use std::borrow::Cow;
use std::net::IpAddr;

/// What a template may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The normalised target.
    pub target: &'a Target,
    /// The query as the route's rule leaves it.
    pub query: Option<&'a str>,
    /// The method.
    pub method: &'a Method,
    /// The fields.
    pub headers: &'a HeaderMap,
    /// The client.
    pub client: Option<IpAddr>,
}

/// A value beyond it is cut and its hash added: keys and tags stay bounded whatever a client sends, and
/// values that differ late still differ.
const VALUE_MAX: usize = 4096;

impl Template {
    /// The text with every variable replaced. A variable without a value is empty.
    pub fn evaluate(&self, request: Request<'_>) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            let value = request.value(piece);
            let end = value.floor_char_boundary(VALUE_MAX);
            text.push_str(value.get(..end).unwrap_or_default());
            if end < value.len() {
                text.push_str(&blake3::hash(value.as_bytes()).to_hex());
            }
        }
        text
    }
}

impl<'a> Request<'a> {
    fn value(&self, piece: &'a Piece) -> Cow<'a, str> {
        match piece {
            Piece::Text(text) => Cow::Borrowed(text),
            Piece::Scheme => Cow::Borrowed(self.target.scheme),
            Piece::Host => Cow::Borrowed(&self.target.host),
            Piece::Path => Cow::Borrowed(&self.target.path),
            Piece::Query => Cow::Borrowed(self.query.unwrap_or_default()),
            Piece::Method => Cow::Borrowed(self.method.as_str()),
            Piece::ClientIp => self
                .client
                .map(|ip| ip.to_string())
                .unwrap_or_default()
                .into(),
            Piece::QueryParameter(name) => {
                parameter(self.target.query.as_deref().unwrap_or_default(), name)
                    .unwrap_or_default()
                    .into()
            }
            Piece::Header(name) => joined(self.headers, name).unwrap_or_default(),
            Piece::Cookie(name) => cookie(self.headers, name).unwrap_or_default(),
        }
    }
}

/// The value of `name` in a query, percent-decoded.
///
/// Of several values an origin may take any, and some split at `;` too. What is not plain is all of the
/// query, so that it never passes for a plain value.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    if query.contains(';') {
        return Some(query.to_owned());
    }
    let mut values = query.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then_some(value)
    });
    let first = values.next()?;
    Some(match values.next() {
        Some(_further) => query.to_owned(),
        None => decode(first),
    })
}

/// A field's lines joined with `, `.
pub fn joined<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<Cow<'a, str>> {
    let mut lines = headers
        .get_all(name)
        .iter()
        .map(|line| String::from_utf8_lossy(line.as_bytes()));
    let first = lines.next()?;
    Some(lines.fold(first, |joined, line| format!("{joined}, {line}").into()))
}

/// A cookie's value as sent, quotes included; several values are told apart from any one of them. Bytes that
/// are no text hide none of its neighbours: the origin sees them all.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        let (key, value) = pair.trim_ascii().split_at_checked(name.len())?;
        let value = value.strip_prefix(b"=")?;
        (key == name.as_bytes()).then(|| String::from_utf8_lossy(value))
    });
    let first = values.next()?;
    Some(values.fold(first, |all, value| format!("{all}; {value}").into()))
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_take_their_values_from_the_request() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            http::HeaderValue::from_static("a=1; tier=\"gold\"; b=1; b=2"),
        );
        headers.append("x-tag", http::HeaderValue::from_static("one"));
        headers.append("x-tag", http::HeaderValue::from_static("two"));
        let target = Target {
            scheme: "https",
            host: "shop.example".into(),
            path: "/a".into(),
            query: Some("id=a%20b+c&bad=%zz".into()),
        };
        let request = Request {
            target: &target,
            query: Some("id=1"),
            method: &Method::GET,
            headers: &headers,
            client: Some([127, 0, 0, 1].into()),
        };
        let check = |pieces: Vec<Piece>, expected: &str| {
            assert_eq!(Template(pieces).evaluate(request), expected);
        };
        check(
            vec![Piece::Text("t:".into()), Piece::QueryParameter("id".into())],
            "t:a b c",
        );
        assert_eq!(parameter("id=1&id=2", "id").as_deref(), Some("id=1&id=2"));
        assert_eq!(parameter("x=1;id=2", "id").as_deref(), Some("x=1;id=2"));
        check(vec![Piece::QueryParameter("none".into())], "");
        check(vec![Piece::QueryParameter("bad".into())], "%zz");
        check(vec![Piece::QueryParameter("none".into())], "");
        check(
            vec![Piece::Header(header::HeaderName::from_static("x-tag"))],
            "one, two",
        );
        check(vec![Piece::Cookie("tier".into())], "\"gold\"");
        check(vec![Piece::Cookie("b".into())], "1; 2");
        check(
            vec![Piece::Scheme, Piece::Host, Piece::Path, Piece::Query],
            "httpsshop.example/aid=1",
        );
        check(vec![Piece::ClientIp], "127.0.0.1");
    }
}
