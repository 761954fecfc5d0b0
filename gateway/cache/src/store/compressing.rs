//! The pass that compresses what is seldom used and gives back what is used often as it came.
//!
//! It runs beside requests: it notes entries under a shared lock, works without one, and puts the other
//! form in the place of the same entry, if that is still there. What is worth it is `compression`.

use std::sync::atomic::Ordering::Relaxed;

use super::{Shared, Store, commit::admit};
use crate::{Body, CacheEntry, Compression, Slot, packed::Packed, segment::Segment};

/// Entries that are looked at under one shared lock.
const LOOK_STEP: usize = 64;

/// Bytes that one call compresses or unpacks at most: a second or less of one processor.
const WORK_MAX: u64 = 256 << 20;

/// `Adaptive` begins when so much of the memory is filled, in hundredths.
const SHORT: u64 = 75;

/// Where the pass stopped, and what it has counted so far.
#[derive(Debug)]
pub(crate) struct CompressingPass {
    segment: usize,
    slot: Slot,
    /// Memory was short when it began. Then all of it compresses, or a store would stay just below that.
    short: bool,
    counted: Compressed,
}

/// Compressed bodies, as the last whole pass found them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compressed {
    /// Entries with one.
    pub entries: u64,
    /// What their bodies are charged with.
    pub bytes: u64,
    /// What they would be charged with beside that as they came.
    pub saved: u64,
}

impl CompressingPass {
    pub(crate) const fn unbegun() -> Self {
        Self {
            segment: 0,
            slot: Slot::FIRST,
            short: false,
            counted: Compressed::NONE,
        }
    }
}

impl Compressed {
    pub(crate) const NONE: Self = Self {
        entries: 0,
        bytes: 0,
        saved: 0,
    };
}

impl Store {
    /// Sets in which form bodies are kept, while the store is in use. What is stored follows with the next
    /// [`Store::compress`].
    pub fn set_compression(&self, compression: Compression) {
        let number = compression.number();
        self.shared.compression.store(number, Relaxed);
    }

    /// Goes on through the entries to the last one, or until enough was done. Off the path of requests; one
    /// call at a time works, others return at once.
    pub fn compress(&self) {
        let Some(mut pass) = self.shared.compressing.try_lock() else {
            return;
        };
        let mode = self.shared.compression();
        if (pass.segment, pass.slot) == (0, Slot::FIRST) {
            pass.short = self.shared.is_short(mode);
        }
        let mut done = 0;
        while done < WORK_MAX {
            let Some(segment) = self.shared.segments.get(pass.segment) else {
                let counted = std::mem::replace(&mut pass.counted, Compressed::NONE);
                *self.shared.compressed.lock() = counted;
                (pass.segment, pass.slot) = (0, Slot::FIRST);
                return;
            };
            done += self.shared.compress_some(segment, mode, &mut pass);
        }
    }
}

impl Shared {
    fn compression(&self) -> Compression {
        Compression::of(self.compression.load(Relaxed))
    }

    fn is_short(&self, mode: Compression) -> bool {
        match mode {
            Compression::Adaptive => self.ledger.is_filled_by(SHORT),
            Compression::Off | Compression::Lz4 | Compression::Zstd => true,
        }
    }

    /// Looks at some entries of a segment, and gives the bytes that were worked on.
    fn compress_some(
        &self,
        segment: &Segment,
        mode: Compression,
        pass: &mut CompressingPass,
    ) -> u64 {
        let short = pass.short;
        let mut wanted: Vec<CacheEntry> = Vec::new();
        let counted = &mut pass.counted;
        let next = segment.share().lru.scan(pass.slot, LOOK_STEP, |entry| {
            let body = entry.body();
            let raw = mode.stays_raw(entry.uses_since_the_last_look());
            if let Some(saved) = body.saved() {
                counted.entries += 1;
                counted.bytes += body.weight();
                counted.saved += saved;
                if raw {
                    wanted.push(entry.clone());
                }
            } else if !raw
                && short
                && !entry.warmth().is_settled()
                && mode.codec(body.len()).is_some()
            {
                wanted.push(entry.clone());
            }
        });
        (pass.segment, pass.slot) = match next {
            Some(slot) => (pass.segment, slot),
            None => (pass.segment + 1, Slot::FIRST),
        };
        let mut done = 0;
        for entry in wanted {
            // Tested first, lest the other form seem to have missed what is forgotten by now.
            if admit(self.stands(&entry)).is_err() {
                continue;
            }
            done += entry.body().len();
            let other = if entry.body().saved().is_some() {
                entry.body().unpacked()
            } else {
                self.packed(&entry, mode)
            };
            match other {
                Some(body) => {
                    if let Ok(other) = entry.with_body(body) {
                        self.exchange(segment, &entry, &other);
                    }
                }
                None => entry.warmth().settle(),
            }
        }
        done
    }

    fn packed(&self, entry: &CacheEntry, mode: Compression) -> Option<Body> {
        let codec = mode.codec(entry.body().len())?;
        if !(self.compressible)(entry.meta()) {
            return None;
        }
        Packed::new(entry.body(), codec).map(Body::from_packed)
    }

    /// Puts the same response with another form of its body in its place. It is tested and linked as at a
    /// commit: what an invalidation did meanwhile to the old form would else be forgotten with it.
    fn exchange(&self, segment: &Segment, entry: &CacheEntry, other: &CacheEntry) {
        if admit(self.trust_incoming(other)).is_err() {
            return;
        }
        let (before, after) = (entry.weight(), other.weight());
        self.ledger.add_entry(after);
        let replaced = {
            let mut inside = segment.lock();
            let admitted = admit(self.trust_incoming(other)).ok();
            admitted.and_then(|()| inside.exchange(other, &self.order))
        };
        self.ledger
            .remove_entry(if replaced.is_some() { before } else { after });
        drop(replaced); // Outside the lock.
        self.make_room(entry.hash(), after.saturating_sub(before));
    }
}

#[cfg(test)]
mod tests;
