//! What a sequence is about, so that its steps meet.

use super::random::Random;
use super::response::{ETAGS, LAST_MODIFIED};

/// What a sequence is about. Each kind of trouble is rare in most sequences and common in some, so
/// that its steps meet.
#[derive(Debug)]
pub(super) struct Flavour {
    pub(super) subject: Subject,
    pub(super) directives: usize,
    pub(super) authorization: usize,
    pub(super) conditions: usize,
    pub(super) ranges: usize,
    pub(super) vary: usize,
    pub(super) failures: usize,
    pub(super) targeted: usize,
    pub(super) stale: usize,
    pub(super) validators: usize,
    pub(super) refusals: usize,
    /// Whether ranges are sent where they are asked for.
    pub(super) placed: usize,
    /// Whether what is sent stands elsewhere than it should.
    pub(super) misplaced: usize,
    pub(super) dates: Dates,
    /// The validators that most replies of the sequence have, so that a 304 fits what is stored.
    pub(super) etag: &'static str,
    pub(super) last_modified: &'static str,
}

/// What is to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Anything,
    /// Parts of one object, of few versions.
    Parts,
}

/// Whether responses that come now say so.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dates {
    Present,
    Missing,
}

impl Flavour {
    pub(super) fn draw(random: &mut Random) -> Self {
        let (etag, last_modified) = (random.pick(ETAGS), random.pick(LAST_MODIFIED));
        let dates = random.pick(&[Dates::Present, Dates::Present, Dates::Missing]);
        let mut chance = |seldom: usize, often: usize| {
            if random.percent(25) { often } else { seldom }
        };
        let flavour = Self {
            subject: Subject::Anything,
            directives: chance(8, 50),
            authorization: chance(2, 30),
            conditions: chance(8, 50),
            ranges: chance(4, 40),
            vary: chance(8, 80),
            failures: chance(4, 45),
            targeted: chance(4, 50),
            stale: chance(25, 75),
            validators: chance(40, 90),
            refusals: chance(10, 50),
            placed: chance(10, 60),
            misplaced: chance(5, 30),
            dates,
            etag,
            last_modified,
        };
        // Parts meet only where nearly everything lets them.
        if random.percent(40) {
            return Self {
                subject: Subject::Parts,
                conditions: 5,
                failures: random.pick(&[0, 0, 20]),
                directives: flavour.directives.min(15),
                authorization: 2,
                ranges: 70,
                vary: 2,
                stale: random.pick(&[3, 30]),
                validators: 100,
                refusals: 3,
                placed: 95,
                etag: random.pick(&["\"1\"", "\"1\"", "\"2\"", "\"2\"", "W/\"1\""]),
                ..flavour
            };
        }
        flavour
    }
}
