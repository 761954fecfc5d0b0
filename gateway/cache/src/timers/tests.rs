//! The wheel against a list that is searched.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn due(timers: &mut Timers, now: Moment) -> Vec<u32> {
    let mut due = Vec::new();
    while timers.advance(now, 7, |slot| due.push(slot.number())) == Progress::Underway {}
    due
}

#[test]
fn a_link_takes_12_bytes() {
    assert_eq!(size_of::<Link>(), 12);
}

#[test]
fn what_ends_is_due_a_tick_later_at_most() {
    for wait in [
        0,
        1,
        127,
        128,
        8_000,
        9_000,
        600_000,
        40_000_000,
        5_000_000_000,
    ] {
        let start = Moment(1_700_000_000_000);
        let end = Moment(start.0 + wait);
        let mut timers = Timers::new();
        timers.set(Slot::of(3), end, start);
        if let Some(before) = end.0.checked_sub(1) {
            assert_eq!(due(&mut timers, Moment(before)), [], "{wait}");
        }
        assert_eq!(due(&mut timers, Moment(end.0 + TICK)), [3], "{wait}");
        assert_eq!(due(&mut timers, Moment(end.0 + 10 * TICK)), []);
    }
}

#[test]
fn what_never_ends_and_what_was_cleared_is_not_due() {
    let mut timers = Timers::new();
    timers.set(Slot::of(0), Moment::MAX, Moment(0));
    for slot in 1..=3 {
        timers.set(Slot::of(slot), Moment(1000), Moment(0));
    }
    timers.clear(Slot::of(2));
    timers.clear(Slot::of(2));
    assert_eq!(due(&mut timers, Moment(1 << 40)), [3, 1]);
}

#[test]
fn a_year_without_anyone_asking_takes_few_steps() {
    let mut timers = Timers::new();
    timers.set(Slot::of(0), Moment(1000), Moment(0));
    timers.set(Slot::of(1), Moment(400 * 86_400_000), Moment(0));
    let mut due = 0;
    let progress = timers.advance(Moment(365 * 86_400_000), 1200, |_| due += 1);
    assert_eq!((progress, due), (Progress::Arrived, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]
    #[test]
    fn the_wheel_agrees_with_a_search(
        steps in prop::collection::vec((0_u32..40, 0_u64..45, 0_u32..4, 0_u64..36), 1..200)
    ) {
        let mut timers = Timers::new();
        let mut ends: BTreeMap<u32, u64> = BTreeMap::new();
        let mut now = 5_000_000_000_u64;
        for (slot, wait, what, pass) in steps {
            match what {
                0 => {
                    timers.clear(Slot::of(slot));
                    ends.remove(&slot);
                }
                1 => {
                    now += (1 << pass) / 2;
                    let mut found = due(&mut timers, Moment(now));
                    found.sort_unstable();
                    // Those of the present tick may come now or with the next.
                    let over = |end: u64| end / TICK < now / TICK;
                    let expected: Vec<u32> =
                        ends.iter().filter(|(_, end)| over(**end)).map(|(s, _)| *s).collect();
                    prop_assert_eq!(&found, &expected);
                    found.iter().for_each(|slot| { ends.remove(slot); });
                }
                _ => {
                    let end = now + (1 << wait) / 3;
                    timers.set(Slot::of(slot), Moment(end), Moment(now));
                    ends.insert(slot, end);
                }
            }
        }
    }
}
