//! The full key of a stored response: unambiguous bytes, and a hash that is the same on every node.
//!
//! What goes into it, the route says; here it is only put together. Every part carries its length,
//! so that `ab, c` and `a, bc` differ. Variants are told apart by [`crate::vary`] on top.

use crate::method::MethodClass;
use crate::uri::normalize_host;
use bytes::Bytes;

/// A finished key. The bytes are compared on every hit; the hash only finds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullKey {
    /// Everything that went in.
    pub bytes: Bytes,
    /// The first 16 bytes of their BLAKE3 hash, little-endian.
    pub hash: u128,
}

/// Puts a key together.
#[derive(Debug, Clone)]
pub struct KeyBuilder {
    bytes: Vec<u8>,
}

impl KeyBuilder {
    /// Begins with what every key has: method class, scheme and host. The host is normalised.
    #[must_use]
    pub fn new(class: MethodClass, scheme: &str, host: &str) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.push(class.tag());
        let mut key = Self { bytes };
        key.push(scheme.as_bytes());
        key.push(normalize_host(host, scheme).as_bytes());
        key
    }

    /// Adds a part, such as the normalised path.
    pub fn push(&mut self, part: &[u8]) -> &mut Self {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(part);
        self
    }

    /// Adds what is only known as a hash, so that no credential stands in a key.
    pub fn push_secret(&mut self, secret: &[u8]) -> &mut Self {
        self.push(blake3::hash(secret).as_bytes())
    }

    /// The selecting key of a variant; see [`crate::vary`].
    pub fn push_variant(&mut self, selecting: &[u8; 16]) -> &mut Self {
        self.push(selecting)
    }

    /// The finished key.
    #[must_use]
    pub fn finish(self) -> FullKey {
        let hash = first_half(&blake3::hash(&self.bytes));
        FullKey {
            hash: u128::from_le_bytes(hash),
            bytes: Bytes::from(self.bytes),
        }
    }
}

/// 128 bits are enough to find; a key is compared in full, and a variant has 2^-128 to be mistaken.
pub(crate) fn first_half(hash: &blake3::Hash) -> [u8; 16] {
    let [half, _] = halves(hash.as_bytes());
    half
}

fn halves(bytes: &[u8; 32]) -> [[u8; 16]; 2] {
    let (halves, _rest) = bytes.as_chunks::<16>();
    match halves {
        [first, second] => [*first, *second],
        _ => [[0; 16]; 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(parts: &[&str]) -> FullKey {
        let mut key = KeyBuilder::new(MethodClass::Get, "http", "A.example:80");
        for part in parts {
            key.push(part.as_bytes());
        }
        key.finish()
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_ne!(key(&["", "a"]), key(&["a", ""]));
        assert_ne!(key(&["a"]).hash, key(&["b"]).hash);
    }

    #[test]
    fn the_hash_is_the_same_on_every_node_and_in_every_version() {
        assert_eq!(key(&["/"]), key(&["/"]));
        assert_eq!(
            key(&["/"]).bytes.as_ref(),
            b"G\x04\0\0\0http\x09\0\0\0a.example\x01\0\0\0/"
        );
        let expected = blake3::hash(&key(&["/"]).bytes);
        assert_eq!(key(&["/"]).hash.to_le_bytes(), expected.as_bytes()[..16]);
    }

    #[test]
    fn a_secret_does_not_stand_in_the_key() {
        let mut builder = KeyBuilder::new(MethodClass::Get, "http", "a");
        builder.push_secret(b"Bearer sesame");
        let bytes = builder.finish().bytes;
        assert!(!bytes.windows(6).any(|window| window == b"sesame"));
    }
}
