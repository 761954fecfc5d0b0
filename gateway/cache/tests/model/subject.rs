//! The store under test, with a fault if one is planted.
//!
//! Each fault is something that an engine could get wrong. A checker that does not notice it checks
//! nothing.

use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use shoal_cache::{
    Algorithm, Applied, EntryId, Fill, FillSpec, Found, Freshened, Hit, Invalidation, Key, Moment,
    Piece, Reader, Refusal, Scope, Store, StoreConfig, Stored, Strength, Target, Usability,
    Written,
};

use crate::operation::{key_hash, twin};

pub(crate) const BANS_MAX: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A hard invalidation of a tag only softens.
    HardTagSoftens,
    /// A soft invalidation is not told.
    SoftIsUsable,
    /// A prefix meets nothing.
    PrefixMissed,
    /// A ban that finds the list full is lost.
    OverflowingBanLost,
    /// A late fill is taken for a new one.
    LateFillAdmitted,
    /// What expired lately is served.
    ExpiredServed,
    /// The hash is compared and the key is not.
    HashAlone,
    /// A body has one wrong byte.
    ByteFlipped,
    /// The second reader's piece is given to the first.
    PieceSkipped,
    /// A receipt names one entry too many.
    ReceiptTooHigh,
    /// A removed key's fill can still be stored.
    FillSurvivesRemoval,
    /// A fill says that it was stored and was not.
    StoredIsNot,
    /// Entries vanish that nobody took out.
    Forgetful,
    /// Twice the bytes are held.
    LimitDoubled,
    /// The staleness bound is not told.
    FenceIgnored,
}

impl Fault {
    pub(crate) const ALL: [Self; 15] = [
        Self::HardTagSoftens,
        Self::SoftIsUsable,
        Self::PrefixMissed,
        Self::OverflowingBanLost,
        Self::LateFillAdmitted,
        Self::ExpiredServed,
        Self::HashAlone,
        Self::ByteFlipped,
        Self::PieceSkipped,
        Self::ReceiptTooHigh,
        Self::FillSurvivesRemoval,
        Self::StoredIsNot,
        Self::Forgetful,
        Self::LimitDoubled,
        Self::FenceIgnored,
    ];
}

pub(crate) struct Subject {
    pub(crate) store: Store,
    fault: Option<Fault>,
}

impl Subject {
    pub(crate) fn new(max_memory: u64, fault: Option<Fault>) -> Self {
        let store = Store::new(StoreConfig {
            algorithm: Algorithm::SegmentedLru,
            max_memory,
            segments: 4,
            uri_of,
            compressible: |_meta| true,
        });
        let subject = Self { store, fault };
        subject.resize(max_memory);
        subject
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub(crate) fn resize(&self, max_memory: u64) {
        let factor = if self.has(Fault::LimitDoubled) { 2 } else { 1 };
        self.store.resize(max_memory * factor);
    }

    pub(crate) fn get(&self, page: u64, now: Moment) -> Option<Found> {
        if self.has(Fault::Forgetful) && page.is_multiple_of(5) {
            self.store.remove(&key(page), None);
        }
        let (key, now) = self.aim(page, now);
        self.store.get(&key, now).map(|found| self.told(found))
    }

    pub(crate) fn peek(&self, page: u64, now: Moment) -> Option<Found> {
        let (key, now) = self.aim(page, now);
        self.store.peek(&key, now).map(|found| self.told(found))
    }

    fn aim(&self, page: u64, now: Moment) -> (Key, Moment) {
        let now = if self.has(Fault::ExpiredServed) {
            Moment(now.0 - 100)
        } else {
            now
        };
        match twin(page) {
            Some(other) if self.has(Fault::HashAlone) => (key(other), now),
            Some(_) | None => (key(page), now),
        }
    }

    fn told(&self, found: Found) -> Found {
        match found {
            Found::Complete(hit)
                if self.has(Fault::SoftIsUsable) && hit.usability == soft()
                    || self.has(Fault::FenceIgnored) && hit.usability != soft() =>
            {
                Found::Complete(Hit {
                    usability: Usability::Usable,
                    ..hit
                })
            }
            found @ (Found::Complete(_) | Found::Filling(_)) => found,
        }
    }

    pub(crate) fn begin(&self, spec: FillSpec) -> Result<Fill, Refusal> {
        let epoch = if self.has(Fault::LateFillAdmitted) {
            self.store.epoch()
        } else {
            spec.epoch
        };
        self.store.begin_fill(FillSpec { epoch, ..spec })
    }

    pub(crate) fn write(&self, fill: &mut Fill, bytes: &[u8]) -> Written {
        let mut bytes = bytes.to_vec();
        if self.has(Fault::ByteFlipped)
            && let Some(byte) = bytes.get_mut(3000)
        {
            *byte ^= 1;
        }
        fill.write(Bytes::from(bytes))
    }

    pub(crate) fn read(&self, reader: &mut Reader) -> Poll<Piece> {
        let cx = Context::from_waker(Waker::noop());
        let piece = reader.poll_next(&cx);
        match piece {
            Poll::Ready(Piece::Data(_)) if self.has(Fault::PieceSkipped) => reader.poll_next(&cx),
            Poll::Ready(_) | Poll::Pending => piece,
        }
    }

    pub(crate) fn finish(&self, fill: Fill, trailers: Option<Bytes>) -> Result<Stored, Refusal> {
        if self.has(Fault::StoredIsNot) {
            let id = fill.id();
            let stored = fill.finish(trailers);
            let mut found = None;
            self.store.iterate(|entry| {
                if entry.id() == id {
                    let bytes = Bytes::copy_from_slice(entry.key());
                    found = Some(Key {
                        hash: entry.hash(),
                        bytes,
                    });
                }
                std::ops::ControlFlow::Continue(())
            });
            if let Some(key) = found {
                self.store.remove(&key, Some(id));
            }
            return stored;
        }
        fill.finish(trailers)
    }

    pub(crate) fn freshen(
        &self,
        page: u64,
        current: EntryId,
        new: Freshened,
    ) -> Result<(), Refusal> {
        self.store.freshen(&key(page), current, new)
    }

    pub(crate) fn remove(&self, page: u64, id: Option<EntryId>, fill: Option<EntryId>) -> bool {
        if self.has(Fault::FillSurvivesRemoval) && fill.is_some() {
            return true;
        }
        self.store.remove(&key(page), id)
    }

    pub(crate) fn apply(&self, invalidation: &Invalidation, now: Moment) -> Applied {
        let mut planted = invalidation.clone();
        let overflowing = self.store.stats().bans == BANS_MAX;
        match &invalidation.target {
            Target::Tag(_) if self.has(Fault::HardTagSoftens) => planted.strength = Strength::Soft,
            Target::Prefix(_) if self.has(Fault::PrefixMissed) => {
                planted.target = Target::Prefix("nothing://".into());
            }
            Target::Prefix(_) | Target::Ban(_)
                if self.has(Fault::OverflowingBanLost) && overflowing =>
            {
                planted.target = Target::Uri(Scope(u64::MAX));
            }
            Target::Tag(_)
            | Target::Prefix(_)
            | Target::Ban(_)
            | Target::Key(_)
            | Target::Uri(_)
            | Target::Host(_)
            | Target::All => {}
        }
        let mut applied = self.store.apply(&planted, now).unwrap();
        if planted.target == Target::Uri(Scope(u64::MAX)) {
            applied.objects = None;
        }
        if self.has(Fault::ReceiptTooHigh) {
            applied.objects = applied.objects.map(|n| if n > 9 { n + 1 } else { n });
        }
        applied
    }
}

const fn soft() -> Usability {
    Usability::MustValidate(shoal_cache::Why::SoftPurge)
}

/// The metadata is the target URI, a space, and what the owner likes.
fn uri_of(meta: &[u8]) -> &[u8] {
    meta.split(|byte| *byte == b' ').next().unwrap_or_default()
}

pub(crate) fn key(page: u64) -> Key {
    Key {
        hash: key_hash(page),
        bytes: Bytes::from(format!("key {page}")),
    }
}
