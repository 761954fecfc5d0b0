//! The response hooks of a route's plugins, and what becomes of their decisions.
//!
//! Request hooks run in `proxy::request_phase`, which may answer for them.

use super::own_requests::OwnRequests;
use super::plugin_view::{RequestLines, ResponseLines};
use super::service::Proxy;
use crate::exchange::{Decision, Exchange};
use crate::metrics::CacheMetrics;
use crate::snapshot::LiveRoute;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use pingora_error::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use shoal_plugins::{CacheDecision, HeaderEdit, HookError, OnError, Plugin};
use shoal_rules::Reason;
use std::sync::Arc;

/// Asks every plugin about the origin's response and applies its edits to it.
///
/// # Errors
/// A hook failed and its plugin says `on_error: reject`.
pub(super) fn on_response(
    proxy: &Proxy,
    session: &Session,
    response: &mut ResponseHeader,
    exchange: &mut Exchange,
) -> Result<()> {
    let Some(route) = exchange
        .route
        .clone()
        .filter(|route| !route.plugins.is_empty())
    else {
        return Ok(());
    };
    let request = RequestLines::new(session.req_header(), exchange);
    let (decision, edits) = ask(&proxy.gateway.metrics, &route, &request, &lines(response))?;
    record(exchange, decision);
    for edit in edits {
        apply(response, &edit)?;
    }
    Ok(())
}

/// The same for a response that the gateway asked for by itself.
///
/// # Errors
/// As for [`on_response`].
pub(super) fn on_fetched(own: &OwnRequests, response: &mut ResponseHeader) -> Result<Decision> {
    let metrics = &own.gateway.metrics;
    let (decision, edits) = ask(metrics, &own.route, &own.lines(), &lines(response))?;
    for edit in edits {
        apply(response, &edit)?;
    }
    Ok(decision)
}

/// Asks again about a stored response that the origin confirmed: its lifetime starts anew. What a plugin
/// edits is in the stored fields already.
pub(super) fn on_freshened(
    proxy: &Proxy,
    session: &Session,
    response: &ResponseHeader,
    exchange: &mut Exchange,
    route: &Arc<LiveRoute>,
) {
    if route.plugins.is_empty() {
        return;
    }
    let request = RequestLines::new(session.req_header(), exchange);
    let decision = confirmed(&proxy.gateway.metrics, route, &request, &lines(response));
    record(exchange, decision);
}

/// The same for a stored part of these fields, which the gateway asked about by itself.
pub(super) fn on_fetched_again(own: &OwnRequests, headers: &HeaderMap) -> Decision {
    let status = StatusCode::PARTIAL_CONTENT;
    let response = ResponseLines { status, headers };
    confirmed(&own.gateway.metrics, &own.route, &own.lines(), &response)
}

fn confirmed(
    metrics: &CacheMetrics,
    route: &LiveRoute,
    request: &RequestLines<'_>,
    response: &ResponseLines<'_>,
) -> Decision {
    match ask(metrics, route, request, response) {
        Ok((decision, _edits)) => decision,
        // The client has its answer in the store: rejecting it would help nobody.
        Err(_rejected) => Decision {
            no_store: Some(failed()),
            ..Decision::default()
        },
    }
}

fn lines(response: &ResponseHeader) -> ResponseLines<'_> {
    ResponseLines {
        status: response.status,
        headers: &response.headers,
    }
}

fn ask(
    metrics: &CacheMetrics,
    route: &LiveRoute,
    request: &RequestLines<'_>,
    response: &ResponseLines<'_>,
) -> Result<(Decision, Vec<HeaderEdit>)> {
    let mut joined = Decision::default();
    let mut edits = Vec::new();
    for plugin in route
        .plugins
        .iter()
        .filter(|plugin| plugin.hooks().on_response)
    {
        match plugin.on_response(request, response) {
            Ok(said) => edits.extend(join(&mut joined, said)),
            Err(error) => match counted(metrics, plugin, &error) {
                OnError::Continue => {}
                OnError::Bypass => joined.no_store = Some(failed()),
                OnError::Reject => {
                    return Error::e_explain(ErrorType::InternalError, "a plugin rejects");
                }
            },
        }
    }
    Ok((joined, edits))
}

fn failed() -> (Reason, Option<String>) {
    (Reason::PluginFailedOnResponse, None)
}

/// A later plugin's lifetimes replace an earlier one's; tags add up; one refusal is enough.
fn join(joined: &mut Decision, said: CacheDecision) -> Vec<HeaderEdit> {
    let overrides = &mut joined.overrides;
    overrides.ttl = said.ttl.or(overrides.ttl);
    overrides.stale_while_revalidate = said
        .stale_while_revalidate
        .or(overrides.stale_while_revalidate);
    overrides.stale_if_error = said.stale_if_error.or(overrides.stale_if_error);
    joined.tags.extend(said.tags);
    if let Some(words) = said.no_store {
        joined.no_store = Some((Reason::PluginNoStore, Some(words)));
    }
    said.headers
}

fn record(exchange: &mut Exchange, decision: Decision) {
    if let Some((_, words @ Some(_))) = &decision.no_store {
        exchange.outcome.detail = words.clone();
    }
    if let Some(origin) = &mut exchange.origin {
        origin.decision = decision;
    }
}

fn apply(response: &mut ResponseHeader, edit: &HeaderEdit) -> Result<()> {
    match edit {
        HeaderEdit::Set { name, value } => {
            let name = HeaderName::try_from(name.as_str());
            let value = HeaderValue::try_from(value.as_str());
            if let (Ok(name), Ok(value)) = (name, value) {
                response.insert_header(name, value)?;
            }
        }
        HeaderEdit::Remove { name } => {
            response.remove_header(name.as_str());
        }
    }
    Ok(())
}

impl Proxy {
    /// Counts a hook that failed; the host has logged it. What follows is the plugin's `on_error`.
    pub(crate) fn plugin_failed(&self, plugin: &Plugin, error: &HookError) -> OnError {
        counted(&self.gateway.metrics, plugin, error)
    }
}

fn counted(metrics: &CacheMetrics, plugin: &Plugin, error: &HookError) -> OnError {
    metrics.plugin_failed(plugin.name(), error.label());
    plugin.on_error()
}
