//! The admin API as a test uses it: look, purge, reload.
//!
//! Metrics have a file of their own.

use super::Gateway;
use super::config::Config;
use crate::ask::{get, post};
use crate::client::Client;
use crate::client::response::Response;
use crate::patience::eventually;
use serde_json::{Value, json};
use std::net::SocketAddr;

impl Gateway {
    /// Where the admin API listens.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.process.admin.expect("an admin listener")
    }

    /// `GET` on the admin API.
    pub async fn admin_get(&self, path: &str) -> Response {
        let ask = get(path).host("localhost");
        Client::connect(self.admin_address()).await.send(ask).await
    }

    /// `POST` of JSON on the admin API.
    pub async fn admin_post(&self, path: &str, content: Value) -> Response {
        let ask = post(path)
            .host("localhost")
            .header("Content-Type", "application/json")
            .body(content.to_string());
        Client::connect(self.admin_address()).await.send(ask).await
    }

    /// Purges, and gives the receipt.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn purge(&self, what: Value) -> Value {
        let receipt = self.admin_post("/purge", what).await;
        assert_eq!(receipt.status, 200, "{}", receipt.text());
        receipt.json()
    }

    /// What is stored for a URL, by `/cache/lookup`.
    pub async fn lookup(&self, path: &str) -> Value {
        let url = format!("http://{}{path}", crate::ask::HOST);
        self.admin_get(&format!("/cache/lookup?url={url}"))
            .await
            .json()
    }

    /// Asks for a reload.
    pub async fn reload(&self) -> Response {
        self.admin_post("/reload", json!({})).await
    }

    /// Changes the configuration file, asks for a reload, and demands that it worked.
    ///
    /// # Panics
    /// When the reload failed.
    pub async fn reconfigure(&mut self, change: impl FnOnce(Config) -> Config) {
        self.write_config(change);
        let reloaded = self.reload().await;
        assert_eq!(reloaded.status, 200, "{}", reloaded.text());
    }

    /// `/config/status`
    pub async fn config_status(&self) -> Value {
        self.admin_get("/config/status").await.json()
    }

    /// Waits until `/config/status` looks as the test wants.
    pub async fn wait_for_config(&self, what: &str, look: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || {
            Some(self.config_status().await).filter(&look)
        })
        .await
    }
}
