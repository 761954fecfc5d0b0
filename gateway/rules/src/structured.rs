//! Structured Fields (RFC 9651): a strict parser of lists and dictionaries.
//!
//! It keeps what caching needs: types, and the values of integers, strings and booleans. Parameters
//! are checked and dropped. Any error refuses the whole field (section 4.2).

/// A bare item (section 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bare {
    /// At most 15 digits.
    Integer(i64),
    /// Its value is of no use here.
    Decimal,
    /// Unescaped.
    String(String),
    /// As written.
    Token(String),
    /// Its value is of no use here.
    Bytes,
    /// `?1` or `?0`.
    Boolean(bool),
    /// Its value is of no use here.
    Date,
    /// Its value is of no use here.
    DisplayString,
}

/// A member of a list or a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// One item.
    Item(Bare),
    /// Items in parentheses.
    InnerList(Vec<Bare>),
}

/// Parses a dictionary. Of equal keys the last one counts; it stands at the first one's place.
#[must_use]
pub fn dictionary(text: &str) -> Option<Vec<(String, Member)>> {
    let mut members: Vec<(String, Member)> = Vec::new();
    members_of(text, |parser| {
        let key = parser.key()?;
        let member = if parser.take(b'=') {
            parser.member()?
        } else {
            Member::Item(TRUE)
        };
        parser.parameters()?;
        match members.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = member,
            None => members.push((key, member)),
        }
        Some(())
    })?;
    Some(members)
}

/// Parses a list.
#[must_use]
pub fn list(text: &str) -> Option<Vec<Member>> {
    let mut members = Vec::new();
    members_of(text, |parser| {
        members.push(parser.member()?);
        parser.parameters()
    })?;
    Some(members)
}

const TRUE: Bare = Bare::Boolean(true);

/// The frame that lists and dictionaries share (sections 4.2.1 and 4.2.2).
fn members_of(text: &str, mut member: impl FnMut(&mut Parser<'_>) -> Option<()>) -> Option<()> {
    let mut parser = Parser {
        rest: text.trim_matches(' ').as_bytes(),
    };
    if parser.rest.is_empty() {
        return Some(());
    }
    loop {
        member(&mut parser)?;
        parser.skip(|byte| byte == b' ' || byte == b'\t');
        if parser.rest.is_empty() {
            return Some(());
        }
        if !parser.take(b',') {
            return None;
        }
        parser.skip(|byte| byte == b' ' || byte == b'\t');
        if parser.rest.is_empty() {
            return None; // A comma at the end is an error.
        }
    }
}

struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.rest.first() == Some(&byte);
        if taken {
            self.next();
        }
        taken
    }

    /// Takes bytes while they fit.
    fn skip(&mut self, fits: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self
            .rest
            .iter()
            .position(|&byte| !fits(byte))
            .unwrap_or(self.rest.len());
        let (head, tail) = self.rest.split_at(end);
        self.rest = tail;
        head
    }

    fn key(&mut self) -> Option<String> {
        let first = *self.rest.first()?;
        if !(first.is_ascii_lowercase() || first == b'*') {
            return None;
        }
        let in_key = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.*".contains(&b);
        text(self.skip(in_key))
    }

    fn member(&mut self) -> Option<Member> {
        if self.take(b'(') {
            self.inner_list()
        } else {
            Some(Member::Item(self.bare()?))
        }
    }

    fn inner_list(&mut self) -> Option<Member> {
        let mut items = Vec::new();
        loop {
            self.skip(|byte| byte == b' ');
            if self.take(b')') {
                return Some(Member::InnerList(items));
            }
            items.push(self.bare()?);
            self.parameters()?;
            if !matches!(self.rest.first(), Some(b' ' | b')')) {
                return None;
            }
        }
    }

    fn parameters(&mut self) -> Option<()> {
        while self.take(b';') {
            self.skip(|byte| byte == b' ');
            self.key()?;
            if self.take(b'=') {
                self.bare()?;
            }
        }
        Some(())
    }

    fn bare(&mut self) -> Option<Bare> {
        match *self.rest.first()? {
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            b'*' | b'A'..=b'Z' | b'a'..=b'z' => self.token(),
            b':' => self.bytes(),
            b'?' => self.boolean(),
            b'@' => {
                self.next();
                matches!(self.number()?, Bare::Integer(_)).then_some(Bare::Date)
            }
            b'%' => self.display_string(),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<Bare> {
        let negative = self.take(b'-');
        let whole = self.skip(|byte| byte.is_ascii_digit());
        if self.take(b'.') {
            let fraction = self.skip(|byte| byte.is_ascii_digit());
            let valid = (1..=12).contains(&whole.len()) && (1..=3).contains(&fraction.len());
            return valid.then_some(Bare::Decimal);
        }
        if !(1..=15).contains(&whole.len()) {
            return None;
        }
        let value: i64 = text(whole)?.parse().ok()?;
        Some(Bare::Integer(if negative { -value } else { value }))
    }

    fn string(&mut self) -> Option<Bare> {
        self.next();
        let mut value = String::new();
        loop {
            match self.next()? {
                b'"' => return Some(Bare::String(value)),
                b'\\' => match self.next()? {
                    escaped @ (b'"' | b'\\') => value.push(char::from(escaped)),
                    _ => return None,
                },
                byte @ b' '..=b'~' => value.push(char::from(byte)),
                _ => return None,
            }
        }
    }

    fn token(&mut self) -> Option<Bare> {
        let inside = |byte| crate::field::is_token_byte(byte) || byte == b':' || byte == b'/';
        Some(Bare::Token(text(self.skip(inside))?))
    }

    fn bytes(&mut self) -> Option<Bare> {
        self.next();
        self.skip(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
        self.take(b':').then_some(Bare::Bytes)
    }

    fn boolean(&mut self) -> Option<Bare> {
        self.next();
        match self.next()? {
            b'0' => Some(Bare::Boolean(false)),
            b'1' => Some(TRUE),
            _ => None,
        }
    }

    fn display_string(&mut self) -> Option<Bare> {
        self.next();
        if !self.take(b'"') {
            return None;
        }
        self.skip(|byte| matches!(byte, b' '..=b'~') && byte != b'"');
        self.take(b'"').then_some(Bare::DisplayString)
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dictionaries_keep_types_apart() {
        let item = |key: &str, bare| (key.to_owned(), Member::Item(bare));
        let members = dictionary("a=1, b;x=2 ,\tc=\"1\\\"\", d=?0, e=1.5, f=tok/en, a=-2").unwrap();
        let expected = vec![
            item("a", Bare::Integer(-2)),
            item("b", TRUE),
            item("c", Bare::String("1\"".to_owned())),
            item("d", Bare::Boolean(false)),
            item("e", Bare::Decimal),
            item("f", Bare::Token("tok/en".to_owned())),
        ];
        assert_eq!(members, expected);
    }

    #[test]
    fn any_error_refuses_the_whole_field() {
        for bad in [
            "A=1", "a=1,", "a=1 b=2", "a=1, &&&", "a=", "a =1", "a= 1", "a=(1 2", "a=\"x",
        ] {
            assert_eq!(dictionary(bad), None, "{bad}");
        }
        for long in ["a=1234567890123456", "a=1.2345", "a=\"\u{7f}\"", "a=?2"] {
            assert_eq!(dictionary(long), None, "{long}");
        }
    }

    #[test]
    fn lists_hold_items_and_inner_lists() {
        let members = list("\"a\", (1 2);x, :aGk=:").unwrap();
        assert_eq!(members.len(), 3);
        assert_eq!(
            members[1],
            Member::InnerList(vec![Bare::Integer(1), Bare::Integer(2)])
        );
        assert_eq!(list(""), Some(vec![]));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[ -~]{0,40}") {
            let _ = dictionary(&text);
            let _ = list(&text);
        }
    }
}
