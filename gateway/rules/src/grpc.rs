//! Recognising gRPC by its content type.
//!
//! Only that: gRPC-Web is not gRPC and is carried as plain HTTP.

use crate::field::trim;

/// Is this the media type of a gRPC message: `application/grpc`, alone or with a `+suffix`?
#[must_use]
pub fn is_grpc(content_type: &[u8]) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let essence = content_type
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default();
    let essence = trim(essence);
    let Some((head, tail)) = essence.split_at_checked(GRPC.len()) else {
        return false;
    };
    head.eq_ignore_ascii_case(GRPC) && (tail.is_empty() || tail.starts_with(b"+"))
}

#[cfg(test)]
mod tests {
    use super::is_grpc;

    #[test]
    fn grpc_is_told_from_grpc_web() {
        for yes in [
            "application/grpc",
            "Application/gRPC+proto",
            "application/grpc; a=b",
        ] {
            assert!(is_grpc(yes.as_bytes()), "{yes}");
        }
        for no in [
            "application/grpc-web",
            "application/grpc-web+proto",
            "text/html",
            "",
        ] {
            assert!(!is_grpc(no.as_bytes()), "{no}");
        }
    }
}
