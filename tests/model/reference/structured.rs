//! Dictionaries of Structured Fields (RFC 9651 section 4.2.2), as far as targeted fields need them.
//!
//! What the members mean is `control`.

/// A value without its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bare {
    Integer(i64),
    Boolean(bool),
    String(String),
    /// Tokens, decimals, inner lists: nothing that a directive takes.
    Other,
}

/// The members, a key once with its last value; absent when there is an error anywhere.
pub(super) fn dictionary(text: &str) -> Option<Vec<(String, Bare)>> {
    let mut reader = Reader(text.trim_matches(' '));
    let mut members: Vec<(String, Bare)> = Vec::new();
    while !reader.0.is_empty() {
        let key = reader.key()?;
        let value = if reader.take('=') {
            reader.member()?
        } else {
            reader.parameters()?;
            Bare::Boolean(true)
        };
        members.retain(|(known, _)| *known != key);
        members.push((key, value));
        reader.0 = reader.0.trim_start_matches([' ', '\t']);
        if reader.0.is_empty() {
            break;
        }
        if !reader.take(',') {
            return None;
        }
        reader.0 = reader.0.trim_start_matches([' ', '\t']);
        if reader.0.is_empty() {
            return None; // A comma at the end.
        }
    }
    Some(members)
}

struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn take(&mut self, character: char) -> bool {
        match self.0.strip_prefix(character) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn run(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let end = self.0.find(|character| !belongs(character));
        let (run, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        run.to_owned()
    }

    fn key(&mut self) -> Option<String> {
        let starts = self
            .0
            .starts_with(|c: char| c.is_ascii_lowercase() || c == '*');
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c);
        starts.then(|| self.run(inside))
    }

    fn member(&mut self) -> Option<Bare> {
        if !self.take('(') {
            let value = self.bare()?;
            self.parameters()?;
            return Some(value);
        }
        loop {
            self.run(|c| c == ' ');
            if self.take(')') {
                self.parameters()?;
                return Some(Bare::Other);
            }
            self.bare()?;
            self.parameters()?;
            if !self.0.starts_with([' ', ')']) {
                return None;
            }
        }
    }

    fn parameters(&mut self) -> Option<()> {
        while self.take(';') {
            self.run(|c| c == ' ');
            self.key()?;
            if self.take('=') {
                self.bare()?;
            }
        }
        Some(())
    }

    fn bare(&mut self) -> Option<Bare> {
        let first = self.0.chars().next()?;
        if first == '-' || first.is_ascii_digit() {
            return self.number();
        }
        if first == '"' {
            return self.string();
        }
        if self.take('?') {
            let word = self.run(|c| c.is_ascii_digit());
            return match word.as_str() {
                "0" => Some(Bare::Boolean(false)),
                "1" => Some(Bare::Boolean(true)),
                _ => None,
            };
        }
        let token = first.is_ascii_alphabetic() || first == '*';
        let inside = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c);
        token.then(|| {
            self.run(inside);
            Bare::Other
        })
    }

    fn number(&mut self) -> Option<Bare> {
        let sign = if self.take('-') { -1 } else { 1 };
        let whole = self.run(|c| c.is_ascii_digit());
        if whole.is_empty() || whole.len() > 15 {
            return None;
        }
        if self.take('.') {
            let fraction = self.run(|c| c.is_ascii_digit());
            let fits = (1..=3).contains(&fraction.len()) && whole.len() <= 12;
            return fits.then_some(Bare::Other);
        }
        whole
            .parse::<i64>()
            .ok()
            .map(|value| Bare::Integer(sign * value))
    }

    fn string(&mut self) -> Option<Bare> {
        self.take('"');
        let mut text = String::new();
        let mut characters = self.0.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return Some(Bare::String(text));
                }
                '\\' => text.push(characters.next().map(|(_, next)| next)?),
                ' '..='~' => text.push(character),
                _ => return None,
            }
        }
        None
    }
}
