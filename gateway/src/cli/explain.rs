//! `shoal explain`: what the running gateway would do with a request, and why.
//!
//! The gateway decides; how its answer reads is in `text`.

mod text;

use super::admin_client::ask;
use super::{Admin, Exit, complain, print};
use clap::Args;
use http::Method;
use serde_json::json;
use std::net::IpAddr;

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The request's URL, as a client would ask for it.
    url: String,
    /// A header line of the request. `Host` replaces the URL's.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = line)]
    headers: Vec<(String, String)>,
    /// The request's method.
    #[arg(short = 'X', long, default_value = "GET")]
    method: String,
    /// The request's content, where it is part of the key.
    #[arg(short = 'd', long = "data", value_name = "CONTENT", default_value = "")]
    content: String,
    /// The client's address, where a key, a plugin or PURGE depends on it.
    #[arg(long, value_name = "IP")]
    client: Option<IpAddr>,
    /// The whole answer as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    admin: Admin,
}

impl Explain {
    pub(super) fn run(&self) -> Exit {
        let url = if self.url.contains("://") {
            self.url.clone()
        } else {
            format!("http://{}", self.url)
        };
        let question = json!({
            "url": url,
            "method": self.method,
            "headers": self.headers,
            "content": self.content,
            "client": self.client,
        });
        let answer = match ask(&self.admin, &Method::POST, "/explain", Some(&question)) {
            Ok(answer) => answer,
            Err(exit) => return exit,
        };
        if !answer.status.is_success() {
            let error = answer.body.get("error").unwrap_or(&answer.body);
            complain(format_args!("error: {error}"));
            return Exit::Refused;
        }
        if self.json {
            print(&answer.body);
        } else {
            print(text::of(&answer.body));
        }
        Exit::Ok
    }
}

/// `Name: value`, as curl takes it.
fn line(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| "a header is written NAME: VALUE".to_owned())?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
