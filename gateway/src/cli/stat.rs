//! `shoal stat`: the cache in numbers, as a whole and by segment.

use super::admin_client::ask;
use super::{Admin, Exit, print};
use clap::Args;
use http::Method;
use serde_json::Value;

#[derive(Debug, Args)]
pub(super) struct Stat {
    #[command(flatten)]
    admin: Admin,
    /// The whole answer as JSON.
    #[arg(long)]
    json: bool,
}

impl Stat {
    pub(super) fn run(&self) -> Exit {
        let answer = match ask(&self.admin, &Method::GET, "/stats", None) {
            Ok(answer) if answer.status.is_success() => answer,
            Ok(answer) => return answer.refused(),
            Err(exit) => return exit,
        };
        if self.json {
            print(&answer.body);
        } else {
            whole(&answer.body);
            segments(&answer.body);
        }
        Exit::Ok
    }
}

fn whole(stats: &Value) {
    let number = |name: &str| stats[name].as_u64().unwrap_or(0);
    let row = |name: &str, value: String| print(format_args!("{name:<14} {value}"));
    let (hits, misses) = (number("hits"), number("misses"));
    row("entries", number("entries").to_string());
    let (used, most) = (number("used"), number("max_memory"));
    row(
        "memory",
        format!("{used} of {most} bytes, {}", percent(used, most)),
    );
    row(
        "look-ups",
        format!(
            "{hits} hits, {misses} misses, {}",
            percent(hits, hits + misses)
        ),
    );
    let window = stats["window"].as_f64().unwrap_or(0.0) * 100.0;
    row("window", format!("{window:.1} % of the memory"));
    row(
        "protected",
        percent(number("protected_bytes"), number("bytes")),
    );
    row("ghost hits", number("ghost_hits").to_string());
    let left = &stats["evictions"];
    row(
        "left",
        format!(
            "{} for room ({} of them for another segment), {} expired, {} invalidated",
            left["space"], left["abroad"], left["expired"], left["invalidated"]
        ),
    );
    let fills = &stats["fills"];
    row(
        "fills",
        format!("{} under way, {} bytes", fills["count"], fills["bytes"]),
    );
    let compressed = &stats["compressed"];
    row(
        "compressed",
        format!(
            "{} bodies, {} bytes, {} bytes saved",
            compressed["entries"], compressed["bytes"], compressed["saved"]
        ),
    );
    snapshot(&stats["snapshot"])
        .into_iter()
        .for_each(|said| row("snapshot", said));
}

/// What is known of snapshots, a line each.
fn snapshot(status: &Value) -> Vec<String> {
    let seconds = |part: &Value| part["seconds"].as_f64().unwrap_or(0.0);
    let mut said = Vec::new();
    if status["loading"] == true {
        said.push("is being loaded".to_owned());
    }
    let loaded = &status["loaded"];
    if loaded.is_object() {
        said.push(format!(
            "{} entries came back in {:.1} s, {} did not",
            loaded["entries"],
            seconds(loaded),
            loaded["left_out"]
        ));
    }
    let written = &status["written"];
    if written.is_object() {
        said.push(format!(
            "{} entries, {} bytes, {} s ago, in {:.1} s",
            written["entries"],
            written["bytes"],
            written["age"],
            seconds(written)
        ));
    }
    if let Some(failure) = status["failure"].as_str() {
        said.push(format!("the last one failed: {failure}"));
    }
    said
}

fn segments(stats: &Value) {
    print(format_args!(
        "\n{:>7} {:>10} {:>14} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "segment", "entries", "bytes", "protected", "hits", "misses", "room", "abroad"
    ));
    let list = stats["segments"].as_array().map_or(&[][..], Vec::as_slice);
    for (index, segment) in list.iter().enumerate() {
        let number = |name: &str| segment[name].as_u64().unwrap_or(0);
        let left = &segment["evictions"];
        print(format_args!(
            "{index:>7} {:>10} {:>14} {:>10} {:>10} {:>10} {:>8} {:>8}",
            number("entries"),
            number("bytes"),
            percent(number("protected_bytes"), number("bytes")),
            number("hits"),
            number("misses"),
            left["space"].as_u64().unwrap_or(0),
            left["abroad"].as_u64().unwrap_or(0),
        ));
    }
}

/// Of a whole that may be nothing.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    format!("{}.{} %", tenths / 10, tenths % 10)
}
