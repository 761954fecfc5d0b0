//! Which header fields a plugin may edit, and with what.
//!
//! Framing and hop-by-hop fields belong to the connection (RFC 9110 section 7.6.1); a script that
//! could set them could split messages.

use super::argument::at_most;
use crate::limits::{HEADER_BYTES_MAX, HEADER_EDITS_MAX};
use crate::verdict::HeaderEdit;
use mlua::{Error, LuaString};

/// Adds an edit to a list that has a limit.
pub(super) fn push(edits: &mut Vec<HeaderEdit>, edit: HeaderEdit) -> mlua::Result<()> {
    if edits.len() >= HEADER_EDITS_MAX {
        return Err(Error::runtime(format!(
            "more than {HEADER_EDITS_MAX} header edits"
        )));
    }
    edits.push(edit);
    Ok(())
}

/// `Set` with a checked name and value.
pub(super) fn set(name: &LuaString, value: &LuaString) -> mlua::Result<HeaderEdit> {
    Ok(HeaderEdit::Set {
        name: editable(name)?,
        value: content(value)?,
    })
}

/// `Remove` with a checked name.
pub(super) fn remove(name: &LuaString) -> mlua::Result<HeaderEdit> {
    Ok(HeaderEdit::Remove {
        name: editable(name)?,
    })
}

/// A field name in lower case (RFC 9110 section 5.6.2).
pub(super) fn token(name: &LuaString) -> mlua::Result<String> {
    let bytes = name.as_bytes();
    at_most(bytes.len(), HEADER_BYTES_MAX, "a header name")?;
    let symbol = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if bytes.is_empty() || !bytes.iter().all(symbol) {
        return Err(Error::runtime(
            "a header name has only letters, digits and -_.!#$%&'*+^`|~",
        ));
    }
    Ok(String::from_utf8_lossy(&bytes).to_ascii_lowercase())
}

fn editable(name: &LuaString) -> mlua::Result<String> {
    let name = token(name)?;
    if CONNECTION_FIELDS.contains(&name.as_str()) {
        return Err(Error::runtime(format!(
            "the header `{name}` belongs to the connection"
        )));
    }
    Ok(name)
}

fn content(value: &LuaString) -> mlua::Result<String> {
    let bytes = value.as_bytes();
    at_most(bytes.len(), HEADER_BYTES_MAX, "a header value")?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_not_utf8| Error::runtime("a header value is not UTF-8"))?;
    // RFC 9110 section 5.5: CR, LF and NUL would end the field early.
    if text
        .bytes()
        .any(|byte| byte != b'\t' && byte.is_ascii_control())
    {
        return Err(Error::runtime("a header value has a control character"));
    }
    Ok(text.trim().to_owned())
}

const CONNECTION_FIELDS: [&str; 11] = [
    "connection",
    "content-length",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];
