//! From a file to a configuration, or to everything that is wrong with it.

use super::problem::report::Report;
use super::problem::{Problem, Problems, Severity};
use super::tree::{Node, Path, Span};
use super::{Config, activity, check, file, resolve, tree};
use std::path::{Path as FsPath, PathBuf};

/// A configuration is written by people: what is larger is another file.
const FILE_MAX: usize = 4 << 20;

/// Where a configuration comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The file, as people name it. Relative paths in it start from its folder.
    pub path: PathBuf,
}

/// Reads the configuration in `path`, with the variables of this process.
pub fn from_file(path: &FsPath) -> Result<Config, Problems> {
    let refuse = |message: String| {
        Err(Problems(vec![Problem {
            severity: Severity::Error,
            message,
            path: String::new(),
            file: path.display().to_string(),
            place: None,
            help: vec![],
        }]))
    };
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return refuse(format!("cannot be read: {error}")),
    };
    if bytes.len() > FILE_MAX {
        return refuse(format!(
            "more than {} MiB: not a configuration",
            FILE_MAX >> 20
        ));
    }
    if bytes.trim_ascii().is_empty() {
        // Taken for a configuration it would close every listener and forget every route.
        return refuse("empty: it is being written, or the disk is full".to_owned());
    }
    match String::from_utf8(bytes) {
        Ok(text) => from_str(
            &text,
            &Origin {
                path: path.to_owned(),
            },
            &|name| std::env::var(name).ok(),
        ),
        Err(error) => refuse(format!(
            "not UTF-8 from byte {} on",
            error.utf8_error().valid_up_to()
        )),
    }
}

/// Reads the configuration `text`. `env` gives the variables that stand in it as `${NAME}`.
///
/// Files that it names are not opened, except those with secrets.
pub fn from_str(
    text: &str,
    origin: &Origin,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut report = Report::new(origin.path.display().to_string(), text);
    let tree = tree::build(text, &mut report).unwrap_or_else(Node::empty);
    let value = check::check(&tree, env, &mut report);
    let file: file::File = serde_json::from_value(value).unwrap_or_else(|error| {
        // `check` keeps only what the mirror accepts; if it ever errs, the file is still refused.
        report.error(
            Span::NOWHERE,
            &Path::top(),
            format!("not a configuration: {error}"),
        );
        file::File::default()
    });
    let folder = origin.path.parent().unwrap_or(FsPath::new("")).to_owned();
    let mut config = resolve::resolve(file, &tree, folder, &mut report);
    let inactive = activity::inactive(&tree);
    (config.not_active, config.unprotected) = (inactive.all, inactive.protecting);
    config.warnings = report.finish()?;
    Ok(config)
}
