//! `server:`, `plugins:` and `log:`.

use super::Resolver;
use crate::config::file::operation as file;
use crate::config::leaf::{FilePath, LogFilter, Text, Threads};
use crate::config::tree::Path;
use crate::config::units::ByteSize;
use crate::config::{AccessFormat, AccessLog, Log, LogPath, OnError, Plugin, Server};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A script's state takes 0.6 MiB before the script itself.
const PLUGIN_MEMORY_MIN: ByteSize = ByteSize::mib(1);

impl Resolver<'_, '_> {
    pub(super) fn server(&mut self, server: file::Server) -> Server {
        let path = |given: Option<Text<FilePath>>, default: &str| {
            let path = given.map_or_else(|| PathBuf::from(default), |Text(FilePath(path))| path);
            self.absolute(path)
        };
        Server {
            threads: match server.threads {
                Some(Text(Threads::Count(count))) => count,
                Some(Text(Threads::Auto)) | None => {
                    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
                }
            },
            grace_period: server
                .grace_period
                .map_or(Duration::from_secs(30), |Text(time)| time),
            state_dir: path(server.state_dir, "/var/lib/shoal"),
            upgrade_socket: path(server.upgrade_socket, "/run/shoal/upgrade.sock"),
        }
    }

    pub(super) fn plugins(
        &mut self,
        plugins: BTreeMap<String, file::Plugin>,
    ) -> BTreeMap<String, Arc<Plugin>> {
        let section = Path::top().key("plugins");
        let mut resolved = BTreeMap::new();
        for (name, plugin) in plugins {
            let path = section.key(&name);
            self.is_name(&path, &name);
            let memory = plugin
                .memory
                .map_or(ByteSize::mib(32), |Text(memory)| memory);
            if memory < PLUGIN_MEMORY_MIN {
                self.error(&path.key("memory"), "must be at least 1MiB");
            }
            let cpu = self.time(&path.key("cpu"), plugin.cpu, Duration::from_millis(2));
            // Without a file, the schema's check has refused the configuration.
            let Some(Text(FilePath(file))) = plugin.file else {
                continue;
            };
            let plugin = Plugin {
                name: name.clone(),
                file: self.absolute(file),
                config: serde_json::Value::Object(plugin.config.unwrap_or_default()),
                on_error: match plugin.on_error {
                    Some(file::OnError::Bypass) | None => OnError::Bypass,
                    Some(file::OnError::Continue) => OnError::Continue,
                    Some(file::OnError::Reject) => OnError::Reject,
                },
                cpu,
                memory,
            };
            resolved.insert(name, Arc::new(plugin));
        }
        resolved
    }

    pub(super) fn log(&mut self, log: file::Log) -> Log {
        let level = log.level.map(|Text(LogFilter(level))| level);
        Log {
            level: level.unwrap_or_else(|| "info".to_owned()),
            access: log.access.map(|access| AccessLog {
                format: match access.format {
                    Some(file::AccessFormat::Json) | None => AccessFormat::Json,
                    Some(file::AccessFormat::Combined) => AccessFormat::Combined,
                },
                path: match access.path {
                    Some(Text(FilePath(path))) if path.as_os_str() != "stdout" => {
                        LogPath::File(self.absolute(path))
                    }
                    Some(_) | None => LogPath::Stdout,
                },
            }),
        }
    }
}
