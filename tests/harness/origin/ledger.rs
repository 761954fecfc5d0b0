//! The origin's book: which steps were used, who stands at which hold, what was asked.
//!
//! Written by the connections (`serve`), read and awaited by the test (`origin`). Waiters are woken
//! at every change; nothing polls.

use super::record::Recorded;
use super::reply::Reply;
use super::script::{Step, Uses};
use crate::patience::within;
use crate::transcript;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

#[derive(Debug)]
pub(super) struct Ledger {
    book: Mutex<Book>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
pub(super) struct Book {
    slots: Vec<Slot>,
    pub(super) requests: Vec<Recorded>,
    pub(super) arrived: HashSet<String>,
    pub(super) departures: u64,
    released: HashSet<String>,
    unexpected: Vec<String>,
    connections: u64,
    answering: usize,
}

#[derive(Debug)]
struct Slot {
    step: Step,
    used: u32,
}

/// What a connection has to do for one request.
pub(super) struct Task {
    pub(super) request: usize,
    pub(super) hold: Option<String>,
    pub(super) body: bytes::Bytes,
    pub(super) reply: Reply,
}

impl Ledger {
    pub(super) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let slots = steps
            .into_iter()
            .map(|step| Slot { step, used: 0 })
            .collect();
        Self {
            book: Mutex::new(Book {
                slots,
                ..Book::default()
            }),
            changed: watch::Sender::new(()),
        }
    }

    /// A new connection's number.
    pub(super) fn connected(&self) -> u64 {
        self.write(|book| {
            book.connections += 1;
            book.connections
        })
    }

    /// Takes the step that this request fits. The error is what a stranger gets to read.
    pub(super) fn begin(&self, request: Recorded) -> Result<Task, String> {
        self.write(|book| {
            let taken = book.take(&request);
            book.requests.push(request);
            match taken {
                Ok((hold, body, reply)) => {
                    book.answering += 1;
                    Ok(Task {
                        request: book.requests.len() - 1,
                        hold,
                        body,
                        reply,
                    })
                }
                Err(complaint) => {
                    book.unexpected.push(complaint.clone());
                    Err(complaint)
                }
            }
        })
    }

    pub(super) fn content(&self, request: usize, piece: &[u8]) {
        self.write(|book| {
            if let Some(request) = book.requests.get_mut(request) {
                request.body.extend_from_slice(piece);
            }
        });
    }

    /// Compares the whole content with what the step awaited.
    pub(super) fn content_ended(&self, task: &Task) {
        self.write(|book| {
            let Some(request) = book.requests.get(task.request) else {
                return;
            };
            if !task.body.is_empty() && request.body != task.body {
                let came = transcript::short(&request.body);
                let text = format!("{} {}: content is {came}", request.method, request.target);
                book.unexpected.push(text);
            }
        });
    }

    pub(super) fn end(&self, outcome: &std::io::Result<()>) {
        self.write(|book| {
            book.answering -= 1;
            book.departures += u64::from(outcome.is_err());
        });
    }

    /// Stands at a hold until it is released.
    pub(super) async fn stand(&self, name: &str) {
        self.write(|book| book.arrived.insert(name.to_owned()));
        self.when(|book| book.released.contains(name).then_some(()))
            .await;
    }

    pub(super) fn release(&self, name: &str) {
        self.write(|book| book.released.insert(name.to_owned()));
    }

    pub(super) async fn until<T>(&self, what: &str, look: impl FnMut(&Book) -> Option<T>) -> T {
        within(what, self.when(look)).await
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.clone()
    }

    pub(super) fn connections(&self) -> u64 {
        self.lock().connections
    }

    pub(super) fn unexpected(&self) -> Vec<String> {
        self.lock().unexpected.clone()
    }

    /// Everything that is wrong at the end of a test.
    pub(super) fn complaints(&self) -> Vec<String> {
        let book = self.lock();
        let unused = book.slots.iter().filter(|slot| slot.is_due());
        let unused = unused.map(|slot| format!("never asked: {}", slot.step.ask.start()));
        book.unexpected.iter().cloned().chain(unused).collect()
    }

    pub(super) fn transcript(&self) -> String {
        self.lock().requests.iter().map(shown).collect()
    }

    async fn when<T>(&self, mut look: impl FnMut(&Book) -> Option<T>) -> T {
        // Subscribed before the first look, so that no change between look and wait is lost.
        let mut changes = self.changed.subscribe();
        loop {
            let found = look(&self.lock());
            if let Some(value) = found {
                return value;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn write<T>(&self, change: impl FnOnce(&mut Book) -> T) -> T {
        let value = change(&mut self.lock());
        self.changed.send_replace(());
        value
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    pub(super) fn done(&self) -> bool {
        self.answering == 0 && !self.slots.iter().any(Slot::is_due)
    }

    fn take(
        &mut self,
        request: &Recorded,
    ) -> Result<(Option<String>, bytes::Bytes, Reply), String> {
        let asked = format!("{} {}", request.method, request.target);
        let open = self
            .slots
            .iter_mut()
            .find(|slot| slot.is_open() && slot.step.concerns(request));
        let slot =
            open.ok_or_else(|| format!("unexpected request: {asked}\n{}", shown(request)))?;
        if let Some(mismatch) = slot.step.head_mismatch(request) {
            return Err(format!(
                "unexpected request: {asked}: {mismatch}\n{}",
                shown(request)
            ));
        }
        slot.used += 1;
        let Step { ask, reply, .. } = slot.step.clone();
        Ok((ask.hold, ask.body, reply))
    }
}

impl Slot {
    fn is_open(&self) -> bool {
        match self.step.uses {
            Uses::Exactly(count) => self.used < count,
            Uses::AnyNumber => true,
        }
    }

    fn is_due(&self) -> bool {
        self.step.uses != Uses::AnyNumber && self.is_open()
    }
}

fn shown(request: &Recorded) -> String {
    let start = format!("{} {}", request.method, request.target);
    transcript::message('>', &start, &request.fields, &request.body)
}
