//! Files that the configuration names, and secrets that it holds or keeps in files.

use super::Leaf;
use std::path::PathBuf;

/// A path; where it is relative, the configuration file's folder is its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePath(pub PathBuf);

impl Leaf for FilePath {
    const FORMAT: &'static str = "path";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty path".to_owned());
        }
        match text.strip_prefix("file:") {
            Some(_) => Err("a path stands here as it is, without `file:`".to_owned()),
            None => Ok(Self(text.into())),
        }
    }
}

/// A secret, or `file:PATH` for one that is kept in a file.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretText {
    /// As written.
    Inline(String),
    /// The content of this file, without the line's end.
    File(PathBuf),
}

impl Leaf for SecretText {
    const FORMAT: &'static str = "secret";

    fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("file:") {
            Some("") => Err("`file:` without a path".to_owned()),
            Some(path) => Ok(Self::File(path.into())),
            None => Ok(Self::Inline(text.to_owned())),
        }
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("[redacted]"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = SecretText::parse("hunter2").unwrap();
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(
            SecretText::parse("file:a/b"),
            Ok(SecretText::File("a/b".into()))
        );
        assert!(SecretText::parse("file:").is_err());
    }
}
