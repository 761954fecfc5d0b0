//! A request that nobody made: parsed from a question, and seen by routes, plugins and plan as a real one
//! would be.
//!
//! What they decide about it is in the files beside this one.

use super::Asked;
use super::secret;
use crate::caching::plan::{CONTENT_MAX, Content, digest, needs_content};
use crate::caching::purge;
use crate::config::route::AcceptEncoding;
use crate::exchange::Target;
use crate::routing;
use crate::snapshot::LiveRoute;
use crate::template::joined;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use serde::Deserialize;
use serde_json::{Value, json};
use shoal_plugins::{HeaderEdit, RequestView};
use shoal_rules::{Presented, Reason, encoding, grpc::is_grpc, normalize_host};
use std::borrow::Cow;
use std::net::IpAddr;

/// Field lines of one question. The listeners take no more of a real request either.
const LINES_MAX: usize = 256;

/// What an operator asks about.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Question {
    url: String,
    method: Option<String>,
    headers: Vec<(String, String)>,
    content: String,
    client: Option<IpAddr>,
}

/// The request that a question describes.
pub(crate) struct Described {
    pub(super) target: Target,
    pub(super) method: Method,
    pub(crate) headers: HeaderMap,
    content: String,
    key_content: Content,
    pub(super) client: Option<IpAddr>,
    pub(super) grpc: bool,
}

/// Why a question describes no request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unclear {
    #[error("{0:?} is no absolute URL such as http://shop.example/page")]
    Url(String),
    #[error("{0:?} is no method")]
    Method(String),
    #[error("{0:?} is no header field")]
    Field(String),
    #[error("exactly one valid Host is needed")]
    Host,
    #[error("more than {LINES_MAX} header lines")]
    TooManyLines,
}

impl Described {
    /// As `curl` would send it: the URL's authority is the `Host`, unless a line says another one.
    pub(super) fn parse(question: Question) -> Result<Self, Unclear> {
        let method = question.method.unwrap_or_else(|| "GET".to_owned());
        let method =
            Method::from_bytes(method.as_bytes()).map_err(|_error| Unclear::Method(method))?;
        let mut headers = lines(question.headers)?;
        let mut target = target(question.url)?;
        let mut hosts = headers.get_all(header::HOST).iter();
        match (hosts.next(), hosts.next()) {
            (None, _) => {
                let host = HeaderValue::try_from(&target.host).map_err(|_error| Unclear::Host)?;
                headers.insert(header::HOST, host);
            }
            (Some(host), None) => target.host = host_of(host, target.scheme)?,
            (Some(_), Some(_)) => return Err(Unclear::Host),
        }
        let grpc = headers.get(header::CONTENT_TYPE);
        Ok(Self {
            grpc: grpc.is_some_and(|value| is_grpc(value.as_bytes())),
            client: question.client,
            target,
            method,
            headers,
            content: question.content,
            key_content: Content::Unread,
        })
    }

    /// A GET without fields of its own.
    pub(crate) fn get(url: &str) -> Self {
        Self {
            target: purge::parse(url),
            method: Method::GET,
            headers: HeaderMap::new(),
            content: String::new(),
            key_content: Content::Unread,
            client: None,
            grpc: false,
        }
    }

    pub(crate) fn asked(&self) -> Asked<'_> {
        Asked {
            target: &self.target,
            method: &self.method,
            headers: &self.headers,
            client: self.client,
            grpc: self.grpc,
            content: self.key_content,
        }
    }

    /// Its content enters the key as on the request path.
    pub(super) fn read_content(&mut self, route: &LiveRoute) {
        if !self.grpc && needs_content(route, &self.method) {
            self.key_content = if self.content.len() > CONTENT_MAX {
                Content::Refused(Reason::BodyTooLarge)
            } else {
                digest(route, &self.headers, self.content.as_bytes())
            };
        }
    }

    pub(crate) fn presented(&self) -> Presented<'_> {
        Presented {
            method: &self.method,
            headers: &self.headers,
        }
    }

    pub(crate) fn routed(&self) -> routing::Target<'_> {
        routing::Target {
            host: &self.target.host,
            path: &self.target.path,
            method: &self.method,
            headers: &self.headers,
        }
    }

    /// Spellings of `Accept-Encoding` that mean the same become one, as on the request path.
    pub(super) fn fold_encoding(&mut self, rule: AcceptEncoding) {
        if rule == AcceptEncoding::Forward || self.grpc {
            return;
        }
        match encoding::of_request(&self.headers) {
            Ok(Some(class)) => {
                let class = HeaderValue::from_static(class);
                self.headers.insert(header::ACCEPT_ENCODING, class);
            }
            Ok(None) => drop(self.headers.remove(header::ACCEPT_ENCODING)),
            Err(encoding::Particular) => {}
        }
    }

    /// What a plugin changes about the request counts for everything behind it.
    pub(super) fn edit(&mut self, edit: &HeaderEdit) {
        match edit {
            HeaderEdit::Set { name, value } => {
                let name = HeaderName::try_from(name.as_str());
                let value = HeaderValue::try_from(value.as_str());
                if let (Ok(name), Ok(value)) = (name, value) {
                    self.headers.insert(name, value);
                }
            }
            HeaderEdit::Remove { name } => {
                self.headers.remove(name.as_str());
            }
        }
    }

    pub(super) fn section(&self) -> Value {
        let target = &self.target;
        json!({
            "method": self.method.as_str(),
            "url": format!("{}://{}{}", target.scheme, target.host, target.path_and_query()),
            "headers": secret::lines(&self.headers),
            "client": self.client,
        })
    }
}

fn lines(given: Vec<(String, String)>) -> Result<HeaderMap, Unclear> {
    if given.len() > LINES_MAX {
        return Err(Unclear::TooManyLines);
    }
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let parsed = HeaderName::try_from(&name)
            .ok()
            .zip(HeaderValue::try_from(value).ok());
        let (name, value) = parsed.ok_or(Unclear::Field(name))?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn target(url: String) -> Result<Target, Unclear> {
    let absolute = url
        .parse::<Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
    if absolute {
        Ok(purge::parse(&url))
    } else {
        Err(Unclear::Url(url))
    }
}

fn host_of(value: &HeaderValue, scheme: &str) -> Result<String, Unclear> {
    let authority = Authority::try_from(value.as_bytes()).map_err(|_error| Unclear::Host)?;
    if authority.as_str().contains('@') {
        return Err(Unclear::Host);
    }
    Ok(normalize_host(authority.as_str(), scheme).into_owned())
}

impl RequestView for Described {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn scheme(&self) -> &str {
        self.target.scheme
    }

    fn host(&self) -> &str {
        &self.target.host
    }

    fn path(&self) -> &str {
        &self.target.path
    }

    fn query(&self) -> Option<&str> {
        self.target.query.as_deref()
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        joined(&self.headers, &HeaderName::try_from(name).ok()?)
    }

    fn client_ip(&self) -> String {
        self.client
            .map(|client| client.to_string())
            .unwrap_or_default()
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&str, &str)) {
        for (name, value) in &self.headers {
            visit(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
        }
    }
}
