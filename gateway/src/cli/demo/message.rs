//! One gRPC message with one protobuf text in it, encoded by hand.
//!
//! Enough for the demo's greeter and its client, and no more: no compression, one field, one frame.

use hyper::body::Bytes;

/// gRPC's prefix: a byte for compression and four for the length.
const PREFIX: usize = 5;

/// Field 1, length-delimited: `string name = 1`.
const FIELD: u8 = 0x0a;

/// The longest text whose length is a varint of one byte.
const TEXT_MAX: usize = 127;

/// `text` as a message; `None` when it is too long.
pub(super) fn encode(text: &str) -> Option<Bytes> {
    let length = u8::try_from(text.len())
        .ok()
        .filter(|n| usize::from(*n) <= TEXT_MAX)?;
    let frame = [0, 0, 0, 0, length + 2, FIELD, length];
    Some([&frame[..], text.as_bytes()].concat().into())
}

/// The text of a message; `None` when it is something else.
pub(super) fn decode(message: &[u8]) -> Option<&str> {
    let (prefix, content) = message.split_at_checked(PREFIX)?;
    let [0, a, b, c, d] = *prefix else {
        return None;
    };
    let framed = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
    let [FIELD, length, text @ ..] = content else {
        return None;
    };
    let whole = framed == content.len() && usize::from(*length) == text.len();
    let text = std::str::from_utf8(text).ok();
    text.filter(|text| whole && text.len() <= TEXT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back() {
        for text in ["", "Shoal", "Zürich", &"x".repeat(TEXT_MAX)] {
            assert_eq!(decode(&encode(text).unwrap()), Some(text));
        }
        assert_eq!(encode(&"x".repeat(TEXT_MAX + 1)), None);
        assert_eq!(&encode("ab").unwrap()[..], b"\0\0\0\0\x04\x0a\x02ab");
    }

    #[test]
    fn anything_else_is_no_message() {
        let bad: [&[u8]; 6] = [
            b"",
            b"\0\0\0\0",
            b"\0\0\0\0\0",
            b"\x01\0\0\0\x04\x0a\x02ab",
            b"\0\0\0\0\x05\x0a\x02ab",
            b"\0\0\0\0\x04\x12\x02ab",
        ];
        for bytes in bad {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
