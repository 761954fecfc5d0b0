//! Makes a failing sequence small: drops steps, then fields, while it still fails.

use crate::compare::{Difference, judge};
use crate::play::Player;
use crate::sequence::Sequence;

/// How often a sequence is played before it counts as one that does not fail.
const ATTEMPTS: usize = 2;

/// The smallest sequence found, and its difference; absent when it did not fail again.
pub(crate) async fn shrink(
    player: &mut Player<'_>,
    sequence: &Sequence,
) -> Option<(Sequence, Difference)> {
    let mut difference = fails(player, sequence).await?;
    let kind = difference.kind();
    let mut smallest = sequence.clone();
    smallest.0.truncate(difference.step + 1);
    loop {
        let mut smaller = None;
        for candidate in candidates(&smallest) {
            // Another difference would lead away from the one that was found.
            let found = fails(player, &candidate).await;
            if let Some(found) = found.filter(|found| found.kind() == kind) {
                smaller = Some((candidate, found));
                break;
            }
        }
        match smaller {
            Some((candidate, found)) => (smallest, difference) = (candidate, found),
            None => return Some((smallest, difference)),
        }
    }
}

async fn fails(player: &mut Player<'_>, sequence: &Sequence) -> Option<Difference> {
    for _ in 0..ATTEMPTS {
        let difference = judge(&player.play(sequence).await, None);
        if difference.is_some() {
            return difference;
        }
    }
    None
}

/// The sequence with one thing less, in every way.
fn candidates(sequence: &Sequence) -> Vec<Sequence> {
    let mut all = Vec::new();
    let mut without = |change: &dyn Fn(&mut Sequence)| {
        let mut smaller = sequence.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    for step in 0..sequence.0.len() {
        without(&|smaller| drop(smaller.0.remove(step)));
    }
    for (step, whole) in sequence.0.iter().enumerate() {
        if whole.reply.not_modified.is_some() {
            without(&|smaller| smaller.0[step].reply.not_modified = None);
        }
        for line in 0..whole.fields.0.len() {
            without(&|smaller| drop(smaller.0[step].fields.0.remove(line)));
        }
        for line in 0..whole.reply.fields.0.len() {
            without(&|smaller| drop(smaller.0[step].reply.fields.0.remove(line)));
        }
        let lines = whole
            .reply
            .not_modified
            .as_ref()
            .map_or(0, |fields| fields.0.len());
        for line in 0..lines {
            without(&|smaller| {
                if let Some(fields) = &mut smaller.0[step].reply.not_modified {
                    drop(fields.0.remove(line));
                }
            });
        }
    }
    all
}
