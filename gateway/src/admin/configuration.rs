//! `/config/status` and `POST /reload`.

use super::Operator;
use crate::reload::{Outcome, Trigger};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use shoal_plugins::BreakerState;
use std::time::UNIX_EPOCH;

/// What runs, and how the last reload ended.
pub(super) async fn status(State(operator): State<Operator>) -> Json<Value> {
    let snapshot = operator.gateway.current.load_full();
    let loaded = snapshot
        .loaded
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let plugins: Vec<Value> = snapshot
        .plugins
        .values()
        .map(|plugin| {
            let stats = plugin.stats();
            json!({
                "name": plugin.name(),
                "version": plugin.version(),
                "calls": stats.phases.iter().map(|phase| phase.calls).sum::<u64>(),
                "errors": stats.phases.iter().map(|phase| phase.errors).sum::<u64>(),
                "breaker_open": matches!(stats.breaker, BreakerState::Open { .. }),
            })
        })
        .collect();
    Json(json!({
        "file": operator.reloader.path(),
        "version": snapshot.version,
        "hash": snapshot.hash,
        "loaded": loaded,
        "routes": snapshot.routes.iter().map(|route| &route.config.name).collect::<Vec<_>>(),
        "plugins": plugins,
        "not_active": snapshot.config.not_active,
        "last_reload": operator.reloader.last(),
    }))
}

/// 200 when the file runs now, 422 with the reason when it cannot.
pub(super) async fn reload(State(operator): State<Operator>) -> (StatusCode, Json<Value>) {
    let outcome = operator.reloader.reload(Trigger::Admin).await;
    let code = match outcome {
        Outcome::Applied { .. } | Outcome::Unchanged => StatusCode::OK,
        Outcome::Failed { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (code, Json(json!(outcome)))
}
