//! Names that one part of the file gives and another one uses.

use super::Resolver;
use crate::config::leaf::{Leaf, Name};
use crate::config::problem::nearest::nearest;
use crate::config::tree::Path;

impl Resolver<'_, '_> {
    /// Reports the name at `path`, if the map `section` does not define it.
    pub(super) fn is_defined(&mut self, path: &Path, section: &str, name: &Name) {
        let defined = self
            .tree
            .get(section)
            .map_or(&[][..], |node| node.entries());
        if defined.iter().any(|entry| entry.key == name.0) {
            return;
        }
        let names: Vec<_> = defined.iter().map(|entry| entry.key.as_str()).collect();
        let near = nearest(&name.0, names.iter().copied());
        let all = match names.is_empty() {
            true => format!("`{section}` defines nothing"),
            false => format!("`{section}` defines: {}", names.join(", ")),
        };
        // What is shown is what the file says: the environment's values are nobody's business.
        let written = self
            .tree
            .find(path)
            .and_then(|node| node.text())
            .unwrap_or_default();
        let what = section
            .strip_suffix('s')
            .filter(|_| section != "tls")
            .unwrap_or(section);
        let message = format!("{what} \"{written}\" is not defined");
        self.error(path, message).did_you_mean(near).help(all);
    }

    /// Reports a name that cannot be used in metrics and logs.
    pub(super) fn is_name(&mut self, path: &Path, name: &str) {
        if let Err(message) = Name::parse(name) {
            self.key_error(path, message);
        }
    }
}
