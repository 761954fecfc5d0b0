//! The protocols between threads, under a model checker that decides who runs next.
//!
//! Each protocol is a story of a few threads that is told under thousands of schedules, and holds under
//! all of them. Each fault that its code could have, planted, has to be found. Choose other schedules
//! with `SHOAL_SCHEDULE_SEED` and more with `SHOAL_SCHEDULES`. How schedules are chosen is `search`; the
//! words of the stories are `vocabulary`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail this way, and says what it found"
)]

mod evict_and_hit;
mod fill_and_reader;
mod outgrown;
mod purge_and_fill;
mod resize;
mod search;
#[path = "../engine/vocabulary.rs"]
#[expect(dead_code, reason = "the engine's tests need more of it")]
mod vocabulary;
