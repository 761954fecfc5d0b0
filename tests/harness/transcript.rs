//! How messages are printed when an expectation fails.
//!
//! Only for people; nothing is decided by this text.

use crate::fields::Fields;
use std::fmt::Write as _;

/// Beyond it a body is cut in a transcript: a failure must fit a screen.
const BODY_SHOWN_MAX: usize = 240;

/// A message with `mark` before each line.
pub(crate) fn message(mark: char, start: &str, fields: &Fields, body: &[u8]) -> String {
    let mut text = format!("{mark} {start}\n");
    for (name, value) in fields.iter() {
        let _ = writeln!(text, "{mark} {name}: {value}");
    }
    if !body.is_empty() {
        let _ = writeln!(text, "{mark}\n{mark} {}", short(body));
    }
    text
}

/// A body in a few words.
pub(crate) fn short(body: &[u8]) -> String {
    let shown = body.get(..BODY_SHOWN_MAX).unwrap_or(body);
    let text = String::from_utf8_lossy(shown);
    if shown.len() < body.len() {
        format!("{text:?}… ({} bytes)", body.len())
    } else {
        format!("{text:?}")
    }
}
