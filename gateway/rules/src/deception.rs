//! Web cache deception: a private page that is asked for under the name of a static file.
//!
//! `/account/x.css` may be answered with the account page by an origin that ignores the rest of the
//! path. Where the extension promises one kind of content and the response is another, it is not
//! stored: [`crate::Reason::ContentTypeMismatch`].

use crate::field::trim;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Does an origin perhaps see dot segments where the key has none: behind an encoded slash or backslash
/// (`/static/..%2Faccount`), or before a path parameter (`/static/..;/account`)? The page would be stored
/// under the name, and the rules, of another folder.
#[must_use]
pub fn hides_dot_segments(path: &str) -> bool {
    let path = path.replace("%2F", "/").replace("%5C", "/");
    let mut segments = path.split(['/', '\\']);
    segments.any(|segment| {
        let name = segment.split(';').next().unwrap_or_default();
        let name = name.split("%3B").next().unwrap_or_default();
        name == "." || name == ".."
    })
}

/// Does the content type contradict the extension of the path? Paths without a well-known
/// extension, and responses without a type, contradict nothing.
#[must_use]
pub fn content_type_mismatch(path: &str, response_headers: &HeaderMap) -> bool {
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
    let fits = |types: &[&str]| types.iter().any(|t| essence.starts_with(t.as_bytes()));
    !neutral && names(path).any(|name| promised_types(name).is_some_and(|types| !fits(types)))
}

/// The last segment, and its parts where an origin may end it: at parameters, and at what others decode
/// (`%00`, `%0A`, `%23`, `%2F`, `%3B`, `%3F`, `%5C`).
fn names(path: &str) -> impl Iterator<Item = &str> {
    const ENDS: [&str; 8] = [";", "%00", "%0A", "%23", "%2F", "%3B", "%3F", "%5C"];
    let file = path.rsplit('/').next().unwrap_or_default();
    let before = |end: &&str| file.split_once(end).map(|(name, _)| name);
    std::iter::once(file).chain(ENDS.iter().filter_map(before))
}

fn promised_types(file: &str) -> Option<&'static [&'static str]> {
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
    fn dot_segments_that_only_origins_see() {
        for path in [
            "/static/..%2Faccount",
            "/static/%2F../account",
            "/static/..%5Caccount",
            "/static/..;/account",
            "/static/..%3Bx/account",
            "/static/..\\account",
        ] {
            assert!(hides_dot_segments(path), "{path}");
        }
        for path in [
            "/",
            "/a/b",
            "/a%2Fb",
            "/a..b/..c",
            "/...",
            "/a;x=..",
            "/a.b;c",
        ] {
            assert!(!hides_dot_segments(path), "{path}");
        }
    }

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
            ("/account;x.css", "text/html", true),
            ("/account/x.css;v=1", "text/html", true),
            ("/account/x.css%3Bv", "text/html", true),
            ("/account/x.js%00y", "text/html", true),
            ("/account/x.js;v=1", "text/javascript", false),
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
