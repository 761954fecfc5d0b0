//! What `Location` and `Content-Location` name (RFC 3986 section 5), as far as the generator goes.

use crate::sequence::HOST;

/// The path that a reference names, seen from `base`; absent when it is of another origin.
pub(super) fn same_origin(base: &str, reference: &str) -> Option<String> {
    let (scheme, rest) = match reference.split_once("://") {
        Some((scheme, rest)) => (scheme, Some(rest)),
        None => ("http", reference.strip_prefix("//")),
    };
    let path = match rest {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/')?);
            let authority = authority.to_ascii_lowercase();
            // RFC 9110 section 4.2.3: case and the default port make no other origin.
            let host = authority.strip_suffix(":80").unwrap_or(&authority);
            if host != HOST || scheme != "http" {
                return None;
            }
            path.to_owned()
        }
        None if reference.starts_with('/') => reference.to_owned(),
        None => {
            let folder = base.rfind('/').map_or("", |slash| &base[..=slash]);
            format!("{folder}{reference}")
        }
    };
    Some(without_dots(&path))
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    kept.join("/")
}
