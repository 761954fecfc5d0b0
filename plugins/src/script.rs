//! A plugin's source and what its main chunk said: name, hooks, schema.
//!
//! Checks that the chunk returned a plugin. Running it is `vm`; the configuration is `script/schema`.

mod schema;

use crate::api::argument::type_name;
use crate::api::json;
use crate::error::ScriptError;
use crate::error::explain::explain;
use crate::limits::SOURCE_BYTES_MAX;
use crate::phase::{Hooks, Phase};
use crate::states;
use mlua::{Function, Table, Value};
use serde_json::Value as Json;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A plugin as configured, before it is compiled.
#[derive(Clone, PartialEq)]
pub struct Source {
    /// The name under which routes list it.
    pub name: String,
    /// Where the text came from; only shown.
    pub file: PathBuf,
    /// The Luau text.
    pub text: String,
    /// The plugin's own configuration; checked against its `schema`.
    pub config: Json,
    /// CPU time of one hook.
    pub cpu: Duration,
    /// Bytes of one VM.
    pub memory: usize,
    /// What a failure means for a request.
    pub on_error: OnError,
}

/// What the gateway does when a hook fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnError {
    /// Past the cache: no look-up, no storing.
    #[default]
    Bypass,
    /// As if the plugin were not there.
    Continue,
    /// Refuse the request.
    Reject,
}

/// A source that was compiled and tried, and all that a thread needs to build a VM from it.
pub(crate) struct Bundle {
    pub(crate) source: Source,
    pub(crate) hooks: Hooks,
    pub(crate) version: Option<String>,
    /// The configuration with defaults filled in; durations are seconds.
    pub(crate) config: Json,
}

impl fmt::Debug for Source {
    /// Without the configuration, which may hold keys, and without the text.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Source")
            .field("name", &self.name)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// The name that the VM shows in its messages.
    pub(crate) fn chunk(&self) -> String {
        let whole = self.file.display().to_string();
        if whole.len() <= CHUNK_BYTES_MAX {
            return whole;
        }
        self.file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// What can be refused without running anything.
    pub(crate) fn check(&self) -> Result<(), ScriptError> {
        if self.text.len() > SOURCE_BYTES_MAX {
            let message = format!("the file is larger than {SOURCE_BYTES_MAX} bytes");
            return Err(ScriptError::new(self, None, message));
        }
        Ok(())
    }

    /// Reads the table that the main chunk returned.
    pub(crate) fn into_bundle(self, returned: &Value) -> Result<Bundle, ScriptError> {
        let Some(plugin) = returned.as_table() else {
            let line = self.line_of(|line| line.trim_start().starts_with("return"));
            let got = type_name(returned);
            return Err(ScriptError::new(
                &self,
                line,
                format!("a plugin returns its table, this one returns {got}: end with `return P`"),
            ));
        };
        let hooks = self.hooks(plugin)?;
        let version = self.text_field(plugin, "version")?;
        self.text_field(plugin, "name")?;
        let config = self.resolve(plugin)?;
        Ok(Bundle {
            hooks,
            version,
            config,
            source: self,
        })
    }

    fn hooks(&self, plugin: &Table) -> Result<Hooks, ScriptError> {
        let mut hooks = Hooks::default();
        for pair in plugin.pairs::<Value, Value>() {
            let Ok((key, value)) = pair else { continue };
            let key = key
                .as_string()
                .map(|key| key.to_string_lossy())
                .unwrap_or_default();
            if let Some(phase) = Phase::HOOKS.into_iter().find(|phase| phase.name() == key) {
                if !value.is_function() {
                    let got = type_name(&value);
                    return Err(self.at_name(&key, format!("`{key}` is a function, not a {got}")));
                }
                hooks.add(phase);
            } else if !FIELDS.contains(&key.as_str()) {
                return Err(self.unknown(&key, &value));
            }
        }
        Ok(hooks)
    }

    fn unknown(&self, key: &str, value: &Value) -> ScriptError {
        let known = Phase::HOOKS.map(Phase::name).into_iter().chain(FIELDS);
        let near = nearest(key, known.clone());
        let hint = near.map_or_else(
            || format!("known are {}", known.collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let defined = value
            .as_function()
            .map(Function::info)
            .and_then(|info| info.line_defined);
        let line = defined.and_then(|line| u32::try_from(line).ok());
        let message = format!("a plugin has no `{key}`: {hint}");
        let place = line.or_else(|| self.line_naming(key));
        ScriptError::new(self, place, message)
    }

    fn text_field(&self, plugin: &Table, name: &str) -> Result<Option<String>, ScriptError> {
        match plugin.raw_get::<Value>(name) {
            Ok(Value::Nil) | Err(_) => Ok(None),
            Ok(Value::String(text)) => Ok(Some(text.to_string_lossy())),
            Ok(other) => {
                let message = format!("`{name}` is a string, not a {}", type_name(&other));
                Err(self.at_name(name, message))
            }
        }
    }

    fn resolve(&self, plugin: &Table) -> Result<Json, ScriptError> {
        let declared = plugin.raw_get::<Value>("schema").unwrap_or(Value::Nil);
        if declared.is_nil() {
            return Ok(self.config.clone());
        }
        let declared = json::to_json(&declared).map_err(|problem| {
            self.at_name(
                "schema",
                format!("`schema`: {}", explain(&problem, &self.chunk()).message),
            )
        })?;
        schema::resolve(&declared, &self.config)
            .map_err(|problem| self.at_name(&problem.key, problem.message))
    }

    fn at_name(&self, name: &str, message: String) -> ScriptError {
        ScriptError::new(self, self.line_naming(name), message)
    }

    /// The first line that sets a name: `name =` or `.name(`.
    fn line_naming(&self, name: &str) -> Option<u32> {
        self.line_of(|line| {
            line.match_indices(name).any(|(at, _)| {
                let rest = line.get(at + name.len()..).unwrap_or_default().trim_start();
                rest.starts_with('=') || rest.starts_with('(')
            })
        })
    }

    fn line_of(&self, wanted: impl Fn(&str) -> bool) -> Option<u32> {
        self.text
            .lines()
            .position(wanted)
            .and_then(|at| u32::try_from(at + 1).ok())
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(out)
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        // Weak pointers to it are dead already, so a thread that looks now frees its VM.
        states::plugin_dropped();
    }
}

/// The known name that was probably meant.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|other| (strsim::damerau_levenshtein(name, other), other))
        .filter(|(distance, _)| *distance <= NEAR)
        .min()
        .map(|(_, other)| other)
}

/// What a plugin's table may hold beside hooks.
const FIELDS: [&str; 4] = ["name", "version", "priority", "schema"];
/// Edits between a name and what was probably meant.
const NEAR: usize = 3;
/// The VM cuts longer chunk names, and a cut name could not be found in messages.
const CHUNK_BYTES_MAX: usize = 200;
