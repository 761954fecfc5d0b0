//! The demo's origin: a few pages over HTTP/1.1, slow enough that a hit shows.
//!
//! A page that is to be old at once says so with `Age`, so that nobody has to wait. What the gateway
//! makes of them is in `story`; the gRPC origin is `greeter`.

use super::port::Port;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What it takes to make a page.
pub(super) const PAGE_TAKES: Duration = Duration::from_millis(80);

/// What it takes to see that a page has not changed.
const CHECK_TAKES: Duration = Duration::from_millis(15);

/// How many requests the origins saw.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests(Arc<AtomicU64>);

impl Requests {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

type Fields = &'static [(HeaderName, &'static str)];

/// A page, and what the origin says about it.
struct Page {
    path: &'static str,
    fields: Fields,
    /// Said with its first edition only.
    at_first: Fields,
}

const FRESH: (HeaderName, &str) = (header::CACHE_CONTROL, "max-age=60");
const OLD: (HeaderName, &str) = (header::AGE, "61");

const PAGES: [Page; 6] = [
    Page {
        path: "/news",
        fields: &[FRESH],
        at_first: &[],
    },
    Page {
        path: "/weather",
        fields: &[(
            header::CACHE_CONTROL,
            "max-age=60, stale-while-revalidate=600",
        )],
        at_first: &[OLD],
    },
    Page {
        path: "/catalog",
        fields: &[FRESH, (header::ETAG, "\"c1\"")],
        at_first: &[OLD],
    },
    Page {
        path: "/greeting",
        fields: &[FRESH, (header::VARY, "Accept-Language")],
        at_first: &[],
    },
    Page {
        path: "/account",
        fields: &[(header::CACHE_CONTROL, "no-store")],
        at_first: &[],
    },
    // Its lifetime and its tags are the Lua plugin's.
    Page {
        path: "/products",
        fields: &[],
        at_first: &[],
    },
];

/// Opens the origin.
pub(super) async fn open(requests: Requests) -> std::io::Result<Port> {
    let site = Arc::new(Site {
        requests,
        editions: Default::default(),
    });
    Port::open(move |stream| {
        let site = site.clone();
        let answer = move |request| {
            let site = site.clone();
            async move { Ok::<_, Infallible>(site.answer(&request).await) }
        };
        async move {
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            // A peer that leaves is none of the demo's concern.
            let _ = connection.await;
        }
    })
    .await
}

struct Site {
    requests: Requests,
    /// How often each page was made, in the order of `PAGES`.
    editions: [AtomicU64; PAGES.len()],
}

impl Site {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        self.requests.add();
        let path = request.uri().path();
        let mut pages = PAGES.iter().zip(&self.editions);
        let Some((page, editions)) = pages.find(|(page, _)| page.path == path) else {
            return empty(StatusCode::NOT_FOUND);
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return empty(StatusCode::NO_CONTENT);
        }
        if page.is_known_to(request.headers()) {
            tokio::time::sleep(CHECK_TAKES).await;
            return page.with_fields(empty(StatusCode::NOT_MODIFIED));
        }
        tokio::time::sleep(PAGE_TAKES).await;
        let edition = editions.fetch_add(1, Ordering::Relaxed) + 1;
        let text = format!(
            "{} {path}, edition {edition}\n",
            page.welcome(request.headers())
        );
        let mut response = page.with_fields(Response::new(Full::from(text)));
        if edition == 1 {
            extend(response.headers_mut(), page.at_first);
        }
        response
    }
}

impl Page {
    /// Whether the client validates what it has, and it is still the same.
    fn is_known_to(&self, asked: &HeaderMap) -> bool {
        let etag = self.fields.iter().find(|(name, _)| *name == header::ETAG);
        let known = asked.get(header::IF_NONE_MATCH);
        etag.zip(known)
            .is_some_and(|((_, etag), known)| known == etag)
    }

    /// In the client's language, where the page says that it heeds it.
    fn welcome(&self, asked: &HeaderMap) -> &'static str {
        let varies = self.fields.iter().any(|(name, _)| *name == header::VARY);
        let language = asked.get(header::ACCEPT_LANGUAGE);
        let german = language.is_some_and(|language| language.as_bytes().starts_with(b"de"));
        if varies && german {
            "Willkommen bei"
        } else {
            "Welcome to"
        }
    }

    fn with_fields(&self, mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
        extend(response.headers_mut(), self.fields);
        response
    }
}

fn extend(headers: &mut HeaderMap, fields: Fields) {
    let values = fields.iter();
    headers.extend(values.map(|(name, text)| (name.clone(), HeaderValue::from_static(text))));
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
