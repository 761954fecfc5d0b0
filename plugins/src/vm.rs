//! One plugin's VM on one thread: how it is built, and how a hook is called in it.
//!
//! A hook gets tickets, runs under the meter, and leaves its decision in `call`. Which VM a thread
//! uses is `states`; counting and the breaker are `host`.

use crate::api::{
    argument::type_name, cache::Cache, json, key::Key, request::Request, response::Response,
    verdict,
};
use crate::budget::Meter;
use crate::call::{Call, Ticket};
use crate::error::explain::{Explained, explain};
use crate::error::redact::redact;
use crate::error::{HookError, ScriptError};
use crate::lent::Lent;
use crate::limits::LOAD_CPU_FACTOR;
use crate::phase::Phase;
use crate::sandbox;
use crate::script::{Bundle, Source};
use crate::verdict::{CacheDecision, KeyEdit, RequestDecision};
use mlua::chunk::ChunkMode;
use mlua::{Function, IntoLuaMulti, Lua, Value};
use std::rc::Rc;
use std::time::Instant;

/// A VM with a plugin in it.
pub(crate) struct Vm {
    lua: Lua,
    call: Rc<Call>,
    meter: Rc<Meter>,
    on_request: Option<Function>,
    cache_key: Option<Function>,
    on_response: Option<Function>,
    conf: Value,
}

/// Runs a source in a scratch VM and reads the plugin from it.
pub(crate) fn try_out(source: Source) -> Result<Bundle, ScriptError> {
    source.check()?;
    let run = run_main(&source).map_err(|error| error.into_script_error(&source))?;
    let bundle = source.into_bundle(&run.returned)?;
    Vm::finish(&bundle, run).map_err(|error| error.into_script_error(&bundle.source))?;
    Ok(bundle)
}

impl Vm {
    /// Builds a VM from what was tried out before.
    pub(crate) fn build(bundle: &Bundle) -> Result<Self, HookError> {
        let run = run_main(&bundle.source)?;
        Self::finish(bundle, run)
    }

    fn finish(bundle: &Bundle, run: MainRun) -> Result<Self, HookError> {
        let source = &bundle.source;
        let ready = || {
            let plugin = run.returned.as_table().ok_or_else(no_table)?;
            let conf = json::to_lua(&run.lua, &bundle.config)?;
            json::freeze(&conf)?;
            let hook = |phase: Phase| plugin.raw_get::<Option<Function>>(phase.name());
            let hooks = (
                hook(Phase::OnRequest)?,
                hook(Phase::CacheKey)?,
                hook(Phase::OnResponse)?,
            );
            // A global set by a hook would live on into the next request of this thread only.
            run.lua.globals().set_readonly(true);
            Ok((conf, hooks))
        };
        let (conf, (on_request, cache_key, on_response)) =
            ready().map_err(|error| failure(source, Phase::Load, &run.meter, &error, None))?;
        let MainRun {
            lua, call, meter, ..
        } = run;
        Ok(Self {
            lua,
            call,
            meter,
            on_request,
            cache_key,
            on_response,
            conf,
        })
    }

    /// Calls `on_request(req, conf)`.
    pub(crate) fn on_request(
        &self,
        source: &Source,
        lent: &Lent<'_>,
    ) -> Result<RequestDecision, HookError> {
        let phase = Phase::OnRequest;
        let args = |ticket: &Ticket| (Request(ticket.clone()), self.conf.clone());
        self.hook(
            source,
            phase,
            self.on_request.as_ref(),
            lent,
            args,
            |call, returned| {
                let verdict = verdict::returned(call, &returned)?;
                Ok(RequestDecision {
                    verdict,
                    headers: call.request_headers.take(),
                })
            },
        )
    }

    /// Calls `cache_key(req, key, conf)`.
    pub(crate) fn cache_key(&self, source: &Source, lent: &Lent<'_>) -> Result<KeyEdit, HookError> {
        let args = |ticket: &Ticket| {
            (
                Request(ticket.clone()),
                Key(ticket.clone()),
                self.conf.clone(),
            )
        };
        let phase = Phase::CacheKey;
        self.hook(
            source,
            phase,
            self.cache_key.as_ref(),
            lent,
            args,
            |call, returned| {
                nothing(phase, &returned)?;
                Ok(call.key.take())
            },
        )
    }

    /// Calls `on_response(req, res, cache, conf)`.
    pub(crate) fn on_response(
        &self,
        source: &Source,
        lent: &Lent<'_>,
    ) -> Result<CacheDecision, HookError> {
        let args = |ticket: &Ticket| {
            let (request, response) = (Request(ticket.clone()), Response(ticket.clone()));
            (request, response, Cache(ticket.clone()), self.conf.clone())
        };
        let phase = Phase::OnResponse;
        self.hook(
            source,
            phase,
            self.on_response.as_ref(),
            lent,
            args,
            |call, returned| {
                nothing(phase, &returned)?;
                Ok(call.cache.take())
            },
        )
    }

    fn hook<A: IntoLuaMulti, D: Default>(
        &self,
        source: &Source,
        phase: Phase,
        function: Option<&Function>,
        lent: &Lent<'_>,
        args: impl FnOnce(&Ticket) -> A,
        decide: impl FnOnce(&Call, Value) -> mlua::Result<D>,
    ) -> Result<D, HookError> {
        let Some(function) = function else {
            return Ok(D::default());
        };
        self.meter.start(source.cpu, Instant::now());
        let outcome = self.call.run(phase, lent, |ticket| {
            let returned = function.call::<Value>(args(ticket))?;
            decide(&self.call, returned)
        });
        match outcome {
            // A script that caught the error of its budget has not decided anything.
            Ok(decision) if self.meter.exceeded().is_none() => Ok(decision),
            Ok(_) => Err(out_of_time(source, phase, &self.meter)),
            Err(error) => Err(failure(source, phase, &self.meter, &error, Some(lent))),
        }
    }

    /// Bytes of the VM's heap.
    pub(crate) fn used_memory(&self) -> usize {
        self.lua.used_memory()
    }
}

/// A VM whose main chunk has run.
struct MainRun {
    lua: Lua,
    call: Rc<Call>,
    meter: Rc<Meter>,
    returned: Value,
}

fn run_main(source: &Source) -> Result<MainRun, HookError> {
    let call = Rc::new(Call::new());
    let meter = Rc::new(Meter::new());
    let failed = |error: &mlua::Error| failure(source, Phase::Load, &meter, error, None);
    let lua = sandbox::open(&source.name, source.memory, &call, &meter)
        .map_err(|error| failed(&error))?;
    let main = lua
        .load(&source.text)
        .set_name(format!("={}", source.chunk()))
        .set_mode(ChunkMode::Text)
        .into_function()
        .map_err(|error| failed(&error))?;
    // Compiling is bounded by the size of the file and is not the script's time.
    meter.start(source.cpu.saturating_mul(LOAD_CPU_FACTOR), Instant::now());
    let returned = main.call::<Value>(()).map_err(|error| failed(&error))?;
    if meter.exceeded().is_some() {
        return Err(out_of_time(source, Phase::Load, &meter));
    }
    Ok(MainRun {
        lua,
        call,
        meter,
        returned,
    })
}

fn failure(
    source: &Source,
    phase: Phase,
    meter: &Meter,
    error: &mlua::Error,
    lent: Option<&Lent<'_>>,
) -> HookError {
    if meter.exceeded().is_some() {
        return out_of_time(source, phase, meter);
    }
    let Explained {
        line,
        message,
        out_of_memory,
    } = explain(error, &source.chunk());
    if out_of_memory {
        let file = source.file.clone();
        return HookError::MemoryBudget {
            phase,
            file,
            line,
            limit: source.memory,
        };
    }
    let message = lent.map_or(message.clone(), |lent| redact(&message, lent.request));
    HookError::Script {
        phase,
        error: ScriptError::new(source, line, message),
    }
}

fn out_of_time(source: &Source, phase: Phase, meter: &Meter) -> HookError {
    let factor = if phase == Phase::Load {
        LOAD_CPU_FACTOR
    } else {
        1
    };
    HookError::CpuBudget {
        phase,
        file: source.file.clone(),
        line: meter.exceeded().and_then(|exceeded| exceeded.line),
        budget: source.cpu.saturating_mul(factor),
    }
}

fn no_table() -> mlua::Error {
    mlua::Error::runtime("a plugin returns its table")
}

fn nothing(phase: Phase, returned: &Value) -> mlua::Result<()> {
    if returned.is_nil() {
        return Ok(());
    }
    Err(mlua::Error::runtime(format!(
        "{phase} returns nothing, this one returned a {}",
        type_name(returned)
    )))
}
