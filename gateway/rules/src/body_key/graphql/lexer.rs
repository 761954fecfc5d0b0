//! The tokens of a GraphQL document (GraphQL specification section 2.1), without what it ignores:
//! white space, line ends, commas and comments.
//!
//! Tokens keep their text, so nothing that a server could see is lost. What they mean together is
//! in `document`.

/// A token. Punctuators are one byte, except for the spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// One of `! $ & ( ) : = @ [ ] { | }`.
    Punctuator(u8),
    /// `...`
    Spread,
    Name(&'a str),
    /// An integer or a float, as written.
    Number(&'a str),
    /// A string or a block string, with its quotes and as written.
    Text(&'a str),
}

/// Takes the next token off `rest`: `Some(None)` at the end, `None` where none can be read.
pub(super) fn next<'a>(rest: &mut &'a str) -> Option<Option<Token<'a>>> {
    skip_ignored(rest)?;
    let Some(&first) = rest.as_bytes().first() else {
        return Some(None);
    };
    let token = match first {
        b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|'
        | b'}' => {
            take(rest, 1)?;
            Token::Punctuator(first)
        }
        b'.' => {
            *rest = rest.strip_prefix("...")?;
            Token::Spread
        }
        b'"' => Token::Text(take(rest, text_length(rest)?)?),
        b'-' | b'0'..=b'9' => Token::Number(take(rest, number_length(rest)?)?),
        first if is_name_start(first) => {
            let ends = |byte| !is_name_part(byte);
            let length = rest.bytes().position(ends).unwrap_or(rest.len());
            Token::Name(take(rest, length)?)
        }
        _ => return None,
    };
    Some(Some(token))
}

/// A byte order mark is refused rather than skipped: in the middle of a text readers differ on it.
fn skip_ignored(rest: &mut &str) -> Option<()> {
    loop {
        *rest = rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
        let Some(comment) = rest.strip_prefix('#') else {
            return Some(());
        };
        let end = comment.find(['\n', '\r']).unwrap_or(comment.len());
        let (comment, tail) = comment.split_at_checked(end)?;
        // For some readers these end a line, and with it the comment.
        if comment.contains(['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}', '\0']) {
            return None;
        }
        *rest = tail;
    }
}

fn text_length(text: &str) -> Option<usize> {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        return block_length(block);
    }
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at + 1),
            b'\\' => {
                bytes.next()?;
            }
            b'\n' | b'\r' => return None,
            _ => {}
        }
    }
    None
}

/// A block string ends at the first three quotes without a backslash before them. There is no
/// other escape in it.
fn block_length(block: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = block.get(at..)?;
        let quotes = rest.find("\"\"\"")?;
        if !rest.get(..quotes)?.ends_with('\\') {
            return Some(at + quotes + 6);
        }
        at += quotes + 3;
    }
}

/// Strict, since `00` is an error and `0 0` are two numbers.
fn number_length(text: &str) -> Option<usize> {
    let digits = |from: usize| {
        let rest = text.as_bytes().get(from..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (length > 0).then_some(from + length)
    };
    let byte = |at: usize| text.as_bytes().get(at).copied();
    let start = usize::from(byte(0) == Some(b'-'));
    let mut end = digits(start)?;
    if byte(start) == Some(b'0') && end > start + 1 {
        return None;
    }
    if byte(end) == Some(b'.') {
        end = digits(end + 1)?;
    }
    if matches!(byte(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(byte(end + 1), Some(b'+' | b'-')));
        end = digits(end + 1 + sign)?;
    }
    // Neither a name nor a point may follow at once.
    let ended = byte(end).is_none_or(|next| next != b'.' && !is_name_start(next));
    ended.then_some(end)
}

fn take<'a>(rest: &mut &'a str, length: usize) -> Option<&'a str> {
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}

fn is_name_start(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphabetic()
}

fn is_name_part(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(mut text: &str) -> Option<Vec<Token<'_>>> {
        let mut tokens = Vec::new();
        while let Some(token) = next(&mut text)? {
            tokens.push(token);
        }
        Some(tokens)
    }

    #[test]
    fn tokens_are_read_and_the_rest_is_ignored() {
        use Token::{Name, Number, Punctuator, Spread, Text};
        let text = "# a comment\n{,a(b:-1.5e+3 \t$c: \"x\\\"#\") ...F # end";
        let expected = vec![
            Punctuator(b'{'),
            Name("a"),
            Punctuator(b'('),
            Name("b"),
            Punctuator(b':'),
            Number("-1.5e+3"),
            Punctuator(b'$'),
            Name("c"),
            Punctuator(b':'),
            Text("\"x\\\"#\""),
            Punctuator(b')'),
            Spread,
            Name("F"),
        ];
        assert_eq!(tokens(text), Some(expected));
        assert_eq!(tokens(" ,\n"), Some(vec![]));
    }

    #[test]
    fn strings_end_where_the_specification_ends_them() {
        for text in [
            "\"\"",
            "\"a\\\\\"",
            "\"\"\"\"\"\"",
            "\"\"\"a\"b\nc\\\"\"\"d\"\"\"",
            "\"\"\"\\\\\"\"\"\"\"\"",
        ] {
            assert_eq!(tokens(text), Some(vec![Token::Text(text)]), "{text}");
        }
        for text in [
            "\"",
            "\"a\nb\"",
            "\"a\\\"",
            "\"\"\"a\"\"",
            "\"\"\"a\\\"\"\"",
        ] {
            assert_eq!(tokens(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in [
            "00",
            "-",
            "1.",
            ".5",
            "1.e3",
            "1e",
            "0x1",
            "1a",
            "1.5.2",
            "..",
            "%",
            "\u{feff}{",
            "é",
            "#\u{2028}a",
            "\0",
        ] {
            assert_eq!(tokens(text), None, "{text:?}");
        }
        for number in ["0", "-0", "10", "0.0", "1e5", "1E-5"] {
            assert_eq!(
                tokens(number),
                Some(vec![Token::Number(number)]),
                "{number}"
            );
        }
    }
}
