//! The HTTP/2 connections of one listener: Pingora speaks the protocol, the listener says how long one
//! may idle. What comes before the preface is `serve`.

use crate::config::Listener;
use crate::proxy::Proxy;
use async_trait::async_trait;
use pingora_core::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora_core::protocols::http::ServerSession;
use pingora_core::server::ShutdownWatch;
use pingora_proxy::HttpProxy;
use std::sync::Arc;

/// See the module.
pub(super) struct Http2 {
    proxy: Arc<HttpProxy<Proxy>>,
    options: HttpServerOptions,
}

impl Http2 {
    /// RFC 9113 section 3.4: what a client sends first.
    pub(super) const PREFACE_BYTES: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

    /// HTTP/2 as `listener` wants it.
    pub(super) fn new(proxy: Arc<HttpProxy<Proxy>>, listener: &Listener) -> Arc<Self> {
        let mut options = HttpServerOptions::default();
        options.h2c = true;
        options.h2_idle_timeout = Some(listener.keepalive_timeout);
        Arc::new(Self { proxy, options })
    }
}

#[async_trait]
impl HttpServerApp for Http2 {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        self.proxy.process_new_http(session, shutdown).await
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.options)
    }
}
