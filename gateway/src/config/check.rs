//! Walks a file's tree along the schema, reports every misfit, and keeps what fits.
//!
//! What is kept is a value that the mirror surely accepts: unknown keys and misfits are left out of
//! it, so that `resolve` can go on and look for further problems. What words mean together is not
//! known here.

mod foreign;
mod scalar;
mod shape;
mod unknown;

use super::environment::Environment;
use super::problem::report::Report;
use super::tree::{Entry, Kind, Node, Path};
use serde_json::{Map, Value};
use shape::Shape;

/// Reads `tree` as the configuration file's mirror expects it.
pub(super) fn check(tree: &Node, env: Environment<'_>, report: &mut Report<'_>) -> Value {
    let mut checker = Checker { env, report };
    let shape = Shape::file();
    checker
        .value(tree, &shape, &Path::top())
        .unwrap_or_else(|| Value::Object(Map::new()))
}

struct Checker<'c, 's> {
    env: Environment<'c>,
    report: &'c mut Report<'s>,
}

impl Checker<'_, '_> {
    /// What is kept of `node`; `None` after a problem was reported.
    fn value(&mut self, node: &Node, shape: &Shape, path: &Path) -> Option<Value> {
        match &node.kind {
            Kind::Scalar { .. } if shape.takes_scalar() => self.scalar(node, shape, path),
            Kind::List(items) if shape.takes_list() => self.list(node, items, shape, path),
            Kind::Map(entries) if shape.takes_map() => self.map(node, entries, shape, path),
            Kind::Scalar { .. } | Kind::List(_) | Kind::Map(_) => {
                let found = match &node.kind {
                    Kind::Scalar { .. } if node.is_null() => "nothing",
                    Kind::Scalar { .. } => "a single value",
                    Kind::List(_) => "a list",
                    Kind::Map(_) => "a map",
                };
                let expected = shape.expected();
                self.report
                    .error(node.at, path, format!("expected {expected}, found {found}"));
                None
            }
        }
    }

    fn scalar(&mut self, node: &Node, shape: &Shape, path: &Path) -> Option<Value> {
        if shape.is_secret() && node.text().is_some_and(|text| !text.starts_with("file:")) {
            self.report.hide(node.at);
        }
        match scalar::read(node, shape, self.env) {
            Ok(value) => Some(value),
            Err(misfit) => {
                let problem = self.report.error(node.at, path, misfit.message);
                problem.did_you_mean(misfit.nearest);
                None
            }
        }
    }

    /// A list with a misfit is dropped as a whole: its later items would change their places.
    fn list(&mut self, node: &Node, items: &[Node], shape: &Shape, path: &Path) -> Option<Value> {
        let (least, most) = shape.length();
        if items.len() < least || items.len() > most {
            let bound = if items.len() < least { least } else { most };
            let word = if items.len() < least {
                "at least"
            } else {
                "at most"
            };
            let entries = if bound == 1 { "entry" } else { "entries" };
            self.report
                .error(node.at, path, format!("needs {word} {bound} {entries}"));
            return None;
        }
        let item_shape = shape.item();
        let read: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.value(item, &item_shape, &path.index(index)))
            .collect();
        read.into_iter()
            .collect::<Option<Vec<_>>>()
            .map(Value::Array)
    }

    fn map(&mut self, node: &Node, entries: &[Entry], shape: &Shape, path: &Path) -> Option<Value> {
        // Of several maps the first key chooses: `store: { redis: .. }`, `balance: { hash: .. }`.
        let is_choice = shape.is_choice();
        let shape = shape.choose(entries.first().map(|entry| entry.key.as_str()));
        let mut kept = Map::new();
        let mut misspelled = Vec::new();
        for entry in entries {
            let path = path.key(&entry.key);
            match shape.entry(&entry.key) {
                // `key:` with nothing after it is as if it were not there.
                Some(_) if entry.value.is_null() => {}
                Some(inner) => {
                    if let Some(value) = self.value(&entry.value, &inner, &path) {
                        kept.insert(entry.key.clone(), value);
                    }
                }
                None => misspelled.extend(unknown::report(entry, &shape, &path, self.report)),
            }
        }
        // A choice without its one key is nothing: the mirror would not know which it is.
        if is_choice && kept.is_empty() && !entries.is_empty() {
            return None;
        }
        for required in shape.required() {
            let present = entries
                .iter()
                .any(|entry| entry.key == required && !entry.value.is_null());
            if !present && !misspelled.contains(&required) {
                self.report.error(
                    node.at,
                    &path.key(required),
                    format!("\"{required}\" is missing"),
                );
            }
        }
        (!is_choice || !kept.is_empty()).then_some(Value::Object(kept))
    }
}

/// Whether the schema has the key that `path` names, such as `routes[].cache.ttl`.
#[cfg(test)]
pub(super) fn exists(path: &str) -> bool {
    let mut steps = path
        .split('.')
        .flat_map(|step| match step.strip_suffix("[]") {
            Some(step) => vec![step, "[]"],
            None => vec![step],
        });
    let end = steps.try_fold(Shape::file(), |shape, step| match step {
        "[]" => shape.takes_list().then(|| shape.item()),
        _ => shape.choose(Some(step)).entry(step),
    });
    end.is_some()
}
