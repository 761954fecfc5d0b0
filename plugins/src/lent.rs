//! Lends the views of one call to the VM, for the time of that call.
//!
//! Lua objects live as long as the collector pleases, a request does not. So Lua holds only a ticket
//! (`call`), and the borrow stands here, taken back when the call ends, also by a panic.

use crate::view::{RequestView, ResponseView};
use std::cell::Cell;
use std::ptr::NonNull;

/// What one call may look at.
#[derive(Clone, Copy)]
pub(crate) struct Lent<'a> {
    pub(crate) request: &'a dyn RequestView,
    pub(crate) response: Option<&'a dyn ResponseView>,
}

/// The place where the views lie during a call. Not `Sync`: a VM stays on its thread.
#[derive(Default)]
pub(crate) struct Lender {
    current: Cell<Option<NonNull<Lent<'static>>>>,
}

impl Lender {
    /// Runs `body` while [`Lender::with`] can reach `lent`.
    pub(crate) fn lend<R>(&self, lent: &Lent<'_>, body: impl FnOnce() -> R) -> R {
        let _back = TakeBack {
            lender: self,
            previous: self.current.get(),
        };
        // The lifetime is forgotten here and given back in `with`.
        self.current
            .set(Some(NonNull::from(lent).cast::<Lent<'static>>()));
        body()
    }

    /// Looks at what is lent; `None` outside of a call.
    #[expect(
        unsafe_code,
        reason = "a borrow cannot be stored beside a VM that outlives it"
    )]
    pub(crate) fn with<R>(&self, look: impl for<'a> FnOnce(&'a Lent<'a>) -> R) -> Option<R> {
        let lent = self.current.get()?;
        // SAFETY: `current` is set only inside of `lend`, whose argument outlives its body, and
        // `TakeBack` resets it on every way out. `look` takes any lifetime, so it cannot keep one.
        // Only shared borrows of the value exist. The cell is not `Sync`, so no thread but that of
        // `lend` comes here.
        Some(look(unsafe { lent.as_ref() }))
    }
}

struct TakeBack<'a> {
    lender: &'a Lender,
    previous: Option<NonNull<Lent<'static>>>,
}

impl Drop for TakeBack<'_> {
    fn drop(&mut self) {
        self.lender.current.set(self.previous);
    }
}
