//! A request's first phase: what is asked for, which route takes it, what its plugins and its cache plan
//! say. Afterwards the exchange is complete and nothing else looks at routes.

use super::failure::{self, Failure};
use super::plugin_view::RequestLines;
use super::{content, fast_path, fields, head_request, parts, post_as_get, purge_request};
use super::{service::Proxy, slices};
use crate::caching::plan::{Asked, Plan, plan};
use crate::config::route::AcceptEncoding;
use crate::exchange::{Exchange, Target};
use crate::routing;
use crate::snapshot::LiveRoute;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Version, header};
use pingora_error::Result;
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::Session;
use shoal_plugins::{HeaderEdit, KeyEdit, OnError, Reply, RequestVerdict};
use shoal_rules::grpc::is_grpc;
use shoal_rules::{Reason, encoding, normalize_host, normalize_path};
use std::sync::Arc;

/// `Ok(true)`: answered.
pub(super) async fn filter(
    proxy: &Proxy,
    session: &mut Session,
    exchange: &mut Exchange,
) -> Result<bool> {
    exchange.background = session.subrequest_ctx.is_some();
    exchange.client = session
        .client_addr()
        .and_then(|addr| addr.as_inet())
        .map(|addr| addr.ip());
    let content_type = session.req_header().headers.get(header::CONTENT_TYPE);
    exchange.grpc = content_type.is_some_and(|value| is_grpc(value.as_bytes()));
    let tls = session
        .digest()
        .is_some_and(|digest| digest.ssl_digest.is_some());
    let Some(target) = target(session.req_header(), if tls { "https" } else { "http" }) else {
        return refuse(session, exchange, Failure::BadHost).await;
    };
    exchange.target = target;
    if session
        .req_header()
        .headers
        .contains_key(header::TRANSFER_ENCODING)
    {
        // `listen` takes no connection back whose request ends where only Pingora knows: say so.
        session.set_keepalive(None);
    }
    normalise(session.req_header_mut(), &exchange.target);
    fields::drop_listed(session.req_header_mut());
    let Some(route) = route(session, exchange) else {
        exchange.plan = Plan::Bypass(Reason::NoRoute);
        return refuse(session, exchange, Failure::NoRoute).await;
    };
    exchange.route = Some(route.clone());
    if session.req_header().method.as_str() == "PURGE" {
        return purge_request::answer(proxy, session, exchange).await;
    }
    if route.config.cache.accept_encoding == AcceptEncoding::Normalize && !exchange.grpc {
        fold_encoding(session.req_header_mut())?;
    }
    match ask_plugins(proxy, session, exchange, &route) {
        Said::Plan(edits) => {
            let content = content::read(session, exchange, &route).await?;
            let request = session.req_header();
            let asked = Asked {
                target: &exchange.target,
                method: &request.method,
                headers: &request.headers,
                client: exchange.client,
                grpc: exchange.grpc,
                content,
            };
            exchange.plan = plan(&route, asked, &edits);
            exchange.as_get = post_as_get::get_of(session, exchange, &route, &edits);
        }
        Said::Bypass(reason, detail) => {
            exchange.plan = Plan::Bypass(reason);
            exchange.outcome.detail = detail;
        }
        Said::Answer(answer) => return answer_for_plugin(session, exchange, answer).await,
        Said::Reject => return refuse(session, exchange, Failure::PluginRejected).await,
    }
    if let Plan::Bypass(reason) = exchange.plan {
        exchange.outcome.forwarded = Some(reason);
    }
    if fast_path::answer(proxy, session, exchange).await? {
        return Ok(true);
    }
    head_request::decide(proxy, session, exchange);
    if slices::answer(proxy, session, exchange).await? {
        return Ok(true);
    }
    parts::complete(proxy, session, exchange).await
}

/// The target URI's parts. `None`: not exactly one valid host.
fn target(request: &RequestHeader, scheme: &'static str) -> Option<Target> {
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let named = match (request.uri.authority(), hosts.next(), hosts.next()) {
        (_, Some(_), Some(_)) => return None,
        // RFC 9112 3.2.2: an absolute target replaces Host. HTTP/2 names its authority so.
        (Some(authority), _, _) => authority.as_str(),
        (None, Some(host), None) => host.to_str().ok()?,
        (None, None, _) if request.version == Version::HTTP_10 => "",
        (None, None, _) => return None,
    };
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+,;=".contains(&byte);
    if !named.bytes().all(valid) || (named.is_empty() && request.version != Version::HTTP_10) {
        return None;
    }
    Some(Target {
        scheme,
        host: normalize_host(named, scheme).into_owned(),
        path: normalize_path(request.uri.path()).into_owned(),
        query: request.uri.query().map(str::to_owned),
    })
}

/// What the origin is asked for is what the key names: the normalised path, without scheme and host (RFC
/// 9112 3.2.1). Pingora would send an absolute target as it came.
fn normalise(request: &mut RequestHeader, target: &Target) {
    let absolute = matches!(request.raw_path(), [first, ..] if !b"/*".contains(first));
    if request.uri.path() == target.path && !absolute {
        return;
    }
    let mut parts = request.uri.clone().into_parts();
    // A path that the URI type refuses stays as it was sent; the key uses the same text either way.
    if let Ok(path) = PathAndQuery::try_from(target.path_and_query()) {
        parts.path_and_query = Some(path);
        if let Ok(uri) = http::Uri::from_parts(parts) {
            request.set_uri(uri);
        }
    }
}

/// Spellings of Accept-Encoding that mean the same become one, for the origin and for `Vary`.
fn fold_encoding(request: &mut RequestHeader) -> Result<()> {
    match encoding::of_request(&request.headers) {
        Ok(Some(class)) => request.insert_header(header::ACCEPT_ENCODING, class)?,
        Ok(None) => drop(request.remove_header(&header::ACCEPT_ENCODING)),
        Err(encoding::Particular) => {}
    }
    Ok(())
}

fn route(session: &Session, exchange: &Exchange) -> Option<Arc<LiveRoute>> {
    let request = session.req_header();
    let target = routing::Target {
        host: &exchange.target.host,
        path: &exchange.target.path,
        method: &request.method,
        headers: &request.headers,
    };
    exchange.snapshot.route(target).cloned()
}

async fn refuse(session: &mut Session, exchange: &mut Exchange, failure: Failure) -> Result<bool> {
    failure::respond(session, exchange, failure).await?;
    Ok(true)
}

/// What the route's plugins said before the look-up.
enum Said {
    Plan(Vec<KeyEdit>),
    Bypass(Reason, Option<String>),
    Answer(Reply),
    Reject,
}

fn ask_plugins(
    proxy: &Proxy,
    session: &mut Session,
    exchange: &Exchange,
    route: &LiveRoute,
) -> Said {
    let mut edits = Vec::new();
    for plugin in &route.plugins {
        if plugin.hooks().on_request {
            let verdict = plugin.on_request(&RequestLines::new(session.req_header(), exchange));
            match verdict {
                Ok(said) => {
                    edit(session.req_header_mut(), &said.headers);
                    match said.verdict {
                        RequestVerdict::Continue => {}
                        RequestVerdict::Bypass(detail) => {
                            return Said::Bypass(Reason::PluginBypass, Some(detail));
                        }
                        RequestVerdict::Respond(answer) => return Said::Answer(answer),
                    }
                }
                Err(error) => match proxy.plugin_failed(plugin, &error) {
                    OnError::Continue => {}
                    OnError::Bypass => return Said::Bypass(Reason::PluginFailed, None),
                    OnError::Reject => return Said::Reject,
                },
            }
        }
        if plugin.hooks().cache_key {
            match plugin.cache_key(&RequestLines::new(session.req_header(), exchange)) {
                Ok(edit) => edits.push(edit),
                Err(error) => match proxy.plugin_failed(plugin, &error) {
                    OnError::Continue => {}
                    OnError::Bypass => return Said::Bypass(Reason::PluginFailed, None),
                    OnError::Reject => return Said::Reject,
                },
            }
        }
    }
    Said::Plan(edits)
}

fn edit(request: &mut RequestHeader, edits: &[HeaderEdit]) {
    for edit in edits {
        match edit {
            HeaderEdit::Set { name, value } => {
                let name = HeaderName::try_from(name.as_str());
                let value = HeaderValue::try_from(value.as_str());
                if let (Ok(name), Ok(value)) = (name, value) {
                    // The names and values are valid, and the map has room: Pingora caps heads.
                    let _ = request.insert_header(name, value);
                }
            }
            HeaderEdit::Remove { name } => {
                request.remove_header(name.as_str());
            }
        }
    }
}

async fn answer_for_plugin(
    session: &mut Session,
    exchange: &mut Exchange,
    answer: Reply,
) -> Result<bool> {
    exchange.plan = Plan::Bypass(Reason::PluginBypass);
    exchange.outcome.forwarded = None;
    let mut head = ResponseHeader::build(answer.status, Some(answer.headers.len() + 4))?;
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            head.insert_header(name, value)?;
        }
    }
    failure::send(session, exchange, head, Bytes::from(answer.body)).await?;
    Ok(true)
}
