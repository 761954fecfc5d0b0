//! The way from the top of a configuration to one value: `routes[2].cache.ttl`.
//!
//! Problems are told with it and places are found by it; `activity` compares it with patterns.

use std::fmt;

/// A list of steps; empty for the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Path(Vec<Step>);

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a map.
    Key(String),
    /// Into a list, counted from 0.
    Index(usize),
}

impl Path {
    /// The whole file.
    pub(crate) fn top() -> Self {
        Self::default()
    }

    /// One step further, into a map.
    pub(crate) fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// One step further, into a list.
    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// From the top to the bottom.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The way to the container, and the step into it.
    pub(crate) fn split_last(&self) -> Option<(Self, &Step)> {
        let (last, parents) = self.0.split_last()?;
        Some((Self(parents.to_vec()), last))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if !key.is_empty() && key.chars().all(plain) => {
                    write!(f, "{}{key}", if depth == 0 { "" } else { "." })?;
                }
                Step::Key(key) => write!(f, "[\"{key}\"]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_people_write_it() {
        let path = Path::top()
            .key("routes")
            .index(2)
            .key("cache")
            .key("status_ttl")
            .key("404");
        assert_eq!(path.to_string(), "routes[2].cache.status_ttl.404");
        let path = Path::top().key("methods").key("/shop.v1/Get");
        assert_eq!(path.to_string(), "methods[\"/shop.v1/Get\"]");
    }
}
