//! Responses under way, and what of them is stored at the end. Who follows them is `readers`.

use std::task::{Context, Waker};

use bytes::Bytes;
use shoal_cache::{EntryId, Fill, FillSpec, Found, Refusal, Written};

use crate::{
    operation::{Announced, Asked, Draft, What},
    origin::scopes,
    readers::Progress,
    reference::{Fate, Version},
    subject::key,
    world::{World, Wrong, ensure},
};

/// Longer bodies outgrow their limit.
const MAX_BODY: u64 = 200_000;
/// Open at once; one more ends the oldest.
const FILLS_MAX: usize = 10;

pub(crate) struct OpenFill {
    pub(crate) fill: Fill,
    pub(crate) id: EntryId,
}

/// What fill and readers know together.
pub(crate) struct Flight {
    pub(crate) version: Version,
    pub(crate) revoked: bool,
    pub(crate) written: usize,
    pub(crate) outgrown: bool,
    pub(crate) state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Complete,
    Dropped,
}

impl World {
    pub(crate) fn put(&mut self, draft: &Draft) -> Result<(), Wrong> {
        let before = self.fills.len();
        self.begin(draft)?;
        if self.fills.len() > before {
            self.finish(before)?;
        }
        Ok(())
    }

    pub(crate) fn begin(&mut self, draft: &Draft) -> Result<(), Wrong> {
        if self.fills.len() >= FILLS_MAX {
            self.finish(0)?;
        }
        let mut version = self.version(draft);
        let size_hint = match draft.announced {
            Announced::Nothing => None,
            Announced::Length => Some(version.length as u64),
        };
        let epoch = match draft.asked {
            Asked::Now | Asked::Before(_) => version.epoch,
            Asked::Elsewhere => self.future(),
        };
        let fate = version.fate(&self.reference.applied);
        let share = self.max_memory / 2;
        let full = self.subject.store.stats().fill_bytes + 2000 > share;
        let begun = self.subject.begin(FillSpec {
            key: key(version.page),
            meta: Bytes::from(version.meta.clone()),
            scopes: scopes(&version),
            epoch,
            stamp: version.stamp,
            requested: version.requested,
            useful_until: version.useful_until,
            max_body: MAX_BODY,
            size_hint,
        });
        let too_large = size_hint.is_some_and(|size| size > MAX_BODY.min(share));
        let permitted = match &begun {
            Ok(_) => fate != Fate::Gone && !too_large,
            Err(refusal) => match refusal {
                Refusal::TooLarge => too_large || full,
                Refusal::Invalidated => fate == Fate::Gone,
                Refusal::TooOld => version.epoch < self.floor,
                Refusal::Outgrown | Refusal::Superseded | Refusal::NotCurrent | Refusal::NoSlot => {
                    false
                }
            },
        };
        let refusal = begun.as_ref().err().copied();
        ensure(permitted, || format!("begin: {refusal:?} of {version:?}"))?;
        match begun {
            Ok(fill) => self.open(fill, version),
            Err(refusal) => self.tally.count(named(refusal)),
        }
        Ok(())
    }

    fn open(&mut self, fill: Fill, mut version: Version) {
        let id = fill.id();
        version.id = id;
        self.reference.followed.insert(version.page, id);
        let flight = Flight {
            version,
            revoked: false,
            written: 0,
            outgrown: false,
            state: State::Open,
        };
        self.flights.insert(id, flight);
        self.fills.push(OpenFill { fill, id });
    }

    pub(crate) fn write(&mut self, at: usize, bytes: usize) -> Result<(), Wrong> {
        if self.fills.is_empty() {
            return Ok(());
        }
        let at = at % self.fills.len();
        let id = self.fills[at].id;
        self.wait_for_room(at)?;
        let flight = self.flights.get_mut(&id).expect("a fill under way");
        let Version {
            offset,
            length,
            page,
            ..
        } = flight.version;
        let bytes = bytes.min(length - flight.written);
        let start = offset + flight.written;
        let held = self.subject.store.stats().fill_bytes;
        let fill = &mut self.fills[at].fill;
        let written = self.subject.write(fill, &self.source[start..start + bytes]);
        flight.written += bytes;
        let over_limit = flight.written as u64 > MAX_BODY;
        let over_share = held + (bytes + bytes / 4) as u64 + 200 > self.max_memory / 2;
        let permitted = match written {
            Written::Kept => !flight.outgrown && !over_limit,
            Written::Outgrown => flight.outgrown || over_limit || over_share,
        };
        if written == Written::Outgrown && !flight.outgrown {
            flight.outgrown = true;
            if self.reference.followed.get(&page) == Some(&id) {
                self.reference.followed.remove(&page);
            }
        }
        ensure(permitted, || format!("{id:?} wrote {bytes}: {written:?}"))
    }

    /// A fill that outgrew its limit waits for its readers, and for nothing else.
    fn wait_for_room(&mut self, at: usize) -> Result<(), Wrong> {
        let cx = Context::from_waker(Waker::noop());
        if self.fills[at].fill.poll_room(&cx).is_ready() {
            return Ok(());
        }
        let id = self.fills[at].id;
        ensure(self.flights[&id].outgrown, || "a stored fill waits".into())?;
        for reader in 0..self.readers.len() {
            while self.readers[reader].id == id && self.read_piece(reader)? == Progress::Moved {}
        }
        self.tally.count("waited for room");
        ensure(self.fills[at].fill.poll_room(&cx).is_ready(), || {
            format!("{id:?} waits for readers that have read everything")
        })
    }

    pub(crate) fn finish(&mut self, at: usize) -> Result<(), Wrong> {
        if self.fills.is_empty() {
            return Ok(());
        }
        let at = at % self.fills.len();
        self.write(at, usize::MAX / 2)?;
        let OpenFill { fill, id } = self.fills.remove(at);
        let flight = self.flights.get_mut(&id).expect("a fill under way");
        flight.state = State::Complete;
        let (outgrown, revoked) = (flight.outgrown, flight.revoked);
        let fate = flight.version.fate(&self.reference.applied);
        let version = flight.version.clone();
        let page = version.page;
        let rival = self.there(page).map(|entry| entry.requested());
        let rival = rival.is_some_and(|requested| requested > version.requested);
        let before = self.subject.store.stats().total;
        let trailers = Some(version.trailers.clone()).filter(|bytes| !bytes.is_empty());
        let finished = self.subject.finish(fill, trailers.map(Bytes::from));
        let after = self.subject.store.stats().total;
        if self.reference.followed.get(&page) == Some(&id) {
            self.reference.followed.remove(&page);
        }
        let evicted = after.evictions.space > before.evictions.space;
        let large = version.length as u64 * 5 / 4 + 2000 > self.max_memory / 2;
        let permitted = match &finished {
            Ok(_) => !outgrown && !revoked && fate != Fate::Gone && (!rival || evicted),
            Err(refusal) => match refusal {
                Refusal::Outgrown => outgrown,
                Refusal::Invalidated => revoked || fate == Fate::Gone,
                Refusal::TooOld => version.epoch < self.floor,
                Refusal::Superseded => rival,
                Refusal::TooLarge => large,
                Refusal::NotCurrent | Refusal::NoSlot => false,
            },
        };
        ensure(permitted, || format!("finish: {finished:?} of {version:?}"))?;
        let stored = u64::from(finished.is_ok());
        ensure(after.inserts - before.inserts == stored, || {
            format!(
                "{stored} inserted, not {} - {}",
                after.inserts, before.inserts
            )
        })?;
        match finished {
            Ok(_) => self.stored(version),
            Err(refusal) => {
                self.tally.count(named(refusal));
                Ok(())
            }
        }
    }

    /// A version that was stored is there, and handed out if it may be.
    fn stored(&mut self, version: Version) -> Result<(), Wrong> {
        let (id, page) = (version.id, version.page);
        self.tally.count("stored");
        self.reference.stored.insert(page, version);
        ensure(self.there(page).is_some_and(|e| e.id() == id), || {
            format!("{id:?} was stored and is not there")
        })?;
        match self.subject.peek(page, self.now) {
            Some(Found::Complete(hit)) => self.check_hit(page, &hit),
            Some(Found::Filling(_)) => Ok(()),
            None => ensure(self.reference.servable(page, self.now).is_none(), || {
                format!("{id:?} was stored and is not found")
            }),
        }
    }

    pub(crate) fn abandon(&mut self, at: usize) {
        if self.fills.is_empty() {
            return;
        }
        let OpenFill { fill, id } = self.fills.remove(at % self.fills.len());
        drop(fill);
        let flight = self.flights.get_mut(&id).expect("a fill under way");
        flight.state = State::Dropped;
        let page = flight.version.page;
        if self.reference.followed.get(&page) == Some(&id) {
            self.reference.followed.remove(&page);
        }
    }

    /// The fill that a look-up of this page has to find.
    pub(crate) fn expected_fill(&mut self, page: u64) -> Option<EntryId> {
        let id = *self.reference.followed.get(&page)?;
        let flight = self.flights.get_mut(&id).expect("a fill under way");
        let fate = flight.version.fate(&self.reference.applied);
        if fate == Fate::Gone {
            self.reference.followed.remove(&page);
        }
        let Version {
            useful_until,
            requested,
            ..
        } = flight.version;
        let usable = self.now < useful_until && !self.reference.fenced(requested, self.now);
        (fate == Fate::Untouched && usable).then_some(id)
    }

    pub(crate) fn named(&self, what: What, page: u64) -> Option<EntryId> {
        let stored = self.reference.stored.get(&page).map(|version| version.id);
        match what {
            What::Any => None,
            What::Current => stored
                .or_else(|| self.reference.followed.get(&page).copied())
                .or(Some(EntryId(0))),
            What::Other => Some(EntryId(u64::MAX)),
        }
    }
}

const fn named(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::TooOld => "TooOld",
        Refusal::Invalidated => "Invalidated",
        Refusal::TooLarge => "TooLarge",
        Refusal::Outgrown => "Outgrown",
        Refusal::Superseded => "Superseded",
        Refusal::NotCurrent => "NotCurrent",
        Refusal::NoSlot => "NoSlot",
    }
}
