//! The page of reasons is made from the enum of reasons, so that no reader meets a word without its
//! sentence.
//!
//! `UPDATE=1 cargo test -p shoal-tests --test tidy` writes the table into `docs/reasons.md`. What the
//! reasons mean is said in `gateway/rules/src/reason.rs` and nowhere else.

use std::fmt::Write;
use std::{env, fs};

use shoal_rules::{Group, Reason};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reasons.md");
const BEGIN: &str = "<!-- made from the enum by the tidy test -->\n";
const END: &str = "<!-- end -->\n";

#[test]
fn the_page_of_reasons_says_what_the_enum_says() {
    let page = fs::read_to_string(PAGE).unwrap();
    let made = with_tables(&page).expect("docs/reasons.md lost the marks of its tables");
    if env::var_os("UPDATE").is_some() {
        fs::write(PAGE, made).unwrap();
        return;
    }
    assert!(
        page == made,
        "docs/reasons.md: out of step: UPDATE=1 cargo test --test tidy reasons"
    );
}

/// The page with its part between the marks made anew.
fn with_tables(page: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}{END}{after}", tables()))
}

fn tables() -> String {
    let mut text = String::new();
    for group in [
        Group::Forward,
        Group::NotStored,
        Group::Bypass,
        Group::Refused,
    ] {
        let question = match group {
            Group::Forward => "Why did no stored response answer?",
            Group::NotStored => "Why was the response not stored?",
            Group::Bypass => "Why was the cache not asked?",
            Group::Refused => "Why did the gateway answer with an error?",
        };
        let _ = write!(
            text,
            "\n## {question}\n\n| reason | what it means, what to do |\n|---|---|\n"
        );
        for reason in Reason::ALL.iter().filter(|reason| reason.group() == group) {
            let _ = writeln!(text, "| `{}` | {} |", reason.label(), reason.explanation());
        }
    }
    text.push('\n');
    text
}

#[test]
fn a_page_that_lacks_a_reason_is_out_of_step() {
    let page = format!("# Reasons\n\n{BEGIN}| `uri-miss` | |\n{END}");
    let made = with_tables(&page).unwrap();
    assert_ne!(page, made);
    assert!(made.contains("| `vary-miss` |"), "{made}");
    assert_eq!(
        with_tables(&made),
        Some(made.clone()),
        "made twice, it stays as it is"
    );
    assert_eq!(with_tables("# Reasons"), None);
}
