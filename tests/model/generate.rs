//! Makes sequences from a seed: few URLs, so that steps meet, and many spellings.
//!
//! No draw lets a second decide: every Age is 5 seconds off the multiples of 20 that lifetimes are,
//! and what clients and grants ask for lies 10 seconds off them. A slow machine changes no answer.

mod flavour;
mod random;
mod request;
mod response;

use crate::sequence::{Manner, Sequence, Step};
use flavour::Subject;
pub(crate) use random::Random;

/// Steps of one sequence. Long enough for store, stale, validate, invalidate, ask again.
const STEPS_MAX: usize = 7;

/// Resources of one sequence.
const URLS: usize = 3;

/// The sequence number `number` of the run `seed`.
pub(crate) fn sequence(seed: u64, number: u64) -> Sequence {
    let mut random = Random::new(seed, number);
    let flavour = flavour::Flavour::draw(&mut random);
    let least = match flavour.subject {
        Subject::Anything => 2,
        Subject::Parts => 4,
    };
    let steps = least + random.below(STEPS_MAX + 1 - least);
    let mut made = Vec::new();
    for serial in 0..steps {
        made.push(step(&mut random, &flavour, serial));
    }
    Sequence(made)
}

fn step(random: &mut Random, flavour: &flavour::Flavour, serial: usize) -> Step {
    // The first URL is the busy one.
    let url = match flavour.subject {
        Subject::Anything => [0, 0, 0, 0, 1, 1, 2][random.below(7)],
        Subject::Parts => [0, 0, 0, 0, 0, 0, 1][random.below(7)],
    };
    debug_assert!(usize::from(url) < URLS, "one of the resources");
    let method = request::method(random);
    let mut reply = response::reply(random, flavour, method, serial);
    let fields = request::fields(random, flavour, method);
    // Whether a range ends before the content breaks off is not the point.
    if reply.manner == Manner::BreaksOff && fields.has("Range") {
        reply.manner = Manner::Sized;
    }
    // Whether an age of less than a millisecond is above 0 is for the clock to say: no failures then.
    let control = fields.joined("Cache-Control").unwrap_or_default();
    if control.contains("max-age=0") && matches!(method, "GET" | "HEAD") {
        reply.manner = Manner::Sized;
        reply.status = if reply.status < 500 {
            reply.status
        } else {
            404
        };
    }
    Step {
        method,
        url,
        fields,
        reply,
    }
}
