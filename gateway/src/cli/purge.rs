//! `shoal purge`

use super::admin_client::ask;
use super::{Admin, Exit, print};
use clap::Args;
use http::Method;
use serde_json::json;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(super) struct Purge {
    #[command(flatten)]
    admin: Admin,
    /// A URL, all its variants.
    #[arg(long, group = "what")]
    url: Vec<String>,
    /// Everything with this tag.
    #[arg(long, group = "what")]
    tag: Vec<String>,
    /// Everything of this host.
    #[arg(long, group = "what")]
    host: Vec<String>,
    /// Everything whose `host/path` begins so.
    #[arg(long, group = "what")]
    prefix: Vec<String>,
    /// Everything whose `host/path?query` matches.
    #[arg(long, group = "what")]
    regex: Option<String>,
    /// Everything.
    #[arg(long, group = "what")]
    all: bool,
    /// Keep what is hit, and have it validated before its next use.
    #[arg(long)]
    soft: bool,
}

impl Purge {
    pub(super) fn run(&self) -> Exit {
        let order = json!({
            "files": self.url,
            "tags": self.tag,
            "hosts": self.host,
            "prefixes": self.prefix,
            "purge_everything": self.all,
            "regex": self.regex,
            "soft": self.soft,
        });
        match ask(&self.admin, &Method::POST, "/purge", Some(&order)) {
            Ok(answer) if answer.status.is_success() => {
                print(&answer.body);
                Exit::Ok
            }
            Ok(answer) => answer.refused(),
            Err(exit) => exit,
        }
    }
}
