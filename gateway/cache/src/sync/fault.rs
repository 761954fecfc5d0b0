//! The faults that the model checker has to find: each breaks one protocol at one place.
//!
//! A search that finds none of them proves nothing of the true code. They are planted for one thread
//! of the machine, which is all that a search runs on.

use std::cell::Cell;

std::thread_local! {
    static PLANTED: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// What an engine could get wrong between two threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A reader finds nothing, lets go of the lock, and only then says that it waits.
    WaitsAfterLook,
    /// The same of a fill that has no room.
    WaitsAfterLookForRoom,
    /// A reader finds the first byte there, lets go of the lock, and only then takes its seat.
    SitsDownLate,
    /// Of the readers that wait, the first alone is woken.
    WakesOne,
    /// Bytes of a fill are put on its account in two steps.
    ChargesInTwoSteps,
    /// A commit is tested under a hold of the lock that ends before it is linked.
    LinksAfterTest,
    /// A set's entries are counted before an invalidation of it can be seen.
    CountsBeforeMark,
    /// An entry that was tested is marked with an epoch that is read later.
    ReadsEpochLate,
    /// An invalidation's epoch can be seen before what it made invalid.
    RaisesEpochEarly,
    /// An invalidation's epoch can be seen only when the entries of its set have been counted.
    RaisesEpochLate,
    /// An entry is counted in its sets once it is linked.
    CountsAfterLink,
    /// A hit finds the place of an entry under one hold and takes what is there under the next.
    FindsInTwoHolds,
    /// An entry that is gone already leaves the accounts again.
    SettlesTwice,
    /// An entry that is linked can be evicted before it is charged.
    ChargesAfterLink,
    /// The ledger reads a number, adds, and writes it back.
    AddsInTwoSteps,
    /// What may be filled is worked out from two readings of the limit.
    ReadsLimitTwice,
}

impl Fault {
    /// Plants a fault, or none, in what this thread runs from now on.
    pub fn plant(fault: Option<Self>) {
        PLANTED.set(fault);
    }

    pub(crate) fn is_planted(self) -> bool {
        PLANTED.get() == Some(self)
    }
}
