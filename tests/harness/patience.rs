//! How long a test waits, and what it says when it waited in vain.
//!
//! No test sleeps: it awaits a named event in this process (`within`) or a condition of the
//! gateway's process (`eventually`).

use std::fmt::Display;
use std::time::Duration;

/// The limit of every wait. A machine under load needs seconds; a deadlock never ends.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks at another process, which cannot wake us.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Awaits `event` for at most [`PATIENCE`].
///
/// # Panics
/// When the event does not come; the message names it.
pub async fn within<T>(what: impl Display, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, event).await {
        Ok(value) => value,
        Err(_) => panic!("waited {} s in vain for {what}", PATIENCE.as_secs()),
    }
}

/// Asks `look` again and again until it gives a value.
///
/// # Panics
/// When it gives none within [`PATIENCE`]; the message names what was awaited.
pub async fn eventually<T>(what: impl Display, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        let mut ticks = tokio::time::interval(LOOK_AGAIN);
        loop {
            ticks.tick().await;
            if let Some(value) = look().await {
                return value;
            }
        }
    };
    within(what, looking).await
}
