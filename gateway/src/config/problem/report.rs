//! Gathers the problems of one file while it is checked and resolved.
//!
//! It holds the source, so that every problem can show its line, and the places of secrets, which
//! are blotted out in every line that is shown. What a problem is, `problem` says.

use super::{Place, Problem, Problems, Severity};
use crate::config::tree::{Path, Span};

/// Past this many, a file is wrong as a whole and a longer list helps nobody.
const PROBLEMS_MAX: usize = 200;

/// The problems that were found so far.
pub(crate) struct Report<'a> {
    file: String,
    lines: Vec<&'a str>,
    secrets: Vec<Span>,
    found: Vec<Problem>,
}

impl<'a> Report<'a> {
    /// Nothing was found yet in `source`, which people know as `file`.
    pub(crate) fn new(file: String, source: &'a str) -> Self {
        Self {
            file,
            lines: source.lines().collect(),
            secrets: Vec::new(),
            found: Vec::new(),
        }
    }

    /// The file cannot be used.
    pub(crate) fn error(&mut self, at: Span, path: &Path, message: impl Into<String>) -> Help<'_> {
        self.push(Severity::Error, at, path, message.into())
    }

    /// The file can be used, but its author should know.
    pub(crate) fn warning(&mut self, at: Span, path: &Path, message: impl Into<String>) {
        self.push(Severity::Warning, at, path, message.into());
    }

    /// Whether something at `path` or below it was reported.
    pub(crate) fn has_error_below(&self, path: &Path) -> bool {
        let path = path.to_string();
        self.found
            .iter()
            .any(|problem| problem.severity == Severity::Error && problem.path.starts_with(&path))
    }

    /// What stands at `at` is never shown.
    pub(crate) fn hide(&mut self, at: Span) {
        self.secrets.push(at);
    }

    /// `Err` with everything when there is an error, else the warnings.
    pub(crate) fn finish(mut self) -> Result<Vec<Problem>, Problems> {
        let mut found = std::mem::take(&mut self.found);
        for place in found
            .iter_mut()
            .filter_map(|problem| problem.place.as_mut())
        {
            place.text = self.line(place.line);
            // A caret beyond the line's end (a missing value) still stands one past it.
            let rest = place.text.chars().count().saturating_sub(place.column - 1);
            place.width = place.width.min(rest).max(1);
        }
        found.sort_by_key(|p| p.place.as_ref().map(|place| (place.line, place.column)));
        match found
            .iter()
            .any(|problem| problem.severity == Severity::Error)
        {
            true => Err(Problems(found)),
            false => Ok(found),
        }
    }

    fn push(&mut self, severity: Severity, at: Span, path: &Path, message: String) -> Help<'_> {
        let place = (at != Span::NOWHERE).then(|| Place {
            line: at.line,
            column: at.column,
            width: at.width,
            text: String::new(),
        });
        let (file, path) = (self.file.clone(), path.to_string());
        let problem = Problem {
            severity,
            message,
            path,
            file,
            place,
            help: Vec::new(),
        };
        if self.found.len() >= PROBLEMS_MAX {
            return Help(None);
        }
        self.found.push(problem);
        Help(self.found.last_mut())
    }

    /// Line `number` as it is shown: a tab takes one column, secrets are stars.
    fn line(&self, number: usize) -> String {
        let text = self
            .lines
            .get(number.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let hidden = |column: usize| {
            self.secrets.iter().any(|secret| {
                secret.line == number
                    && (secret.column..secret.column + secret.width).contains(&column)
            })
        };
        text.chars()
            .enumerate()
            .map(|(index, c)| match c {
                _ if hidden(index + 1) => '*',
                c if c.is_control() => ' ',
                c => c,
            })
            .collect()
    }
}

/// Adds advice to the problem that was just reported.
pub(crate) struct Help<'a>(Option<&'a mut Problem>);

impl Help<'_> {
    /// One more line of advice.
    pub(crate) fn help(self, line: impl Into<String>) -> Self {
        let Self(mut problem) = self;
        if let Some(problem) = &mut problem {
            problem.help.push(line.into());
        }
        Self(problem)
    }

    /// `did you mean "word"?`, where there is a word.
    pub(crate) fn did_you_mean(self, word: Option<&str>) -> Self {
        match word {
            Some(word) => self.help(format!("did you mean \"{word}\"?")),
            None => self,
        }
    }
}
