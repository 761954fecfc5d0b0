//! What the content of a request adds to its key (RFC 10008 section 2.7).
//!
//! Contents that mean the same have the same digest; a content whose meaning cannot be told has
//! none, and the request bypasses the cache. Reading the content, and how much of it, is the
//! caller's part; the rest of the key is in [`crate::key`].

mod graphql;
mod json;
mod media_type;
mod number;
mod print;

use crate::field::{list, singleton};
use crate::reason::Reason;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use media_type::Charset;
use std::borrow::Cow;

/// How the content of POST and QUERY enters the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyKey {
    /// It does not: such requests are not answered from the cache.
    #[default]
    Off,
    /// Byte by byte.
    Raw,
    /// As canonical JSON (RFC 8785).
    Json,
    /// As a GraphQL request: its document without what GraphQL ignores, the rest as canonical JSON.
    Graphql,
}

/// The digest of a request's content. It covers `Content-Type` and refuses a content coding: the
/// same bytes mean something else under another one, and a client that sends it wrongly must not
/// decide what others get.
///
/// # Errors
/// Why the request has no key; see [`digest`].
pub fn of_request(kind: BodyKey, headers: &HeaderMap, body: &[u8]) -> Result<[u8; 32], Reason> {
    let content_type = singleton(headers, CONTENT_TYPE).map_err(|_several| NOT_CANONICAL)?;
    let coded = |coding: &[u8]| !coding.eq_ignore_ascii_case(b"identity");
    if list(headers, CONTENT_ENCODING).any(coded) {
        return Err(NOT_CANONICAL);
    }
    digest(kind, content_type, body)
}

/// The digest of a content of the given type. A change of its form is a change of every key.
///
/// # Errors
/// - [`Reason::MethodBypass`] with [`BodyKey::Off`].
/// - [`Reason::BodyNotCanonical`] where the content is not what `kind` says.
/// - [`Reason::GraphqlMutation`] and [`Reason::GraphqlSubscription`] for such operations.
pub fn digest(kind: BodyKey, content_type: Option<&[u8]>, body: &[u8]) -> Result<[u8; 32], Reason> {
    let (tag, charset, canonical) = match kind {
        BodyKey::Off => return Err(Reason::MethodBypass),
        BodyKey::Raw => (b'r', Charset::Matters, Cow::Borrowed(body)),
        BodyKey::Json => {
            let value = json::parse(body).ok_or(NOT_CANONICAL)?;
            let text = print::canonical(&value).into_bytes();
            (b'j', Charset::IsUtf8, Cow::Owned(text))
        }
        BodyKey::Graphql => {
            let text = graphql::canonical(body)?.into_bytes();
            (b'g', Charset::IsUtf8, Cow::Owned(text))
        }
    };
    // Absent and empty differ: an origin may guess where nothing is said.
    let media_type = content_type.map(|value| media_type::normalize(value, charset));
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[tag, u8::from(media_type.is_some())]);
    let media_type = media_type.unwrap_or_default();
    let length = u64::try_from(media_type.len()).unwrap_or(u64::MAX);
    hasher.update(&length.to_le_bytes());
    hasher.update(&media_type);
    hasher.update(&canonical);
    Ok(*hasher.finalize().as_bytes())
}

const NOT_CANONICAL: Reason = Reason::BodyNotCanonical;

#[cfg(test)]
mod tests;
