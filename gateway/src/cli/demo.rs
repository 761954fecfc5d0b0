//! `shoal demo`: an origin, a gateway and traffic, all on loopback; each step is checked.
//!
//! This file starts the parts, says where they are and ends them. What is asked and expected is in
//! `story`. The gateway is this very program as a child, so what is shown is what `shoal run` does.

mod cache_status;
mod client;
mod folder;
mod gateway;
mod greeter;
mod message;
mod origin;
mod port;
mod steps;
mod story;
mod table;

use super::{Exit, complain, print};
use clap::Args;
use folder::Folder;
use gateway::Running;
use origin::Requests;
use port::Port;
use std::io::IsTerminal;
use std::time::Duration;
use steps::Steps;
use table::Verdict;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The whole story takes about two seconds; a machine that needs longer than this is stuck.
const STORY_MAX: Duration = Duration::from_secs(25);

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// End after the table, also on a terminal.
    #[arg(long)]
    once: bool,
}

/// Why the demo did not come to its end.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error("{what}: {source}")]
    System {
        what: &'static str,
        source: std::io::Error,
    },
    #[error("the gateway did not start")]
    NotListening,
    #[error("a request that cannot be: {0}")]
    Request(#[from] http::Error),
    #[error("{request}: {source}")]
    Exchange {
        request: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the story took longer than {} s", STORY_MAX.as_secs())]
    TooLong,
}

impl DemoError {
    fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}

/// What follows the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    /// Gateway and origin stay for the user's own requests.
    Stay,
    /// A script is done.
    End,
}

impl Demo {
    pub(super) fn run(&self) -> Exit {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let shown = runtime
            .map_err(DemoError::system("cannot start"))
            .and_then(|runtime| runtime.block_on(show(self.afterwards())));
        match shown {
            Ok(Verdict::AsExpected) => Exit::Ok,
            Ok(Verdict::Unexpected) => Exit::Runtime,
            Err(error) => {
                complain(format_args!("error: {error}"));
                Exit::Runtime
            }
        }
    }

    fn afterwards(&self) -> Afterwards {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if self.once || set("CI") || !std::io::stdout().is_terminal() {
            Afterwards::End
        } else {
            Afterwards::Stay
        }
    }
}

/// Whatever ends this function ends every part too: each is dropped, the gateway first.
async fn show(afterwards: Afterwards) -> Result<Verdict, DemoError> {
    let mut stop = Stop::new().map_err(DemoError::system("cannot receive signals"))?;
    let requests = Requests::default();
    let cannot_listen = DemoError::system("cannot listen on loopback");
    let pages = origin::open(requests.clone())
        .await
        .map_err(cannot_listen)?;
    let cannot_listen = DemoError::system("cannot listen on loopback");
    let greeter = greeter::open(requests.clone())
        .await
        .map_err(cannot_listen)?;
    let folder = Folder::create(pages.address(), greeter.address());
    let folder = folder.map_err(DemoError::system("cannot write a temporary folder"))?;
    let gateway = Running::start(&folder).await?;
    introduce(&gateway, &pages, &greeter, &folder);

    let steps = Steps::new(&gateway, &folder, requests);
    let told = tokio::select! {
        told = tokio::time::timeout(STORY_MAX, Box::pin(story::tell(steps))) => told,
        () = stop.asked() => return Ok(Verdict::Unexpected),
    };
    let told = told.unwrap_or(Err(DemoError::TooLong));
    if !matches!(told, Ok(Verdict::AsExpected)) {
        complain(folder.log());
    } else if afterwards == Afterwards::Stay {
        invite(&gateway, &folder);
        stop.asked().await;
    }
    told
}

/// What runs where.
fn introduce(gateway: &Running, pages: &Port, greeter: &Port, folder: &Folder) {
    let (proxy, admin, page) = (
        gateway.proxy(),
        gateway.admin(),
        origin::PAGE_TAKES.as_millis(),
    );
    print("shoal demo: all of it runs on loopback, and nothing of it stays.\n");
    print(format_args!(
        "  gateway  http://{proxy}  (HTTP/1.1 and h2c)"
    ));
    print(format_args!("  admin    http://{admin}/config/status"));
    print(format_args!("  metrics  http://{admin}/metrics"));
    print(format_args!(
        "  origin   http://{}  (takes {page} ms to make a page)",
        pages.address()
    ));
    print(format_args!(
        "  greeter  http://{}  (gRPC over h2c)",
        greeter.address()
    ));
    print(format_args!(
        "  files    {}  (shoal.yaml, products.lua)",
        folder.path().display()
    ));
}

/// What the user may try.
fn invite(gateway: &Running, folder: &Folder) {
    let (proxy, admin) = (gateway.proxy(), gateway.admin());
    print("\nGateway and origin stay until Ctrl-C. Try:\n");
    print(format_args!("  curl -i http://{proxy}/news"));
    print(format_args!(
        "  curl -s 'http://{admin}/cache/lookup?url=http://{proxy}/news'"
    ));
    print(format_args!(
        "  curl -s http://{admin}/purge -H 'content-type: application/json' -d '{{\"tags\":[\"product:7\"]}}'"
    ));
    print(format_args!(
        "\nor edit {}: what is saved is in effect.",
        folder.plugin().display()
    ));
}

/// The user's wish to end: Ctrl-C, SIGTERM, or a terminal that is gone.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Stop {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
