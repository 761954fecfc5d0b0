//! The table that the demo prints, row by row, and the count of rows that are not as expected.
//!
//! Plain text; colours only on a terminal, and not where `NO_COLOR` is set.

use super::cache_status::Happened;
use crate::cli::print;
use std::io::IsTerminal;
use std::time::Duration;

/// How the rows were, together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    AsExpected,
    Unexpected,
}

/// One step of the story.
pub(super) struct Row<'a> {
    pub(super) request: &'a str,
    pub(super) happened: Happened,
    /// `Cache-Status` as received; of an operator's step its answer.
    pub(super) answer: &'a str,
    pub(super) took: Duration,
    /// What was expected and is not so.
    pub(super) unmet: &'a [String],
}

/// See the module.
pub(super) struct Table {
    colors: Colors,
    steps: usize,
    unexpected: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Colors {
    None,
    Ansi,
}

const BOLD: &str = "1";
const RED: &str = "31";

/// Widths of the columns, so that a row can be printed before the next is known.
const REQUEST: usize = 29;
const HAPPENED: usize = 13;
const ANSWER: usize = 55;
const TOOK: usize = 6;

impl Table {
    pub(super) fn on_stdout() -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colors = if std::io::stdout().is_terminal() && !no_color {
            Colors::Ansi
        } else {
            Colors::None
        };
        Self {
            colors,
            steps: 0,
            unexpected: 0,
        }
    }

    /// The names of the columns.
    pub(super) fn head(&self) {
        print(format_args!(
            "\n{:REQUEST$} {:HAPPENED$} {:ANSWER$} {:>TOOK$}",
            "request", "what happened", "Cache-Status", "ms"
        ));
    }

    /// A sentence over the next rows.
    pub(super) fn chapter(&self, title: &str) {
        print(format_args!("\n{}", self.colors.paint(BOLD, title)));
    }

    /// One step, and what is wrong with it.
    pub(super) fn row(&mut self, row: &Row<'_>) {
        let Row {
            request,
            happened,
            answer,
            took,
            unmet,
        } = row;
        let ms = took.as_secs_f64() * 1000.0;
        print(format_args!(
            "{request:REQUEST$} {happened:HAPPENED$} {answer:ANSWER$} {ms:TOOK$.1}"
        ));
        for what in *unmet {
            let line = format!("    expected {what}");
            print(self.colors.paint(RED, &line));
        }
        self.steps += 1;
        self.unexpected += usize::from(!unmet.is_empty());
    }

    /// The last line.
    pub(super) fn end(self) -> Verdict {
        let (steps, unexpected) = (self.steps, self.unexpected);
        if unexpected == 0 {
            let line = format!("all {steps} steps as expected");
            print(format_args!("\n{}", self.colors.paint(BOLD, &line)));
            Verdict::AsExpected
        } else {
            let line = format!("{unexpected} of {steps} steps not as expected");
            print(format_args!("\n{}", self.colors.paint(RED, &line)));
            Verdict::Unexpected
        }
    }
}

impl Colors {
    fn paint(self, color: &str, text: &str) -> String {
        match self {
            Self::None => text.to_owned(),
            Self::Ansi => format!("\x1b[{color}m{text}\x1b[0m"),
        }
    }
}
