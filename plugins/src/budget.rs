//! How long a piece of Lua may run: CPU time of the thread, with wall time as the back-stop.
//!
//! The VM calls [`Meter::tick`] at loops, calls and inside pattern matching. Once over budget every
//! later tick fails too, so a `pcall` can catch the error but cannot go on.

use crate::cpu_clock::thread_cpu;
use crate::limits::WALL_FACTOR;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// The meter of one VM.
pub(crate) struct Meter {
    budget: Cell<Duration>,
    started: Cell<Instant>,
    cpu_started: Cell<Option<Duration>>,
    ticks: Cell<u32>,
    exceeded: Cell<Option<Exceeded>>,
}

/// Where the budget ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exceeded {
    pub(crate) line: Option<u32>,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self {
            budget: Cell::new(Duration::ZERO),
            started: Cell::new(Instant::now()),
            cpu_started: Cell::new(None),
            ticks: Cell::new(0),
            exceeded: Cell::new(None),
        }
    }

    /// Starts a new piece of work.
    pub(crate) fn start(&self, budget: Duration, now: Instant) {
        self.budget.set(budget);
        self.started.set(now);
        self.cpu_started.set(None);
        self.ticks.set(0);
        self.exceeded.set(None);
    }

    /// Called by the VM while Lua runs; an error stops the script.
    pub(crate) fn tick(&self, lua: &mlua::Lua) -> mlua::Result<mlua::VmState> {
        if self.exceeded.get().is_some() {
            return Err(stopped());
        }
        let ticks = self.ticks.get().wrapping_add(1);
        self.ticks.set(ticks);
        if !ticks.is_multiple_of(TICKS_PER_LOOK) || !self.is_over(Instant::now()) {
            return Ok(mlua::VmState::Continue);
        }
        self.exceeded.set(Some(Exceeded {
            line: current_line(lua),
        }));
        Err(stopped())
    }

    /// Whether, and where, the work since `start` ran over.
    pub(crate) fn exceeded(&self) -> Option<Exceeded> {
        self.exceeded.get()
    }

    fn is_over(&self, now: Instant) -> bool {
        let budget = self.budget.get();
        let wall = now.saturating_duration_since(self.started.get());
        // CPU time never runs ahead of wall time, and its clock is a system call. So a hook that ends
        // in a quarter of its budget does not pay for it; the price is a budget a quarter too large.
        if wall < budget / 4 {
            return false;
        }
        let Some(cpu_started) = self.cpu_started.get() else {
            self.cpu_started.set(Some(thread_cpu()));
            return wall >= budget.saturating_mul(WALL_FACTOR);
        };
        wall >= budget
            && (wall >= budget.saturating_mul(WALL_FACTOR)
                || thread_cpu().saturating_sub(cpu_started) >= budget)
    }
}

/// The line of the script that is running.
pub(crate) fn current_line(lua: &mlua::Lua) -> Option<u32> {
    (0..STACK_LOOK)
        .find_map(|level| {
            lua.inspect_stack(level, |frame| frame.current_line())
                .flatten()
        })
        .and_then(|line| u32::try_from(line).ok())
}

fn stopped() -> mlua::Error {
    mlua::Error::runtime("CPU budget exceeded")
}

/// Ticks between two looks at the wall clock: a tick costs 40 ns, a look 25 more.
const TICKS_PER_LOOK: u32 = 8;
/// Frames to climb from a builtin to the script.
const STACK_LOOK: usize = 4;
