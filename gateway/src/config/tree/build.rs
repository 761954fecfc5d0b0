//! Reads YAML text into a tree, from the events of the parser under `serde_yaml`.
//!
//! Duplicate keys, tags and further documents are reported, not ignored. Anchors, aliases and merge
//! keys work; how far they may unfold is bounded.

use super::{Entry, Kind, Node, Path, Span, Style};
use crate::config::problem::report::Report;
use serde_yaml::granit_parser::{Event, Options, Parser, ScalarStyle, Span as Range};
use std::collections::BTreeMap;

/// Aliases of aliases can unfold a small file into any size; a real configuration stays far below.
const NODES_MAX: usize = 200_000;

/// Reading is recursive: this depth fits every thread's stack, and the contract needs nine levels.
const DEPTH_MAX: usize = 64;

/// The first document of `source`; `None` when it is not YAML, which `report` then says.
pub(crate) fn build(source: &str, report: &mut Report<'_>) -> Option<Node> {
    let mut options = Options::default();
    options.emit_comments = false;
    let parser = Parser::new_from_str_with_options(source, options);
    let mut builder = Builder {
        parser,
        report,
        anchors: BTreeMap::new(),
        nodes: 0,
    };
    let outcome = builder.document();
    match outcome {
        Ok(node) => Some(node),
        Err(Stop { at, message }) => {
            // The schema is not known yet, so neither is which text of the line is secret.
            let line = source
                .lines()
                .nth(at.line.saturating_sub(1))
                .unwrap_or_default();
            if ["token", "key", "secret", "password"]
                .iter()
                .any(|word| line.contains(word))
            {
                report.hide(Span {
                    line: at.line,
                    column: 1,
                    width: line.chars().count(),
                });
            }
            let problem = report.error(at, &Path::top(), message);
            if line.trim_start_matches(' ').starts_with('\t') {
                problem.help("YAML is indented with spaces; tabs are not allowed");
            } else if line.chars().nth(at.column.saturating_sub(1)) == Some('*') {
                problem.help("a text that begins with `*` must be in quotes");
            }
            None
        }
    }
}

/// Why reading cannot go on.
struct Stop {
    at: Span,
    message: String,
}

type Read<T> = Result<T, Stop>;

struct Builder<'a, 'r, 's> {
    parser: Parser<'a, serde_yaml::granit_parser::StrInput<'a>>,
    report: &'r mut Report<'s>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
}

impl<'a> Builder<'a, '_, '_> {
    fn document(&mut self) -> Read<Node> {
        let mut root = None;
        while let Some((event, at)) = self.next()? {
            if root.is_some() && matches!(event, Event::DocumentStart(..)) {
                return Err(stop(
                    at,
                    "a second document: a configuration is one document",
                ));
            }
            if event.is_node() {
                root = Some(self.node(event, at, &Path::top())?);
            }
        }
        Ok(match root {
            Some(root) if !root.is_null() => root,
            Some(_) | None => Node::empty(),
        })
    }

    fn next(&mut self) -> Read<Option<(Event<'a>, Span)>> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, range))) => Ok(Some((event, span(&range)))),
            Some(Err(error)) => {
                let mark = error.marker();
                let at = Span {
                    line: mark.line(),
                    column: mark.col() + 1,
                    width: 1,
                };
                Err(stop(at, format!("not YAML: {}", error.info())))
            }
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the events are the parser's and may grow"
    )]
    fn node(&mut self, event: Event<'a>, at: Span, path: &Path) -> Read<Node> {
        self.count(1, at)?;
        if path.steps().len() > DEPTH_MAX {
            return Err(stop(
                at,
                format!("nested more than {DEPTH_MAX} levels deep"),
            ));
        }
        if event.tag().is_some() {
            self.report
                .error(at, path, "YAML tags have no meaning here")
                .help("remove the word that begins with \"!\"");
        }
        let anchor = event.anchor_id();
        let kind = match event {
            Event::Scalar(text, style, ..) => {
                let style = match style == ScalarStyle::Plain {
                    true => Style::Plain,
                    false => Style::Quoted,
                };
                Kind::Scalar {
                    text: text.into_owned(),
                    style,
                }
            }
            Event::SequenceStart(..) => Kind::List(self.items(path)?),
            Event::MappingStart(..) => Kind::Map(self.entries(path)?),
            Event::Alias(id) => return self.alias(id, at),
            other => return Err(stop(at, format!("not YAML: unexpected {other:?}"))),
        };
        let node = Node { kind, at };
        if let Some(id) = anchor.filter(|id| *id != 0) {
            self.anchors.insert(id, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, at: Span) -> Read<Node> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            return Err(stop(
                at,
                "this alias names an anchor that is not complete yet",
            ));
        };
        self.count(size(&node), at)?;
        Ok(node)
    }

    fn items(&mut self, path: &Path) -> Read<Vec<Node>> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                None | Some((Event::SequenceEnd, _)) => return Ok(items),
                Some((event, at)) => {
                    let item = self.node(event, at, &path.index(items.len()))?;
                    items.push(item);
                }
            }
        }
    }

    fn entries(&mut self, path: &Path) -> Read<Vec<Entry>> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (event, key_at) = match self.next()? {
                None | Some((Event::MappingEnd, _)) => break,
                Some(pair) => pair,
            };
            let key = self.node(event, key_at, path)?;
            let Kind::Scalar { text: key, style } = key.kind else {
                return Err(stop(key_at, "a key must be a word, not a list or a map"));
            };
            let Some((event, at)) = self.next()? else {
                break;
            };
            let value_path = path.key(&key);
            let value = self.node(event, at, &value_path)?;
            if key == "<<" && style == Style::Plain {
                merged.push(value);
            } else if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                let line = first.key_at.line;
                self.report
                    .error(key_at, &value_path, format!("duplicate key \"{key}\""))
                    .help(format!("it was given before, on line {line}"));
            } else {
                entries.push(Entry { key, key_at, value });
            }
        }
        merge(&mut entries, merged);
        Ok(entries)
    }

    fn count(&mut self, more: usize, at: Span) -> Read<()> {
        self.nodes = self.nodes.saturating_add(more);
        match self.nodes > NODES_MAX {
            true => Err(stop(
                at,
                format!("more than {NODES_MAX} values: aliases unfold too far"),
            )),
            false => Ok(()),
        }
    }
}

/// `<<: *defaults`: what the map itself says wins, then the first that is merged.
fn merge(entries: &mut Vec<Entry>, merged: Vec<Node>) {
    for node in merged {
        match node.kind {
            Kind::List(items) => merge(entries, items),
            Kind::Map(more) => {
                for entry in more {
                    if !entries.iter().any(|known| known.key == entry.key) {
                        entries.push(entry);
                    }
                }
            }
            Kind::Scalar { .. } => {}
        }
    }
}

fn size(node: &Node) -> usize {
    let inner: usize = match &node.kind {
        Kind::Scalar { .. } => 0,
        Kind::List(items) => items.iter().map(size).sum(),
        Kind::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
    };
    inner + 1
}

fn span(range: &Range) -> Span {
    let (start, end) = (&range.start, &range.end);
    let width = match end.line() == start.line() {
        true => end.col().saturating_sub(start.col()),
        false => 1,
    };
    Span {
        line: start.line(),
        column: start.col() + 1,
        width: width.max(1),
    }
}

fn stop(at: Span, message: impl Into<String>) -> Stop {
    Stop {
        at,
        message: message.into(),
    }
}
