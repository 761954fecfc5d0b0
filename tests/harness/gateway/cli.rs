//! The command line, run against the gateway under test.

use super::Gateway;
use super::process::binary;
use crate::patience::within;
use std::path::Path;
use std::process::{Command, Stdio};
use tokio::task::spawn_blocking;

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Gateway {
    /// Runs `shoal` with `arguments` in the gateway's folder, with its admin address in the environment.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn shoal(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        let ended = spawn_blocking(move || command.output());
        let output = within("the command to end", ended).await;
        let output = output.expect("a thread").expect("a command that starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The same with a standard output that nobody reads; gives the exit code.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn shoal_unread(&self, arguments: &[&str]) -> Option<i32> {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = self.command(arguments);
        let ended = spawn_blocking(move || command.stdout(writer).status());
        let status = within("the command to end", ended).await;
        let status = status.expect("a thread").expect("a command that starts");
        status.code()
    }

    /// Where the gateway's configuration and logs are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.process.folder()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .current_dir(self.process.folder())
            .env_remove("SHOAL_CONFIG")
            .env("SHOAL_ADMIN", self.admin_address().to_string())
            .stdin(Stdio::null());
        command
    }
}
