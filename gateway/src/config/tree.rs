//! A YAML file as a tree in which every key and value knows its place.
//!
//! No meaning is given to anything here: scalars stay text, as written. `tree::build` reads the
//! file, `check` gives the text a type.

mod build;
mod path;

pub(super) use build::build;
pub(super) use path::{Path, Step};

/// One value.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(super) kind: Kind,
    pub(super) at: Span,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Scalar { text: String, style: Style },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// How a scalar is written. Only plain ones can be numbers, booleans or null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
}

/// A key and its value. Keys are unique within a map.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_at: Span,
    pub(super) value: Node,
}

/// Where something stands; lines and columns count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) width: usize,
}

impl Span {
    /// For what concerns a file as a whole.
    pub(crate) const NOWHERE: Self = Self {
        line: 0,
        column: 0,
        width: 0,
    };
}

impl Node {
    /// A map without entries: what an empty file means.
    pub(super) fn empty() -> Self {
        Self {
            kind: Kind::Map(Vec::new()),
            at: Span::NOWHERE,
        }
    }

    /// The value under `key`, where this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// The entries of a map; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            Kind::Scalar { .. } | Kind::List(_) => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Scalar { .. } | Kind::Map(_) => &[],
        }
    }

    /// A scalar as written, before variables are put in.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// `key:` with nothing after it, `~` or `null`: as if the key were not there.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, style: Style::Plain }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The value at `path`, null or not.
    pub(super) fn find(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.items().get(*index),
        })
    }

    /// Where the value at `path` stands, or the nearest thing around it.
    pub(super) fn place(&self, path: &Path) -> Span {
        let mut node = self;
        for step in path.steps() {
            let next = match step {
                Step::Key(key) => node.get(key),
                Step::Index(index) => node.items().get(*index),
            };
            let Some(next) = next else { break };
            node = next;
        }
        node.at
    }

    /// Where the key that `path` ends with stands.
    pub(super) fn key_place(&self, path: &Path) -> Span {
        let entry = path.split_last().and_then(|(parent, step)| match step {
            Step::Key(key) => self
                .find(&parent)?
                .entries()
                .iter()
                .find(|entry| entry.key == *key),
            Step::Index(_) => None,
        });
        entry.map_or_else(|| self.place(path), |entry| entry.key_at)
    }
}
