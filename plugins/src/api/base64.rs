//! `shoal.base64`: RFC 4648 section 4; reading also takes the alphabet of section 5 and no padding.

use super::argument::at_most;
use crate::limits::CODEC_BYTES_MAX;
use mlua::{Error, Lua, LuaString, Table};

/// The library table.
pub(super) fn library(lua: &Lua) -> mlua::Result<Table> {
    let base64 = lua.create_table()?;
    base64.set(
        "encode",
        lua.create_function(|_, text: LuaString| {
            let bytes = text.as_bytes();
            at_most(
                bytes.len(),
                CODEC_BYTES_MAX,
                "the text of shoal.base64.encode",
            )?;
            Ok(encode(&bytes))
        })?,
    )?;
    base64.set(
        "decode",
        lua.create_function(|lua, text: LuaString| {
            let bytes = text.as_bytes();
            at_most(
                bytes.len(),
                CODEC_BYTES_MAX,
                "the text of shoal.base64.decode",
            )?;
            let decoded = decode(&bytes).ok_or_else(|| Error::runtime("not base64"))?;
            lua.create_string(decoded)
        })?,
    )?;
    base64.set_readonly(true);
    Ok(base64)
}

fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = group
            .iter()
            .fold(0u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - group.len()));
        for place in 0..4 {
            if place <= group.len() {
                let six = (word >> (18 - 6 * place)) & 63;
                out.extend(symbol(six));
            } else {
                out.push('=');
            }
        }
    }
    out
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let symbols = text.get(..text.len() - padding)?;
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return None;
    }
    let mut out = Vec::with_capacity(symbols.len() / 4 * 3 + 2);
    for group in symbols.chunks(4) {
        let mut word = 0u32;
        for byte in group {
            word = word << 6 | value(*byte)?;
        }
        word <<= 6 * (4 - group.len());
        let bytes = word.to_be_bytes();
        // Four symbols carry three bytes, three carry two, two carry one; one carries none.
        out.extend(bytes.get(1..group.len()).filter(|_| group.len() > 1)?);
    }
    Some(out)
}

fn symbol(six: u32) -> Option<char> {
    usize::try_from(six)
        .ok()
        .and_then(|at| ALPHABET.get(at))
        .map(|byte| char::from(*byte))
}

fn value(byte: u8) -> Option<u32> {
    match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_section_10() {
        let table = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in table {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(
                decode(coded.as_bytes()).as_deref(),
                Some(plain.as_bytes()),
                "{coded}"
            );
            let bare = coded.trim_end_matches('=');
            assert_eq!(
                decode(bare.as_bytes()).as_deref(),
                Some(plain.as_bytes()),
                "{bare}"
            );
        }
        for bad in ["Z", "Zg=", "Zg===", "Z g=", "Zm9v=", "====", "Zm9vY"] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad}");
        }
    }
}
