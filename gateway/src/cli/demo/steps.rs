//! One step of the story: it is taken, judged against what arrived, and shown.
//!
//! Which steps there are is in `story`. What happens in the background is awaited by asking for it,
//! with a deadline; a step after a missed deadline says what is not as expected.

use super::DemoError;
use super::cache_status::{Happened, parameter};
use super::client::{Answer, Client};
use super::folder::Folder;
use super::gateway::Running;
use super::message;
use super::origin::Requests;
use super::table::{Row, Table, Verdict};
use http::{HeaderMap, HeaderName, Request, header};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What happens in the background takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(8);

/// Between two looks at it.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A slow machine may have used up so much of a lifetime when its response arrives.
const LIFETIME_SLACK: u64 = 15;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// See the module.
pub(super) struct Steps<'a> {
    proxy: Client,
    admin: Client,
    /// The gateway's `host:port`, by which stored responses are named.
    authority: String,
    folder: &'a Folder,
    origin: Requests,
    table: Table,
}

/// What must hold beside the word.
pub(super) enum Also<'a> {
    /// The body contains it.
    Says(&'a str),
    /// `Cache-Status` contains it.
    Status(&'a str),
    /// It is fresh for about so many seconds more.
    FreshFor(u64),
    /// The body is a gRPC message with this text.
    Greets(&'a str),
    /// A trailer has this value.
    Trailer(HeaderName, &'a str),
}

type Ask = Result<Request<Bytes>, http::Error>;

impl<'a> Steps<'a> {
    pub(super) fn new(gateway: &Running, folder: &'a Folder, origin: Requests) -> Self {
        let table = Table::on_stdout();
        table.head();
        Self {
            proxy: Client::new(gateway.proxy()),
            admin: Client::new(gateway.admin()),
            authority: gateway.proxy().to_string(),
            folder,
            origin,
            table,
        }
    }

    /// A sentence over the next steps.
    pub(super) fn chapter(&self, title: &str) {
        self.table.chapter(title);
    }

    /// GET of a path.
    pub(super) async fn get(
        &mut self,
        path: &str,
        expected: Happened,
        also: &[Also<'_>],
    ) -> Result<(), DemoError> {
        let request = Request::get(path).body(Bytes::new());
        self.ask(&format!("GET {path}"), request, expected, also)
            .await
    }

    /// Any request to the gateway.
    pub(super) async fn ask(
        &mut self,
        name: &str,
        request: Ask,
        expected: Happened,
        also: &[Also<'_>],
    ) -> Result<(), DemoError> {
        let before = self.origin.count();
        let answer = send(self.proxy, request).await?;
        let seen = self.origin.count() - before;
        let status = text(&answer.headers, &CACHE_STATUS);
        let happened = Happened::of(&status);

        let mut unmet = Vec::new();
        if happened != expected {
            unmet.push(expected.to_string());
        } else if let Some(sees) = expected.origin_sees()
            && sees != seen
        {
            unmet.push(format!("{sees} request(s) at the origin, not {seen}"));
        }
        unmet.extend(also.iter().filter_map(|also| also.unmet(&answer, &status)));
        self.table.row(&Row {
            request: name,
            happened,
            answer: &status,
            took: answer.took,
            unmet: &unmet,
        });
        Ok(())
    }

    /// The operator forgets what has `tag`; the receipt must name one stored response.
    pub(super) async fn purge_tag(&mut self, tag: &str) -> Result<(), DemoError> {
        let order = json!({ "tags": [tag] }).to_string();
        let request = Request::post("/purge")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(order));
        let answer = send(self.admin, request).await?;
        let purged = member(&answer, "purged").as_u64();
        let unmet = (purged != Some(1)).then(|| "1 purged".to_owned());
        self.table.row(&Row {
            request: &format!("POST /purge tag {tag}"),
            happened: purged.map_or(Happened::Unclear, |_| Happened::Purged),
            answer: String::from_utf8_lossy(&answer.body).trim_end(),
            took: answer.took,
            unmet: unmet.as_slice(),
        });
        Ok(())
    }

    /// Saves the edited plugin and awaits that the gateway runs it.
    pub(super) async fn edit_plugin(&mut self) -> Result<(), DemoError> {
        let before = self.version().await?;
        let begun = Instant::now();
        self.folder
            .edit_plugin()
            .map_err(DemoError::system("cannot edit the plugin"))?;
        let mut now = before.clone();
        while now == before && begun.elapsed() < PATIENCE {
            tokio::time::sleep(LOOK_AGAIN).await;
            now = self.version().await?;
        }
        let reloaded = now != before;
        let unmet = (!reloaded).then(|| format!("another version within {PATIENCE:?}"));
        self.table.row(&Row {
            request: "save products.lua",
            happened: if reloaded {
                Happened::Reloaded
            } else {
                Happened::Unclear
            },
            answer: &format!("/config/status: version {now}"),
            took: begun.elapsed(),
            unmet: unmet.as_slice(),
        });
        Ok(())
    }

    /// Awaits that what is stored for `path` is fresh; looking leaves no trace in the cache.
    pub(super) async fn refreshed(&self, path: &str) -> Result<(), DemoError> {
        let begun = Instant::now();
        let question = format!("/cache/lookup?url=http://{}{path}", self.authority);
        while begun.elapsed() < PATIENCE {
            let request = Request::get(&question).body(Bytes::new());
            let found = send(self.admin, request).await?;
            if member(&found, "state") == "fresh" {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// The last line of the table.
    pub(super) fn end(self) -> Verdict {
        self.table.end()
    }

    /// The version of the configuration in effect.
    async fn version(&self) -> Result<Value, DemoError> {
        let request = Request::get("/config/status").body(Bytes::new());
        let status = send(self.admin, request).await?;
        Ok(member(&status, "version"))
    }
}

impl Also<'_> {
    /// What was expected, where it is not so.
    fn unmet(&self, answer: &Answer, status: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&answer.body);
        let (met, expected) = match self {
            Self::Says(part) => (body.contains(part), format!("{part:?} in {body:?}")),
            Self::Status(part) => (status.contains(part), (*part).to_owned()),
            Self::FreshFor(most) => (
                parameter(status, "ttl")
                    .and_then(|ttl| ttl.parse().ok())
                    .is_some_and(|ttl: u64| ttl <= *most && ttl + LIFETIME_SLACK >= *most),
                format!("about ttl={most}"),
            ),
            Self::Greets(greeting) => (
                message::decode(&answer.body) == Some(greeting),
                format!("the message {greeting:?}"),
            ),
            Self::Trailer(name, value) => (
                text(&answer.trailers, name) == *value,
                format!("the trailer {name}: {value}"),
            ),
        };
        (!met).then_some(expected)
    }
}

async fn send(client: Client, request: Ask) -> Result<Answer, DemoError> {
    client.send(request?.map(Full::new)).await
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let value = headers.get(name).map(|value| value.as_bytes());
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}

/// A member of an operator's answer; null where there is none.
fn member(answer: &Answer, name: &str) -> Value {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    body.and_then(|body| body.get(name).cloned())
        .unwrap_or_default()
}
