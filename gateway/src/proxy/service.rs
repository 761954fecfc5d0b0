//! Pingora's callbacks in the order of a request's life, one line each: no decision is made here.

use super::lock::Lock;
use super::own_requests::Flights;
use super::storage::Backend;
use super::{cache_phase, content, head_request, post_as_get, storing};
use super::{request_phase, response_phase, upstream_phase};
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::upstream::connect::fetch::Fetcher;
use async_trait::async_trait;
use bytes::Bytes;
use pingora_cache::{CacheKey, CacheMeta, ForcedFreshness, HitHandler, RespCacheable};
use pingora_core::modules::http::HttpModules;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_error::{Error, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, RangeType, Session};
use std::sync::Arc;
use std::time::Duration;

/// The application that Pingora runs. The cache behind it lives as long as the process.
pub struct Proxy {
    pub(super) gateway: Arc<Gateway>,
    pub(super) backend: &'static Backend,
    pub(super) lock: &'static Lock,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) flights: &'static Flights,
}

impl Proxy {
    /// A proxy over `gateway`. Called once: Pingora wants storage and lock to live for ever.
    pub fn new(gateway: Arc<Gateway>) -> Self {
        let backend = Box::leak(Box::new(Backend::new(gateway.clone())));
        let lock = Box::leak(Box::new(Lock::new(gateway.metrics.clone())));
        let flights = Box::leak(Box::new(Flights::new()));
        Self {
            gateway,
            backend,
            lock,
            fetcher: Fetcher::new(),
            flights,
        }
    }
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange::new(self.gateway.current.load_full())
    }

    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}
    async fn request_filter(&self, session: &mut Session, ctx: &mut Exchange) -> Result<bool> {
        request_phase::filter(self, session, ctx).await
    }

    fn request_cache_filter(&self, session: &mut Session, ctx: &mut Exchange) -> Result<()> {
        cache_phase::enable(self, session, ctx);
        Ok(())
    }

    fn cache_key_callback(&self, session: &Session, ctx: &mut Exchange) -> Result<CacheKey> {
        cache_phase::key(session, ctx)
    }

    fn cache_miss(&self, session: &mut Session, ctx: &mut Exchange) {
        cache_phase::miss(session, ctx);
    }

    async fn cache_hit_filter(
        &self,
        session: &mut Session,
        _meta: &CacheMeta,
        handler: &mut HitHandler,
        is_fresh: bool,
        ctx: &mut Exchange,
    ) -> Result<Option<ForcedFreshness>> {
        Ok(cache_phase::hit(session, handler, is_fresh, ctx))
    }

    fn should_serve_stale(
        &self,
        session: &mut Session,
        ctx: &mut Exchange,
        error: Option<&Error>,
    ) -> bool {
        cache_phase::should_serve_stale(session, ctx, error)
    }

    async fn proxy_upstream_filter(
        &self,
        session: &mut Session,
        ctx: &mut Exchange,
    ) -> Result<bool> {
        upstream_phase::may_forward(self, session, ctx).await
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        ctx: &mut Exchange,
    ) -> Result<Box<HttpPeer>> {
        upstream_phase::select(session, ctx)
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        ctx: &mut Exchange,
        error: Box<Error>,
    ) -> Box<Error> {
        upstream_phase::not_connected(self, ctx, error)
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut Exchange,
    ) -> Result<()> {
        upstream_phase::request(self, session, request, ctx)
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Exchange,
    ) -> Result<()> {
        content::forward(body, end_of_stream, ctx);
        Ok(())
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Exchange,
    ) -> Result<()> {
        response_phase::received(self, session, response, ctx).await
    }

    fn upstream_response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Exchange,
    ) -> Result<Option<Duration>> {
        post_as_get::body(self, ctx, body.as_ref(), end_of_stream);
        response_phase::arriving(body.as_ref(), ctx);
        Ok(cache_phase::hold_back(session, ctx))
    }

    fn response_cache_filter(
        &self,
        session: &Session,
        response: &ResponseHeader,
        ctx: &mut Exchange,
    ) -> Result<RespCacheable> {
        Ok(storing::judge(self, session, response, ctx))
    }

    fn cache_not_modified_filter(
        &self,
        session: &Session,
        response: &ResponseHeader,
        ctx: &mut Exchange,
    ) -> Result<bool> {
        Ok(cache_phase::settled(session, response, ctx))
    }

    fn range_header_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Exchange,
    ) -> RangeType {
        cache_phase::range(session, response, ctx)
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Exchange,
    ) -> Result<()> {
        response_phase::deliver(session, response, ctx)
    }

    fn response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        _end_of_stream: bool,
        ctx: &mut Exchange,
    ) -> Result<Option<Duration>> {
        response_phase::body(session, body, ctx);
        Ok(None)
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        _ctx: &mut Exchange,
        client_reused: bool,
    ) -> Box<Error> {
        upstream_phase::broken(session, error, client_reused)
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut Exchange,
    ) -> FailToProxy {
        head_request::failed(session, ctx, error).await
    }

    fn suppress_error_log(&self, _session: &Session, _ctx: &Exchange, _error: &Error) -> bool {
        true // Failures are logged once, in the access log and as metrics.
    }

    fn suppress_proxy_warn_log(
        &self,
        _: &Session,
        _: &Exchange,
        _: &Error,
        _: ProxyWarnLogContext,
    ) -> bool {
        true
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, ctx: &mut Exchange) {
        response_phase::log(self, session, error, ctx);
    }
}
