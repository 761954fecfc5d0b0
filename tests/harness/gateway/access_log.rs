//! The gateway's access log.
//!
//! A line is written after its response, so a test awaits lines instead of reading at once.

use super::Gateway;
use super::process::ACCESS_LOG;
use crate::patience::eventually;
use serde_json::Value;

impl Gateway {
    /// Waits for `count` lines, and gives all that are there.
    ///
    /// # Panics
    /// When a line is no JSON.
    pub async fn access_log(&self, count: usize) -> Vec<Value> {
        self.access_log_lines(count)
            .await
            .iter()
            .map(|line| parse(line))
            .collect()
    }

    /// The same as text.
    pub async fn access_log_lines(&self, count: usize) -> Vec<String> {
        let path = self.process.folder().join(ACCESS_LOG);
        let read = async || {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            // Only lines with their end: the last one may be half-written.
            let whole = text
                .rfind('\n')
                .and_then(|end| text.get(..end))
                .unwrap_or_default();
            let lines: Vec<&str> = whole.lines().collect();
            (lines.len() >= count).then(|| lines.iter().map(|line| (*line).to_owned()).collect())
        };
        eventually(format!("{count} lines in the access log"), read).await
    }
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in the log line {line:?}"))
}
