//! A GraphQL request as a key: the document normalised, everything else as canonical JSON.
//!
//! Only queries have a key. What a document says is in `document`; the form of a request is that
//! of the "GraphQL over HTTP" draft, with the hashes of automatic persisted queries beside it.

mod document;
mod lexer;

use super::json::{self, Member, Value};
use super::print;
use crate::reason::Reason;
use document::{Document, OperationType};
use std::borrow::Cow;

/// The canonical text of a request that runs a query.
pub(super) fn canonical(body: &[u8]) -> Result<String, Reason> {
    let Some(Value::Object(members)) = json::parse(body) else {
        return Err(Reason::BodyNotCanonical);
    };
    let document = match member(&members, QUERY) {
        Some(Value::String(text)) => {
            let document = Document::read(text).ok_or(Reason::BodyNotCanonical)?;
            permitted(&document, member(&members, OPERATION_NAME))?;
            Some(document.text)
        }
        None | Some(Value::Null) if has_hash(&members) => None,
        _ => return Err(Reason::BodyNotCanonical),
    };
    let mut kept: Vec<Member<'_>> = members.into_iter().filter(|m| says_something(m)).collect();
    // The order of the members stays as it is: only a value changes.
    let query = kept.iter_mut().find(|(name, _)| name == QUERY);
    if let Some(((_, value), text)) = query.zip(document) {
        *value = Value::String(Cow::Owned(text));
    }
    Ok(print::canonical(&Value::Object(kept)))
}

const QUERY: &str = "query";
const OPERATION_NAME: &str = "operationName";

fn member<'a, 'b>(members: &'a [Member<'b>], name: &str) -> Option<&'a Value<'b>> {
    let found = members.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value)
}

fn permitted(document: &Document, name: Option<&Value<'_>>) -> Result<(), Reason> {
    let name = match name {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name.as_ref()),
        Some(_) => return Err(Reason::BodyNotCanonical),
    };
    match document.runs(name) {
        Some(OperationType::Query) => Ok(()),
        Some(OperationType::Mutation) => Err(Reason::GraphqlMutation),
        Some(OperationType::Subscription) => Err(Reason::GraphqlSubscription),
        None => Err(Reason::BodyNotCanonical),
    }
}

/// Does the request name its document by a hash? Whether that is a mutation is not told; an answer
/// to POST is only stored when its origin gives it an explicit lifetime, which it will not give to
/// the outcome of a mutation.
fn has_hash(members: &[Member<'_>]) -> bool {
    let hash = member(members, "extensions")
        .and_then(|extensions| inside(extensions, "persistedQuery"))
        .and_then(|persisted| inside(persisted, "sha256Hash"));
    matches!(hash, Some(Value::String(hash)) if !hash.is_empty())
}

fn inside<'a, 'b>(value: &'a Value<'b>, name: &str) -> Option<&'a Value<'b>> {
    match value {
        Value::Object(members) => member(members, name),
        Value::Null | Value::Boolean(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    }
}

/// These members say nothing when they are null or empty, so they may as well be absent.
fn says_something((name, value): &Member<'_>) -> bool {
    let empty = match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty() && name != QUERY && name != OPERATION_NAME,
        Value::Boolean(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => false,
    };
    let optional = [QUERY, OPERATION_NAME, "variables", "extensions"];
    !(empty && optional.contains(&name.as_ref()))
}

#[cfg(test)]
mod tests;
