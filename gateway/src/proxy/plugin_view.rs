//! A request and a response as plugins see them.

use crate::exchange::{Exchange, Target};
use crate::template::joined;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use pingora_http::RequestHeader;
use shoal_plugins::{RequestView, ResponseView};
use std::borrow::Cow;
use std::net::IpAddr;

/// A request, during one hook.
pub(super) struct RequestLines<'a> {
    /// Its method.
    pub(super) method: &'a Method,
    /// Its fields.
    pub(super) headers: &'a HeaderMap,
    /// What it asks for.
    pub(super) target: &'a Target,
    /// Who asks.
    pub(super) client: Option<IpAddr>,
}

impl<'a> RequestLines<'a> {
    /// The fields as they are, the target as it was normalised.
    pub(super) fn new(request: &'a RequestHeader, exchange: &'a Exchange) -> Self {
        Self {
            method: &request.method,
            headers: &request.headers,
            target: &exchange.target,
            client: exchange.client,
        }
    }
}

impl RequestView for RequestLines<'_> {
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
        line(self.headers, name)
    }

    fn client_ip(&self) -> String {
        self.client
            .map(|client| client.to_string())
            .unwrap_or_default()
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&str, &str)) {
        each(self.headers, visit);
    }
}

/// A response's head, during one hook.
pub(super) struct ResponseLines<'a> {
    /// Its status.
    pub(super) status: StatusCode,
    /// Its fields.
    pub(super) headers: &'a HeaderMap,
}

impl ResponseView for ResponseLines<'_> {
    fn status(&self) -> u16 {
        self.status.as_u16()
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        line(self.headers, name)
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&str, &str)) {
        each(self.headers, visit);
    }
}

fn line<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    joined(headers, &HeaderName::try_from(name).ok()?)
}

fn each(headers: &HeaderMap, visit: &mut dyn FnMut(&str, &str)) {
    for (name, value) in headers {
        visit(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
    }
}
