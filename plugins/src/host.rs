//! A loaded plugin: the one type that the gateway calls.
//!
//! Shared by all threads. It admits, runs, counts and logs; the running itself is `vm`.

use crate::breaker::{Admission, AfterFailure, Breaker};
use crate::error::{HookError, ScriptError};
use crate::lent::Lent;
use crate::phase::{Hooks, Phase};
use crate::script::{Bundle, OnError, Source};
use crate::states::{self, Found, InstanceId};
use crate::stats::{BreakerState, Counters, PluginStats};
use crate::verdict::{CacheDecision, KeyEdit, RequestDecision};
use crate::view::{RequestView, ResponseView};
use crate::vm::{self, Vm};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// A plugin that was compiled and tried out; each thread builds its own VM of it at the first call.
#[derive(Debug)]
pub struct Plugin {
    id: InstanceId,
    bundle: Arc<Bundle>,
    source_hash: String,
    counters: Counters,
    breaker: Breaker,
}

impl Plugin {
    /// Compiles a source and runs its main chunk in a scratch VM, within the budgets.
    ///
    /// # Errors
    /// When it does not compile, its main chunk fails or runs over a budget, it does not return a
    /// plugin's table, or the configuration does not fit the plugin's schema.
    pub fn load(source: Source) -> Result<Self, ScriptError> {
        let source_hash = blake3::hash(source.text.as_bytes()).to_hex().to_string();
        let bundle = Arc::new(vm::try_out(source)?);
        Ok(Self {
            id: InstanceId::next(),
            bundle,
            source_hash,
            counters: Counters::default(),
            breaker: Breaker::new(Instant::now()),
        })
    }

    /// Whether it was loaded from this very source: then a reload may keep it, with its counters.
    pub fn is_of(&self, source: &Source) -> bool {
        self.bundle.source == *source
    }

    /// The name under which routes list it.
    pub fn name(&self) -> &str {
        &self.bundle.source.name
    }

    /// What the script calls its version.
    pub fn version(&self) -> Option<&str> {
        self.bundle.version.as_deref()
    }

    /// Which hooks it has; a call of another is a cheap default.
    pub fn hooks(&self) -> Hooks {
        self.bundle.hooks
    }

    /// What a failure means for a request.
    pub fn on_error(&self) -> OnError {
        self.bundle.source.on_error
    }

    /// The script's BLAKE3 hash in hexadecimal: the same text on every node has the same.
    pub fn source_hash(&self) -> &str {
        &self.source_hash
    }

    /// Runs `on_request`; without that hook, the request continues.
    ///
    /// # Errors
    /// When the hook fails, runs over a budget, or the plugin is left out.
    pub fn on_request(&self, request: &dyn RequestView) -> Result<RequestDecision, HookError> {
        let lent = Lent {
            request,
            response: None,
        };
        self.run(Phase::OnRequest, |vm, source| vm.on_request(source, &lent))
    }

    /// Runs `cache_key`; without that hook, the key stays as it is.
    ///
    /// # Errors
    /// When the hook fails, runs over a budget, or the plugin is left out.
    pub fn cache_key(&self, request: &dyn RequestView) -> Result<KeyEdit, HookError> {
        let lent = Lent {
            request,
            response: None,
        };
        self.run(Phase::CacheKey, |vm, source| vm.cache_key(source, &lent))
    }

    /// Runs `on_response`; without that hook, the origin's word counts.
    ///
    /// # Errors
    /// When the hook fails, runs over a budget, or the plugin is left out.
    pub fn on_response(
        &self,
        request: &dyn RequestView,
        response: &dyn ResponseView,
    ) -> Result<CacheDecision, HookError> {
        let lent = Lent {
            request,
            response: Some(response),
        };
        self.run(Phase::OnResponse, |vm, source| {
            vm.on_response(source, &lent)
        })
    }

    /// The counters and the breaker.
    pub fn stats(&self) -> PluginStats {
        let breaker = match self.breaker.admit(Instant::now()) {
            Admission::Run => BreakerState::Closed,
            Admission::Refuse { retry_in } => BreakerState::Open { retry_in },
        };
        self.counters.snapshot(breaker)
    }

    fn run<D: Default>(
        &self,
        phase: Phase,
        hook: impl FnOnce(&Vm, &Source) -> Result<D, HookError>,
    ) -> Result<D, HookError> {
        if !self.bundle.hooks.has(phase) {
            return Ok(D::default());
        }
        let started = Instant::now();
        if let Admission::Refuse { retry_in } = self.breaker.admit(started) {
            self.counters.breaker_refused.fetch_add(1, Relaxed);
            let file = self.bundle.source.file.clone();
            let failures = self.breaker.failures();
            return Err(HookError::BreakerOpen {
                phase,
                file,
                failures,
                retry_in,
            });
        }
        let outcome = self.vm().and_then(|vm| hook(&vm, &self.bundle.source));
        let ended = Instant::now();
        self.counters
            .called(phase, ended.saturating_duration_since(started));
        match &outcome {
            Ok(_) => self.breaker.succeeded(),
            Err(error) => self.failed(phase, error, ended),
        }
        outcome
    }

    fn vm(&self) -> Result<std::rc::Rc<Vm>, HookError> {
        match states::vm(self.id, &self.bundle)? {
            Found::Kept(vm) => Ok(vm),
            Found::Built(vm) => {
                self.counters.vms_built.fetch_add(1, Relaxed);
                tracing::debug!(plugin = self.name(), bytes = vm.used_memory(), "built a VM");
                Ok(vm)
            }
        }
    }

    #[cold]
    fn failed(&self, phase: Phase, error: &HookError, now: Instant) {
        self.counters.failed(phase);
        match error {
            HookError::CpuBudget { .. } | HookError::MemoryBudget { .. } => {
                states::discard(self.id)
            }
            HookError::Script { .. } | HookError::BreakerOpen { .. } => {}
        }
        tracing::warn!(
            plugin = self.name(),
            phase = phase.name(),
            kind = error.label(),
            "a plugin failed: {error}"
        );
        if self.breaker.failed(now) == AfterFailure::Opened {
            self.counters.breaker_opened.fetch_add(1, Relaxed);
            let failures = self.breaker.failures();
            tracing::error!(
                plugin = self.name(),
                failures,
                "a plugin keeps failing and is left out"
            );
        }
    }
}
