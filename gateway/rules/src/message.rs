//! Requests and responses as the rules see them: borrowed, and without their bodies.
//!
//! What a route wants is in [`crate::policy`].

use http::{HeaderMap, Method, StatusCode};
use std::time::SystemTime;

/// The presented request (RFC 9111 section 4): the one that the client sent now.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// As the client sent it.
    pub method: &'a Method,
    /// As the client sent them.
    pub headers: &'a HeaderMap,
}

/// The target URI of a request, in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// http or https.
    pub scheme: &'a str,
    /// Host and port, as in `Host`.
    pub host: &'a str,
    /// Path and query, as they are sent upstream.
    pub path_and_query: &'a str,
}

/// A response that an origin sent, or a stored one that a 304 has freshened.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// The final status; an interim one is never stored.
    pub status: StatusCode,
    /// As the origin sent them: targeted fields and tags included.
    pub headers: &'a HeaderMap,
}

/// When the origin was asked and when it answered (RFC 9111 section 4.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// `request_time`: when the request to the origin began.
    pub requested: SystemTime,
    /// `response_time`: when the response's header arrived.
    pub received: SystemTime,
}
