//! The store: the whole interface of the engine.
//!
//! Every call is synchronous and short. How an entry is found and trusted is `look_up`, how one
//! gets in is `commit`, how bytes are made free is `room`, how invalidations arrive is `purge`, how a
//! restart keeps entries is `snapshots`, what is compressed is `compressing`.

mod commit;
mod compressing;
mod look_up;
mod purge;
mod room;
mod snapshots;

use std::{
    hash::{BuildHasher, RandomState},
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;

pub use self::compressing::Compressed;
use self::compressing::CompressingPass;

use crate::{
    Algorithm, Applied, BadPattern, Budget, CacheEntry, Compression, EntryId, Epoch, Fence, Fill,
    FillSpec, Freshened, IncrementalCleaner, Invalidation, Key, KeyHash, Maintained, Moment,
    Optimize, Order, Reader, Refusal, SegmentStats, Slot, Stats, Stored, generations::Generations,
    ledger::Ledger, segment::Segment, sync::Mutex,
};

/// Segments at most: more than any machine has cores, and each still holds a useful share.
const SEGMENTS_MAX: usize = 1024;

/// Entries that [`Store::iterate`] collects under one lock.
const ITERATE_STEP: usize = 256;

/// How a store is made.
#[derive(Clone, Copy, Debug)]
pub struct StoreConfig {
    /// Which entries leave first.
    pub algorithm: Algorithm,
    /// The bytes that entries and fills may take together.
    pub max_memory: u64,
    /// Parts with a lock of their own, 1 to 1024.
    pub segments: usize,
    /// Finds the target URI in the owner's metadata. It is what prefixes and bans are tested on.
    pub uri_of: for<'a> fn(&'a [u8]) -> &'a [u8],
    /// Says by the owner's metadata whether a body is of a kind that compression makes smaller. Asked off
    /// the path of requests, about once an entry.
    pub compressible: fn(&[u8]) -> bool,
}

/// A handle on the store. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

/// What a look-up found.
pub enum Found {
    /// A complete stored response.
    Complete(Hit),
    /// A response that is being received.
    Filling(Reader),
}

/// A complete stored response, and whether it may be used as it is.
pub struct Hit {
    /// The response.
    pub entry: CacheEntry,
    /// What invalidations and the cluster's staleness bound say. Freshness is not considered.
    pub usability: Usability,
}

/// Whether a stored response may be used without asking the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Usability {
    /// It may, if it is fresh.
    Usable,
    /// It must be validated first.
    MustValidate(Why),
}

/// Why a stored response must be validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// A soft invalidation met it.
    SoftPurge,
    /// Nothing proves that all invalidations have arrived.
    Fenced,
}

/// What all handles share.
pub(crate) struct Shared {
    pub(crate) segments: Box<[Segment]>,
    pub(crate) ledger: Arc<Ledger>,
    algorithm: Algorithm,
    pub(crate) generations: Generations,
    fence: Fence,
    next_id: AtomicU64,
    /// Which entry of which segment leaves next.
    pub(crate) order: Order,
    /// Covers the limit, which the ledger and the order keep each for itself.
    resizing: Mutex<()>,
    /// The pass of [`Store::maintain`]. Covers nothing but the cursor.
    cleaner: Mutex<IncrementalCleaner>,
    uri_of: for<'a> fn(&'a [u8]) -> &'a [u8],
    compressible: fn(&[u8]) -> bool,
    /// [`Compression::number`].
    compression: AtomicU8,
    /// The pass of [`Store::compress`]. Covers nothing but the cursor and the counts.
    compressing: Mutex<CompressingPass>,
    /// What the last whole pass counted: nobody waits for the one that is under way.
    compressed: Mutex<Compressed>,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(config: StoreConfig) -> Self {
        let segments = config.segments.clamp(1, SEGMENTS_MAX);
        let ledger = Ledger::new(config.max_memory);
        let order = Order::new(segments, ledger.filled(), Optimize::default());
        let seed = RandomState::new().hash_one(0);
        let shared = Shared {
            segments: (0..segments)
                .map(|number| Segment::new(config.algorithm, number, seed))
                .collect(),
            ledger: Arc::new(ledger),
            algorithm: config.algorithm,
            generations: Generations::new(),
            fence: Fence::unbounded(),
            next_id: AtomicU64::new(1),
            order,
            resizing: Mutex::new(()),
            cleaner: Mutex::new(IncrementalCleaner::new()),
            uri_of: config.uri_of,
            compressible: config.compressible,
            compression: AtomicU8::new(Compression::Off.number()),
            compressing: Mutex::new(CompressingPass::unbegun()),
            compressed: Mutex::new(Compressed::NONE),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Sets the limit while the store is in use. What is over it leaves step by step, with every
    /// [`Store::maintain`] and every fill.
    pub fn resize(&self, max_memory: u64) {
        let _one_at_a_time = self.shared.resizing.lock();
        self.shared.ledger.set_max_memory(max_memory);
        self.shared.order.resize(self.shared.ledger.filled());
    }

    /// Sets what the store is to save, while it is in use: [`Optimize::Balanced`] until then.
    pub fn optimize(&self, optimize: Optimize) {
        self.shared.order.optimize(optimize);
    }

    /// How many invalidations have been applied. Take it when an *origin request* starts: a
    /// response to it is refused if a matching invalidation came after.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.shared.generations.epoch()
    }

    /// Looks a key up, as a use. A fill under way wins over an older complete entry, unless an
    /// invalidation met it.
    #[must_use]
    pub fn get(&self, key: &Key, now: Moment) -> Option<Found> {
        self.shared.get(key, now)
    }

    /// Looks a key up and counts nothing.
    #[must_use]
    pub fn peek(&self, key: &Key, now: Moment) -> Option<Found> {
        self.shared.peek(key, now)
    }

    /// Begins to store a response. Another fill of the same key goes on, but look-ups find this.
    pub fn begin_fill(&self, spec: FillSpec) -> Result<Fill, Refusal> {
        let max_body = spec.max_body;
        let flight = self.shared.begin(spec)?;
        Ok(Fill::new(Arc::clone(&self.shared), flight, max_body))
    }

    /// Stores a response whose body is there already, in one step; `size_hint` says nothing here. A body
    /// that fits in one buffer of the store's is not copied: it should be a buffer of its own, of its own
    /// length.
    pub fn put(
        &self,
        spec: FillSpec,
        body: Bytes,
        trailers: Option<&[u8]>,
    ) -> Result<Stored, Refusal> {
        self.shared.put(spec, body, trailers)
    }

    /// Whether nothing that concerns a response was invalidated since its epoch: a fill of it could
    /// begin now.
    #[must_use]
    pub fn admits(&self, spec: &FillSpec) -> bool {
        self.shared.admits(spec)
    }

    /// Gives the entry `current` new metadata after a validation. The body is kept and shared.
    pub fn freshen(&self, key: &Key, current: EntryId, new: Freshened) -> Result<(), Refusal> {
        self.shared.freshen(key, current, new)
    }

    /// Removes what is stored under a key, and hides a fill of it; with `id` only that response.
    /// Says whether there was one.
    pub fn remove(&self, key: &Key, id: Option<EntryId>) -> bool {
        self.shared.remove(key, id)
    }

    /// Applies an invalidation. When it returns, no look-up finds what it made vanish. A key
    /// costs a look-up, everything else the same however much is stored.
    pub fn apply(&self, invalidation: &Invalidation, now: Moment) -> Result<Applied, BadPattern> {
        self.shared.apply(invalidation, now)
    }

    /// Looks at the next entries in turn: what has expired or is invalid leaves, and what is over
    /// the limit. Call it often; one call at a time does the work, others return at once.
    pub fn maintain(&self, now: Moment, budget: Budget) -> Maintained {
        match self.shared.cleaner.try_lock() {
            Some(mut cleaner) => cleaner.clean(self, now, budget),
            None => Maintained::default(),
        }
    }

    /// Visits every complete entry once, in no order, those included that a look-up would refuse.
    /// What comes or goes meanwhile may be missed. No lock is held while `visit` runs.
    pub fn iterate(&self, mut visit: impl FnMut(&CacheEntry) -> ControlFlow<()>) {
        for segment in &self.shared.segments {
            let mut at = Some(Slot::FIRST);
            while let Some(from) = at {
                let mut entries = Vec::new();
                at = segment
                    .share()
                    .lru
                    .scan(from, ITERATE_STEP, |e| entries.push(e.clone()));
                if entries.iter().try_for_each(&mut visit).is_break() {
                    return;
                }
            }
        }
    }

    /// Numbers about the store.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let shared = &self.shared;
        let segments: Vec<SegmentStats> = shared.segments.iter().map(SegmentStats::of).collect();
        let mut total = SegmentStats::default();
        segments.iter().for_each(|segment| total.add(segment));
        let remembered = shared.generations.remembered();
        Stats {
            total,
            segments,
            used: shared.ledger.used(),
            max_memory: shared.ledger.max_memory(),
            window: shared.order.window_thousandths(),
            returned: shared.order.returned(),
            fills: shared.ledger.fills(),
            fill_bytes: shared.ledger.fill_bytes(),
            epoch: self.epoch(),
            floor: remembered.floor,
            generations: remembered.generations,
            bans: remembered.bans,
            bans_overflowed: remembered.bans_overflowed,
            compressed: *shared.compressed.lock(),
        }
    }

    /// The staleness bound of the cluster.
    #[must_use]
    pub fn fence(&self) -> &Fence {
        &self.shared.fence
    }
}

impl Shared {
    fn next_id(&self) -> EntryId {
        EntryId(self.next_id.fetch_add(1, Relaxed))
    }

    /// The segment of a key.
    #[expect(clippy::indexing_slicing, reason = "the number is below the length")]
    fn segment(&self, hash: KeyHash) -> &Segment {
        &self.segments[self.number(hash)]
    }

    /// The number of a key's segment, by the high bits of its hash; the tables use the low ones.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the high half of the product is below the length"
    )]
    fn number(&self, hash: KeyHash) -> usize {
        let product = u128::from(hash.high()) * self.segments.len() as u128;
        (product >> 64) as usize
    }
}
