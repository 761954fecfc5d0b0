//! What a route's plugins say about the described request. Their hooks run for real, in the order and with
//! the consequences of the request path.
//!
//! `on_response` has nothing to judge before an origin has answered: it is listed, not run. Calls and
//! failures count in the plugin's own numbers, as any other call does.

use super::request::Described;
use super::secret;
use crate::snapshot::LiveRoute;
use serde_json::{Value, json};
use shoal_plugins::{
    HeaderEdit, HookError, KeyEdit, KeyOp, OnError, Plugin, Reply, RequestDecision, RequestVerdict,
};
use shoal_rules::Reason;

/// What becomes of the request.
pub(super) enum Said {
    Plan(Vec<KeyEdit>),
    Bypass(Reason, Option<String>),
    Answer(Reply),
    Reject,
}

/// The same, with what each hook said.
pub(super) struct Told {
    pub(super) said: Said,
    pub(super) steps: Vec<Value>,
}

/// Asks until one plugin has the last word.
pub(super) fn ask(route: &LiveRoute, described: &mut Described) -> Told {
    let mut steps = Vec::new();
    let mut edits = Vec::new();
    for plugin in &route.plugins {
        if let Some(said) = consult(plugin, described, &mut edits, &mut steps) {
            return Told { said, steps };
        }
    }
    Told {
        said: Said::Plan(edits),
        steps,
    }
}

/// `None`: the next plugin is asked.
fn consult(
    plugin: &Plugin,
    described: &mut Described,
    edits: &mut Vec<KeyEdit>,
    steps: &mut Vec<Value>,
) -> Option<Said> {
    let name = plugin.name();
    if plugin.hooks().on_request {
        match plugin.on_request(described) {
            Ok(decision) => {
                steps.push(decided(name, &decision));
                for edit in &decision.headers {
                    described.edit(edit);
                }
                match decision.verdict {
                    RequestVerdict::Continue => {}
                    RequestVerdict::Bypass(words) => {
                        return Some(Said::Bypass(Reason::PluginBypass, Some(words)));
                    }
                    RequestVerdict::Respond(reply) => return Some(Said::Answer(reply)),
                }
            }
            Err(error) => {
                steps.push(failed(plugin, "on_request", &error));
                if let Some(said) = consequence(plugin) {
                    return Some(said);
                }
            }
        }
    }
    if plugin.hooks().cache_key {
        match plugin.cache_key(described) {
            Ok(edit) => {
                steps.push(keyed(name, &edit));
                edits.push(edit);
            }
            Err(error) => {
                steps.push(failed(plugin, "cache_key", &error));
                if let Some(said) = consequence(plugin) {
                    return Some(said);
                }
            }
        }
    }
    if plugin.hooks().on_response {
        steps.push(json!({ "plugin": name, "hook": "on_response", "said": "not asked" }));
    }
    None
}

/// What a failure means for the request.
fn consequence(plugin: &Plugin) -> Option<Said> {
    match plugin.on_error() {
        OnError::Continue => None,
        OnError::Bypass => Some(Said::Bypass(Reason::PluginFailed, None)),
        OnError::Reject => Some(Said::Reject),
    }
}

fn failed(plugin: &Plugin, hook: &str, error: &HookError) -> Value {
    let on_error = match plugin.on_error() {
        OnError::Continue => "continue",
        OnError::Bypass => "bypass",
        OnError::Reject => "reject",
    };
    json!({
        "plugin": plugin.name(),
        "hook": hook,
        "said": "failed",
        "error": error.to_string(),
        "on_error": on_error,
    })
}

fn decided(plugin: &str, decision: &RequestDecision) -> Value {
    let (said, words) = match &decision.verdict {
        RequestVerdict::Continue => ("continue", None),
        RequestVerdict::Bypass(words) => ("bypass", Some(words.clone())),
        RequestVerdict::Respond(reply) => ("respond", Some(reply.status.to_string())),
    };
    let edits: Vec<String> = decision
        .headers
        .iter()
        .map(|edit| match edit {
            HeaderEdit::Set { name, value } => {
                format!("{name}: {}", secret::shown(name, value.as_bytes()))
            }
            HeaderEdit::Remove { name } => format!("{name} removed"),
        })
        .collect();
    json!({
        "plugin": plugin,
        "hook": "on_request",
        "said": said,
        "words": words,
        "headers": edits,
    })
}

fn keyed(plugin: &str, edit: &KeyEdit) -> Value {
    let ops: Vec<String> = edit
        .ops
        .iter()
        .map(|op| match op {
            KeyOp::QueryOnly(names) => format!("query_only {}", names.join(", ")),
            KeyOp::QueryExclude(names) => format!("query_exclude {}", names.join(", ")),
            KeyOp::Header(name) => format!("header {name}"),
            KeyOp::Cookie(name) => format!("cookie {name}"),
            KeyOp::Add(text) => format!("add {text}"),
        })
        .collect();
    let said = if ops.is_empty() { "nothing" } else { "edits" };
    json!({ "plugin": plugin, "hook": "cache_key", "said": said, "key": ops })
}
