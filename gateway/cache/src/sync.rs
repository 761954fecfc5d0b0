//! The locks and atomics of the protocols between threads: the one place that says whose they are.
//!
//! With the feature `shuttle` they are the model checker's, which decides at each of them who runs
//! next. Then [`planted!`] also lets the faults of `fault` into the code; else it is nothing. Numbers
//! that stand for themselves, such as counters of hits and the stamps of `order`, are plain atomics.

#[cfg(feature = "shuttle")]
mod checked;
#[cfg(feature = "shuttle")]
pub(crate) mod fault;

#[cfg(not(feature = "shuttle"))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64};

#[cfg(not(feature = "shuttle"))]
pub(crate) use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

#[cfg(feature = "shuttle")]
pub(crate) use self::checked::{
    AtomicBool, AtomicU64, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

/// `planted!(Name => wrong)`: what a planted [`Fault`](crate::Fault) does here. The code is there under
/// the model checker only.
#[cfg(feature = "shuttle")]
macro_rules! planted {
    ($fault:ident => $wrong:expr) => {
        if $crate::Fault::$fault.is_planted() {
            $wrong
        }
    };
}

/// Nothing.
#[cfg(not(feature = "shuttle"))]
macro_rules! planted {
    ($fault:ident => $wrong:expr) => {};
}

pub(crate) use planted;
