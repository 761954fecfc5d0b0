//! What is said about broken files: each `broken/NAME.yaml` has its text in `broken/NAME.txt`.
//!
//! With `SHOAL_UPDATE=1` the texts are written anew; read the difference before you keep it.

use shoal::config::load::{Origin, from_str};
use std::path::Path;

#[test]
fn broken_files_are_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/broken");
    let update = std::env::var_os("SHOAL_UPDATE").is_some();
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    names.sort();
    assert!(
        names.len() >= 30,
        "only {} broken files were found",
        names.len()
    );
    let mut failures = String::new();
    for path in names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let said = explain(&name, &std::fs::read_to_string(&path).unwrap());
        let expected_path = path.with_extension("txt");
        if update {
            std::fs::write(&expected_path, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if said != expected {
            failures.push_str(&difference(&name, &expected, &said));
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// What the gateway prints for one file, which must not load.
fn explain(name: &str, text: &str) -> String {
    let origin = Origin { path: name.into() };
    let env = |name: &str| match name {
        "PORT" => Some("99999".to_owned()),
        "HIDDEN" => Some("from-the-environment".to_owned()),
        _ => None,
    };
    let problems = from_str(text, &origin, &env).err();
    let said = problems.map_or_else(|| "no problem".to_owned(), |problems| problems.to_string());
    assert!(said != "no problem", "{name} loads");
    for secret in ["hunter2", "from-the-environment"] {
        assert!(!said.contains(secret), "{name} shows a secret:\n{said}");
    }
    said + "\n"
}

fn difference(name: &str, expected: &str, said: &str) -> String {
    let mut text = format!("\n=== {name}\n");
    let (expected, said): (Vec<_>, Vec<_>) = (expected.lines().collect(), said.lines().collect());
    for index in 0..expected.len().max(said.len()) {
        let (old, new) = (expected.get(index), said.get(index));
        if old == new {
            text.push_str(&format!("  {}\n", new.unwrap_or(&"")));
            continue;
        }
        for (sign, line) in [('-', old), ('+', new)] {
            if let Some(line) = line {
                text.push_str(&format!("{sign} {line}\n"));
            }
        }
    }
    text
}
