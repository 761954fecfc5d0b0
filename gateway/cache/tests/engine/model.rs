//! The engine against a naive map, step by random step.
//!
//! The store is large enough that nothing is evicted, so both must agree exactly.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use proptest::prelude::*;
use shoal_cache::{
    Budget, Epoch, Fill, FillSpec, Found, Invalidation, Moment, Scope, Strength, Target, Usability,
};

use crate::vocabulary::*;

#[derive(Clone, Debug)]
enum Step {
    Put { page: u64, lifetime: u64 },
    Begin { page: u64, lifetime: u64 },
    Finish { page: u64 },
    Get { page: u64 },
    Freshen { page: u64 },
    Remove { page: u64 },
    Invalidate(Invalidation),
    Wait { millis: u64 },
    Clean { entries: usize, holds: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let page = || 0_u64..8;
    let lifetime = || 1_u64..2000;
    prop_oneof![
        3 => (page(), lifetime()).prop_map(|(page, lifetime)| Step::Put { page, lifetime }),
        2 => (page(), lifetime()).prop_map(|(page, lifetime)| Step::Begin { page, lifetime }),
        2 => page().prop_map(|page| Step::Finish { page }),
        6 => page().prop_map(|page| Step::Get { page }),
        1 => page().prop_map(|page| Step::Freshen { page }),
        1 => page().prop_map(|page| Step::Remove { page }),
        3 => (target(), prop_oneof![Just(Strength::Hard), Just(Strength::Soft)])
            .prop_map(|(target, strength)| Step::Invalidate(Invalidation { target, strength })),
        // Often long enough for tombstones to be forgotten.
        2 => prop_oneof![0_u64..500, Just(700_000)].prop_map(|millis| Step::Wait { millis }),
        2 => (1_usize..5, 1_usize..8).prop_map(|(entries, holds)| Step::Clean { entries, holds }),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        (0_u64..8).prop_map(|n| Target::Key(key(n).hash)),
        (0_u64..8).prop_map(|n| Target::Uri(Scope(n))),
        (0_u64..3).prop_map(|n| Target::Tag(Scope(n))),
        Just(Target::Host(HOST)),
        Just(Target::Prefix("https://host/even/".into())),
        Just(Target::Ban("/odd/[37]$".into())),
        Just(Target::All),
    ]
}

fn meets(target: &Target, n: u64) -> bool {
    match target {
        Target::Key(hash) => *hash == key(n).hash,
        Target::Uri(scope) => *scope == Scope(n),
        Target::Host(scope) => *scope == HOST,
        Target::Tag(scope) => *scope == Scope(n % 3),
        Target::Prefix(_) => n.is_multiple_of(2),
        Target::Ban(_) => n == 3 || n == 7,
        Target::All => true,
    }
}

/// A response in the model: what is known of it is kept for ever.
#[derive(Clone)]
struct Known {
    version: u64,
    epoch: Epoch,
    useful_until: Moment,
}

#[derive(Default)]
struct Model {
    stored: HashMap<u64, Known>,
    filling: HashMap<u64, (Known, Fill)>,
    invalidations: Vec<(Epoch, Invalidation)>,
    versions: u64,
}

impl Model {
    fn hit_by(&self, n: u64, known: &Known, strength: Strength) -> bool {
        self.invalidations.iter().any(|(epoch, invalidation)| {
            *epoch > known.epoch
                && invalidation.strength == strength
                && meets(&invalidation.target, n)
        })
    }

    fn stands(&self, n: u64, known: &Known, now: Moment) -> bool {
        now < known.useful_until && !self.hit_by(n, known, Strength::Hard)
    }
}

struct World {
    store: shoal_cache::Store,
    model: Model,
    now: Moment,
}

impl World {
    fn begin(&mut self, n: u64, lifetime: u64) -> Option<(Known, Fill)> {
        self.model.versions += 1;
        let version = self.model.versions;
        let useful_until = self.now.after(Duration::from_millis(lifetime));
        let known = Known {
            version,
            epoch: self.store.epoch(),
            useful_until,
        };
        let spec = FillSpec {
            requested: self.now,
            useful_until,
            ..page(&self.store, n)
        };
        let mut fill = self.store.begin_fill(spec).ok()?;
        fill.write(Bytes::from(version.to_string()));
        Some((known, fill))
    }

    fn finish(&mut self, n: u64, (known, fill): (Known, Fill)) {
        let killed = self.model.hit_by(n, &known, Strength::Hard);
        let stored = fill.finish(None);
        assert!(stored.is_err() || !killed, "a killed fill was stored");
        if stored.is_ok() {
            self.model.stored.insert(n, known);
        } else {
            // Forgotten tombstones may refuse more than was meant, but only fills that some
            // invalidation came after; a purged or newer entry stays as it was.
            assert!(
                known.epoch < self.store.epoch(),
                "a fill was refused for nothing"
            );
        }
    }

    fn get(&self, n: u64) {
        let (model, now) = (&self.model, self.now);
        match self.store.get(&key(n), now) {
            Some(Found::Filling(mut reader)) => {
                let (known, _) = model.filling.get(&n).expect("a fill of the model");
                assert!(model.stands(n, known, now));
                assert!(!model.hit_by(n, known, Strength::Soft));
                assert_eq!(drain(&mut reader).0, known.version.to_string().into_bytes());
            }
            Some(Found::Complete(hit)) => {
                let known = model.stored.get(&n).expect("an entry of the model");
                assert!(model.stands(n, known, now), "page {n} is gone");
                assert_eq!(body_of(&hit.entry), known.version.to_string().into_bytes());
                let soft = model.hit_by(n, known, Strength::Soft);
                assert_eq!(hit.usability != Usability::Usable, soft);
            }
            None => {
                let lost = model
                    .stored
                    .get(&n)
                    .is_some_and(|known| model.stands(n, known, now));
                assert!(!lost, "page {n} was lost");
            }
        }
    }

    fn freshen(&mut self, n: u64) {
        let Some(Found::Complete(hit)) = self.store.peek(&key(n), self.now) else {
            return;
        };
        let useful_until = self.now.after(Duration::from_secs(1));
        let new = shoal_cache::Freshened {
            requested: self.now,
            useful_until,
            ..freshened(&self.store, n)
        };
        self.store
            .freshen(&key(n), hit.entry.id(), new)
            .expect("nothing came between");
        let known = self
            .model
            .stored
            .get_mut(&n)
            .expect("an entry of the model");
        (known.epoch, known.useful_until) = (self.store.epoch(), useful_until);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Put { page, lifetime } => {
                self.model.filling.remove(&page);
                if let Some(begun) = self.begin(page, lifetime) {
                    self.finish(page, begun);
                }
            }
            Step::Begin { page, lifetime } => {
                self.model.filling.remove(&page);
                if let Some(begun) = self.begin(page, lifetime) {
                    self.model.filling.insert(page, begun);
                }
            }
            Step::Finish { page } => {
                if let Some(begun) = self.model.filling.remove(&page) {
                    self.finish(page, begun);
                }
            }
            Step::Get { page } => self.get(page),
            Step::Freshen { page } => self.freshen(page),
            Step::Remove { page } => {
                self.store.remove(&key(page), None);
                self.model.stored.remove(&page);
                self.model.filling.remove(&page);
            }
            Step::Invalidate(invalidation) => {
                let applied = self
                    .store
                    .apply(&invalidation, self.now)
                    .expect("a good pattern");
                self.model.invalidations.push((applied.epoch, invalidation));
            }
            Step::Wait { millis } => self.now = self.now.after(Duration::from_millis(millis)),
            Step::Clean { entries, holds } => {
                self.store.maintain(self.now, Budget { entries, holds });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]
    #[test]
    fn the_store_agrees_with_a_naive_map(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World { store: store(8 << 20), model: Model::default(), now: NOW };
        for step in steps {
            world.take(step);
        }
        for page in 0..8 {
            world.get(page);
        }
        world.model.filling.clear();
        let stats = world.store.stats();
        prop_assert_eq!(stats.used, stats.total.bytes);
        prop_assert_eq!((stats.fills, stats.fill_bytes), (0, 0));
    }
}
