//! Takes a visitor's secrets out of a message before it is logged.
//!
//! A script may put anything into `error(..)`. Header values that carry credentials are known here;
//! what else is secret in a request only its author knows.

use crate::view::RequestView;

/// The message without the values of credential headers.
pub(crate) fn redact(message: &str, request: &dyn RequestView) -> String {
    let mut secrets = Vec::new();
    request.for_each_header(&mut |name, value| {
        if CREDENTIALS
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret))
        {
            collect(value, &mut secrets);
        }
    });
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(message.to_owned(), |message, secret| {
        message.replace(secret.as_str(), "[redacted]")
    })
}

/// The whole value and its parts: the token after a scheme, each cookie's value.
fn collect(value: &str, secrets: &mut Vec<String>) {
    let parts = value.split([' ', ';', ',']).flat_map(|part| {
        let value = part.split_once('=').map_or("", |(_, value)| value);
        [part, value]
    });
    let long = |part: &&str| part.len() >= SECRET_BYTES_MIN;
    secrets.extend(
        parts
            .chain([value])
            .filter(long)
            .map(str::to_owned)
            .take(SECRETS_MAX),
    );
}

const CREDENTIALS: [&str; 5] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-auth-token",
];
/// Shorter parts are words such as `Basic` or flags; replacing them would ruin the message.
const SECRET_BYTES_MIN: usize = 7;
/// Parts of one header: a visitor must not make errors expensive.
const SECRETS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    struct Visitor;

    impl RequestView for Visitor {
        fn method(&self) -> &str {
            "GET"
        }
        fn scheme(&self) -> &str {
            "http"
        }
        fn host(&self) -> &str {
            ""
        }
        fn path(&self) -> &str {
            "/"
        }
        fn query(&self) -> Option<&str> {
            None
        }
        fn header(&self, _name: &str) -> Option<Cow<'_, str>> {
            None
        }
        fn client_ip(&self) -> String {
            String::new()
        }
        fn for_each_header(&self, visit: &mut dyn FnMut(&str, &str)) {
            visit("authorization", "Bearer hunter2hunter2");
            visit("cookie", "theme=dark; session=0123456789");
            visit("accept", "text/html");
        }
    }

    #[test]
    fn credentials_leave_no_trace() {
        let message = "no user for hunter2hunter2, session 0123456789, accepts text/html, dark";
        let wanted = "no user for [redacted], session [redacted], accepts text/html, dark";
        assert_eq!(redact(message, &Visitor), wanted);
    }
}
