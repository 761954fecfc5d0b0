//! The gateway under test: a process of its own, started with a configuration of the test's.
//!
//! `config` writes the file, `process` owns the child, `admin`, `metrics` and `access_log` look at
//! it from outside.

mod access_log;
mod admin;
pub(crate) mod cli;
pub(crate) mod config;
pub(crate) mod metrics;
mod process;

use crate::ask::{Ask, get};
use crate::certificates::Authority;
use crate::client::Client;
use crate::client::h2::H2Client;
use crate::client::incoming::Incoming;
use crate::client::response::Response;
use crate::client::tls::{Alpn, TlsHandshake};
use crate::origin::Origin;
use config::Config;
use process::Process;
use std::net::SocketAddr;
use tokio::task::JoinHandle;

/// A running gateway. It is killed when it goes out of scope; if the test failed, what it wrote to
/// stderr is printed.
pub struct Gateway {
    process: Process,
    config: Config,
}

impl Gateway {
    /// One upstream, one route for everything, cache on.
    pub async fn start(origin: &Origin) -> Self {
        Self::with(origin).start().await
    }

    /// The same, to be changed before it starts.
    #[must_use]
    pub fn with(origin: &Origin) -> Config {
        Config::for_target(origin.address())
    }

    /// One upstream anywhere.
    #[must_use]
    pub fn at(target: SocketAddr) -> Config {
        Config::for_target(target)
    }

    /// `GET path` on a connection of its own.
    pub async fn get(&self, path: &str) -> Response {
        self.send(get(path)).await
    }

    /// Any request on a connection of its own.
    pub async fn send(&self, ask: Ask) -> Response {
        self.client().await.send(ask).await
    }

    /// The same, without waiting for it.
    #[must_use]
    pub fn spawn(&self, ask: Ask) -> JoinHandle<Response> {
        let address = self.address();
        tokio::spawn(async move { Client::connect(address).await.send(ask).await })
    }

    /// Awaits only the head of the response.
    pub async fn open(&self, ask: Ask) -> Incoming {
        self.client().await.open(ask).await
    }

    /// A connection.
    pub async fn client(&self) -> Client {
        Client::connect(self.address()).await
    }

    /// A connection that speaks HTTP/2 in clear text.
    pub async fn h2c(&self) -> H2Client {
        H2Client::connect(self.address()).await
    }

    /// A TLS handshake with the first listener.
    pub async fn tls(&self, name: &str, authority: &Authority, alpn: Alpn) -> TlsHandshake {
        TlsHandshake::with(self.address(), name, authority, alpn).await
    }

    /// The first listener.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.process.listeners[0]
    }

    /// Every listener, in the order of the configuration.
    #[must_use]
    pub fn listeners(&self) -> &[SocketAddr] {
        &self.process.listeners
    }

    /// The memory that the process holds.
    ///
    /// # Panics
    /// When the process has ended.
    #[must_use]
    pub fn rss_bytes(&self) -> u64 {
        self.process.rss_bytes()
    }

    /// Sends the process a signal by its name, as `kill` knows it.
    ///
    /// # Panics
    /// When the process has ended.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Awaits the end of the process; the result is its exit code.
    pub async fn wait_for_exit(&mut self) -> Option<i32> {
        self.process.wait_for_exit().await
    }

    /// Ends the process by a signal and starts it again, in the same folder with the configuration as it
    /// is there: `TERM` is a good stop, `KILL` a crash.
    ///
    /// # Panics
    /// When it does not end, or does not listen again.
    pub async fn restart(&mut self, signal: &str) {
        self.signal(signal);
        self.process.wait_for_exit().await;
        self.process.start_again().await;
    }

    /// Starts the process again after it has ended.
    ///
    /// # Panics
    /// When it does not listen.
    pub async fn start_again(&mut self) {
        self.process.start_again().await;
    }

    /// What the process has written to stderr since it started.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.process.stderr()
    }

    /// Replaces a file beside the configuration.
    ///
    /// # Panics
    /// When the disk is full.
    pub fn write_file(&self, name: &str, content: &str) {
        self.process.write_file(name, content);
    }

    /// Changes the configuration file; a reload is the test's.
    pub fn write_config(&mut self, change: impl FnOnce(Config) -> Config) {
        self.config = change(self.config.clone());
        self.config.write(self.process.folder());
    }
}
