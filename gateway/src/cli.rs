//! The command line. Standard output is data, standard error is messages; exit codes are
//! 0 ok, 1 runtime, 2 usage, 3 config invalid, 4 admin unreachable, 5 refused.

mod admin_client;
mod check;
mod config;
mod demo;
mod explain;
mod purge;
mod reload;
mod run;
mod stat;
mod status;

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    Runtime,
    ConfigInvalid,
    Unreachable,
    Refused,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Runtime => 1,
            Exit::ConfigInvalid => 3,
            Exit::Unreachable => 4,
            Exit::Refused => 5,
        })
    }
}

/// A programmable caching API gateway: many gateways, one cache.
#[derive(Debug, Parser)]
#[command(name = "shoal", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway.
    Run(ConfigFile),
    /// Show the gateway at work: an origin, traffic, a table of what happened.
    Demo(demo::Demo),
    /// Check a configuration and list what is not active yet.
    #[command(visible_alias = "-t")]
    Check(ConfigFile),
    /// Show what configurations look like.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Have the running gateway load its configuration again.
    Reload(Admin),
    /// Show what runs and how the last reload ended.
    Status(status::Status),
    /// Show the cache in numbers, as a whole and by segment.
    Stat(stat::Stat),
    /// Show what the running gateway would do with a request, and why.
    Explain(explain::Explain),
    /// Purge by URL, tag, host, prefix or regular expression.
    Purge(purge::Purge),
}

/// Where the configuration is.
#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration. Default: $SHOAL_CONFIG, ./shoal.yaml, /etc/shoal/shoal.yaml.
    #[arg(short, long, env = "SHOAL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Where the running gateway's operators' listener is.
#[derive(Debug, Args)]
struct Admin {
    /// The admin address. Default: the discovered configuration's, else 127.0.0.1:9901.
    #[arg(long, env = "SHOAL_ADMIN", value_name = "ADDRESS")]
    admin: Option<String>,
    /// The bearer token. Default: the discovered configuration's.
    #[arg(
        long,
        env = "SHOAL_ADMIN_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let exit = match Cli::parse().command {
        Command::Run(file) => run::run(file),
        Command::Demo(demo) => demo.run(),
        Command::Check(file) => check::check(file),
        Command::Config(command) => command.run(),
        Command::Reload(admin) => reload::reload(&admin),
        Command::Stat(stat) => stat.run(),
        Command::Status(status) => status.run(),
        Command::Explain(explain) => explain.run(),
        Command::Purge(purge) => purge.run(),
    };
    exit.into()
}

impl ConfigFile {
    /// The file to use: as told, or the first of the usual places.
    fn find(self) -> Result<PathBuf, String> {
        if let Some(file) = self.config {
            return Ok(file);
        }
        let usual = [
            PathBuf::from("shoal.yaml"),
            PathBuf::from("/etc/shoal/shoal.yaml"),
        ];
        usual.into_iter().find(|file| file.exists()).ok_or_else(|| {
            "no configuration: pass -c FILE, set SHOAL_CONFIG, or create ./shoal.yaml".to_owned()
        })
    }
}

/// One line for people.
fn complain(message: impl std::fmt::Display) {
    use std::io::Write;
    // Without a standard error there is nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "{message}");
}

/// One line of data.
fn print(data: impl std::fmt::Display) {
    use std::io::Write;
    // A reader that closed the pipe has seen enough.
    let _ = writeln!(std::io::stdout().lock(), "{data}");
}
