//! Messages for people, on standard error. Requests are `access_log`.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Pingora's own messages about single connections are noise in a gateway's log.
const QUIET: &str = "pingora_core=warn,pingora_proxy=error,pingora_cache=error,pingora_pool=off";

/// Starts logging at `level`, a `tracing` filter. `SHOAL_LOG` overrides it. A second call changes nothing.
pub fn start(level: &str) {
    let level = std::env::var("SHOAL_LOG").unwrap_or_else(|_unset| level.to_owned());
    let filter = EnvFilter::try_new(format!("{QUIET},{level}"))
        .unwrap_or_else(|_bad| EnvFilter::new(format!("{QUIET},info")));
    let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A host process may have its own subscriber, which then gets the messages.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(ansi)
        .with_target(false)
        .try_init();
}
