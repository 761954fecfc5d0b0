//! What a plugin may see of an exchange.
//!
//! The gateway implements these over its own types; nothing here owns or copies a message.

use std::borrow::Cow;

/// A request as a plugin sees it. Header names are compared without regard to case.
pub trait RequestView {
    /// The method, as sent.
    fn method(&self) -> &str;
    /// `http` or `https`, as the client connected.
    fn scheme(&self) -> &str;
    /// The host without its port.
    fn host(&self) -> &str;
    /// The path, without the query.
    fn path(&self) -> &str;
    /// The query, without its question mark.
    fn query(&self) -> Option<&str>;
    /// A header's value; several lines are joined with `", "`.
    fn header(&self, name: &str) -> Option<Cow<'_, str>>;
    /// The client's address.
    fn client_ip(&self) -> String;
    /// Shows each header line, name in lower case.
    fn for_each_header(&self, visit: &mut dyn FnMut(&str, &str));
}

/// An origin's response head as a plugin sees it.
pub trait ResponseView {
    /// The status code.
    fn status(&self) -> u16;
    /// A header's value; several lines are joined with `", "`.
    fn header(&self, name: &str) -> Option<Cow<'_, str>>;
    /// Shows each header line, name in lower case.
    fn for_each_header(&self, visit: &mut dyn FnMut(&str, &str));
}
