//! A strict JSON parser (RFC 8259) for values that have one canonical form (RFC 8785, RFC 7493).
//!
//! It refuses what two readers could read differently: equal member names, lone surrogates, numbers
//! that a double cannot tell from their neighbours. Printing is in `print`.

use super::number;
use std::borrow::Cow;
use std::cmp::Ordering;

/// The deepest nesting. Real requests stay far below; each level costs stack.
const DEPTH_MAX: usize = 64;

/// A JSON value in canonical order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    /// Finite.
    Number(f64),
    String(Cow<'a, str>),
    Array(Vec<Self>),
    /// Sorted by name, each name once.
    Object(Vec<Member<'a>>),
}

pub(super) type Member<'a> = (Cow<'a, str>, Value<'a>);

/// Reads a whole text; absent where it is no JSON or has no canonical form.
pub(super) fn parse(text: &[u8]) -> Option<Value<'_>> {
    let mut parser = Parser {
        rest: std::str::from_utf8(text).ok()?,
    };
    let value = parser.value(DEPTH_MAX)?;
    parser.skip_space();
    parser.rest.is_empty().then_some(value)
}

/// The order of member names: by UTF-16 code units (RFC 8785 section 3.2.3).
fn by_code_units(one: &str, other: &str) -> Ordering {
    one.encode_utf16().cmp(other.encode_utf16())
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// `depth` is how many levels may still open.
    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        self.skip_space();
        match self.rest.as_bytes().first()? {
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b'"' => self.string().map(Value::String),
            b't' => self.word("true", Value::Boolean(true)),
            b'f' => self.word("false", Value::Boolean(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value<'a>> {
        self.take("{")?;
        let mut members = Vec::new();
        self.separated("}", |parser| {
            parser.skip_space();
            let name = parser.string()?;
            parser.skip_space();
            parser.take(":")?;
            members.push((name, parser.value(depth)?));
            Some(())
        })?;
        members.sort_by(|(one, _), (other, _)| by_code_units(one, other));
        let repeated = members
            .iter()
            .zip(members.iter().skip(1))
            .any(|((one, _), (other, _))| one == other);
        (!repeated).then_some(Value::Object(members))
    }

    fn array(&mut self, depth: usize) -> Option<Value<'a>> {
        self.take("[")?;
        let mut values = Vec::new();
        self.separated("]", |parser| {
            values.push(parser.value(depth)?);
            Some(())
        })?;
        Some(Value::Array(values))
    }

    /// Members up to `end`, with commas between them.
    fn separated(
        &mut self,
        end: &str,
        mut member: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.skip_space();
        if self.take(end).is_some() {
            return Some(());
        }
        loop {
            member(self)?;
            self.skip_space();
            if self.take(end).is_some() {
                return Some(());
            }
            self.take(",")?;
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.take("\"")?;
        let plain = self.plain();
        if self.take("\"").is_some() {
            return Some(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        loop {
            self.take("\\")?;
            text.push(self.escaped()?);
            text.push_str(self.plain());
            if self.take("\"").is_some() {
                return Some(Cow::Owned(text));
            }
        }
    }

    /// A run that stands for itself; no control character does.
    fn plain(&mut self) -> &'a str {
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
        let end = self.rest.bytes().position(|byte| special(&byte));
        self.split(end.unwrap_or(self.rest.len()))
            .unwrap_or_default()
    }

    /// What follows a backslash.
    fn escaped(&mut self) -> Option<char> {
        let character = match self.split(1)? {
            "\"" => '"',
            "\\" => '\\',
            "/" => '/',
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => return self.code_units(),
            _ => return None,
        };
        Some(character)
    }

    /// One code unit, or two of a surrogate pair. A lone surrogate has no UTF-8 form.
    fn code_units(&mut self) -> Option<char> {
        let first = self.hex()?;
        let units = if matches!(first, 0xd800..=0xdbff) {
            self.take("\\u")?;
            [Some(first), Some(self.hex()?)]
        } else {
            [Some(first), None]
        };
        char::decode_utf16(units.into_iter().flatten()).next()?.ok()
    }

    fn hex(&mut self) -> Option<u16> {
        let digits = self.split(4)?;
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if all_hex {
            u16::from_str_radix(digits, 16).ok()
        } else {
            None
        }
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let ends = |byte: u8| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let end = self.rest.bytes().position(ends);
        let literal = self.split(end.unwrap_or(self.rest.len()))?;
        number::parse(literal).map(Value::Number)
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        self.take(word)?;
        Some(value)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// The next bytes, where a character ends there.
    fn split(&mut self, length: usize) -> Option<&'a str> {
        let (head, tail) = self.rest.split_at_checked(length)?;
        self.rest = tail;
        Some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::super::print::canonical;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        let deep = |levels| "[".repeat(levels) + &"]".repeat(levels);
        for text in [
            "",
            "{",
            "[1,]",
            "{,}",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "nul",
            "1 2",
            "'a'",
            "\"\t\"",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\u{feff}1",
            "[1 2]",
            "//\n1",
            // Equal names, also when one is escaped.
            "{\"a\":1,\"a\":1}",
            "{\"a\":1,\"b\":{\"c\":1,\"\\u0063\":2}}",
            // Lone surrogates.
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "\"\\ud800a\"",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"\"\xff\""), None);
        assert!(parse(deep(DEPTH_MAX).as_bytes()).is_some());
        assert_eq!(parse(deep(DEPTH_MAX + 1).as_bytes()), None);
        assert_eq!(parse("[".repeat(1_000_000).as_bytes()), None);
    }

    proptest! {
        #[test]
        fn it_accepts_only_json_and_prints_what_it_accepts(text in JSON_LIKE) {
            let Some(value) = parse(text.as_bytes()) else { return Ok(()) };
            let printed = canonical(&value);
            let again = parse(printed.as_bytes());
            prop_assert_eq!(again.as_ref().map(canonical), Some(printed.clone()), "{}", text);
            let oracle = serde_json::from_str::<serde_json::Value>;
            prop_assert_eq!(oracle(&text).ok(), oracle(&printed).ok(), "{}", text);
        }

        #[test]
        fn what_serde_json_writes_is_read(value in values()) {
            let written = serde_json::to_string_pretty(&value).unwrap();
            let printed = parse(written.as_bytes()).map(|value| canonical(&value));
            let Some(printed) = printed else { return Err(TestCaseError::fail(written)) };
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), value);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&bytes);
        }
    }

    /// Looks like JSON, and sometimes is. The oracle tells -0 from 0, which RFC 8785 does not.
    const JSON_LIKE: &str =
        r#"([\[{]? ?("a"|"\\u0062"|"[ -~]{0,3}"|0|-?[1-9][0-9]{0,2}|true|null)?[:,\]}]?){1,5}"#;

    fn values() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value as Json;
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i32>().prop_map(Json::from),
            ".{0,6}".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                proptest::collection::btree_map(".{0,3}", inner, 0..4)
                    .prop_map(|members| Json::Object(members.into_iter().collect())),
            ]
        })
    }
}
