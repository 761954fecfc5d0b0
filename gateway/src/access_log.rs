//! One line a request: what was asked, what was answered, what the cache did and why.
//!
//! What a line says is decided here; `writer` brings it to its file.

mod writer;

use crate::config::AccessFormat;
use crate::exchange::{Exchange, Served};
use http::request::Parts;
use http::{Version, header};
use serde::Serialize;
use std::time::UNIX_EPOCH;

pub use writer::AccessLog;

/// What a client chose is logged up to so many bytes: lines wait in memory while the disk is slow.
const VALUE_MAX: usize = 4096;

/// One request, as it is logged and counted.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Seconds since 1970, with milliseconds.
    pub time: f64,
    /// The client's address.
    pub client: Option<String>,
    /// As sent.
    pub method: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Normalised.
    pub host: String,
    /// Normalised.
    pub path: String,
    /// As sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// `HTTP/1.1`, `HTTP/2` or `gRPC`.
    pub protocol: &'static str,
    /// What the client was sent; 499 when it left before.
    pub status: u16,
    /// Of the body.
    pub bytes: u64,
    /// From the head's last byte to the response's.
    pub seconds: f64,
    /// The route that took it.
    pub route: String,
    /// In nginx's words.
    pub cache: CacheWord,
    /// The label of the reason why it was forwarded or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The label of the reason why the response was not stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_stored: Option<&'static str>,
    /// More words, a plugin's among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Seconds for which the response is still fresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
    /// Waited for another request's response.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub collapsed: bool,
    /// The target that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<&'static str>,
    /// For the combined format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// For the combined format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referer: Option<String>,
    /// A refresh that no client waits for: counted, not logged.
    #[serde(skip)]
    pub background: bool,
}

/// What the cache did, in nginx's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CacheWord {
    /// From the store, fresh.
    Hit,
    /// Nothing fitting was stored.
    Miss,
    /// Something was stored, too old, and replaced.
    Expired,
    /// From the store, stale.
    Stale,
    /// From the store, stale, while another request refreshes.
    Updating,
    /// From the store, confirmed by the origin.
    Revalidated,
    /// The cache was not asked.
    Bypass,
}

impl CacheWord {
    /// The word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Expired => "EXPIRED",
            Self::Stale => "STALE",
            Self::Updating => "UPDATING",
            Self::Revalidated => "REVALIDATED",
            Self::Bypass => "BYPASS",
        }
    }
}

impl Entry {
    /// What is known of a request when it is over.
    pub fn new(request: &Parts, exchange: &Exchange, status: u16, detail: Option<String>) -> Self {
        let outcome = &exchange.outcome;
        let field = |name| {
            let value: Option<&http::HeaderValue> = request.headers.get(name);
            value.map(|value| short(&String::from_utf8_lossy(value.as_bytes())))
        };
        let since = exchange
            .arrived
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let lifetime = outcome
            .stored
            .as_ref()
            .or(outcome.found.as_ref().map(|f| &f.freshness));
        Self {
            time: (since.as_secs_f64() * 1000.0).round() / 1000.0,
            client: exchange.client.map(|client| client.to_string()),
            method: request.method.to_string(),
            scheme: exchange.target.scheme,
            host: exchange.target.host.clone(),
            path: short(&exchange.target.path),
            query: exchange.target.query.as_deref().map(short),
            protocol: match (exchange.grpc, request.version) {
                (true, _) => "gRPC",
                (false, Version::HTTP_2) => "HTTP/2",
                (false, Version::HTTP_10) => "HTTP/1.0",
                (false, _) => "HTTP/1.1",
            },
            status,
            bytes: exchange.sent,
            seconds: exchange.started.elapsed().as_secs_f64(),
            route: exchange.route_name().to_owned(),
            cache: word(exchange),
            reason: outcome.forwarded.map(shoal_rules::Reason::label),
            not_stored: outcome.not_stored.map(shoal_rules::Reason::label),
            detail,
            ttl: lifetime.map(|freshness| freshness.remaining(crate::clock::now())),
            collapsed: outcome.collapsed.is_some(),
            upstream: exchange
                .chosen
                .as_ref()
                .map(|chosen| chosen.name().to_owned()),
            failure: exchange.failure.map(crate::proxy::failure::Failure::label),
            user_agent: field(header::USER_AGENT),
            referer: field(header::REFERER),
            background: exchange.background,
        }
    }

    fn line(&self, format: AccessFormat) -> String {
        match format {
            // Numbers, strings and options always serialise.
            AccessFormat::Json => serde_json::to_string(self).unwrap_or_default(),
            AccessFormat::Combined => self.combined(),
        }
    }

    fn combined(&self) -> String {
        let millis = std::time::Duration::try_from_secs_f64(self.time).unwrap_or_default();
        let time = clf(&httpdate::fmt_http_date(UNIX_EPOCH + millis));
        let client = self.client.as_deref().unwrap_or("-");
        let query = self
            .query
            .as_ref()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let unsafe_in_quotes = |c: char| c.is_control() || matches!(c, '"' | '\\');
        let quoted = |text: &str| text.replace(unsafe_in_quotes, "_");
        let request = quoted(&format!(
            "{} {}{query} {}",
            self.method, self.path, self.protocol
        ));
        let referer = quoted(self.referer.as_deref().unwrap_or("-"));
        let agent = quoted(self.user_agent.as_deref().unwrap_or("-"));
        let (status, bytes) = (self.status, self.bytes);
        format!("{client} - - [{time}] \"{request}\" {status} {bytes} \"{referer}\" \"{agent}\"")
    }
}

/// `06/Nov/1994:08:49:37 +0000` of `Sun, 06 Nov 1994 08:49:37 GMT`: the Common Log Format's time.
fn clf(date: &str) -> String {
    let mut words = date.split(' ').skip(1);
    let mut word = || words.next().unwrap_or_default();
    let (day, month, year, time) = (word(), word(), word(), word());
    format!("{day}/{month}/{year}:{time} +0000")
}

fn short(text: &str) -> String {
    match text.get(..text.floor_char_boundary(VALUE_MAX)) {
        Some(start) if start.len() < text.len() => format!("{start}…"),
        Some(_) | None => text.to_owned(),
    }
}

fn word(exchange: &Exchange) -> CacheWord {
    use crate::caching::plan::Plan;
    match (&exchange.plan, exchange.outcome.served) {
        (_, Served::Hit) => CacheWord::Hit,
        (_, Served::Stale | Served::StaleOnError) => CacheWord::Stale,
        (_, Served::Updating) => CacheWord::Updating,
        (_, Served::Revalidated) => CacheWord::Revalidated,
        (Plan::Bypass(_), Served::Forwarded) => CacheWord::Bypass,
        (Plan::Lookup(_), Served::Forwarded) if exchange.outcome.found.is_some() => {
            CacheWord::Expired
        }
        (Plan::Lookup(_), Served::Forwarded) => CacheWord::Miss,
    }
}
