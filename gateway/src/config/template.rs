//! Reads templates such as `product:$query.id`.
//!
//! What a template means for a request, the key builder knows; here is only its grammar. Variables
//! of the environment were put in before (`environment`): they are upper case, ours lower case.

use crate::config::leaf::Leaf;
use crate::config::problem;
use crate::config::route::{Piece, Template};
use http::HeaderName;

const VARIABLES: &str = "$scheme, $host, $path, $query, $method, $client_ip, $query.NAME, \
                         $header.NAME, $cookie.NAME";

impl Leaf for Template {
    const FORMAT: &'static str = "template";

    fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, after) = rest.split_at(at);
            push_text(&mut pieces, before);
            let after = after.get(1..).unwrap_or_default();
            rest = match after.strip_prefix('$') {
                Some(rest) => {
                    push_text(&mut pieces, "$");
                    rest
                }
                None => {
                    let (piece, rest) = variable(after)?;
                    pieces.push(piece);
                    rest
                }
            };
        }
        push_text(&mut pieces, rest);
        Ok(Self(pieces))
    }
}

/// The variable that `text` begins with, and what follows it.
fn variable(text: &str) -> Result<(Piece, &str), String> {
    if let Some(inner) = text.strip_prefix('{') {
        let (name, rest) = inner.split_once('}').ok_or("`${` without its `}`")?;
        return Ok((piece(name)?, rest));
    }
    let word =
        |text: &str, plain: fn(char) -> bool| text.find(|c: char| !plain(c)).unwrap_or(text.len());
    let head = word(text, |c| c.is_ascii_alphanumeric() || c == '_');
    if head == 0 {
        return Err("a `$` without a variable; write `$$` for the character itself".to_owned());
    }
    // `$host.` is the host and a full stop; `$query.` begins a name.
    let (name, rest) = text.split_at(head);
    let named = matches!(name, "query" | "header" | "cookie");
    let tail = rest.strip_prefix('.').filter(|_| named).map_or(0, |rest| {
        word(rest, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    });
    let end = if tail == 0 { head } else { head + 1 + tail };
    let (name, rest) = text.split_at(end);
    Ok((piece(name)?, rest))
}

fn piece(name: &str) -> Result<Piece, String> {
    match name.split_once('.') {
        None => match name {
            "scheme" => Ok(Piece::Scheme),
            "host" => Ok(Piece::Host),
            "path" => Ok(Piece::Path),
            "query" => Ok(Piece::Query),
            "method" => Ok(Piece::Method),
            "client_ip" => Ok(Piece::ClientIp),
            "header" | "cookie" => Err(format!("`${name}` needs a name: `${name}.NAME`")),
            _ => Err(unknown(name)),
        },
        Some((_, "")) => Err(format!("`${name}` ends without a name")),
        Some(("query", parameter)) => Ok(Piece::QueryParameter(parameter.to_owned())),
        Some(("cookie", cookie)) => Ok(Piece::Cookie(cookie.to_owned())),
        Some(("header", field)) => HeaderName::from_bytes(field.as_bytes())
            .ok()
            .map(Piece::Header)
            .ok_or_else(|| format!("\"{field}\" is not a header name")),
        Some(_) => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> String {
    let ours = VARIABLES
        .split(", ")
        .map(|variable| variable.trim_start_matches('$'));
    match problem::nearest::nearest(name, ours) {
        Some(near) => format!("unknown variable `${name}`; did you mean `${near}`?"),
        None => format!("unknown variable `${name}`; there are {VARIABLES}"),
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(last)) => last.push_str(text),
        Some(_) | None => pieces.push(Piece::Text(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[track_caller]
    fn check(written: &str, expected: &[Piece]) {
        assert_eq!(
            Template::parse(written),
            Ok(Template(expected.to_vec())),
            "{written}"
        );
    }

    #[test]
    fn variables_stand_between_text() {
        let id = Piece::QueryParameter("id".into());
        check("", &[]);
        check("plain", &[text("plain")]);
        check("product:$query.id", &[text("product:"), id.clone()]);
        check("${query.id}x", &[id.clone(), text("x")]);
        check(
            "$scheme://$host$path",
            &[Piece::Scheme, text("://"), Piece::Host, Piece::Path],
        );
        check("$host.", &[Piece::Host, text(".")]);
        check("$query.", &[Piece::Query, text(".")]);
        check("$query/$method", &[Piece::Query, text("/"), Piece::Method]);
        check(
            "$cookie.a-b $client_ip",
            &[Piece::Cookie("a-b".into()), text(" "), Piece::ClientIp],
        );
        check("${query.a[b]}", &[Piece::QueryParameter("a[b]".into())]);
        check(
            "$header.Accept-Language",
            &[Piece::Header(http::header::ACCEPT_LANGUAGE)],
        );
    }

    #[test]
    fn two_dollars_are_one_dollar() {
        check("a$$b", &[text("a$b")]);
        check("$$host", &[text("$host")]);
        check("$${host}", &[text("${host}")]);
    }

    #[test]
    fn what_is_unknown_is_refused() {
        for wrong in [
            "$",
            "a $ b",
            "$hots",
            "${host",
            "$header",
            "$cookie",
            "${header.}",
            "$1",
        ] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
        assert!(
            Template::parse("$hots")
                .unwrap_err()
                .contains("did you mean `$host`?")
        );
    }
}
