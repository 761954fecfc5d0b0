//! A stored response's head, to and from the opaque bytes that the engine keeps.
//!
//! The engine cannot read them, peers and stores will carry them, so the form is written by hand and
//! versioned: `version kind uri` and then what the kind needs. What does not decode is a miss.

use super::varying::{Recognised, Varying};
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use shoal_rules::Freshness;
use std::ops::Range;

/// The first byte. A reader refuses others.
pub(crate) const VERSION: u8 = 2;
const KIND_RESPONSE: u8 = 0;
const KIND_VARY_INDEX: u8 = 1;
const KIND_PARTS: u8 = 2;
const KIND_PART: u8 = 3;

/// What lies under a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// A response, or one of its variants.
    Response(Box<StoredResponse>),
    /// How the responses of a target vary, newest first.
    VaryIndex(Vec<Varying>),
    /// A response of which only parts are stored, each under a key of its own.
    Parts(Box<StoredParts>),
    /// The bytes of one part: everything else is said once, beside the others.
    Part,
}

/// What the parts of a response have in common, and where they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredParts {
    /// The head of the whole.
    pub response: StoredResponse,
    /// The length of the whole.
    pub complete: u64,
    /// What was to be stored. A part may have left since, or broken off: only a look at it tells.
    pub ranges: Vec<Range<u64>>,
}

/// A response's head and what was decided when it was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredResponse {
    /// Its freshness.
    pub freshness: Freshness,
    /// Its status.
    pub status: StatusCode,
    /// Its fields, hop-by-hop ones removed.
    pub headers: HeaderMap,
    /// Its tags.
    pub tags: Vec<String>,
    /// The route under which it was stored.
    pub route: String,
}

impl Stored {
    /// The bytes, under the resource `uri` (`host/path?query`).
    ///
    /// Nothing is lost: names, values and tags are bounded by what an HTTP parser lets through, and a
    /// head that would not fit its length fields is refused with `None`.
    pub fn encode(&self, uri: &str) -> Option<Bytes> {
        let mut bytes = BytesMut::with_capacity(512);
        bytes.put_u8(VERSION);
        match self {
            Self::Response(response) => {
                bytes.put_u8(KIND_RESPONSE);
                put_short(&mut bytes, uri.as_bytes())?;
                response.put(&mut bytes)?;
            }
            Self::VaryIndex(values) => {
                bytes.put_u8(KIND_VARY_INDEX);
                put_short(&mut bytes, uri.as_bytes())?;
                bytes.put_u8(u8::try_from(values.len()).ok()?);
                for value in values {
                    value.put(&mut bytes)?;
                }
            }
            Self::Parts(parts) => {
                bytes.put_u8(KIND_PARTS);
                put_short(&mut bytes, uri.as_bytes())?;
                parts.put(&mut bytes)?;
            }
            Self::Part => {
                bytes.put_u8(KIND_PART);
                put_short(&mut bytes, uri.as_bytes())?;
            }
        }
        Some(bytes.freeze())
    }

    /// What `bytes` hold; `None` for bytes that this version does not understand.
    ///
    /// They are copied once; the values of fields share the copy.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let shared = Bytes::copy_from_slice(bytes);
        let mut reader = Reader {
            bytes: &shared,
            at: 0,
        };
        if reader.u8()? != VERSION {
            return None;
        }
        let kind = reader.u8()?;
        reader.short()?;
        match kind {
            KIND_RESPONSE => Some(Self::Response(Box::new(StoredResponse::read(&mut reader)?))),
            KIND_VARY_INDEX => {
                let count = reader.u8()?;
                let values = (0..count).map(|_| Varying::read(&mut reader));
                let values = values.collect::<Option<_>>()?;
                Some(Self::VaryIndex(values))
            }
            KIND_PARTS => Some(Self::Parts(Box::new(StoredParts::read(&mut reader)?))),
            KIND_PART => Some(Self::Part),
            _unknown => None,
        }
    }
}

/// The resource inside encoded bytes: what prefix and regex invalidations are tested on.
pub fn uri_of(bytes: &[u8]) -> &[u8] {
    let Some(([_version, _kind, high, low], rest)) = bytes.split_first_chunk() else {
        return &[];
    };
    rest.get(..usize::from(u16::from_be_bytes([*high, *low])))
        .unwrap_or_default()
}

impl Varying {
    fn put(&self, bytes: &mut BytesMut) -> Option<()> {
        put_short(bytes, self.value.as_bytes())?;
        bytes.put_u8(u8::try_from(self.recognised.len()).ok()?);
        for variant in &self.recognised {
            bytes.put_slice(&variant.selector);
            put_short(bytes, variant.language.as_bytes())?;
            put_short(bytes, variant.coding.as_bytes())?;
        }
        Some(())
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let value = reader.text()?;
        let count = reader.u8()?;
        let recognised = (0..count).map(|_| {
            Some(Recognised {
                selector: reader.array()?,
                language: reader.text()?,
                coding: reader.text()?,
            })
        });
        let recognised = recognised.collect::<Option<_>>()?;
        Some(Self { value, recognised })
    }
}

impl StoredResponse {
    fn put(&self, bytes: &mut BytesMut) -> Option<()> {
        bytes.put_slice(&self.freshness.encode());
        bytes.put_u16(self.status.as_u16());
        put_short(bytes, self.route.as_bytes())?;
        bytes.put_u16(u16::try_from(self.tags.len()).ok()?);
        for tag in &self.tags {
            put_short(bytes, tag.as_bytes())?;
        }
        bytes.put_u16(u16::try_from(self.headers.len()).ok()?);
        for (name, value) in &self.headers {
            put_short(bytes, name.as_str().as_bytes())?;
            put_long(bytes, value.as_bytes())?;
        }
        Some(())
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let freshness = Freshness::decode(reader.take(Freshness::ENCODED_LEN)?)?;
        let status = StatusCode::from_u16(reader.u16()?).ok()?;
        let route = reader.text()?;
        let tags = (0..reader.u16()?)
            .map(|_| reader.text())
            .collect::<Option<_>>()?;
        let count = reader.u16()?;
        let mut headers = HeaderMap::with_capacity(usize::from(count) + 4);
        for _ in 0..count {
            let name = HeaderName::from_bytes(reader.short()?).ok()?;
            let value = HeaderValue::from_maybe_shared(reader.long()?).ok()?;
            headers.append(name, value);
        }
        Some(Self {
            freshness,
            status,
            headers,
            tags,
            route,
        })
    }
}

impl StoredParts {
    fn put(&self, bytes: &mut BytesMut) -> Option<()> {
        self.response.put(bytes)?;
        bytes.put_u64(self.complete);
        bytes.put_u16(u16::try_from(self.ranges.len()).ok()?);
        for range in &self.ranges {
            bytes.put_u64(range.start);
            bytes.put_u64(range.end);
        }
        Some(())
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let response = StoredResponse::read(reader)?;
        let complete = reader.u64()?;
        let ranges = (0..reader.u16()?)
            .map(|_| Some(reader.u64()?..reader.u64()?))
            .collect::<Option<_>>()?;
        Some(Self {
            response,
            complete,
            ranges,
        })
    }
}

fn put_short(bytes: &mut BytesMut, value: &[u8]) -> Option<()> {
    bytes.put_u16(u16::try_from(value.len()).ok()?);
    bytes.put_slice(value);
    Some(())
}

fn put_long(bytes: &mut BytesMut, value: &[u8]) -> Option<()> {
    bytes.put_u32(u32::try_from(value.len()).ok()?);
    bytes.put_slice(value);
    Some(())
}

struct Reader<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let part = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(part)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn short(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }

    /// Shared, as it is handed on.
    fn long(&mut self) -> Option<Bytes> {
        let length = u32::from_be_bytes(self.array()?);
        let part = self.take(usize::try_from(length).ok()?)?;
        Some(self.bytes.slice_ref(part))
    }

    fn text(&mut self) -> Option<String> {
        Some(std::str::from_utf8(self.short()?).ok()?.to_owned())
    }
}
