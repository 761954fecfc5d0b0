//! `/metrics` for Prometheus, `/stats` and `/why` for people and programs.

use super::Operator;
use crate::clock;
use crate::restart::Status;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use shoal_cache::Evictions;

/// 404 when `metrics.enabled` is false.
pub(super) async fn metrics(State(operator): State<Operator>) -> Response {
    let gateway = &operator.gateway;
    if !gateway.current.load().config.cache.metrics.enabled {
        return StatusCode::NOT_FOUND.into_response();
    }
    match gateway.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

pub(super) async fn why(State(operator): State<Operator>) -> Json<Value> {
    Json(operator.gateway.metrics.why())
}

pub(super) async fn stats(State(operator): State<Operator>) -> Json<Value> {
    let stats = operator.gateway.store.stats();
    let segments: Vec<Value> = stats
        .segments
        .iter()
        .map(|segment| {
            json!({
                "entries": segment.entries,
                "bytes": segment.bytes,
                "probation_bytes": segment.probation_bytes,
                "protected_bytes": segment.protected_bytes,
                "hits": segment.hits,
                "misses": segment.misses,
                "inserts": segment.inserts,
                "evictions": evictions(&segment.evictions),
            })
        })
        .collect();
    let total = &stats.total;
    Json(json!({
        "entries": total.entries,
        "bytes": total.bytes,
        "used": stats.used,
        "max_memory": stats.max_memory,
        "hits": total.hits,
        "misses": total.misses,
        "inserts": total.inserts,
        "probation_bytes": total.probation_bytes,
        "protected_bytes": total.protected_bytes,
        "window": f64::from(stats.window) / 1000.0,
        "ghost_hits": stats.returned,
        "evictions": evictions(&total.evictions),
        "fills": { "count": stats.fills, "bytes": stats.fill_bytes },
        "compressed": {
            "entries": stats.compressed.entries,
            "bytes": stats.compressed.bytes,
            "saved": stats.compressed.saved,
        },
        "snapshot": snapshot(&operator.gateway.restart.status()),
        "segments": segments,
    }))
}

/// What outlives a restart. A part that has not happened is null.
fn snapshot(status: &Status) -> Value {
    let now = clock::now();
    json!({
        "loading": status.loading,
        "loaded": status.restored.map(|restored| json!({
            "result": restored.label(),
            "entries": restored.entries,
            "left_out": restored.left_out,
            "seconds": restored.took.as_secs_f64(),
            "age": restored.age.as_secs(),
        })),
        "written": status.written.map(|written| json!({
            "entries": written.entries,
            "bytes": written.bytes,
            "seconds": written.took.as_secs_f64(),
            "age": written.age(now).as_secs(),
        })),
        "failure": status.failure,
    })
}

/// `abroad` is the part of `space` that left for a response of another segment.
fn evictions(evictions: &Evictions) -> Value {
    json!({
        "space": evictions.space,
        "abroad": evictions.abroad,
        "expired": evictions.expired,
        "invalidated": evictions.invalidated,
    })
}
