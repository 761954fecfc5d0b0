//! Web cache deception: a private page that is asked for under the name of a static file.
//!
//! `/account/x.css` may be answered with the account page by an origin that ignores the rest of the
//! path. Where the extension promises one kind of content and the response is another, it is not
//! stored: [`crate::Reason::ContentTypeMismatch`].

use crate::field::trim;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Does the content type contradict the extension of the path? Paths without a well-known
/// extension, and responses without a type, contradict nothing.
#[must_use]
pub fn content_type_mismatch(path: &str, response_headers: &HeaderMap) -> bool {
    let Some(promised) = promised_types(path) else {
        return false;
    };
    let Some(value) = response_headers.get(CONTENT_TYPE) else {
        return false;
    };
    let essence = value
        .as_bytes()
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default();
    let essence = trim(essence).to_ascii_lowercase();
    let neutral = essence == b"application/octet-stream";
    !neutral
        && !promised
            .iter()
            .any(|prefix| essence.starts_with(prefix.as_bytes()))
}

fn promised_types(path: &str) -> Option<&'static [&'static str]> {
    let file = path.rsplit('/').next()?;
    let (_, extension) = file.rsplit_once('.')?;
    let known =
        |(names, _): &&(&[&str], _)| names.iter().any(|n| extension.eq_ignore_ascii_case(n));
    PROMISES.iter().find(known).map(|(_, types)| *types)
}

/// Extensions, and the beginnings of the types that go with them. Text types are lenient: servers
/// often have `text/plain` for what they do not know.
const PROMISES: &[(&[&str], &[&str])] = &[
    (&["css"], &["text/css", "text/plain"]),
    (
        &["js", "mjs"],
        &[
            "text/javascript",
            "application/javascript",
            "application/x-javascript",
            "text/plain",
        ],
    ),
    (
        &[
            "png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "bmp", "tif", "tiff", "svg", "svgz",
        ],
        &["image/"],
    ),
    (
        &["woff", "woff2", "ttf", "otf", "eot"],
        &[
            "font/",
            "application/font",
            "application/x-font",
            "application/vnd.ms-fontobject",
        ],
    ),
    (&["mp4", "webm", "mov", "mkv", "avi"], &["video/"]),
    (
        &["mp3", "ogg", "flac", "wav", "m4a"],
        &["audio/", "video/ogg", "application/ogg"],
    ),
    (&["pdf"], &["application/pdf"]),
    (
        &["zip", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar"],
        &["application/"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_page_under_the_name_of_a_file_is_a_mismatch() {
        let mismatch = |path: &str, content_type: &'static str| {
            let field = (CONTENT_TYPE, HeaderValue::from_static(content_type));
            content_type_mismatch(path, &[field].into_iter().collect())
        };
        for (path, content_type, expected) in [
            ("/account/x.css", "text/html; charset=utf-8", true),
            ("/account/x.CSS", "Text/CSS", false),
            ("/account/x.js", "application/json", true),
            ("/a.jpg", "image/webp", false),
            ("/a.png", "text/html", true),
            ("/a.png", "application/octet-stream", false),
            ("/account", "text/html", false),
            ("/v1.2/account", "text/html", false),
            ("/page.html", "text/html", false),
        ] {
            assert_eq!(
                mismatch(path, content_type),
                expected,
                "{path} {content_type}"
            );
        }
        assert!(!content_type_mismatch("/x.css", &HeaderMap::new()));
    }
}
