//! The gateway's process: start, listening line, signals, memory, end.
//!
//! The binary is `$SHOAL_BIN`, or `shoal` beside the folder of the test's own binary.

use crate::patience::{eventually, within};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tokio::sync::oneshot;

pub(super) const CONFIG: &str = "shoal.yaml";
pub(super) const ACCESS_LOG: &str = "access.log";
const STDERR: &str = "stderr.log";

/// The part of a long stderr that a failure shows: its end.
const STDERR_SHOWN_MAX: usize = 16 * 1024;

pub(super) struct Process {
    child: Child,
    folder: TempDir,
    pub(super) listeners: Vec<SocketAddr>,
    pub(super) admin: Option<SocketAddr>,
}

impl Process {
    /// Starts the binary in `folder` and awaits its listening line.
    pub(super) async fn start(folder: TempDir) -> Self {
        let (child, line) = spawn(folder.path());
        // The child has an owner before anything can fail, so that it never outlives the test.
        let mut process = Self {
            child,
            folder,
            listeners: Vec::new(),
            admin: None,
        };
        process.listen(line).await;
        process
    }

    /// Starts the binary anew in the same folder, after it has ended.
    pub(super) async fn start_again(&mut self) {
        let (child, line) = spawn(self.folder.path());
        self.child = child;
        self.listen(line).await;
    }

    async fn listen(&mut self, line: oneshot::Receiver<String>) {
        let line = within("the gateway to listen", line)
            .await
            .unwrap_or_default();
        let Ok(event) = serde_json::from_str::<Value>(&line) else {
            let config = std::fs::read_to_string(self.folder().join(CONFIG));
            panic!(
                "the gateway does not listen, it said {line:?}; its configuration:\n{}",
                config.unwrap_or_default()
            )
        };
        self.listeners = addresses(&event["listeners"]);
        self.admin = addresses(&event["admin"]).first().copied();
        assert!(!self.listeners.is_empty(), "no listeners in {line}");
    }

    /// Starts the binary and awaits its end: exit code and stderr.
    pub(super) async fn refused(folder: TempDir) -> (Option<i32>, String) {
        let (child, line) = spawn(folder.path());
        let mut process = Self {
            child,
            folder,
            listeners: Vec::new(),
            admin: None,
        };
        let line = within("the gateway to end", line).await.unwrap_or_default();
        assert!(line.is_empty(), "the gateway runs: {line}");
        (process.wait_for_exit().await, process.stderr())
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn write_file(&self, name: &str, content: &str) {
        std::fs::write(self.folder().join(name), content).expect("a writable folder");
    }

    pub(super) fn rss_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("a running gateway");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.trim().strip_suffix("kB"));
        kib.and_then(|kib| kib.trim().parse::<u64>().ok())
            .expect("VmRSS in kB")
            * 1024
    }

    pub(super) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .expect("the program kill");
        assert!(sent.success(), "could not send {name} to {id}");
    }

    pub(super) async fn wait_for_exit(&mut self) -> Option<i32> {
        let ended = async || self.child.try_wait().expect("a child of ours");
        eventually("the gateway to end", ended).await.code()
    }

    pub(super) fn stderr(&self) -> String {
        std::fs::read_to_string(self.folder().join(STDERR)).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let stderr = self.stderr();
            let from = stderr.len().saturating_sub(STDERR_SHOWN_MAX);
            eprintln!(
                "the gateway wrote to stderr:\n{}",
                stderr.get(from..).unwrap_or(&stderr)
            );
        }
    }
}

/// A folder for one gateway: configuration, plugins, logs.
pub(super) fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("shoal-test-")
        .tempdir()
        .expect("a writable temporary folder")
}

/// Starts the binary. The receiver gets the first line of its stdout, or nothing when that ends.
fn spawn(folder: &Path) -> (Child, oneshot::Receiver<String>) {
    let stderr = File::create(folder.join(STDERR)).expect("a writable folder");
    let mut child = Command::new(binary())
        // By its bare name, as people start it.
        .args(["run", "-c", CONFIG])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .expect("a gateway that starts");
    let stdout = child.stdout.take().expect("a piped stdout");
    let (tell, line) = oneshot::channel();
    // A thread, since the pipe must be emptied to its end or the gateway would block on it.
    std::thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut first = String::new();
        let _ = stdout.read_line(&mut first);
        let _ = tell.send(first);
        let _ = stdout.read_to_end(&mut Vec::new());
    });
    (child, line)
}

pub(super) fn binary() -> PathBuf {
    let path = std::env::var_os("SHOAL_BIN").map_or_else(beside_this_test, PathBuf::from);
    assert!(
        path.is_file(),
        "no gateway at {}: `cargo build --profile gate --bin shoal` makes it; SHOAL_BIN names another",
        path.display()
    );
    path
}

/// Tests are in `target/PROFILE/deps`, binaries one folder above.
fn beside_this_test() -> PathBuf {
    let test = std::env::current_exe().expect("a path of our own");
    test.ancestors().nth(2).unwrap_or(&test).join("shoal")
}

fn addresses(value: &Value) -> Vec<SocketAddr> {
    let texts: Vec<&str> = match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}
