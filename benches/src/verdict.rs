//! The last line of a bench: its figure beside its goal.
//!
//! People and scripts read the same line. A goal that was missed is `SHORT` and exits with 1.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// What was measured and what it should have been, in one unit.
#[derive(Debug, Clone, Copy)]
pub enum Verdict {
    /// The figure has to stay at or below the goal.
    AtMost {
        /// What was measured.
        figure: f64,
        /// What it should have been.
        goal: f64,
        /// Of both.
        unit: &'static str,
    },
    /// The figure has to reach the goal.
    AtLeast {
        /// What was measured.
        figure: f64,
        /// What it should have been.
        goal: f64,
        /// Of both.
        unit: &'static str,
    },
    /// Another condition of the bench does not hold, so that its figure says nothing.
    Void {
        /// What does not hold.
        why: &'static str,
    },
}

impl Verdict {
    /// Prints `NAME: figure goal <= goal PASS|SHORT` and gives the exit code for it.
    pub fn announce(self, name: &str) -> ExitCode {
        say(format_args!("{name}: {self}"));
        if self.is_pass() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn is_pass(self) -> bool {
        match self {
            Self::AtMost { figure, goal, .. } => figure <= goal,
            Self::AtLeast { figure, goal, .. } => figure >= goal,
            Self::Void { .. } => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_pass() { "PASS" } else { "SHORT" };
        match self {
            Self::AtMost { figure, goal, unit } => {
                write!(f, "{figure:.1} {unit} goal <= {goal:.1} {unit} {word}")
            }
            Self::AtLeast { figure, goal, unit } => {
                write!(f, "{figure:.1} {unit} goal >= {goal:.1} {unit} {word}")
            }
            Self::Void { why } => write!(f, "no figure, {why} {word}"),
        }
    }
}

/// Prints a line for each verdict, by its name, and gives the exit code for them all.
pub fn announce_all(verdicts: &[(String, Verdict)]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (name, verdict) in verdicts {
        say(format_args!("{name}: {verdict}"));
        if !verdict.is_pass() {
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// The end of a bench: its verdicts, or why it has none, which is an exit code as well.
pub fn announce_measured(name: &str, measured: io::Result<Vec<(String, Verdict)>>) -> ExitCode {
    match measured {
        Ok(verdicts) => announce_all(&verdicts),
        Err(error) => {
            say(format_args!("{name}: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints one line of a bench's report.
#[expect(clippy::print_stdout, reason = "a bench's report is what it is for")]
pub fn say(line: fmt::Arguments<'_>) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_figure_goal_and_word() {
        let within = Verdict::AtMost {
            figure: 540.25,
            goal: 577.6,
            unit: "MiB",
        };
        assert_eq!(within.to_string(), "540.2 MiB goal <= 577.6 MiB PASS");
        let above = Verdict::AtMost {
            figure: 600.0,
            goal: 577.6,
            unit: "MiB",
        };
        assert_eq!(above.to_string(), "600.0 MiB goal <= 577.6 MiB SHORT");
        let short = Verdict::AtLeast {
            figure: 9.96,
            goal: 10.0,
            unit: "%",
        };
        assert_eq!(short.to_string(), "10.0 % goal >= 10.0 % SHORT");
        let void = Verdict::Void {
            why: "nothing was stored",
        };
        assert_eq!(void.to_string(), "no figure, nothing was stored SHORT");
    }
}
