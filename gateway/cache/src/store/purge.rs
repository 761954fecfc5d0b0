//! How an invalidation arrives: remembered as a generation or a ban, and receipted.
//!
//! Only a key is acted on at once. What is remembered, and why it suffices, is `generations`.

use super::Shared;
use crate::{
    Applied, BadPattern, Epoch, Invalidation, KeyHash, Moment, Strength, Target,
    bans::Matcher,
    generations::{Change, Mark},
    live_counts::counts,
    segment::Cause,
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
        let all = self.live.counted();
        let (epoch, live) = self
            .generations
            .record(change, strength, now, |mark| self.live.count(mark));
        let objects = match &invalidation.target {
            Target::Key(hash) => Some(self.settle_key(*hash, strength, epoch)),
            Target::Uri(_) | Target::Host(_) | Target::Tag(_) => Some(live),
            Target::Prefix(_) | Target::Ban(_) => None,
            Target::All => Some(all),
        };
        Ok(Applied { epoch, objects })
    }

    /// Removes or softens what is older under a key. A fill of the key meets the generation.
    fn settle_key(&self, hash: KeyHash, strength: Strength, epoch: Epoch) -> u64 {
        let segment = self.segment(hash);
        let mut entries = segment.share().find_hash(hash);
        entries.retain(|entry| entry.epoch() < epoch);
        for entry in &entries {
            match strength {
                Strength::Soft => entry.provenance().soften(),
                Strength::Hard => {
                    self.discard(segment, entry, Cause::Invalidated);
                }
            }
        }
        entries.iter().map(|entry| counts(entry.scopes())).sum()
    }
}
