//! How an invalidation arrives: remembered as a generation or a ban, and receipted.
//!
//! Only a key is acted on at once. What is remembered, and why it suffices, is `generations`.

use super::Shared;
use crate::{
    Applied, BadPattern, Epoch, Invalidation, KeyHash, Moment, Strength, Target,
    bans::Matcher,
    generations::{Change, Mark},
    live_counts::Live,
    segment::{Cause, Segment},
    sync::planted,
};

impl Shared {
    pub(super) fn apply(
        &self,
        invalidation: &Invalidation,
        now: Moment,
    ) -> Result<Applied, BadPattern> {
        let strength = invalidation.strength;
        let change = match &invalidation.target {
            Target::Key(hash) => Change::Mark(Mark::Key(*hash)),
            Target::Uri(scope) => Change::Mark(Mark::Uri(*scope)),
            Target::Host(scope) => Change::Mark(Mark::Host(*scope)),
            Target::Tag(scope) => Change::Mark(Mark::Tag(*scope)),
            Target::Prefix(text) => Change::Ban(Matcher::prefix(text)?),
            Target::Ban(text) => Change::Ban(Matcher::pattern(text)?),
            Target::All => Change::All,
        };
        let mark = match &change {
            Change::Mark(mark) => Some(*mark),
            Change::Ban(_) | Change::All => None,
        };
        planted!(CountsBeforeMark => if let Some(mark) = mark {
            let live = self.live(mark);
            let epoch = self.generations.record(change, strength, now);
            self.generations.settle(mark, epoch, live.all);
            return Ok(Applied { epoch, objects: Some(live.counted) });
        });
        let epoch = self.generations.record(change, strength, now);
        let live = mark.map(|mark| {
            let live = self.live(mark);
            self.generations.settle(mark, epoch, live.all);
            live.counted
        });
        let objects = match &invalidation.target {
            Target::Key(hash) => Some(self.settle_key(*hash, strength, epoch)),
            Target::Uri(_) | Target::Host(_) | Target::Tag(_) => live,
            Target::Prefix(_) | Target::Ban(_) => None,
            Target::All => {
                let counted = |s: &Segment| s.share().live.counted();
                Some(self.segments.iter().map(counted).sum())
            }
        };
        Ok(Applied { epoch, objects })
    }

    /// The entries of a set, segment by segment.
    fn live(&self, mark: Mark) -> Live {
        let live = |segment: &Segment| segment.share().live.count(mark);
        self.segments
            .iter()
            .map(live)
            .fold(Live::default(), Live::and)
    }

    /// Removes or softens what is older under a key. A fill of the key meets the generation.
    fn settle_key(&self, hash: KeyHash, strength: Strength, epoch: Epoch) -> u64 {
        let segment = self.segment(hash);
        let mut entries = segment.share().find_hash(hash);
        entries.retain(|entry| entry.tested().up_to() < epoch);
        for entry in &entries {
            match strength {
                Strength::Soft => entry.tested().soften(),
                Strength::Hard => {
                    self.discard(segment, entry, Cause::Invalidated);
                }
            }
        }
        entries.iter().map(|entry| entry.sets().counts()).sum()
    }
}
