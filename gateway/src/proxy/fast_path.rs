//! A fresh hit, answered at once, without Pingora's cache state machine.
//!
//! Only the plain case: a complete, fresh, usable response to a GET or HEAD without a range. Everything
//! else goes on to the state machine, which asks the same functions.

use super::failure::{self, Failure};
use super::{response_phase, service::Proxy, storage};
use crate::caching::lookup::{self, Count, Located};
use crate::caching::plan::Plan;
use crate::clock;
use crate::exchange::{Exchange, FoundResponse, Served, WhileRevalidating};
use http::{Method, StatusCode, header};
use pingora_core::protocols::http::HttpTask;
use pingora_error::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use shoal_cache::{Found, Hit, Usability};
use shoal_rules::precondition::{Precondition, evaluate, not_modified_headers};
use shoal_rules::{Presented, Reason, Reuse, reuse};

/// `Ok(true)`: answered.
pub(super) async fn answer(
    proxy: &Proxy,
    session: &mut Session,
    exchange: &mut Exchange,
) -> Result<bool> {
    let (hit, mut head) = match find(proxy, session, exchange)? {
        Plain::Hit(hit, head) => (hit, head),
        Plain::Failed => {
            exchange.outcome.forwarded = Some(Reason::PreconditionFailed);
            failure::respond(session, exchange, Failure::PreconditionFailed).await?;
            return Ok(true);
        }
        Plain::No => return Ok(false),
    };
    let head_only = head.status == StatusCode::NOT_MODIFIED
        || session.req_header().method == Method::HEAD
        || hit.entry.body().len() == 0;
    response_phase::deliver(session, &mut head, exchange)?;
    let mut tasks = vec![HttpTask::Header(head, head_only)];
    if !head_only {
        let body = hit.entry.body();
        exchange.sent += body.len();
        tasks.extend(
            body.slice(0..body.len())
                .map(|chunk| HttpTask::Body(Some(chunk), false)),
        );
        if let Some(HttpTask::Body(_, end)) = tasks.last_mut() {
            *end = true;
        }
    }
    session.write_response_tasks(tasks).await?;
    Ok(true)
}

/// Whether this is the plain case.
enum Plain {
    /// The stored response and the head to send.
    Hit(Hit, Box<ResponseHeader>),
    /// The stored response does not meet the request's condition.
    Failed,
    /// It is not.
    No,
}

fn find(proxy: &Proxy, session: &Session, exchange: &mut Exchange) -> Result<Plain> {
    let request = session.req_header();
    let plain = session.subrequest_ctx.is_none();
    let (Plan::Lookup(plan), Some(route), true) = (&exchange.plan, &exchange.route, plain) else {
        return Ok(Plain::No);
    };
    let now = clock::now();
    let store = &proxy.gateway.store;
    let found = lookup::find(
        store,
        &plan.key,
        &request.headers,
        clock::moment(now),
        Count::Use,
    );
    let Ok(Located {
        key,
        mut response,
        found: Found::Complete(hit),
    }) = found
    else {
        return Ok(Plain::No);
    };
    let presented = Presented {
        method: &request.method,
        headers: &request.headers,
    };
    if hit.usability != Usability::Usable
        || !matches!(
            reuse(&response.freshness, &presented, &route.policy, now),
            Reuse::Fresh | Reuse::StaleAccepted
        )
    {
        return Ok(Plain::No);
    }
    storage::complete(&mut response, hit.entry.body().len());
    let head = match evaluate(&presented, response.status, &response.headers, now) {
        // A part is cut by Pingora; whether it may be sent at all is said here.
        Precondition::Proceed if request.headers.contains_key(header::RANGE) => {
            return Ok(Plain::No);
        }
        Precondition::Proceed => storage::head(response.status, &response.headers)?,
        Precondition::NotModified => {
            let fields = not_modified_headers(&response.headers);
            storage::head(StatusCode::NOT_MODIFIED, &fields)?
        }
        Precondition::Failed => return Ok(Plain::Failed),
    };
    exchange.outcome.served = Served::Hit;
    exchange.outcome.found = Some(FoundResponse {
        key: Some(key),
        id: hit.entry.id(),
        freshness: response.freshness,
        headers: response.headers,
        status: response.status,
        is_growing: false,
        while_revalidating: WhileRevalidating::Wait,
    });
    Ok(Plain::Hit(hit, Box::new(head)))
}
