//! Fields that the gateway adds, and fields that it takes away, on the way up and on the way down.

use crate::exchange::Exchange;
use crate::listen::{date, growing};
use crate::template::joined;
use http::{HeaderMap, HeaderName, HeaderValue, Version, header};
use pingora_error::Result;
use pingora_http::{RequestHeader, ResponseHeader};

/// Fields that frameworks obey and no key knows: left in place, one client could choose what others are
/// served.
const UNKEYED: [HeaderName; 22] = [
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("x-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-forwarded-scheme"),
    HeaderName::from_static("x-forwarded-server"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-path"),
    HeaderName::from_static("x-forwarded-protocol"),
    HeaderName::from_static("x-forwarded-ssl"),
    HeaderName::from_static("x-forwarded-uri"),
    HeaderName::from_static("x-http-host-override"),
    HeaderName::from_static("x-original-host"),
    HeaderName::from_static("x-original-uri"),
    HeaderName::from_static("x-url-scheme"),
    HeaderName::from_static("front-end-https"),
    HeaderName::from_static("x-original-url"),
    HeaderName::from_static("x-rewrite-url"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-method-override"),
];

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Fields that say where a message ends or whom it is for, and `Connection` itself: Pingora's to judge.
const FRAMING: [HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Whether a field belongs to one message's form, and not to what it carries. Several parts have a type of
/// their own.
pub(super) fn is_framing(name: &HeaderName) -> bool {
    const OF_PARTS: [HeaderName; 2] = [header::CONTENT_RANGE, header::CONTENT_TYPE];
    FRAMING.contains(name) || OF_PARTS.contains(name)
}

/// Removes what `Connection` lists before key and variant are made: the origin will not see it
/// (RFC 9110 7.6.1), so it must not choose under which key the answer is kept.
pub(super) fn drop_listed(request: &mut RequestHeader) {
    for name in listed(&request.headers) {
        request.remove_header(&name);
    }
}

/// Removes what the origin's `Connection` lists: it is meant for us alone.
pub(super) fn drop_listed_by_origin(response: &mut ResponseHeader) {
    for name in listed(&response.headers) {
        response.remove_header(&name);
    }
}

fn listed(headers: &HeaderMap) -> Vec<HeaderName> {
    let list = joined(headers, &header::CONNECTION).unwrap_or_default();
    list.split(',')
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .filter(|name| !FRAMING.contains(name) && !name.as_str().starts_with("sec-websocket-"))
        .collect()
}

/// A request on its way to the origin.
pub(super) fn forward(request: &mut RequestHeader, exchange: &Exchange) -> Result<()> {
    for name in &UNKEYED {
        request.remove_header(name);
    }
    if let Some(client) = exchange.client {
        // Every line: a proxy in front may have added its own below the client's.
        let list = match joined(&request.headers, &X_FORWARDED_FOR) {
            Some(earlier) => format!("{earlier}, {client}"),
            None => client.to_string(),
        };
        request.insert_header(X_FORWARDED_FOR, list)?;
    }
    request.insert_header(X_FORWARDED_PROTO, exchange.target.scheme)?;
    if !exchange.target.host.is_empty() {
        request.insert_header(X_FORWARDED_HOST, &exchange.target.host)?;
    }
    // gRPC's own rule: what is between is not named, and metadata reaches the handler as sent.
    if !exchange.grpc {
        request.append_header(header::VIA, via(request.version))?;
    }
    Ok(())
}

/// Some of the body is still to come: what is there leaves at once. Streams of HTTP/2 need no word.
pub(super) fn mark_growing(response: &mut ResponseHeader, client: Version) -> Result<()> {
    if client != Version::HTTP_2 {
        response.insert_header(growing::MARK, "1")?;
    }
    Ok(())
}

/// A response on its way to the client, in the version that it speaks.
pub(super) fn deliver(response: &mut ResponseHeader, client: Version) -> Result<()> {
    if client != Version::HTTP_2
        && let Some(date) = response.headers.get(header::DATE).cloned()
    {
        response.insert_header(date::KEPT, date)?;
    }
    for name in shoal_rules::tags::TAG_FIELDS {
        response.remove_header(&name);
    }
    for name in shoal_rules::targeted::TARGETED_FIELDS {
        response.remove_header(&name);
    }
    response.append_header(header::VIA, via(response.version))?;
    Ok(())
}

/// RFC 9110 7.6.3: the version in which the message was received, and who received it.
fn via(version: Version) -> HeaderValue {
    match version {
        Version::HTTP_2 => HeaderValue::from_static("2 shoal"),
        Version::HTTP_10 => HeaderValue::from_static("1.0 shoal"),
        _other => HeaderValue::from_static("1.1 shoal"),
    }
}
