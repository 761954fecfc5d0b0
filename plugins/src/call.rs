//! One call of a hook: what it may look at, what it decided so far, and the ticket that Lua holds.
//!
//! A ticket is good for one call. Kept longer, it gives an error, never an old or a foreign request.

use crate::lent::{Lender, Lent};
use crate::phase::Phase;
use crate::verdict::{CacheDecision, HeaderEdit, KeyEdit};
use crate::view::{RequestView, ResponseView};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The state of the call that runs in a VM, and of none between calls.
pub(crate) struct Call {
    /// Grows with every call and every end of one.
    number: Cell<u64>,
    phase: Cell<Phase>,
    lender: Lender,
    pub(crate) key: RefCell<KeyEdit>,
    pub(crate) key_bytes: Cell<usize>,
    pub(crate) cache: RefCell<CacheDecision>,
    pub(crate) request_headers: RefCell<Vec<HeaderEdit>>,
    /// A verdict was made; it must also be returned.
    pub(crate) verdict_made: Cell<bool>,
    pub(crate) log_lines: Cell<u32>,
}

impl Call {
    pub(crate) fn new() -> Self {
        Self {
            number: Cell::new(0),
            phase: Cell::new(Phase::Load),
            lender: Lender::default(),
            key: RefCell::default(),
            key_bytes: Cell::new(0),
            cache: RefCell::default(),
            request_headers: RefCell::default(),
            verdict_made: Cell::new(false),
            log_lines: Cell::new(0),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Runs one call with an empty decision; its tickets die with it.
    pub(crate) fn run<R>(
        self: &Rc<Self>,
        phase: Phase,
        lent: &Lent<'_>,
        body: impl FnOnce(&Ticket) -> R,
    ) -> R {
        self.begin(phase);
        let ticket = Ticket {
            call: Rc::clone(self),
            number: self.number.get(),
        };
        let result = self.lender.lend(lent, || body(&ticket));
        self.begin(Phase::Load);
        result
    }

    fn begin(&self, phase: Phase) {
        self.number.set(self.number.get().wrapping_add(1));
        self.phase.set(phase);
        self.key_bytes.set(0);
        self.verdict_made.set(false);
        self.log_lines.set(0);
        if phase != Phase::Load {
            self.key.take();
            self.cache.take();
            self.request_headers.take();
        }
    }
}

/// What a Lua object holds instead of a request.
#[derive(Clone)]
pub(crate) struct Ticket {
    call: Rc<Call>,
    number: u64,
}

impl Ticket {
    /// The running call, if it is the ticket's own.
    pub(crate) fn call(&self, object: &str) -> mlua::Result<&Call> {
        if self.number == self.call.number.get() {
            return Ok(&self.call);
        }
        Err(mlua::Error::runtime(format!(
            "`{object}` was kept after its hook ended; copy what you need inside of the hook"
        )))
    }

    /// Looks at the request.
    pub(crate) fn request<R>(&self, look: impl FnOnce(&dyn RequestView) -> R) -> mlua::Result<R> {
        self.call("req")?
            .lender
            .with(|lent| look(lent.request))
            .ok_or_else(outside)
    }

    /// Looks at the response.
    pub(crate) fn response<R>(&self, look: impl FnOnce(&dyn ResponseView) -> R) -> mlua::Result<R> {
        self.call("res")?
            .lender
            .with(|lent| lent.response.map(look))
            .flatten()
            .ok_or_else(outside)
    }
}

/// Refuses a function outside of the phase that it is for.
pub(crate) fn only_in(call: &Call, phase: Phase, function: &str) -> mlua::Result<()> {
    if call.phase() == phase {
        return Ok(());
    }
    Err(mlua::Error::runtime(format!(
        "{function} works only in {phase}; this is {}",
        call.phase()
    )))
}

fn outside() -> mlua::Error {
    mlua::Error::runtime("there is no request outside of a hook")
}
