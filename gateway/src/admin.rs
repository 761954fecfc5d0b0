//! The operators' listener: health, metrics, status, purge, reload.
//!
//! One file a resource. GET never changes anything. Beyond loopback a bearer token is needed; health
//! checks go without, and say nothing.

mod cache;
mod configuration;
mod explain;
mod health;
mod observe;
mod purge;

use crate::gateway::Gateway;
use crate::listen::accept::ListenError;
use crate::reload::Reloader;
use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tracing::error;

/// What every resource sees.
#[derive(Clone)]
struct Operator {
    gateway: Arc<Gateway>,
    reloader: Arc<Reloader>,
}

/// The listener, bound.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// Binds the configured address.
///
/// # Errors
/// The system refuses it.
pub async fn bind(gateway: &Gateway) -> Result<Bound, ListenError> {
    let address = gateway.current.load().config.admin.address;
    let failed = |source| ListenError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Bound { listener, address })
}

impl Bound {
    /// Where it listens: port 0 shows as the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers operators until the gateway has drained.
    pub async fn serve(self, gateway: Arc<Gateway>, reloader: Arc<Reloader>) {
        let operator = Operator { gateway, reloader };
        if let Err(error) = axum::serve(self.listener, router(operator)).await {
            error!(%error, "the admin listener ended");
        }
    }
}

fn router(operator: Operator) -> Router {
    Router::new()
        .route("/metrics", get(observe::metrics))
        .route("/why", get(observe::why))
        .route("/stats", get(observe::stats))
        .route("/config/status", get(configuration::status))
        .route("/reload", post(configuration::reload))
        .route("/cache/lookup", get(cache::lookup))
        .route("/explain", post(explain::explain))
        .route("/purge", post(purge::purge))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(from_fn_with_state(operator.clone(), authorize))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .method_not_allowed_fallback(not_so)
        .with_state(operator)
}

async fn nothing_here() -> Response {
    refused(StatusCode::NOT_FOUND, "no such resource")
}

async fn not_so() -> Response {
    refused(StatusCode::METHOD_NOT_ALLOWED, "not with this method")
}

/// An error in the form of every other one.
fn refused(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

/// The token, where there is one; and no request that a web page made a browser send.
async fn authorize(State(operator): State<Operator>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) {
        return refused(StatusCode::FORBIDDEN, "requests of web pages are refused");
    }
    let token = operator.gateway.current.load().config.admin.token.clone();
    if let Some(token) = token {
        let sent = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let sent = sent
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default();
        if !same(sent, &token.0) {
            return refused(StatusCode::UNAUTHORIZED, "a bearer token is needed");
        }
    } else if !named_by_address(headers) {
        // A page whose name is pointed at loopback would be served as if it were the operator.
        let error = "without a token, ask by address or as localhost";
        return refused(StatusCode::FORBIDDEN, error);
    }
    next.run(request).await
}

/// Whether `Host` is an address or `localhost`.
fn named_by_address(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else {
        return true;
    };
    let authority = host
        .to_str()
        .ok()
        .and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| {
        let host = authority.host();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok()
    })
}

/// Compares digests, so that time tells nothing about the token.
fn same(sent: &str, token: &str) -> bool {
    blake3::hash(sent.as_bytes()) == blake3::hash(token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn names_that_somebody_else_may_point_at_loopback_are_refused() {
        let named = |host: &'static str| {
            named_by_address(&HeaderMap::from_iter([(
                header::HOST,
                HeaderValue::from_static(host),
            )]))
        };
        assert!(named("127.0.0.1:9901") && named("[::1]:9901") && named("LocalHost"));
        assert!(!named("evil.example:9901") && !named("localhost.evil.example"));
        assert!(!named("no host"));
        assert!(named_by_address(&HeaderMap::new()));
    }
}
