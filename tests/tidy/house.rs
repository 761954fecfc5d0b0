//! Rules about the repository as a whole: its manifests, its change log, its names, its links.
//!
//! Manifests are read line by line, in the form in which this workspace writes them: one dependency
//! a line, `name.workspace = true`. Rules about single files are in `lines`.

use crate::Broken;
use crate::tree::File;

/// Our own crates that a crate may name. The leaves know nothing of each other; `gateway` joins
/// them, and the tests see the gateway only as a program.
const MAY_NAME: [(&str, &[&str]); 7] = [
    ("gateway/rules/Cargo.toml", &[]),
    ("gateway/cache/Cargo.toml", &[]),
    ("plugins/Cargo.toml", &[]),
    ("cluster/Cargo.toml", &["shoal-protocol"]),
    ("cluster/protocol/Cargo.toml", &[]),
    ("tests/Cargo.toml", &["shoal-rules"]),
    (
        "benches/Cargo.toml",
        &["shoal-cache", "shoal-rules", "shoal-plugins"],
    ),
];

/// What the gateway stands on: each is a direct dependency of one of our crates.
const PACKAGES: [&str; 10] = [
    "pingora",
    "pingora-cache",
    "pingora-proxy",
    "tokio",
    "socket2",
    "serde_yaml",
    "mlua",
    "bytes",
    "prometheus",
    "tracing",
];

/// Words of the research that readers look for, and the folder that defines each as a type.
const NAMES: [(&str, &str); 5] = [
    ("SegmentedLru", "gateway/cache/"),
    ("CacheEntry", "gateway/cache/"),
    ("IncrementalCleaner", "gateway/cache/"),
    ("CacheConfig", "gateway/src/"),
    ("CacheMetrics", "gateway/src/"),
];

/// Everything that the files break together.
pub(crate) fn broken_in(files: &[File]) -> Vec<Broken> {
    let mut broken = Vec::new();
    broken.extend(files.iter().flat_map(leaf_names_leaf));
    broken.extend(
        PACKAGES
            .iter()
            .filter_map(|package| package_missing(files, package)),
    );
    broken.extend(
        NAMES
            .iter()
            .filter_map(|(name, folder)| name_missing(files, name, folder)),
    );
    broken.extend(no_unreleased(files));
    broken.extend(files.iter().flat_map(|file| dead_links(files, file)));
    broken
}

fn leaf_names_leaf(manifest: &File) -> Vec<Broken> {
    let Some((_, allowed)) = MAY_NAME.iter().find(|(path, _)| *path == manifest.path) else {
        return Vec::new();
    };
    dependencies(manifest)
        .filter(|(_, name)| {
            (*name == "shoal" || name.starts_with("shoal-")) && !allowed.contains(name)
        })
        .map(|(line, name)| Broken {
            path: manifest.path.clone(),
            line,
            rule: "star",
            instead: format!("`{name}` stays unknown here: let `gateway` join the two"),
        })
        .collect()
}

/// Line and name of each dependency of a manifest, those for tests and targets included.
fn dependencies(manifest: &File) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    manifest.lines().filter_map(move |(line, text)| {
        if text.starts_with('[') {
            inside = text.ends_with("dependencies]");
            return None;
        }
        let name = text.split(['.', '=', ' ']).next().unwrap_or("");
        (inside && !name.is_empty() && !name.starts_with('#')).then_some((line, name))
    })
}

fn package_missing(files: &[File], package: &str) -> Option<Broken> {
    let direct = files
        .iter()
        // The root's table only offers versions; a member has to take one.
        .filter(|file| file.name() == "Cargo.toml" && file.path != "Cargo.toml")
        .any(|file| dependencies(file).any(|(_, name)| name == package));
    (!direct).then(|| Broken {
        path: "Cargo.toml".to_owned(),
        line: 1,
        rule: "package",
        instead: format!("no crate depends on `{package}`: the gateway is to stand on it"),
    })
}

fn name_missing(files: &[File], name: &str, folder: &str) -> Option<Broken> {
    let defined = files
        .iter()
        .filter(|file| file.extension() == "rs" && file.path.starts_with(folder))
        .any(|file| file.lines().any(|(_, line)| defines(line, name)));
    (!defined).then(|| Broken {
        path: folder.to_owned(),
        line: 1,
        rule: "name",
        instead: format!("no type `{name}`: readers of the research look for it here"),
    })
}

fn defines(line: &str, name: &str) -> bool {
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.any(|word| matches!(word, "struct" | "enum" | "trait" | "type"))
        && words.next() == Some(name)
}

fn no_unreleased(files: &[File]) -> Option<Broken> {
    let log = files.iter().find(|file| file.path == "CHANGELOG.md");
    let first = log.and_then(|log| log.lines().find(|(_, line)| line.starts_with("## ")));
    match first {
        Some((_, "## Unreleased")) => None,
        _ => Some(Broken {
            path: "CHANGELOG.md".to_owned(),
            line: first.map_or(1, |(line, _)| line),
            rule: "change log",
            instead: "its first section is `## Unreleased`".to_owned(),
        }),
    }
}

/// Relative links of a Markdown file whose target is neither a file nor a folder of ours.
fn dead_links(files: &[File], page: &File) -> Vec<Broken> {
    if page.extension() != "md" {
        return Vec::new();
    }
    let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut broken = Vec::new();
    for (line, text) in page.lines() {
        for rest in text.split("](").skip(1) {
            let link = rest.split([')', '#', ' ']).next().unwrap_or("");
            if link.is_empty() || link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let target = joined(folder, link);
            let is_there = |file: &File| {
                let behind = file.path.strip_prefix(&target);
                behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('/'))
            };
            if !files.iter().any(is_there) {
                broken.push(Broken {
                    path: page.path.clone(),
                    line,
                    rule: "link",
                    instead: format!("nothing is at `{target}`: mend the link or write the page"),
                });
            }
        }
    }
    broken
}

fn joined(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[track_caller]
    fn check(broken: impl IntoIterator<Item = Broken>, places: &[(&str, usize)]) {
        let broken: Vec<Broken> = broken.into_iter().collect();
        let found: Vec<_> = broken.iter().map(|b| (b.path.as_str(), b.line)).collect();
        assert_eq!(found, places, "{broken:?}");
    }

    #[test]
    fn a_leaf_does_not_know_another_leaf() {
        let text = "[dependencies]\nbytes.workspace = true\nshoal-rules.workspace = true\n";
        check(
            leaf_names_leaf(&file("gateway/cache/Cargo.toml", text)),
            &[("gateway/cache/Cargo.toml", 3)],
        );
        check(leaf_names_leaf(&file("gateway/Cargo.toml", text)), &[]);
        let own_name = "[package]\nname = \"shoal-cache\"\n[dev-dependencies]\n# shoal\n";
        check(
            leaf_names_leaf(&file("gateway/cache/Cargo.toml", own_name)),
            &[],
        );
        let through_tests = "[dev-dependencies]\nshoal = { path = \"..\" }\n";
        check(
            leaf_names_leaf(&file("tests/Cargo.toml", through_tests)),
            &[("tests/Cargo.toml", 2)],
        );
    }

    #[test]
    fn a_package_that_is_only_offered_is_not_used() {
        let offered = file("Cargo.toml", "[workspace.dependencies]\nmlua = \"0.12\"\n");
        let taken = file(
            "plugins/Cargo.toml",
            "[dependencies]\nmlua.workspace = true\n",
        );
        let longer = file(
            "plugins/Cargo.toml",
            "[dependencies]\nmlua-sys.workspace = true\n",
        );
        check(
            package_missing(&[offered, longer], "mlua"),
            &[("Cargo.toml", 1)],
        );
        check(package_missing(&[taken], "mlua"), &[]);
    }

    #[test]
    fn a_name_counts_where_it_is_defined() {
        let used = file(
            "gateway/cache/src/store.rs",
            "use crate::SegmentedLru;\n// struct of\n",
        );
        let defined = file(
            "gateway/cache/src/lru.rs",
            "pub(crate) struct SegmentedLru<T> {\n",
        );
        check(
            name_missing(&[used], "SegmentedLru", "gateway/cache/"),
            &[("gateway/cache/", 1)],
        );
        check(
            name_missing(&[defined], "SegmentedLru", "gateway/cache/"),
            &[],
        );
    }

    #[test]
    fn the_change_log_begins_with_what_is_unreleased() {
        let good = "# Changes\n\n## Unreleased\n\n## 0.1.0\n";
        check(no_unreleased(&[file("CHANGELOG.md", good)]), &[]);
        check(
            no_unreleased(&[file("CHANGELOG.md", "# Changes\n\n## 0.1.0\n")]),
            &[("CHANGELOG.md", 3)],
        );
        check(no_unreleased(&[]), &[("CHANGELOG.md", 1)]);
    }

    #[test]
    fn a_link_leads_somewhere() {
        let files = [file("docs/a.md", ""), file("conf/minimal.yaml", "")];
        let good = "[a](a.md#top) [conf](../conf/) [web](https://example.com/x) [here](#part)";
        check(dead_links(&files, &file("docs/b.md", good)), &[]);
        check(
            dead_links(&files, &file("docs/b.md", "\n[c](../a.md)")),
            &[("docs/b.md", 2)],
        );
    }
}
