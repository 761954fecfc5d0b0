//! The L1 engine: an in-process store, weighted by bytes, split in independently locked segments.
//!
//! It knows nothing of HTTP, async runtimes or Pingora: metadata is opaque bytes, time is an
//! argument, waiting is a [`std::task::Waker`]. What a stored response means is the gateway's.
//!
//! Reading order: [`Store`] (the whole interface), `segmented_lru` and `order` (which entry leaves
//! first), `in_flight` (how readers follow a fill), `generations` (why no purge is ever missed).

mod arena;
mod bans;
mod body;
mod cleaner;
mod collapse;
mod compression;
mod entry;
mod epoch;
mod error;
mod fence;
mod fill;
mod generations;
mod ghost;
mod in_flight;
mod invalidation;
mod key;
mod ledger;
mod live_counts;
mod optimize;
mod order;
mod packed;
mod provenance;
mod reader;
mod seat;
mod segment;
mod segmented_lru;
mod sets;
mod snapshot;
mod stats;
mod store;
mod sync;
mod time;
mod timers;
mod warmth;
mod weight;

pub use body::Body;
pub use cleaner::{Budget, IncrementalCleaner, Maintained};
pub use collapse::{Collapse, Joined, Lease};
pub use compression::Compression;
pub use entry::{CacheEntry, EntryId, Freshened, Stamp};
pub use epoch::Epoch;
pub use error::{BadPattern, Refusal};
pub use fence::Fence;
pub use fill::{Fill, FillSpec, Stored, Written};
pub use in_flight::{FOLLOWERS_MAX, OUTGROWN_WINDOW};
pub use invalidation::{Applied, Invalidation, Listed, Scope, Scopes, Strength, Target};
pub use key::{Key, KeyHash};
pub use optimize::Optimize;
pub use order::{Order, Part, Turn};
pub use reader::{Piece, Reader};
pub(crate) use segmented_lru::Rank;
pub use segmented_lru::{Algorithm, Grace, HITS_MAX, Outcome, Resident, SegmentedLru, Slot};
pub use snapshot::{Ending, Loaded, Saved, Unloadable};
pub use stats::{Evictions, SegmentStats, Stats};
pub use store::{Compressed, Found, Hit, Store, StoreConfig, Usability, Why};
#[cfg(feature = "shuttle")]
pub use sync::fault::Fault;
pub use time::Moment;
