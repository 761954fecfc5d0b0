//! Rules that one file keeps or breaks by itself.
//!
//! Each rule is a function from a file to what is broken in it, and each has a test that shows it
//! firing. Rules about several files together are in `house`.

use crate::Broken;
use crate::tree::File;

/// Longer than this, a file holds more than one idea.
const LINES_MAX: usize = 400;
/// The two places where everything would like to grow, with a limit of their own.
const MAGNETS: [(&str, usize); 2] = [("exchange.rs", 250), ("service.rs", 250)];
/// Extensions of files that are written as code.
const CODE: [&str; 7] = ["rs", "lua", "luau", "sh", "mjs", "js", "py"];
/// Names that say nothing about what a file is.
const EMPTY_NAMES: [&str; 5] = ["mod", "utils", "common", "helpers", "misc"];
/// Where a Pingora type may appear: beginnings of paths.
const PINGORA: [&str; 4] = [
    "gateway/src/proxy",
    "gateway/src/listen",
    "gateway/src/upstream/connect",
    "gateway/src/assemble",
];
/// Notes to oneself.
const LEFTOVERS: [&str; 2] = ["TODO", "FIXME"];
/// Folders of a developer's machine.
const MACHINE: [&str; 3] = ["/work/", "/root/", "/tmp/brief"];
/// These files must name what they forbid.
const THESE_RULES: &str = "tests/tidy/";

/// Everything that `file` breaks.
pub(crate) fn broken_in(file: &File) -> Vec<Broken> {
    let mut broken = Vec::new();
    broken.extend(too_long(file));
    broken.extend(empty_name(file));
    broken.extend(no_map(file));
    if !file.path.starts_with(THESE_RULES) {
        broken.extend(pingora_outside(file));
        broken.extend(leftover(file));
        broken.extend(machine_path(file));
    }
    broken
}

fn too_long(file: &File) -> Option<Broken> {
    let magnet = MAGNETS.iter().find(|(name, _)| file.name() == *name);
    let limit = magnet.map_or(LINES_MAX, |(_, limit)| *limit);
    let length = file.text.lines().count();
    (CODE.contains(&file.extension()) && length > limit).then(|| Broken {
        path: file.path.clone(),
        line: limit + 1,
        rule: "file length",
        instead: format!("{length} lines, {limit} at most: give its second idea its own file"),
    })
}

fn empty_name(file: &File) -> Option<Broken> {
    if !CODE.contains(&file.extension()) {
        return None;
    }
    let part = file
        .path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part));
    let empty = part.into_iter().find(|part| EMPTY_NAMES.contains(part))?;
    Some(Broken {
        path: file.path.clone(),
        line: 1,
        rule: "file name",
        instead: match empty {
            "mod" => "use `x.rs` beside the folder `x/`".to_owned(),
            _ => format!("`{empty}` has no subject: find the type that owns the code"),
        },
    })
}

fn no_map(file: &File) -> Option<Broken> {
    (file.extension() == "rs" && !file.text.starts_with("//!")).then(|| Broken {
        path: file.path.clone(),
        line: 1,
        rule: "map",
        instead: "open with `//!`: what it is, what it is not, where its neighbour is".to_owned(),
    })
}

/// Only paths into the crates count: prose, and a log filter's string, may say the name. A cache of that
/// family is one of those that benches measure.
fn pingora_outside(file: &File) -> Option<Broken> {
    let allowed = PINGORA
        .iter()
        .chain(&["benches/"])
        .any(|beginning| file.path.starts_with(beginning));
    if file.extension() != "rs" || allowed {
        return None;
    }
    let (line, _) = file.lines().find(|(_, line)| {
        let code = line.split("//").next().unwrap_or(line);
        code.match_indices("pingora").any(|(at, word)| {
            let behind = code.get(at + word.len()..).unwrap_or("");
            let behind = behind.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            ["::", ";", " as "]
                .iter()
                .any(|next| behind.starts_with(next))
        })
    })?;
    Some(Broken {
        path: file.path.clone(),
        line,
        rule: "pingora",
        instead: format!(
            "its types stay in {}: pass a type of ours",
            PINGORA.join(", ")
        ),
    })
}

fn leftover(file: &File) -> Option<Broken> {
    let (line, word) = file.lines().find_map(|(line, text)| {
        let word = LEFTOVERS.iter().find(|word| is_word_in(text, word))?;
        Some((line, word))
    })?;
    Some(Broken {
        path: file.path.clone(),
        line,
        rule: "leftover",
        instead: format!("{word}: do it, or open an issue and say here why the code is right"),
    })
}

fn is_word_in(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|part| part == word)
}

fn machine_path(file: &File) -> Option<Broken> {
    let (line, path) = file.lines().find_map(|(line, text)| {
        let path = MACHINE.iter().find(|path| {
            // `a/work/b` is somebody's folder; a path of the machine begins there.
            text.match_indices(*path).any(|(at, _)| {
                !text
                    .get(..at)
                    .unwrap_or("")
                    .ends_with(|c: char| c.is_alphanumeric() || c == '.')
            })
        })?;
        Some((line, path))
    })?;
    Some(Broken {
        path: file.path.clone(),
        line,
        rule: "machine path",
        instead: format!("`{path}` exists on one machine: use a relative path or a setting"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, rules: &[(&str, usize)]) {
        let file = File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let found: Vec<_> = broken_in(&file).iter().map(|b| (b.rule, b.line)).collect();
        assert_eq!(found, rules, "{path}");
    }

    #[test]
    fn a_long_file_is_two_files() {
        let text = |lines: usize| "//! Map.\n".repeat(lines);
        check("gateway/src/routing.rs", &text(400), &[]);
        check(
            "gateway/src/routing.rs",
            &text(401),
            &[("file length", 401)],
        );
        check(
            "gateway/src/exchange.rs",
            &text(251),
            &[("file length", 251)],
        );
        check("gateway/src/proxy/service.rs", &text(250), &[]);
        check("docs/caching.md", &text(1000), &[]);
    }

    #[test]
    fn a_name_says_what_the_file_is() {
        check("gateway/src/proxy/mod.rs", "//! Map.", &[("file name", 1)]);
        check("gateway/src/utils.rs", "//! Map.", &[("file name", 1)]);
        check("tests/helpers/server.rs", "//! Map.", &[("file name", 1)]);
        check("plugins/lua/common.lua", "-- Rule.", &[("file name", 1)]);
        check("gateway/src/modes.rs", "//! Map.", &[]);
    }

    #[test]
    fn a_source_file_opens_with_a_map() {
        check("gateway/src/clock.rs", "use std::time;", &[("map", 1)]);
        check("gateway/src/clock.rs", "", &[("map", 1)]);
        check("plugins/lua/a.lua", "return {}", &[]);
    }

    #[test]
    fn pingora_stays_behind_its_border() {
        let code = "//! No Pingora.\n// pingora_cache has one too\nuse pingora_cache::Storage;\n";
        check("gateway/src/caching.rs", code, &[("pingora", 3)]);
        check(
            "gateway/src/routing.rs",
            "//! Map.\nfn f(s: pingora::Session);",
            &[("pingora", 2)],
        );
        check("gateway/src/proxy/storage.rs", code, &[]);
        check("gateway/src/assemble.rs", code, &[]);
        check(
            "gateway/src/telemetry.rs",
            "//! Map.\nconst FILTER: &str = \"pingora_core=warn\";",
            &[],
        );
        check("gateway/Cargo.toml", "pingora.workspace = true", &[]);
    }

    #[test]
    fn a_note_to_oneself_does_not_land() {
        check(
            "gateway/src/clock.rs",
            "//! Map.\n// TODO: later",
            &[("leftover", 2)],
        );
        check("docs/plugins.md", "FIXME", &[("leftover", 1)]);
        check("gateway/src/clock.rs", "//! TODOS is a list.", &[]);
    }

    #[test]
    fn a_path_of_one_machine_does_not_land() {
        check("README.md", "see /work/main", &[("machine path", 1)]);
        check(
            "benches/run.sh",
            "cd x\ncat \"/root/.cargo\"",
            &[("machine path", 2)],
        );
        check("docs/a.md", "https://host.example/work/list ./work/x", &[]);
    }
}
