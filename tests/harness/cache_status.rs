//! `Cache-Status` (RFC 9211), parsed just enough to assert its members one by one.
//!
//! Only the member of this cache is looked at; its name is `shoal`.

use std::fmt;

/// A `ttl` may have run down by so many seconds while the test ran.
const TTL_SLACK: i64 = 5;

/// What `shoal` said about one response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheStatus {
    parameters: Vec<(String, Option<String>)>,
}

impl CacheStatus {
    /// The last member named `shoal`.
    #[must_use]
    pub fn parse(field: &str) -> Option<Self> {
        split(field, ',').into_iter().rev().find_map(|member| {
            let mut parts = split(member, ';').into_iter();
            (parts.next()?.trim() == "shoal").then(|| Self {
                parameters: parts.map(parameter).collect(),
            })
        })
    }

    /// Whether a parameter is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|(known, _)| known == name)
    }

    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)?
            .1
            .as_deref()
    }

    /// `ttl`
    #[must_use]
    pub fn ttl(&self) -> Option<i64> {
        self.value("ttl")?.parse().ok()
    }
}

/// Splits outside quoted strings.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|c: char| {
        let outside = !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        outside && c == separator
    })
    .collect()
}

fn parameter(text: &str) -> (String, Option<String>) {
    match text.trim().split_once('=') {
        Some((name, value)) => (
            name.to_owned(),
            Some(value.trim_matches('"').replace('\\', "")),
        ),
        None => (text.trim().to_owned(), None),
    }
}

/// What a test asks of a [`CacheStatus`]; parameters that it does not name may be anything.
#[derive(Debug, Clone)]
pub struct ExpectedStatus {
    present: Vec<&'static str>,
    absent: Vec<&'static str>,
    values: Vec<(&'static str, String)>,
    ttl: Option<(i64, i64)>,
}

/// Answered from the store.
#[must_use]
pub fn hit() -> ExpectedStatus {
    ExpectedStatus {
        present: vec!["hit"],
        absent: vec!["fwd"],
        values: Vec::new(),
        ttl: None,
    }
}

/// Forwarded, for this reason of RFC 9211 section 2.2.
#[must_use]
pub fn fwd(reason: &str) -> ExpectedStatus {
    ExpectedStatus {
        present: Vec::new(),
        absent: vec!["hit"],
        values: vec![("fwd", reason.to_owned())],
        ttl: None,
    }
}

impl ExpectedStatus {
    /// The response was stored.
    #[must_use]
    pub fn stored(mut self) -> Self {
        self.present.push("stored");
        self
    }

    /// The response was not stored.
    #[must_use]
    pub fn not_stored(mut self) -> Self {
        self.absent.push("stored");
        self
    }

    /// The request waited for another one.
    #[must_use]
    pub fn collapsed(mut self) -> Self {
        self.present.push("collapsed");
        self
    }

    /// `detail`
    #[must_use]
    pub fn detail(self, detail: &str) -> Self {
        self.value("detail", detail)
    }

    /// `fwd-status`
    #[must_use]
    pub fn fwd_status(self, status: u16) -> Self {
        self.value("fwd-status", &status.to_string())
    }

    /// So many seconds of freshness are left, or a few less.
    #[must_use]
    pub fn ttl(mut self, seconds: i64) -> Self {
        self.ttl = Some((seconds - TTL_SLACK, seconds));
        self
    }

    /// Freshness ended: `ttl` is negative.
    #[must_use]
    pub fn stale(mut self) -> Self {
        self.ttl = Some((i64::MIN, -1));
        self
    }

    fn value(mut self, name: &'static str, value: &str) -> Self {
        self.values.push((name, value.to_owned()));
        self
    }

    /// What does not hold, in words.
    pub(crate) fn differences(&self, came: &CacheStatus) -> Vec<String> {
        let mut wrong = Vec::new();
        wrong.extend(
            self.present
                .iter()
                .filter(|name| !came.has(name))
                .map(|n| format!("{n} is missing")),
        );
        wrong.extend(
            self.absent
                .iter()
                .filter(|name| came.has(name))
                .map(|n| format!("{n} is there")),
        );
        for (name, value) in &self.values {
            if came.value(name) != Some(value) {
                wrong.push(format!("{name} is {:?}, not {value:?}", came.value(name)));
            }
        }
        if let Some((low, high)) = self.ttl
            && !came.ttl().is_some_and(|ttl| (low..=high).contains(&ttl))
        {
            wrong.push(format!("ttl is {:?}, not in {low}..={high}", came.ttl()));
        }
        wrong
    }
}

impl fmt::Display for ExpectedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shoal")?;
        self.present
            .iter()
            .try_for_each(|name| write!(f, "; {name}"))?;
        self.values
            .iter()
            .try_for_each(|(name, value)| write!(f, "; {name}={value}"))?;
        self.ttl
            .iter()
            .try_for_each(|(low, high)| write!(f, "; ttl in {low}..={high}"))?;
        self.absent
            .iter()
            .try_for_each(|name| write!(f, " (no {name})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_of_this_cache_is_read() {
        let came = CacheStatus::parse(
            r#"edge; hit, shoal; fwd=uri-miss; stored; ttl=300; detail="a; \"b\", c""#,
        )
        .unwrap();
        assert_eq!(came.value("fwd"), Some("uri-miss"));
        assert_eq!(came.value("detail"), Some("a; \"b\", c"));
        assert!(came.has("stored") && !came.has("hit"));
        assert!(
            fwd("uri-miss")
                .stored()
                .ttl(301)
                .differences(&came)
                .is_empty()
        );
        assert_eq!(hit().stale().differences(&came).len(), 3);
        assert_eq!(CacheStatus::parse("edge; hit"), None);
    }
}
