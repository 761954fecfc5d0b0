//! The JSON schema of the configuration file, made from its mirror.
//!
//! It is printed by `shoal config schema` for editors, and it is what `check` walks along: so the
//! file is checked against the very text that is published.

use super::file::File;
use serde_json::Value;
use std::sync::LazyLock;

/// The schema, for people and editors.
pub fn json() -> String {
    format!("{:#}", &*SCHEMA)
}

/// The schema as a value.
pub(super) fn value() -> &'static Value {
    &SCHEMA
}

static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(File).to_value());
