//! The generations, alone: who is met by what.

use super::*;
use crate::{Listed, Scopes};

const NOW: Moment = Moment(1_000);

fn scopes() -> Scopes {
    Scopes {
        uri: Scope(1),
        host: Scope(2),
        tags: [Scope(3), Scope(4)].into(),
        listed: Listed::Counted,
    }
}

fn subject(scopes: &Scopes, since: u64) -> Subject<'_> {
    Subject {
        key: KeyHash(9),
        sets: scopes.sets(),
        uri: b"https://a/b",
        since: Epoch(since),
    }
}

/// As the store does: recorded, counted, settled.
fn record(
    generations: &Generations,
    change: Change,
    strength: Strength,
    now: Moment,
    entries: u64,
) -> Epoch {
    let mark = match &change {
        Change::Mark(mark) => Some(*mark),
        Change::Ban(_) | Change::All => None,
    };
    let epoch = generations.record(change, strength, now);
    if let Some(mark) = mark {
        generations.settle(mark, epoch, entries);
    }
    epoch
}

#[track_caller]
fn check(change: Change, strength: Strength, expected: Verdict) {
    let generations = Generations::new();
    let epoch = record(&generations, change, strength, NOW, 1);
    let scopes = scopes();
    assert_eq!(generations.judge(&subject(&scopes, 0)), (expected, epoch));
    assert_eq!(
        generations.judge(&subject(&scopes, epoch.count())).0,
        Verdict::Untouched
    );
}

#[test]
fn each_kind_of_target_meets_the_entries_that_are_older() {
    use Strength::{Hard, Soft};
    check(Change::All, Hard, Verdict::Gone);
    check(Change::All, Soft, Verdict::Softened);
    check(Change::Mark(Mark::Key(KeyHash(9))), Hard, Verdict::Gone);
    check(
        Change::Mark(Mark::Key(KeyHash(8))),
        Hard,
        Verdict::Untouched,
    );
    check(Change::Mark(Mark::Uri(Scope(1))), Soft, Verdict::Softened);
    check(Change::Mark(Mark::Uri(Scope(2))), Hard, Verdict::Untouched);
    check(Change::Mark(Mark::Host(Scope(2))), Hard, Verdict::Gone);
    check(Change::Mark(Mark::Tag(Scope(4))), Hard, Verdict::Gone);
    check(Change::Mark(Mark::Tag(Scope(5))), Hard, Verdict::Untouched);
    check(
        Change::Ban(Matcher::prefix("https://a/").unwrap()),
        Hard,
        Verdict::Gone,
    );
    check(
        Change::Ban(Matcher::pattern("b$").unwrap()),
        Soft,
        Verdict::Softened,
    );
    check(
        Change::Ban(Matcher::pattern("c$").unwrap()),
        Hard,
        Verdict::Untouched,
    );
}

#[test]
fn a_soft_invalidation_does_not_hide_an_earlier_hard_one() {
    let generations = Generations::new();
    let tag = Mark::Tag(Scope(3));
    record(&generations, Change::Mark(tag), Strength::Hard, NOW, 1);
    record(&generations, Change::Mark(tag), Strength::Soft, NOW, 1);
    let scopes = scopes();
    assert_eq!(generations.judge(&subject(&scopes, 0)).0, Verdict::Gone);
    assert_eq!(generations.judge(&subject(&scopes, 1)).0, Verdict::Softened);
}

#[test]
fn tombstones_beyond_the_limit_raise_the_floor_for_fills() {
    let generations = Generations::new();
    for key in 100..=100 + TOMBSTONES_MAX as u128 {
        let mark = Mark::Key(KeyHash(key));
        record(&generations, Change::Mark(mark), Strength::Hard, NOW, 0);
    }
    let scopes = scopes();
    assert_eq!(generations.remembered().generations, TOMBSTONES_MAX);
    assert_eq!(generations.remembered().floor, Epoch(1));
    assert_eq!(
        generations.judge_fill(&subject(&scopes, 0)).0,
        Verdict::TooOld
    );
    assert_eq!(
        generations.judge_fill(&subject(&scopes, 1)).0,
        Verdict::Untouched
    );
    assert_eq!(
        generations.judge(&subject(&scopes, 0)).0,
        Verdict::Untouched
    );
}

/// Found by the random operations of `tests/model`.
#[test]
fn a_set_that_is_invalidated_again_and_again_is_not_the_oldest() {
    let generations = Generations::new();
    let purge = |uri| {
        let mark = Mark::Uri(Scope(uri));
        record(&generations, Change::Mark(mark), Strength::Hard, NOW, 0)
    };
    for uri in 100..100 + TOMBSTONES_MAX as u64 {
        purge(9);
        purge(uri);
    }
    // One set too many: the oldest is number 100, and number 9 has just been purged.
    assert_eq!(generations.remembered().floor, Epoch(2));
}

#[test]
fn a_generation_with_entries_is_kept_until_a_pass_that_began_after_it() {
    let generations = Generations::new();
    let epoch = record(
        &generations,
        Change::Mark(Mark::Tag(Scope(3))),
        Strength::Hard,
        NOW,
        1,
    );
    let late = NOW.after(TOMBSTONE_TIME);
    let scopes = scopes();

    generations.swept(Epoch(0), late);
    assert_eq!(generations.judge(&subject(&scopes, 0)).0, Verdict::Gone);
    generations.swept(epoch, NOW);
    assert_eq!(generations.judge(&subject(&scopes, 0)).0, Verdict::Gone); // Kept for fills.
    generations.swept(epoch, late);
    assert_eq!(generations.remembered().generations, 0);
    assert_eq!(
        generations.judge_fill(&subject(&scopes, 0)).0,
        Verdict::TooOld
    );
}

#[test]
fn a_set_that_is_invalidated_again_after_it_was_swept_waits_for_another_pass() {
    let generations = Generations::new();
    let tag = Mark::Tag(Scope(3));
    record(&generations, Change::Mark(tag), Strength::Hard, NOW, 0);
    record(&generations, Change::Mark(tag), Strength::Hard, NOW, 1);
    let late = NOW.after(TOMBSTONE_TIME);
    generations.swept(Epoch(1), late);
    let scopes = scopes();
    assert_eq!(generations.judge(&subject(&scopes, 1)).0, Verdict::Gone);
    generations.swept(Epoch(2), late);
    assert_eq!(generations.remembered().generations, 0);
}

#[test]
fn a_ban_is_forgotten_after_a_pass_and_the_time_of_a_tombstone() {
    let generations = Generations::new();
    let ban = || Change::Ban(Matcher::prefix("https://").unwrap());
    let epoch = record(&generations, ban(), Strength::Hard, NOW, 0);
    let late = NOW.after(TOMBSTONE_TIME);
    generations.swept(Epoch(0), late);
    generations.swept(epoch, NOW);
    assert_eq!(generations.remembered().bans, 1);
    generations.swept(epoch, late);
    assert_eq!(
        (
            generations.remembered().bans,
            generations.remembered().floor
        ),
        (0, epoch)
    );
}

#[test]
fn too_many_bans_soften_everything_and_are_counted() {
    let generations = Generations::new();
    for _ in 0..=BANS_MAX {
        let ban = Change::Ban(Matcher::prefix("http://elsewhere").unwrap());
        record(&generations, ban, Strength::Hard, NOW, 0);
    }
    let scopes = scopes();
    assert_eq!(generations.remembered().bans, BANS_MAX);
    assert_eq!(generations.remembered().bans_overflowed, 1);
    assert_eq!(generations.judge(&subject(&scopes, 0)).0, Verdict::Softened);
}
