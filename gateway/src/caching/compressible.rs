//! Whether a stored body is of a kind that compression makes smaller, by its stored head.
//!
//! Only kinds that are known not to shrink are named: of all others the engine tries a sample.

use super::stored_response::Stored;
use http::{HeaderMap, header};

/// For the engine, which cannot read a head. The bytes of a part have none, and stay as they came.
pub fn compressible(meta: &[u8]) -> bool {
    match Stored::decode(meta) {
        Some(Stored::Response(response)) => shrinks(&response.headers),
        Some(Stored::VaryIndex(_) | Stored::Parts(_) | Stored::Part) | None => false,
    }
}

fn shrinks(headers: &HeaderMap) -> bool {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return false;
    }
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.map_or(&[][..], |value| value.as_bytes());
    let begins = |kind: &str| {
        let start = content_type.get(..kind.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(kind.as_bytes()))
    };
    begins("image/svg+xml")
        || !["image/", "video/", "audio/"]
            .iter()
            .any(|kind| begins(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn pictures_sound_and_what_is_encoded_already_stay_as_they_are() {
        for (fields, expected) in [
            (&[][..], true),
            (&[("content-type", "application/json")], true),
            (&[("content-type", "Image/PNG")], false),
            (&[("content-type", "image/svg+xml; charset=utf-8")], true),
            (&[("content-type", "video/mp4")], false),
            (&[("content-type", "audio/ogg")], false),
            (
                &[("content-type", "text/html"), ("content-encoding", "br")],
                false,
            ),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(shrinks(&headers), expected, "{fields:?}");
        }
    }

    #[test]
    fn what_has_no_head_stays_as_it_is() {
        assert!(!compressible(b"nonsense"));
        assert!(!compressible(&Stored::Part.encode("host/").unwrap()));
    }
}
