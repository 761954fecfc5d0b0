//! Field lines in order, as reference, origin and client of the model see them.
//!
//! Plain text on purpose: nothing is validated or normalised here, since odd spellings are the point.

/// Name and value of each line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

impl Fields {
    /// One line more.
    pub(crate) fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// No line of this name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(line, _)| !line.eq_ignore_ascii_case(name));
    }

    /// The value of each line of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = move |(line, value): &'a (String, String)| {
            line.eq_ignore_ascii_case(name).then_some(value.as_str())
        };
        self.0.iter().filter_map(named)
    }

    /// The first line of this name.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.iter();
        let line = lines.find(|(line, _)| line.eq_ignore_ascii_case(name))?;
        Some(&line.1)
    }

    /// All lines of this name as one (RFC 9110 section 5.3).
    pub(crate) fn joined(&self, name: &str) -> Option<String> {
        let lines: Vec<&str> = self.all(name).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// Whether a line of this name is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// The members of all lines of this name, split at commas outside of quotes, without empty ones
    /// (RFC 9110 section 5.6.1).
    pub(crate) fn members(&self, name: &str) -> Vec<String> {
        self.all(name).flat_map(members).collect()
    }
}

/// The members of one line.
pub(crate) fn members(line: &str) -> Vec<String> {
    let (mut found, mut member, mut quoted, mut escaped) =
        (Vec::new(), String::new(), false, false);
    for character in line.chars() {
        if escaped {
            escaped = false;
        } else if quoted && character == '\\' {
            escaped = true;
        } else if character == '"' {
            quoted = !quoted;
        } else if character == ',' && !quoted {
            found.push(std::mem::take(&mut member));
            continue;
        }
        member.push(character);
    }
    found.push(member);
    let trimmed = found.iter().map(|member| member.trim().to_owned());
    trimmed.filter(|member| !member.is_empty()).collect()
}
