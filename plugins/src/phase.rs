//! The moments of a request at which a plugin may speak.
//!
//! Only names; what each hook may decide is in `verdict`.

use std::fmt;

/// A moment of a request, or the loading of the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The main chunk: runs when a VM is built, sees no request.
    Load,
    /// Before the look-up; may answer, bypass, edit request headers.
    OnRequest,
    /// Before the look-up; shapes the cache key.
    CacheKey,
    /// When the origin answered; decides storing and edits response headers.
    OnResponse,
}

impl Phase {
    /// Every hook, in the order of a request's life.
    pub const HOOKS: [Self; 3] = [Self::OnRequest, Self::CacheKey, Self::OnResponse];

    /// The name in Lua, in logs and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::OnRequest => "on_request",
            Self::CacheKey => "cache_key",
            Self::OnResponse => "on_response",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Which hooks a plugin has: a route calls only those.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hooks {
    /// `P.on_request(req, conf)`.
    pub on_request: bool,
    /// `P.cache_key(req, key, conf)`.
    pub cache_key: bool,
    /// `P.on_response(req, res, cache, conf)`.
    pub on_response: bool,
}

impl Hooks {
    /// Whether the plugin has a hook for this phase.
    pub fn has(self, phase: Phase) -> bool {
        match phase {
            Phase::Load => true,
            Phase::OnRequest => self.on_request,
            Phase::CacheKey => self.cache_key,
            Phase::OnResponse => self.on_response,
        }
    }

    pub(crate) fn add(&mut self, phase: Phase) {
        match phase {
            Phase::Load => {}
            Phase::OnRequest => self.on_request = true,
            Phase::CacheKey => self.cache_key = true,
            Phase::OnResponse => self.on_response = true,
        }
    }
}
