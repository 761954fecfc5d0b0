//! The public HTTP cache test suite (`http-cache-tests` of npm) through the running gateway.
//!
//! Results are compared with `expected.json`, so that a behaviour changes only on purpose:
//! `UPDATE=1` rewrites it. `skip.txt` says what is left out and why; starting the suite is `suite`.
#![expect(clippy::panic, reason = "a test reports a failure by panicking")]

mod suite;

use shoal_tests::Gateway;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use suite::{Outcome, Suite};

/// How many tests of each kind the edition has after `skip.txt`. Another number means that another
/// edition ran, and that the score says something else.
const REQUIRED: usize = 120;
const OPTIMAL: usize = 86;

#[tokio::test]
async fn the_public_suite_gives_the_expected_results() {
    let Some(suite) = Suite::find() else { return };
    let origin = suite.serve().await;
    let gateway = Gateway::at(origin.address()).start().await;
    let mut outcomes = suite.run(gateway.address(), &[]).await;
    let expected = expected();
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    // The suite waits by the clock: on a busy machine a test may fail once for nothing.
    let doubtful = if update {
        failing(&outcomes)
    } else {
        differing(&outcomes, &expected)
    };
    if !doubtful.is_empty() {
        outcomes.extend(suite.run(gateway.address(), &doubtful).await);
    }
    suite::say(&score(&outcomes));
    if update {
        return write(&outcomes);
    }
    let differences: Vec<String> = differing(&outcomes, &expected)
        .iter()
        .map(|id| explain(id, &outcomes, &expected))
        .collect();
    assert!(
        differences.is_empty(),
        "{}\n{} results differ from expected.json; if that is meant: UPDATE=1 make conformance",
        differences.join("\n"),
        differences.len()
    );
}

type Outcomes = BTreeMap<String, Outcome>;
type Expected = BTreeMap<String, String>;

fn failing(outcomes: &Outcomes) -> Vec<String> {
    outcomes
        .iter()
        .filter(|(_, outcome)| !outcome.passed)
        .map(|(id, _)| id.clone())
        .collect()
}

/// Ids whose result is not the expected one, the missing and the unknown included.
fn differing(outcomes: &Outcomes, expected: &Expected) -> Vec<String> {
    let ids = outcomes
        .keys()
        .chain(expected.keys().filter(|id| !outcomes.contains_key(*id)));
    ids.filter(|id| outcomes.get(*id).map(Outcome::word) != expected.get(*id).map(String::as_str))
        .cloned()
        .collect()
}

fn explain(id: &str, outcomes: &Outcomes, expected: &Expected) -> String {
    let came = outcomes.get(id).map_or("not run", Outcome::word);
    let awaited = expected.get(id).map_or("unknown", String::as_str);
    let detail = outcomes
        .get(id)
        .map_or("", |outcome| outcome.detail.as_str());
    format!("{id}: {came}, expected {awaited} {detail}")
}

fn score(outcomes: &Outcomes) -> String {
    let count = |kind: &str| {
        let all = outcomes.values().filter(|outcome| outcome.kind == kind);
        (
            all.clone().filter(|outcome| outcome.passed).count(),
            all.count(),
        )
    };
    let ((required, of_required), (optimal, of_optimal)) = (count("required"), count("optimal"));
    assert_eq!(
        (of_required, of_optimal),
        (REQUIRED, OPTIMAL),
        "another edition of the suite"
    );
    format!("http-cache-tests: required {required}/{of_required} optimal {optimal}/{of_optimal}")
}

fn expected() -> Expected {
    let text = std::fs::read_to_string(file("expected.json")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn write(outcomes: &Outcomes) {
    let words: BTreeMap<&String, &str> = outcomes.iter().map(|(id, o)| (id, o.word())).collect();
    let text = serde_json::to_string_pretty(&words).unwrap_or_default() + "\n";
    let written = std::fs::write(file("expected.json"), text);
    assert!(written.is_ok(), "{written:?}");
}

/// A file beside this one.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("conformance")
        .join(name)
}

#[test]
fn a_result_that_changed_or_is_new_or_is_gone_differs() {
    let outcome = |passed| Outcome {
        kind: "required".to_owned(),
        passed,
        detail: String::new(),
    };
    let outcomes = Outcomes::from([
        ("same".to_owned(), outcome(true)),
        ("changed".to_owned(), outcome(false)),
        ("new".to_owned(), outcome(true)),
    ]);
    let expected = ["same", "changed", "gone"].map(|id| (id.to_owned(), "pass".to_owned()));
    assert_eq!(
        differing(&outcomes, &Expected::from(expected)),
        ["changed", "new", "gone"]
    );
}
