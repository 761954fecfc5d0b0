//! What is done to the store, and how likely each of it is.
//!
//! An operation is a plain value that can be printed. What it means is `world`.

use shoal_cache::{KeyHash, Listed, Scope, Strength, Target};

use crate::chance::Chance;

/// Keys in use. Together their versions take more than the store may hold.
pub(crate) const PAGES: u64 = 240;
/// The first pages come in pairs with one hash and different keys.
const TWINS: u64 = 8;
const HOSTS: u64 = 4;
const TAGS: u64 = 12;
/// Bytes from which bodies are cut.
pub(crate) const SOURCE: usize = 1 << 20;

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Get {
        page: u64,
    },
    Peek {
        page: u64,
    },
    /// Begins, writes and finishes at once.
    Put(Draft),
    Begin(Draft),
    /// Numbers of fills and readers are taken modulo those that are open.
    Write {
        fill: usize,
        bytes: usize,
    },
    Finish {
        fill: usize,
    },
    Abandon {
        fill: usize,
    },
    Follow {
        fill: usize,
        leading: Leading,
    },
    Read {
        reader: usize,
    },
    Leave {
        reader: usize,
    },
    Freshen {
        draft: Draft,
        what: What,
    },
    Remove {
        page: u64,
        what: What,
    },
    Invalidate {
        target: Target,
        strength: Strength,
    },
    Wait {
        millis: u64,
    },
    Clean {
        entries: usize,
        holds: usize,
    },
    /// A whole pass of the cleaner, from a beginning to an end.
    CleanAll,
    Resize {
        max_memory: u64,
    },
    Bound {
        millis: Option<u64>,
    },
    Prove {
        behind: u64,
    },
}

/// A response that an origin might send.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) page: u64,
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) tags: Vec<u64>,
    pub(crate) listed: Listed,
    pub(crate) trailers: usize,
    /// `None` for one that is useful for ever.
    pub(crate) lifetime: Option<u64>,
    pub(crate) asked: Asked,
    pub(crate) announced: Announced,
}

/// When the origin request began.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    Now,
    /// So many invalidations ago.
    Before(usize),
    /// With an epoch that this store has not reached.
    Elsewhere,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Announced {
    Nothing,
    Length,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Leading {
    Reader,
    OwnTask,
}

/// Whether an operation names the entry that is there, or another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    Any,
    Current,
    Other,
}

#[derive(Clone, Copy)]
enum Kind {
    Get,
    Peek,
    Put,
    Begin,
    Write,
    Finish,
    Abandon,
    Follow,
    Read,
    Leave,
    Freshen,
    Remove,
    Invalidate,
    Wait,
    Clean,
    CleanAll,
    Resize,
    Bound,
    Prove,
}

const KINDS: [(u64, Kind); 19] = [
    (3600, Kind::Get),
    (600, Kind::Peek),
    (1500, Kind::Put),
    (500, Kind::Begin),
    (900, Kind::Write),
    (400, Kind::Finish),
    (60, Kind::Abandon),
    (200, Kind::Follow),
    (700, Kind::Read),
    (100, Kind::Leave),
    (300, Kind::Freshen),
    (150, Kind::Remove),
    (400, Kind::Invalidate),
    (400, Kind::Wait),
    (150, Kind::Clean),
    (4, Kind::CleanAll),
    (2, Kind::Resize),
    (10, Kind::Bound),
    (40, Kind::Prove),
];

impl Operation {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let number = |chance: &mut Chance| usize::try_from(chance.below(1 << 16)).unwrap();
        match chance.weighted(&KINDS) {
            Kind::Get => Self::Get { page: page(chance) },
            Kind::Peek => Self::Peek { page: page(chance) },
            Kind::Put => Self::Put(Draft::draw(chance)),
            Kind::Begin => Self::Begin(Draft::draw(chance)),
            Kind::Write => Self::Write {
                fill: number(chance),
                bytes: length(chance),
            },
            Kind::Finish => Self::Finish {
                fill: number(chance),
            },
            Kind::Abandon => Self::Abandon {
                fill: number(chance),
            },
            Kind::Follow => Self::Follow {
                fill: number(chance),
                leading: chance.weighted(&[(3, Leading::Reader), (1, Leading::OwnTask)]),
            },
            Kind::Read => Self::Read {
                reader: number(chance),
            },
            Kind::Leave => Self::Leave {
                reader: number(chance),
            },
            Kind::Freshen => Self::Freshen {
                draft: Draft::draw(chance),
                what: chance.weighted(&[(9, What::Current), (1, What::Other)]),
            },
            Kind::Remove => Self::Remove {
                page: page(chance),
                what: chance.weighted(&[(2, What::Any), (2, What::Current), (1, What::Other)]),
            },
            Kind::Invalidate => Self::Invalidate {
                target: target(chance),
                strength: chance.weighted(&[(1, Strength::Hard), (1, Strength::Soft)]),
            },
            Kind::Wait => Self::Wait {
                millis: wait(chance),
            },
            Kind::Clean => Self::Clean {
                entries: 1 + number(chance) % 16,
                holds: 1 + number(chance) % 8,
            },
            Kind::CleanAll => Self::CleanAll,
            Kind::Resize => Self::Resize {
                max_memory: chance.weighted(&[(1, 512 << 10), (3, 1 << 20), (1, 1536 << 10)]),
            },
            Kind::Bound => Self::Bound {
                millis: chance.weighted(&[(3, None), (1, Some(1000)), (1, Some(0))]),
            },
            Kind::Prove => Self::Prove {
                behind: chance.below(3000),
            },
        }
    }
}

impl Draft {
    fn draw(chance: &mut Chance) -> Self {
        let length = length(chance);
        let offset = usize::try_from(chance.below((SOURCE - length) as u64)).unwrap();
        let tags = (0..TAGS).filter(|_| chance.one_in(6)).collect();
        Self {
            page: page(chance),
            offset,
            length,
            tags,
            listed: chance.weighted(&[(4, Listed::Counted), (1, Listed::Silent)]),
            trailers: chance.weighted(&[(5, 0), (1, 40)]),
            lifetime: chance.weighted(&[
                (2, None),
                (3, Some(1000)),
                (3, Some(20_000)),
                (1, Some(3_600_000)),
            ]),
            asked: match chance.below(40) {
                0..30 => Asked::Now,
                30..37 => Asked::Before(1 + usize::try_from(chance.below(4)).unwrap()),
                37..39 => Asked::Before(1 + usize::try_from(chance.below(6000)).unwrap()),
                _ => Asked::Elsewhere,
            },
            announced: chance.weighted(&[(1, Announced::Nothing), (1, Announced::Length)]),
        }
    }
}

/// Some are far more wanted than others.
fn page(chance: &mut Chance) -> u64 {
    let wide = 1 + chance.below(PAGES);
    chance.below(wide)
}

fn length(chance: &mut Chance) -> usize {
    let limit = chance.weighted(&[(1, 1), (50, 400), (40, 9000), (9, 60_000), (1, 900_000)]);
    usize::try_from(chance.below(limit)).unwrap()
}

/// In steps, so that ends are met exactly; rarely so long that invalidations are forgotten.
fn wait(chance: &mut Chance) -> u64 {
    let steps = chance.weighted(&[(300, 4), (20, 100), (1, 14_000)]);
    50 * (1 + chance.below(2) * (steps - 1))
}

fn target(chance: &mut Chance) -> Target {
    match chance.below(1000) {
        0..320 => Target::Key(key_hash(page(chance))),
        320..520 => Target::Uri(uri_scope(page(chance))),
        // Sets that nobody is in: what is kept of them is kept for fills alone.
        520..740 => Target::Uri(Scope(chance.next())),
        740..770 => Target::Tag(tag_scope(chance.below(TAGS))),
        770..775 => Target::Host(host_scope(page(chance))),
        775..840 => Target::Prefix(uri(page(chance))[..15].into()),
        840..940 => Target::Ban(format!("/{}[.]png$", chance.below(PAGES)).into()),
        940..998 => Target::Ban(format!("^{}$", uri(page(chance))).into()),
        _ => Target::All,
    }
}

pub(crate) fn key_hash(page: u64) -> KeyHash {
    let page = if page < 2 * TWINS { page % TWINS } else { page };
    KeyHash(u128::from(page).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

/// Another page with the same hash.
pub(crate) const fn twin(page: u64) -> Option<u64> {
    if page < 2 * TWINS {
        Some((page + TWINS) % (2 * TWINS))
    } else {
        None
    }
}

/// Two pages share a target, as variants do.
pub(crate) fn uri(page: u64) -> String {
    let target = page / 2;
    let kind = if target.is_multiple_of(3) {
        "png"
    } else {
        "html"
    };
    format!("https://h{}/{}/{target}.{kind}", target % HOSTS, target % 5)
}

pub(crate) const fn uri_scope(page: u64) -> Scope {
    Scope(page / 2)
}

pub(crate) const fn host_scope(page: u64) -> Scope {
    Scope(1000 + page / 2 % HOSTS)
}

pub(crate) const fn tag_scope(tag: u64) -> Scope {
    Scope(2000 + tag)
}
