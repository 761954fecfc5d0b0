//! A fresh hit, answered at once, without Pingora's cache state machine.
//!
//! Only the plain case: a complete, fresh, usable response to a GET or HEAD without a range. Everything
//! else goes on to the state machine, which asks the same functions.

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
use shoal_rules::{Presented, Reuse, reuse};

/// `Ok(true)`: answered.
pub(super) async fn answer(
    proxy: &Proxy,
    session: &mut Session,
    exchange: &mut Exchange,
) -> Result<bool> {
    let Some((hit, head)) = find(proxy, session, exchange)? else {
        return Ok(false);
    };
    let head_only = head.status == StatusCode::NOT_MODIFIED
        || session.req_header().method == Method::HEAD
        || hit.entry.body().len() == 0;
    let mut head = Box::new(head);
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

/// The stored response and the head to send, when this is the plain case.
fn find(
    proxy: &Proxy,
    session: &Session,
    exchange: &mut Exchange,
) -> Result<Option<(Hit, ResponseHeader)>> {
    let request = session.req_header();
    let plain = matches!(request.method, Method::GET | Method::HEAD)
        && !request.headers.contains_key(header::RANGE)
        && session.subrequest_ctx.is_none();
    let (Plan::Lookup(plan), Some(route), true) = (&exchange.plan, &exchange.route, plain) else {
        return Ok(None);
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
        response,
        found: Found::Complete(hit),
    }) = found
    else {
        return Ok(None);
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
        return Ok(None);
    }
    let head = match evaluate(&presented, response.status, &response.headers, now) {
        Precondition::Proceed => whole(&response, &hit)?,
        Precondition::NotModified => {
            let fields = not_modified_headers(&response.headers);
            storage::head(StatusCode::NOT_MODIFIED, &fields)?
        }
        Precondition::Failed => return Ok(None),
    };
    exchange.outcome.served = Served::Hit;
    exchange.outcome.found = Some(FoundResponse {
        key: Some(key),
        id: hit.entry.id(),
        freshness: response.freshness,
        headers: response.headers,
        status: response.status,
        while_revalidating: WhileRevalidating::Wait,
    });
    Ok(Some((hit, head)))
}

fn whole(
    response: &crate::caching::stored_response::StoredResponse,
    hit: &Hit,
) -> Result<ResponseHeader> {
    let mut head = storage::head(response.status, &response.headers)?;
    let bodiless = matches!(
        response.status,
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    );
    if !bodiless && !head.headers.contains_key(header::CONTENT_LENGTH) {
        head.insert_header(header::CONTENT_LENGTH, hit.entry.body().len())?;
    }
    Ok(head)
}
