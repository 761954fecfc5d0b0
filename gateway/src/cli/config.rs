//! `shoal config`

use super::{Exit, print};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// The JSON Schema of configuration files, for editors.
    Schema,
}

impl ConfigCommand {
    pub(super) fn run(self) -> Exit {
        match self {
            Self::Schema => print(crate::config::schema::json()),
        }
        Exit::Ok
    }
}
