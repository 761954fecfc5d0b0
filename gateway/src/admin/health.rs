//! `/healthz`: the process runs. `/readyz`: it takes new requests.

use super::Operator;
use axum::extract::State;
use axum::http::StatusCode;

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(operator): State<Operator>) -> (StatusCode, &'static str) {
    if *operator.gateway.drain.watch().borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n");
    }
    (StatusCode::OK, "ready\n")
}
