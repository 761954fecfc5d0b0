//! The text files of the repository, as git lists them.
//!
//! Files that are new and not ignored count too, so that a rule speaks before the commit. Without
//! git the folder is walked. What the rules demand of a file is in `lines` and `house`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that a walk without git passes over: what builds and downloads leave behind.
const NOT_OURS: [&str; 4] = [".git", "target", ".deps", "node_modules"];

/// One text file: its path from the root with `/`, and what it says.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The part of the name behind its last dot.
    pub(crate) fn extension(&self) -> &str {
        self.name()
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
    }

    /// The lines with their numbers from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }
}

/// Every text file below `root`. Files that are not UTF-8 are data and are left out.
pub(crate) fn files(root: &Path) -> Vec<File> {
    let paths = listed_by_git(root).unwrap_or_else(|| walked(root, Path::new("")));
    paths
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(root.join(&path)).ok()?;
            Some(File {
                path: path.to_str()?.to_owned(),
                text,
            })
        })
        .collect()
}

fn listed_by_git(root: &Path) -> Option<Vec<PathBuf>> {
    let listing = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success() && !output.stdout.is_empty())?;
    let listing = String::from_utf8(listing.stdout).ok()?;
    Some(
        listing
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
            .collect(),
    )
}

fn walked(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(folder))
        .into_iter()
        .flatten()
        .flatten()
    {
        let path = folder.join(entry.file_name());
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder {
            found.push(path);
        } else if !NOT_OURS.iter().any(|name| path.ends_with(name)) {
            found.extend(walked(root, &path));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_and_a_plain_walk_both_find_this_file() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tidy");
        let walk = walked(&root, Path::new(""));
        assert!(walk.contains(&PathBuf::from("tree.rs")), "{walk:?}");
        assert!(files(&root).iter().any(|file| file.name() == "tree.rs"));
    }
}
