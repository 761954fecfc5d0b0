//! The demo's story: what is asked, in which order, and what must come of it.
//!
//! Nothing waits for time to pass: pages that are to be old say so (`origin`). How a step is taken,
//! judged and shown is in `steps`.

use super::DemoError;
use super::cache_status::Happened::{Bypass, Forwarded, Hit, Miss, NotStored, Revalidated, Stale};
use super::greeter::{self, GREETED, GRPC_STATUS};
use super::message;
use super::steps::Also::{FreshFor, Greets, Says, Status, Trailer};
use super::steps::Steps;
use super::table::Verdict;
use http::{Request, Version, header};
use hyper::body::Bytes;

/// Takes every step, also after one that is not as expected.
pub(super) async fn tell(mut steps: Steps<'_>) -> Result<Verdict, DemoError> {
    fresh_and_stale(&mut steps).await?;
    validation(&mut steps).await?;
    variants(&mut steps).await?;
    not_stored(&mut steps).await?;
    invalidation(&mut steps).await?;
    purge(&mut steps).await?;
    plugin(&mut steps).await?;
    grpc(&mut steps).await?;
    Ok(steps.end())
}

async fn fresh_and_stale(steps: &mut Steps<'_>) -> Result<(), DemoError> {
    steps.chapter("A page is made once.");
    let first = &[Says("edition 1"), FreshFor(60)];
    steps.get("/news", Miss, first).await?;
    steps.get("/news", Hit, &[Says("edition 1")]).await?;

    steps.chapter("Old on arrival: served at once all the same, and refreshed in the background.");
    let page = "/weather";
    steps.get(page, Miss, &[Says("edition 1")]).await?;
    steps.get(page, Stale, &[Says("edition 1")]).await?;
    steps.refreshed(page).await?;
    steps.get(page, Hit, &[Says("edition 2")]).await
}

async fn validation(steps: &mut Steps<'_>) -> Result<(), DemoError> {
    steps.chapter("Old, with an ETag: the origin says 304 and makes no page.");
    for happened in [Miss, Revalidated, Hit] {
        steps
            .get("/catalog", happened, &[Says("edition 1")])
            .await?;
    }
    Ok(())
}

async fn variants(steps: &mut Steps<'_>) -> Result<(), DemoError> {
    steps.chapter("Vary: Accept-Language. Each language has a stored response.");
    for happened in [Miss, Hit] {
        for (language, welcome) in [("en", "Welcome"), ("de", "Willkommen")] {
            let name = format!("GET /greeting in {language}");
            let request = Request::get("/greeting").header(header::ACCEPT_LANGUAGE, language);
            steps
                .ask(
                    &name,
                    request.body(Bytes::new()),
                    happened,
                    &[Says(welcome)],
                )
                .await?;
        }
    }
    Ok(())
}

async fn not_stored(steps: &mut Steps<'_>) -> Result<(), DemoError> {
    steps.chapter("What may not be stored is not, and the answer says why.");
    let why = &[Status("detail=no-store")];
    steps.get("/account", NotStored, why).await
}

async fn invalidation(steps: &mut Steps<'_>) -> Result<(), DemoError> {
    steps.chapter("A POST that succeeds invalidates its page.");
    let request = Request::post("/news").body(Bytes::from_static(b"more news"));
    steps.ask("POST /news", request, Forwarded, &[]).await?;
    steps.get("/news", Miss, &[Says("edition 2")]).await
}

async fn purge(steps: &mut Steps<'_>) -> Result<(), DemoError> {
    steps.chapter("A Lua plugin gives products a lifetime and a tag; the operator purges the tag.");
    let product = "/products?id=42";
    let first = &[Says("edition 1"), FreshFor(60)];
    steps.get(product, Miss, first).await?;
    steps.get(product, Hit, &[Says("edition 1")]).await?;
    steps.purge_tag("product:42").await?;
    steps.get(product, Miss, &[Says("edition 2")]).await
}

async fn plugin(steps: &mut Steps<'_>) -> Result<(), DemoError> {
    steps.chapter(
        "The plugin is edited while it runs: only the id counts for the key, and for 5 minutes.",
    );
    let (mail, ad) = ("/products?id=7&from=mail", "/products?id=7&from=ad");
    steps.get(mail, Miss, &[FreshFor(60)]).await?;
    steps.get(ad, Miss, &[FreshFor(60)]).await?;
    steps.edit_plugin().await?;
    steps
        .get(mail, Miss, &[Says("edition 5"), FreshFor(300)])
        .await?;
    steps.get(ad, Hit, &[Says("edition 5")]).await
}

async fn grpc(steps: &mut Steps<'_>) -> Result<(), DemoError> {
    steps.chapter(
        "gRPC passes through with its message and its trailers, grpc-status 0 among them.",
    );
    let call = Request::post(greeter::METHOD)
        .version(Version::HTTP_2)
        .header(header::CONTENT_TYPE, greeter::GRPC)
        .header(header::TE, "trailers")
        .body(message::encode("Shoal").unwrap_or_default());
    let expected = [
        Greets("Hello, Shoal"),
        Trailer(GRPC_STATUS, "0"),
        Trailer(GREETED, "Shoal"),
        Status("detail=grpc"),
    ];
    steps.ask("Greeter/SayHello", call, Bypass, &expected).await
}
