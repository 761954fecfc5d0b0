//! What the policy asks of an entry.

/// An entry that weighs something and counts its own hits, so that a hit touches nothing else.
pub trait Resident {
    /// Bytes. They never change.
    fn weight(&self) -> u64;

    /// Hits since the policy looked last, up to [`HITS_MAX`](super::HITS_MAX).
    fn recent(&self) -> u8;

    /// Sets that count.
    fn set_recent(&self, hits: u8);

    /// Counts a hit. Two at once may count as one; that costs a shared line less.
    fn hit(&self) {
        let hits = self.recent();
        if hits < super::HITS_MAX {
            self.set_recent(hits + 1);
        }
    }
}
