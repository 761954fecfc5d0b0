//! The way of a line to its file: a bounded queue and a thread that writes.
//!
//! What does not fit is dropped and counted, since a slow disk must not slow requests. A file that was
//! renamed or removed is opened anew, so that rotating it needs no signal. What a line says is decided
//! in `access_log`.

use super::Entry;
use crate::config::{AccessLog as Config, LogPath};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::error;

/// Lines that wait for the disk.
const QUEUE_MAX: usize = 8192;

/// How long a process that ends waits for its last lines.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The queue to the thread that writes.
pub struct AccessLog {
    queue: SyncSender<Job>,
    dropped: Arc<AtomicU64>,
}

enum Job {
    Write(LogPath, String),
    /// Everything before it is in its file once this is told.
    Flush(oneshot::Sender<()>),
}

impl AccessLog {
    /// Starts the thread. It ends when the log is dropped.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start() -> io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("access-log".into())
            .spawn(move || write_all(&jobs))?;
        Ok(Self {
            queue,
            dropped: Arc::default(),
        })
    }

    /// Queues the line of `entry`, if a log is configured.
    pub fn write(&self, entry: &Entry, config: Option<&Config>) {
        let Some(config) = config else { return };
        let job = Job::Write(config.path.clone(), entry.line(config.format));
        if self.queue.try_send(job).is_err() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Waits for the lines that are queued, for a while: a disk that hangs keeps no process alive.
    pub async fn flush(&self) {
        let (tell, done) = oneshot::channel();
        if self.queue.try_send(Job::Flush(tell)).is_ok() {
            let _ = tokio::time::timeout(FLUSH_TIMEOUT, done).await;
        }
    }

    /// Lines that did not fit so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}

/// Where lines go at present.
struct Open {
    path: LogPath,
    writer: Box<dyn Write>,
    /// Which file it is; standard output has no name that could pass to another.
    file: Option<(u64, u64)>,
}

/// Writes lines as they come; whenever none waits, everything is flushed.
fn write_all(jobs: &Receiver<Job>) {
    let mut open: Option<Open> = None;
    while let Ok(first) = jobs.recv() {
        open = open.filter(Open::is_current);
        let mut flushed = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Write(path, line) => open = write(open, path, &line),
                Job::Flush(tell) => flushed.push(tell),
            }
            next = jobs.try_recv().ok();
        }
        open = open.and_then(|mut open| {
            let written = open.writer.flush();
            open.unless_failed(written)
        });
        for tell in flushed {
            // Who asked may have lost patience.
            let _ = tell.send(());
        }
    }
}

fn write(open: Option<Open>, path: LogPath, line: &str) -> Option<Open> {
    let mut open = match open {
        Some(open) if open.path == path => open,
        Some(_) | None => Open::new(path)?,
    };
    let written = writeln!(open.writer, "{line}");
    open.unless_failed(written)
}

impl Open {
    fn new(path: LogPath) -> Option<Self> {
        let (writer, file): (Box<dyn Write>, _) = match &path {
            LogPath::Stdout => (Box::new(io::stdout()), None),
            LogPath::File(name) => match append(name) {
                Ok((file, id)) => (Box::new(file), Some(id)),
                Err(error) => {
                    error!(path = %name.display(), %error, "the access log cannot be opened");
                    return None;
                }
            },
        };
        let writer = Box::new(BufWriter::new(writer));
        Some(Self { path, writer, file })
    }

    /// Whether the path still names the file that is open.
    fn is_current(&self) -> bool {
        let (LogPath::File(path), Some(file)) = (&self.path, self.file) else {
            return true;
        };
        std::fs::metadata(path).is_ok_and(|found| id(&found) == file)
    }

    fn unless_failed(self, written: io::Result<()>) -> Option<Self> {
        match written {
            Ok(()) => Some(self),
            Err(error) => {
                error!(path = ?self.path, %error, "the access log cannot be written");
                None
            }
        }
    }
}

fn append(path: &PathBuf) -> io::Result<(File, (u64, u64))> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let id = id(&file.metadata()?);
    Ok((file, id))
}

fn id(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}
