//! What can go wrong with a plugin: a script that is no plugin, and a hook that failed.
//!
//! Both know file and line. Turning the VM's own errors into these is `error/explain`.

pub(crate) mod explain;
pub(crate) mod redact;

use crate::limits::MESSAGE_BYTES_MAX;
use crate::phase::Phase;
use crate::script::Source;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A script is wrong at a known place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The plugin's file, as configured.
    pub file: PathBuf,
    /// The line, counted from one, if one is to blame.
    pub line: Option<u32>,
    /// What is wrong, in one line.
    pub message: String,
    /// The lines around it with a caret; empty without a line.
    pub snippet: String,
}

impl ScriptError {
    pub(crate) fn new(source: &Source, line: Option<u32>, message: impl Into<String>) -> Self {
        let message = one_line(&message.into());
        let snippet = line.and_then(|line| snippet(&source.text, line, &message));
        Self {
            file: source.file.clone(),
            line,
            message,
            snippet: snippet.unwrap_or_default(),
        }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        write!(out, ": {}", self.message)?;
        if !self.snippet.is_empty() {
            write!(out, "\n{}", self.snippet)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScriptError {}

/// A hook gave no decision. What then happens is the plugin's [`crate::OnError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// The script raised an error or returned what it must not.
    #[error("{phase}: {error}")]
    Script {
        /// Where in a request's life.
        phase: Phase,
        /// The error and its place.
        error: ScriptError,
    },
    /// The script ran too long. Its VM is gone; the next call builds another.
    #[error("{phase}: {}: more than {budget:?} of CPU time", Place(file, *line))]
    CpuBudget {
        /// Where in a request's life.
        phase: Phase,
        /// The plugin's file.
        file: PathBuf,
        /// The line that ran when the time was up.
        line: Option<u32>,
        /// The configured budget.
        budget: Duration,
    },
    /// The script took too much memory. Its VM is gone; the next call builds another.
    #[error("{phase}: {}: more than {limit} bytes of memory", Place(file, *line))]
    MemoryBudget {
        /// Where in a request's life.
        phase: Phase,
        /// The plugin's file.
        file: PathBuf,
        /// The line that asked for too much, where known.
        line: Option<u32>,
        /// The configured limit in bytes.
        limit: usize,
    },
    /// The plugin failed too often and is left out for a while; nothing ran.
    #[error("{phase}: {}: left out after {failures} failures in a row, next try in {retry_in:?}", file.display())]
    BreakerOpen {
        /// Where in a request's life.
        phase: Phase,
        /// The plugin's file.
        file: PathBuf,
        /// Failures in a row.
        failures: u32,
        /// Time until the next try.
        retry_in: Duration,
    },
}

impl HookError {
    /// Where in a request's life it failed.
    pub fn phase(&self) -> Phase {
        match self {
            Self::Script { phase, .. }
            | Self::CpuBudget { phase, .. }
            | Self::MemoryBudget { phase, .. }
            | Self::BreakerOpen { phase, .. } => *phase,
        }
    }

    /// The plugin's file.
    pub fn file(&self) -> &Path {
        match self {
            Self::Script { error, .. } => &error.file,
            Self::CpuBudget { file, .. }
            | Self::MemoryBudget { file, .. }
            | Self::BreakerOpen { file, .. } => file,
        }
    }

    /// The line of the script, where one is known.
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::Script { error, .. } => error.line,
            Self::CpuBudget { line, .. } | Self::MemoryBudget { line, .. } => *line,
            Self::BreakerOpen { .. } => None,
        }
    }

    /// A name for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Script { .. } => "script",
            Self::CpuBudget { .. } => "cpu-budget",
            Self::MemoryBudget { .. } => "memory-budget",
            Self::BreakerOpen { .. } => "breaker-open",
        }
    }

    /// The same as an error of the script, for those who load it.
    pub(crate) fn into_script_error(self, source: &Source) -> ScriptError {
        match self {
            Self::Script { error, .. } => error,
            Self::CpuBudget { line, budget, .. } => ScriptError::new(
                source,
                line,
                format!("more than {budget:?} of CPU time to load"),
            ),
            Self::MemoryBudget { line, limit, .. } => ScriptError::new(
                source,
                line,
                format!("more than {limit} bytes of memory to load"),
            ),
            Self::BreakerOpen { .. } => ScriptError::new(source, None, "left out"),
        }
    }
}

struct Place<'a>(&'a Path, Option<u32>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.display())?;
        self.1.map_or(Ok(()), |line| write!(out, ":{line}"))
    }
}

/// One line of bounded length, safe to log.
fn one_line(message: &str) -> String {
    let mut line = String::new();
    for c in message.trim().chars() {
        if line.len() >= MESSAGE_BYTES_MAX {
            line.push('…');
            break;
        }
        line.push(if c.is_control() { ' ' } else { c });
    }
    line
}

/// The line before, the line itself, and a caret under the word that the message quotes.
fn snippet(text: &str, line: u32, message: &str) -> Option<String> {
    let at = usize::try_from(line).ok()?.checked_sub(1)?;
    let culprit = text.lines().nth(at)?.replace('\t', " ");
    let width = line.to_string().len();
    let mut out = String::new();
    if let Some(before) = at.checked_sub(1).and_then(|at| text.lines().nth(at)) {
        let number = line - 1;
        out.push_str(format!("{number:>width$} | {}", cut(before)).trim_end());
        out.push('\n');
    }
    out.push_str(&format!("{line:>width$} | {}\n", cut(&culprit)));
    let column = quoted(message)
        .filter_map(|word| culprit.find(word))
        .last()
        .or_else(|| culprit.find(|c: char| !c.is_whitespace()))
        .unwrap_or(0);
    let column = culprit
        .get(..column)
        .map_or(0, |before| before.chars().count());
    out.push_str(&format!("{:>width$} | {:>column$}^", "", ""));
    Some(out)
}

fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message
        .split(['\'', '`'])
        .skip(1)
        .step_by(2)
        .filter(|word| !word.is_empty() && !word.starts_with('<'))
}

fn cut(line: &str) -> String {
    line.chars().take(SNIPPET_COLUMNS).collect()
}

const SNIPPET_COLUMNS: usize = 120;

#[cfg(test)]
mod tests {
    use super::snippet;

    #[test]
    fn the_caret_stands_under_the_quoted_word() {
        let text = "local P = {}\nfunction P.f(req\n  return nil + x\nend";
        let message = "expected ')', got 'return'";
        assert_eq!(
            snippet(text, 3, message).as_deref(),
            Some("2 | function P.f(req\n3 |   return nil + x\n  |   ^")
        );
        assert_eq!(snippet(text, 9, message), None);
        assert_eq!(snippet(text, 0, message), None);
    }
}
