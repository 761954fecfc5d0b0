//! The rules of the house, as a test: plain `cargo test` names the file, the line and the way out.
//!
//! `lines` judges one file at a time, `house` the repository as a whole, `tree` finds the files,
//! `reasons` keeps one page in step with one enum. What rustc, clippy and rustfmt can say is left
//! to them.

mod house;
mod lines;
mod reasons;
mod tree;

use std::fmt;
use std::path::Path;

/// One broken rule, printed as `path:line: rule: what to do instead`.
#[derive(Debug, PartialEq)]
struct Broken {
    path: String,
    line: usize,
    rule: &'static str,
    instead: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}: {}",
            self.path, self.line, self.rule, self.instead
        )
    }
}

#[test]
fn the_repository_keeps_the_rules_of_the_house() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = tree::files(&root);
    assert!(
        files.iter().any(|file| file.path == "Cargo.toml"),
        "no repository around the tests"
    );

    let mut broken: Vec<Broken> = files.iter().flat_map(lines::broken_in).collect();
    broken.extend(house::broken_in(&files));
    let report: Vec<String> = broken.iter().map(Broken::to_string).collect();
    assert!(
        report.is_empty(),
        "{} rules broken:\n{}",
        report.len(),
        report.join("\n")
    );
}

#[test]
fn a_broken_rule_prints_where_it_is_and_the_way_out() {
    let broken = Broken {
        path: "gateway/src/mod.rs".to_owned(),
        line: 1,
        rule: "file name",
        instead: "name it after its subject".to_owned(),
    };
    assert_eq!(
        broken.to_string(),
        "gateway/src/mod.rs:1: file name: name it after its subject"
    );
}
