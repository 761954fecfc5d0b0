//! Header fields as they stand on the wire: in order, repeated lines kept.
//!
//! Not `http::HeaderMap`, since a test must also write and see what that type refuses.

/// The field lines of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The values of all lines of this name, joined by `, `.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let lines = self.all(name);
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// Each line of this name.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.iter()
            .filter(|(line, _)| line.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }

    /// Whether a line of this name is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.iter().any(|(line, _)| line.eq_ignore_ascii_case(name))
    }

    /// Whether the comma-separated list of this name contains `token`, in any case.
    #[must_use]
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.get(name).is_some_and(|list| {
            list.split(',')
                .any(|member| member.trim().eq_ignore_ascii_case(token))
        })
    }

    /// Name and value of every line.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds a member to the first line of this name, or the line.
    pub(crate) fn append(&mut self, name: &str, member: &str) {
        match self
            .0
            .iter_mut()
            .find(|(line, _)| line.eq_ignore_ascii_case(name))
        {
            Some((_, value)) => {
                value.push_str(", ");
                value.push_str(member);
            }
            None => self.push(name, member),
        }
    }

    pub(crate) fn from_map(map: &http::HeaderMap) -> Self {
        let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        };
        Self(map.iter().map(line).collect())
    }

    pub(crate) fn write(&self, wire: &mut String) {
        for (name, value) in self.iter() {
            wire.push_str(name);
            wire.push_str(": ");
            wire.push_str(value);
            wire.push_str("\r\n");
        }
    }
}

/// An entity tag as it is written: quotes are added where they are missing.
pub(crate) fn entity_tag(tag: &str) -> String {
    let written = tag == "*" || tag.starts_with('"') || tag.starts_with("W/");
    if written {
        tag.to_owned()
    } else {
        format!("\"{tag}\"")
    }
}
