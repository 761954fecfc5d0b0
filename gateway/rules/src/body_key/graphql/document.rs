//! A GraphQL document in one form, and which operation of it a request runs.
//!
//! The form is the tokens with one space between them. A grammar would have to be as new as the
//! server's, and print everything that it read; tokens lose nothing. Of the structure only what
//! tells operations apart is read: definitions, their keywords and names.

use super::lexer::{self, Token};

/// The deepest nesting of brackets: far beyond what servers accept.
const DEPTH_MAX: usize = 256;

/// See the module.
#[derive(Debug)]
pub(super) struct Document {
    /// The document in its one form.
    pub(super) text: String,
    operations: Vec<Operation>,
}

#[derive(Debug)]
struct Operation {
    runs: OperationType,
    name: Option<String>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OperationType {
    Query,
    Mutation,
    Subscription,
}

impl Document {
    /// Reads a document; absent where it is none that a server would run.
    pub(super) fn read(source: &str) -> Option<Self> {
        let mut document = Self {
            text: String::with_capacity(source.len()),
            operations: Vec::new(),
        };
        let mut rest = source;
        let mut reader = Reader::default();
        while let Some(token) = lexer::next(&mut rest)? {
            document.print(token);
            document.operations.extend(reader.take(token)?);
        }
        reader.is_between().then_some(document)
    }

    /// What a request with this `operationName` runs; absent where that is not clear. Of several
    /// operations with that name, which no server should accept, the most dangerous one counts.
    pub(super) fn runs(&self, name: Option<&str>) -> Option<OperationType> {
        let named = |operation: &&Operation| match self.operations.len() {
            1 => true,
            _ => name.is_some() && operation.name.as_deref() == name,
        };
        let types = || self.operations.iter().filter(named).map(|found| found.runs);
        let dangerous = types().find(|&found| found != OperationType::Query);
        dangerous.or_else(|| types().next())
    }

    fn print(&mut self, token: Token<'_>) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        match token {
            Token::Punctuator(byte) => self.text.push(char::from(byte)),
            Token::Spread => self.text.push_str("..."),
            Token::Name(text) | Token::Number(text) | Token::Text(text) => self.text.push_str(text),
        }
    }
}

/// Finds the definitions: each ends with the bracket that closes its selection set.
#[derive(Default)]
struct Reader {
    /// The closing brackets that are awaited, outermost first.
    open: Vec<u8>,
    place: Place,
}

/// Where in a document the reader is, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// Before a definition.
    #[default]
    Between,
    /// Behind the description of a definition.
    Described,
    /// Behind the keyword of an operation, which its name may follow.
    Keyword(OperationType),
    /// Further inside a definition.
    Inside,
}

impl Reader {
    fn is_between(&self) -> bool {
        self.place == Place::Between
    }

    /// Takes the next token; the operation that has become known with it comes out. Absent where
    /// no definition is like this.
    fn take(&mut self, token: Token<'_>) -> Option<Option<Operation>> {
        let operation = |runs, name: Option<&str>| Operation {
            runs,
            name: name.map(str::to_owned),
        };
        let found = match (self.place, token) {
            (Place::Between, Token::Text(_)) => {
                self.place = Place::Described;
                return Some(None);
            }
            (Place::Between | Place::Described, Token::Name(word)) => {
                self.place = match word {
                    "query" => Place::Keyword(OperationType::Query),
                    "mutation" => Place::Keyword(OperationType::Mutation),
                    "subscription" => Place::Keyword(OperationType::Subscription),
                    "fragment" => Place::Inside,
                    // Type definitions, which no server runs.
                    _ => return None,
                };
                return Some(None);
            }
            // The short form: a selection set alone.
            (Place::Between, Token::Punctuator(b'{')) => {
                Some(operation(OperationType::Query, None))
            }
            (Place::Between | Place::Described, _) => return None,
            (Place::Keyword(runs), Token::Name(name)) => Some(operation(runs, Some(name))),
            (Place::Keyword(runs), _) => Some(operation(runs, None)),
            (Place::Inside, _) => None,
        };
        self.place = Place::Inside;
        self.bracket(token)?;
        Some(found)
    }

    fn bracket(&mut self, token: Token<'_>) -> Option<()> {
        let Token::Punctuator(byte) = token else {
            return Some(());
        };
        match byte {
            b'(' => self.open.push(b')'),
            b'[' => self.open.push(b']'),
            b'{' => self.open.push(b'}'),
            b')' | b']' | b'}' => {
                if self.open.pop() != Some(byte) {
                    return None;
                }
                if self.open.is_empty() && byte == b'}' {
                    self.place = Place::Between;
                }
            }
            _ => {}
        }
        (self.open.len() <= DEPTH_MAX).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OperationType::{Mutation, Query, Subscription};
    use proptest::prelude::*;

    #[track_caller]
    fn runs(source: &str, name: Option<&str>, expected: Option<OperationType>) {
        let document = Document::read(source);
        let found = document.and_then(|document| document.runs(name));
        assert_eq!(found, expected, "{source} with {name:?}");
    }

    #[test]
    fn the_operation_is_found_by_its_name() {
        let two = "query A { a } mutation B { b } fragment F on T { c }";
        runs(two, Some("A"), Some(Query));
        runs(two, Some("B"), Some(Mutation));
        runs(two, Some("C"), None);
        runs(two, None, None);
        runs("query A { a } mutation A { a }", Some("A"), Some(Mutation));
        runs("{ a } mutation B { b }", Some("B"), Some(Mutation));
        runs("fragment F on T { a }", None, None);
    }

    #[test]
    fn a_lone_operation_runs_under_any_name() {
        for name in [None, Some(""), Some("A"), Some("B")] {
            runs("{ a }", name, Some(Query));
            runs("query A { a }", name, Some(Query));
            runs("mutation{a}", name, Some(Mutation));
            runs(
                "subscription S @d(a: {b: 1}) { a }",
                name,
                Some(Subscription),
            );
        }
    }

    #[test]
    fn keywords_are_names_elsewhere() {
        runs(
            "query mutation { mutation subscription }",
            None,
            Some(Query),
        );
        runs(
            "mutation query($query: Int = 1) { query }",
            None,
            Some(Mutation),
        );
        runs(
            "query ($a: I = {mutation: [1]}) @d(x: {y: 1}) { a }",
            None,
            Some(Query),
        );
        runs("\"about\" mutation M { a }", None, Some(Mutation));
        runs("\"query {a}\" mutation M { a }", None, Some(Mutation));
        runs("# query {a}\nmutation M { a }", None, Some(Mutation));
        runs("fragment query on mutation { a } { b }", None, Some(Query));
    }

    #[test]
    fn what_no_server_runs_is_refused() {
        let deep = "{".repeat(DEPTH_MAX + 1) + &"}".repeat(DEPTH_MAX + 1);
        for source in [
            "{",
            "}",
            "{ a ) }",
            "{ a }}",
            "query",
            "query Q",
            "query Q(",
            "type T { a: I }",
            "a",
            "\"x\"",
            "\"x\" { a }",
            "schema { query: Q }",
            "$",
            "{ a } b",
            &deep,
        ] {
            assert!(Document::read(source).is_none(), "{source}");
        }
        runs("", None, None);
    }

    proptest! {
        #[test]
        fn a_form_is_its_own_form(source in SOURCE) {
            let Some(document) = Document::read(&source) else { return Ok(()) };
            let again = Document::read(&document.text);
            prop_assert_eq!(again.map(|again| again.text), Some(document.text));
        }

        #[test]
        fn no_source_panics(source in "\\PC{0,40}") {
            let _ = Document::read(&source);
        }
    }

    const SOURCE: &str = "(query|mutation|fragment)?( |,|\n|#[a-z]{0,3}\n){0,2}[A-C]?(\\(\\$a:I=[0-9]{1,3}\\))? ?\\{(a|b,|\\.\\.\\.F|\"x\"|#x\n|\\{c\\}|1){0,4}\\} ?";
}
