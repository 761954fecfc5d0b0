//! `shoal status`

use super::admin_client::ask;
use super::{Admin, Exit, print};
use clap::Args;
use http::Method;
use serde_json::Value;

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    admin: Admin,
    /// The whole answer as JSON.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(&self) -> Exit {
        let answers = ask(&self.admin, &Method::GET, "/config/status", None)
            .and_then(|config| Ok((config, ask(&self.admin, &Method::GET, "/stats", None)?)));
        let (config, stats) = match answers {
            Ok(answers) => answers,
            Err(exit) => return exit,
        };
        if let Some(refused) = [&config, &stats].iter().find(|a| !a.status.is_success()) {
            return refused.refused();
        }
        if self.json {
            print(serde_json::json!({ "config": config.body, "stats": stats.body }));
        } else {
            table(&config.body, &stats.body);
        }
        Exit::Ok
    }
}

fn table(config: &Value, stats: &Value) {
    let row = |name: &str, value: String| print(format_args!("{name:<14} {value}"));
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    row(
        "config",
        format!(
            "{} (version {}, {})",
            text(&config["file"]),
            config["version"],
            text(&config["hash"])
        ),
    );
    let last = &config["last_reload"];
    row(
        "last reload",
        format!("{} by {}", text(&last["result"]), text(&last["trigger"])),
    );
    if let Some(error) = last["error"].as_str() {
        row("", error.replace('\n', "\n               "));
    }
    row("entries", stats["entries"].to_string());
    row(
        "bytes",
        format!("{} of {}", stats["bytes"], stats["max_memory"]),
    );
    row("hits", stats["hits"].to_string());
    row("misses", stats["misses"].to_string());
    let waiting = config["not_active"].as_array().map_or(0, Vec::len);
    if waiting > 0 {
        row(
            "not active",
            format!("{waiting} key(s) of the configuration; see `shoal check`"),
        );
    }
}
