//! What the reference says must be seen after a step: at the origin, at the client, in Cache-Status.
//!
//! How that is held against what was seen is `compare`.

use super::conditions::Verdict;
use crate::fields::Fields;
use std::fmt;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// What the origin is asked before, to complete stored parts.
    pub(crate) completing: Vec<Asked>,
    /// The request that the origin gets, before the answer or in the background.
    pub(crate) asked: Option<Asked>,
    pub(crate) status: u16,
    pub(crate) body: Body,
    /// Absent: not judged.
    pub(crate) age: Option<u64>,
    /// Fields that must be there with this value, or must not be there.
    pub(crate) fields: Named,
    /// Absent: not judged.
    pub(crate) cache: Option<CacheWords>,
    pub(crate) refresh: Refresh,
}

/// Fields by name; without a value they must be absent.
pub(crate) type Named = Vec<(&'static str, Option<String>)>;

/// A request at the origin: its method, and its conditions and range.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) conditions: Named,
}

/// Fields that make a request conditional, or ask for a part.
pub(crate) const CONDITIONS: [&str; 6] = [
    "If-None-Match",
    "If-Modified-Since",
    "If-Match",
    "If-Unmodified-Since",
    "If-Range",
    "Range",
];

impl Asked {
    /// Of a request with these fields.
    pub(crate) fn of(method: &str, fields: &Fields) -> Self {
        let conditions = CONDITIONS.iter().map(|name| (*name, fields.joined(name)));
        Self {
            method: method.to_owned(),
            conditions: conditions.collect(),
        }
    }
}

/// The content of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Empty,
    Text(String),
    /// `multipart/byteranges` of these parts of the text.
    Parts(String, Vec<std::ops::Range<usize>>),
    /// Words of the gateway's own.
    Any,
}

/// The parameters of `Cache-Status` (RFC 9211).
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct CacheWords {
    pub(crate) hit: bool,
    pub(crate) fwd: Option<String>,
    pub(crate) fwd_status: Option<u16>,
    pub(crate) stored: bool,
    pub(crate) ttl: Option<i64>,
}

/// What a refresh in the background leads to, so that the next step waits for its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refresh {
    None,
    /// The stored response changes: asked for again, it has not this marker any more.
    Changes(Option<String>),
    /// Nobody can see its end: the sequence stops here.
    Unseen,
}

/// Stands for a status that is not judged.
pub(crate) const ANY_STATUS: u16 = 0;

/// Fields that every response with content is held against.
pub(crate) const COMPARED: [&str; 13] = [
    "X-Serial",
    "X-A",
    "X-B",
    "X-Hop",
    "Set-Cookie",
    "Content-Type",
    "Last-Modified",
    "ETag",
    "Cache-Control",
    "Expires",
    "Vary",
    "CDN-Cache-Control",
    "Shoal-Cache-Control",
];

/// Those that a 304 must have when the 200 would have them (RFC 9110 section 15.4.5).
pub(crate) const COMPARED_IN_304: [&str; 4] = ["ETag", "Cache-Control", "Expires", "Vary"];

impl Expected {
    /// A response of the gateway's own making.
    pub(crate) fn own(status: u16, asked: Option<Asked>, cache: Option<CacheWords>) -> Self {
        Self {
            completing: Vec::new(),
            asked,
            status,
            body: Body::Any,
            age: None,
            fields: Vec::new(),
            cache,
            refresh: Refresh::None,
        }
    }

    /// An answer that a broken connection decides: an error, or a part. What is stored is judged later.
    pub(crate) fn unjudged() -> Self {
        Self::own(ANY_STATUS, None, None)
    }

    /// Status, body and fields as the client's conditions make them.
    pub(crate) fn shape(
        &mut self,
        method: &str,
        (status, fields, body): (u16, &Fields, &str),
        verdict: &Verdict,
    ) {
        if *verdict == Verdict::Failed {
            // Nothing of the response is sent (RFC 9110 section 15.5.13).
            self.age = None;
        }
        let mut fields = fields.clone();
        // RFC 9213 section 2.1: it was for this cache. The gateway's choice is to take it out.
        fields.remove("CDN-Cache-Control");
        fields.remove("Shoal-Cache-Control");
        let named = |names: &[&'static str]| -> Named {
            names
                .iter()
                .map(|name| (*name, fields.joined(name)))
                .collect()
        };
        let whole = if method == "HEAD" || body.is_empty() {
            Body::Empty
        } else {
            Body::Text(body.to_owned())
        };
        (self.status, self.body, self.fields) = match verdict {
            Verdict::Whole => (status, whole, named(&COMPARED)),
            Verdict::NotModified => (304, Body::Empty, named(&COMPARED_IN_304)),
            Verdict::Failed => (412, Body::Any, Vec::new()),
            Verdict::Unsatisfiable => {
                let range = Some(format!("bytes */{}", body.len()));
                (416, Body::Any, vec![("Content-Range", range)])
            }
            Verdict::Parts(ranges) => Self::parts(body, ranges, named(&COMPARED)),
        };
    }

    fn parts(
        body: &str,
        ranges: &[std::ops::Range<usize>],
        mut fields: Named,
    ) -> (u16, Body, Named) {
        let [range] = ranges else {
            fields.retain(|(name, _)| *name != "Content-Type");
            fields.push(("Content-Range", None));
            return (206, Body::Parts(body.to_owned(), ranges.to_vec()), fields);
        };
        let place = format!("bytes {}-{}/{}", range.start, range.end - 1, body.len());
        fields.push(("Content-Range", Some(place)));
        (206, Body::Text(body[range.clone()].to_owned()), fields)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            completing,
            asked,
            status,
            body,
            age,
            fields,
            cache,
            refresh,
        } = self;
        let there = fields
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let there: Vec<_> = there.collect();
        write!(
            f,
            "asked {completing:?} {asked:?}, {status} {body:?}, Age {age:?}, {there:?}, {cache:?}"
        )?;
        write!(f, ", refresh {refresh:?}")
    }
}

/// In the words of the field, so that a failure reads like it.
impl fmt::Debug for CacheWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shoal")?;
        if self.hit {
            f.write_str("; hit")?;
        }
        if let Some(fwd) = &self.fwd {
            write!(f, "; fwd={fwd}")?;
        }
        if let Some(status) = self.fwd_status {
            write!(f, "; fwd-status={status}")?;
        }
        if self.stored {
            f.write_str("; stored")?;
        }
        match self.ttl {
            Some(ttl) => write!(f, "; ttl={ttl}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.method)?;
        for (name, value) in &self.conditions {
            if let Some(value) = value {
                write!(f, " | {name}: {value}")?;
            }
        }
        Ok(())
    }
}
