//! The suite's programs: installed by npm, its origin server, its client.
//!
//! What the results mean is `main`; the client's own words are `run.mjs`.

use crate::file;
use serde_json::Value;
use shoal_tests::within;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::oneshot;

/// Exactly this edition: `skip.txt` is written for it.
const EDITION: &str = "http-cache-tests@0.4.5";

/// The client needs a quarter of a minute; a suite that hangs must not hang the build.
const RUN_MAX: Duration = Duration::from_secs(240);

/// The suite's folder.
pub(crate) struct Suite {
    folder: PathBuf,
}

/// The suite's own origin server; it stops when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    _running: Running,
}

/// A child of ours. Killed when dropped.
struct Running(Child);

/// The result of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// `required`, `optimal` or `check`.
    pub(crate) kind: String,
    /// Whether the gateway did what the test asks for.
    pub(crate) passed: bool,
    /// What went wrong, in the suite's words.
    pub(crate) detail: String,
}

impl Outcome {
    /// As `expected.json` has it.
    pub(crate) fn word(&self) -> &'static str {
        if self.passed { "pass" } else { "fail" }
    }
}

impl Suite {
    /// Finds or installs it. `None`, after saying so, where that is not possible; under `CI=true`
    /// that is a failure.
    pub(crate) fn find() -> Option<Self> {
        match install() {
            Ok(folder) => Some(Self { folder }),
            Err(why) => {
                assert!(
                    std::env::var_os("CI").is_none(),
                    "the HTTP cache test suite: {why}"
                );
                say(&format!(
                    "SKIPPED: THE HTTP CACHE TEST SUITE DID NOT RUN: {why}"
                ));
                None
            }
        }
    }

    /// Starts the origin server on a free port.
    pub(crate) async fn serve(&self) -> Server {
        let mut command = Command::new("node");
        command
            .arg(self.folder.join("server/server.mjs"))
            .env("npm_config_protocol", "http")
            .env("npm_config_port", "0")
            .env("npm_config_pidfile", "/dev/null");
        let (running, line) = start(&mut command, Wanted::FirstLine);
        let line = within("the suite's server", line).await.unwrap_or_default();
        let port = line.trim().trim_end_matches('/').rsplit(':').next();
        let Some(port) = port.and_then(|port| port.parse::<u16>().ok()) else {
            panic!("the suite's server said {line:?}")
        };
        Server {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            _running: running,
        }
    }

    /// Runs all tests, or the named ones, against the gateway.
    pub(crate) async fn run(
        &self,
        gateway: SocketAddr,
        only: &[String],
    ) -> BTreeMap<String, Outcome> {
        let mut command = Command::new("node");
        command
            .arg("--no-warnings")
            .arg(file("run.mjs"))
            .arg(&self.folder)
            .arg(format!("http://{gateway}"))
            .arg(file("skip.txt"))
            .args(only);
        let (_running, output) = start(&mut command, Wanted::Everything);
        match tokio::time::timeout(RUN_MAX, output).await {
            Ok(output) => parse(&output.unwrap_or_default()),
            Err(_) => panic!("the suite's client took more than {RUN_MAX:?}"),
        }
    }
}

impl Server {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes past the test harness, which shows nothing of a test that passed.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What is awaited of a child's stdout.
#[derive(Clone, Copy)]
enum Wanted {
    FirstLine,
    Everything,
}

/// Starts a child and reads its stdout to the end, so that it never blocks on a full pipe.
fn start(command: &mut Command, wanted: Wanted) -> (Running, oneshot::Receiver<String>) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (tell, told) = oneshot::channel();
    let stdout = child.stdout.take();
    std::thread::spawn(move || {
        let Some(mut stdout) = stdout.map(BufReader::new) else {
            return;
        };
        let mut text = String::new();
        let _ = match wanted {
            Wanted::FirstLine => stdout.read_line(&mut text),
            Wanted::Everything => stdout.read_to_string(&mut text),
        };
        let _ = tell.send(text);
        let _ = stdout.read_to_end(&mut Vec::new());
    });
    (Running(child), told)
}

fn parse(output: &str) -> BTreeMap<String, Outcome> {
    let last = output.lines().last().unwrap_or_default();
    let Ok(Value::Object(report)) = serde_json::from_str(last) else {
        panic!("the suite's client gave no report:\n{output}")
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let outcome = |(id, result): (String, Value)| {
        let passed = result.get("pass").and_then(Value::as_bool) == Some(true);
        let (kind, detail) = (text(result.get("kind")), text(result.get("detail")));
        (
            id,
            Outcome {
                kind,
                passed,
                detail,
            },
        )
    };
    report.into_iter().map(outcome).collect()
}

/// The suite's folder below `.deps`, filled by npm where it is empty.
fn install() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.deps/http-cache-tests");
    let folder = root.join("node_modules/http-cache-tests");
    succeeds(Command::new("node").arg("--version"))?;
    if folder.join("cli.mjs").is_file() {
        return Ok(folder);
    }
    if std::env::var_os("SHOAL_NO_INSTALL").is_some_and(|value| value == "1") {
        return Err(format!(
            "{EDITION} is not installed and SHOAL_NO_INSTALL=1 is set"
        ));
    }
    std::fs::create_dir_all(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    let npm = [
        "install",
        EDITION,
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefix",
    ];
    succeeds(Command::new("npm").args(npm).arg(&root))?;
    Ok(folder)
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{}: {status}", command.get_program().display())),
        Err(error) => Err(format!("{}: {error}", command.get_program().display())),
    }
}
