//! A mistake in a configuration file, told so that its author can mend it.
//!
//! A problem knows its place, its path and what would be right; it never shows a secret. Problems
//! are gathered by `problem::report`, so that one run names all of them.

pub(super) mod nearest;
pub(super) mod report;

use serde::Serialize;
use std::fmt;

/// Whether a configuration with this problem can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but it does not do what its author is likely to want.
    Warning,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether the file can be used.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The keys from the top of the file, such as `routes[2].upstream`; empty for the whole file.
    pub path: String,
    /// The file's name as it was given.
    pub file: String,
    /// Where in the file.
    pub place: Option<Place>,
    /// What would be right, a line each.
    pub help: Vec<String>,
}

/// A position in a file, for people: lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// How many characters are meant.
    pub width: usize,
    /// The line's text, with secrets blotted out.
    pub text: String,
}

/// Every problem of one file, in the order of the file. At least one is an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(f, "{severity}: {}", self.message)?;
        match &self.place {
            Some(place) => writeln!(f, "  --> {}:{}:{}", self.file, place.line, place.column)?,
            None => writeln!(f, "  --> {}", self.file)?,
        }
        if let Some(place) = &self.place {
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            writeln!(f, " {margin} |")?;
            writeln!(f, " {number} | {}", place.text)?;
            let indent = " ".repeat(place.column.saturating_sub(1));
            writeln!(f, " {margin} | {indent}{}", "^".repeat(place.width))?;
        }
        if !self.path.is_empty() {
            writeln!(f, "  path: {}", self.path)?;
        }
        self.help
            .iter()
            .try_for_each(|line| writeln!(f, "  {line}"))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "{problem}")?;
        }
        let warnings = self
            .0
            .iter()
            .filter(|p| p.severity == Severity::Warning)
            .count();
        let errors = self.0.len() - warnings;
        write!(
            f,
            "{errors} {}",
            if errors == 1 { "error" } else { "errors" }
        )?;
        match warnings {
            0 => Ok(()),
            1 => f.write_str(", 1 warning"),
            _ => write!(f, ", {warnings} warnings"),
        }
    }
}
