//! The gateway under measurement: the shipped binary as a child process.
//!
//! It listens on free ports of loopback and names them in one JSON line on its standard output.
//! The child ends with the value. `tests/harness` has the same for stories, with logs and reloads.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use serde_json::Value;

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    address: SocketAddr,
    /// Holds the configuration for as long as the child may read it.
    folder: tempfile::TempDir,
}

impl Gateway {
    /// Starts the gateway with `yaml` and waits for its first listener.
    pub fn start(yaml: &str) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(config(&folder), yaml)?;
        let mut child = spawn(&folder)?;
        let first_listener = first_listener(&mut child);
        let gateway = |address| Self {
            child,
            address,
            folder,
        };
        match first_listener {
            Ok(address) => Ok(gateway(address)),
            Err(error) => {
                // Through the value, so that a child that talks nonsense is ended too.
                drop(gateway(SocketAddr::from(([127, 0, 0, 1], 0))));
                Err(error)
            }
        }
    }

    /// Its first listener.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it as an operator does, and waits until it has.
    pub fn stop(&mut self) -> io::Result<()> {
        let told = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()?;
        if !told.success() {
            return Err(io::Error::other("the gateway has ended before"));
        }
        let ended = self.child.wait()?;
        if ended.success() {
            return Ok(());
        }
        Err(io::Error::other(format!("the gateway ended with {ended}")))
    }

    /// Starts it anew after [`Gateway::stop`].
    pub fn start_again(&mut self) -> io::Result<()> {
        self.child = spawn(&self.folder)?;
        self.address = first_listener(&mut self.child)?;
        Ok(())
    }

    /// The processor time that each of its threads has used, to the nanosecond.
    pub fn threads(&self) -> io::Result<BTreeMap<u32, Duration>> {
        let mut times = BTreeMap::new();
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let thread = thread?;
            let id = thread.file_name().to_str().and_then(|id| id.parse().ok());
            // It may have ended since it was listed.
            let times_of_it = fs::read_to_string(thread.path().join("schedstat")).ok();
            let nanos = times_of_it.and_then(|text| text.split(' ').next()?.parse().ok());
            if let (Some(id), Some(nanos)) = (id, nanos) {
                times.insert(id, Duration::from_nanos(nanos));
            }
        }
        Ok(times)
    }

    /// The pages of the process that are in memory now, in bytes.
    pub fn resident(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        status
            .lines()
            .find_map(|line| {
                line.strip_prefix("VmRSS:")?
                    .trim()
                    .strip_suffix("kB")?
                    .trim()
                    .parse()
                    .ok()
            })
            .map(|kib: u64| kib * 1024)
            .ok_or_else(|| io::Error::other("no VmRSS: the gateway has ended"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // A child that is already gone is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("shoal.yaml")
}

fn spawn(folder: &tempfile::TempDir) -> io::Result<Child> {
    let binary = binary()?;
    Command::new(&binary)
        .args(["run", "-c"])
        .arg(config(folder))
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", binary.display())))
}

/// `SHOAL_BIN`, or the gateway that cargo built beside the bench.
fn binary() -> io::Result<PathBuf> {
    match env::var_os("SHOAL_BIN") {
        Some(named) => Ok(named.into()),
        None => Ok(env::current_exe()?.with_file_name("shoal")),
    }
}

/// Reads up to the line that names the listeners, then keeps the pipe empty from a thread.
fn first_listener(child: &mut Child) -> io::Result<SocketAddr> {
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| io::Error::other("no standard output"))?;
    let mut lines = BufReader::new(stdout).lines();
    for line in &mut lines {
        let Ok(event) = serde_json::from_str::<Value>(&line?) else {
            continue;
        };
        if event.get("event").and_then(Value::as_str) != Some("listening") {
            continue;
        }
        let address = event.pointer("/listeners/0").and_then(Value::as_str);
        let address = address.and_then(|address| address.parse().ok());
        thread::spawn(move || lines.for_each(drop));
        return address.ok_or_else(|| io::Error::other(format!("no listener in {event}")));
    }
    Err(io::Error::other("the gateway ended before it listened"))
}
