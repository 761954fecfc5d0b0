//! The gateway under show: this program again, as `shoal run`, until it is dropped.

use super::DemoError;
use super::folder::Folder;
use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tokio::sync::oneshot;

/// It listens within a fraction of a second, also on a small machine under load.
const START_MAX: Duration = Duration::from_secs(15);

pub(super) struct Running {
    _process: Process,
    proxy: SocketAddr,
    admin: SocketAddr,
}

/// What it says on standard output when it is ready.
#[derive(Deserialize)]
struct Listening {
    listeners: Vec<SocketAddr>,
    admin: SocketAddr,
}

impl Running {
    /// Starts it and awaits that it listens.
    pub(super) async fn start(folder: &Folder) -> Result<Self, DemoError> {
        let mut process = spawn(folder).map_err(DemoError::system("cannot start the gateway"))?;
        let line = match process.0.stdout.take() {
            Some(stdout) => first_line(stdout).await,
            None => String::new(),
        };
        let listening: Option<Listening> = serde_json::from_str(&line).ok();
        let found = listening.and_then(|l| Some((*l.listeners.first()?, l.admin)));
        let Some((proxy, admin)) = found else {
            super::complain(folder.log());
            return Err(DemoError::NotListening);
        };
        Ok(Self {
            _process: process,
            proxy,
            admin,
        })
    }

    /// Where clients connect.
    pub(super) fn proxy(&self) -> SocketAddr {
        self.proxy
    }

    /// Where operators do.
    pub(super) fn admin(&self) -> SocketAddr {
        self.admin
    }
}

/// A child that does not outlive its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; nothing of it is to be kept.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn(folder: &Folder) -> std::io::Result<Process> {
    Command::new(std::env::current_exe()?)
        .args(["run", "-c"])
        .arg(folder.config())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(folder.create_log()?)
        .spawn()
        .map(Process)
}

/// Empty when it ends without one, or is late.
async fn first_line(stdout: ChildStdout) -> String {
    let (tell, line) = oneshot::channel();
    // A thread, since the pipe stays open to be emptied for as long as the gateway runs.
    std::thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let _ = stdout.read_line(&mut line);
        let _ = tell.send(line);
        let _ = std::io::copy(&mut stdout, &mut std::io::sink());
    });
    let line = tokio::time::timeout(START_MAX, line).await;
    line.ok().and_then(Result::ok).unwrap_or_default()
}
