//! A request, as both sides of a story write it: a client sends it, a scripted origin awaits it.
//!
//! What is answered to it is `answer`; how a step of a script is used is `origin::script`.

use crate::fields::{Fields, entity_tag};
use crate::origin::reply::Reply;
use crate::origin::script::Step;
use bytes::Bytes;

/// The authority of every request that names no other.
pub(crate) const HOST: &str = "shoal.test";

/// A request to send, or one to await.
#[derive(Debug, Clone)]
pub struct Ask {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Fields,
    pub(crate) absent: Vec<String>,
    pub(crate) body: Bytes,
    pub(crate) hold: Option<String>,
}

/// `GET target`. In a script a target that ends in `*` fits all that begins so.
#[must_use]
pub fn get(target: &str) -> Ask {
    method("GET", target)
}

/// `HEAD target`
#[must_use]
pub fn head(target: &str) -> Ask {
    method("HEAD", target)
}

/// `POST target`
#[must_use]
pub fn post(target: &str) -> Ask {
    method("POST", target)
}

/// `PUT target`
#[must_use]
pub fn put(target: &str) -> Ask {
    method("PUT", target)
}

/// `DELETE target`
#[must_use]
pub fn delete(target: &str) -> Ask {
    method("DELETE", target)
}

/// `OPTIONS target`
#[must_use]
pub fn options(target: &str) -> Ask {
    method("OPTIONS", target)
}

/// `PURGE target`
#[must_use]
pub fn purge(target: &str) -> Ask {
    method("PURGE", target)
}

/// Any method.
#[must_use]
pub fn method(method: &str, target: &str) -> Ask {
    Ask {
        method: method.to_owned(),
        target: target.to_owned(),
        fields: Fields::default(),
        absent: Vec::new(),
        body: Bytes::new(),
        hold: None,
    }
}

impl Ask {
    /// A field line.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.fields.push(name, value);
        self
    }

    /// `Host`, where it is not the usual one.
    #[must_use]
    pub fn host(self, host: &str) -> Self {
        self.header("Host", host)
    }

    /// `If-None-Match`; quotes are added where they are missing.
    #[must_use]
    pub fn if_none_match(self, tag: &str) -> Self {
        self.header("If-None-Match", &entity_tag(tag))
    }

    /// `If-Modified-Since`
    #[must_use]
    pub fn if_modified_since(self, date: &str) -> Self {
        self.header("If-Modified-Since", date)
    }

    /// `Range: bytes=…`
    #[must_use]
    pub fn range(self, bytes: &str) -> Self {
        self.header("Range", &format!("bytes={bytes}"))
    }

    /// One more directive of `Cache-Control`.
    #[must_use]
    pub fn cache_control(mut self, directive: &str) -> Self {
        self.fields.append("Cache-Control", directive);
        self
    }

    /// The content.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Script: the request must not have this field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.absent.push(name.to_owned());
        self
    }

    /// Script: the answer waits until the test says `origin.release(name)`.
    #[must_use]
    pub fn hold(mut self, name: &str) -> Self {
        self.hold = Some(name.to_owned());
        self
    }

    /// Script: what is answered.
    #[must_use]
    pub fn respond(self, reply: impl Into<Reply>) -> Step {
        Step::new(self, reply.into())
    }

    /// The request line.
    pub(crate) fn start(&self) -> String {
        format!("{} {} HTTP/1.1", self.method, self.target)
    }

    /// All field lines that are sent, the implied ones included.
    pub(crate) fn sent_fields(&self) -> Fields {
        let mut fields = Fields::default();
        if !self.fields.has("Host") {
            fields.push("Host", HOST);
        }
        for (name, value) in self.fields.iter() {
            fields.push(name, value);
        }
        let content = !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT");
        if content && !self.fields.has("Transfer-Encoding") && !self.fields.has("Content-Length") {
            fields.push("Content-Length", self.body.len().to_string());
        }
        fields
    }
}
