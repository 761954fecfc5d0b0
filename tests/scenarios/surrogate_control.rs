//! `Surrogate-Control`: no standard grammar, read leniently, after the targeted fields of RFC 9213.
//!
//! A row's name is its path. Who decides beside it is in `targeted_fields`.

use shoal_tests::{Gateway, Origin, fwd, get, hit, ok};

/// A row: its path, the value, and the lifetime; `Cache-Control` says 100.
type Row = (&'static str, &'static str, i64);

async fn lifetimes(rows: &[Row]) {
    let steps = rows.iter().map(|(path, value, _)| {
        let answer = ok("v1").max_age(100).header("Surrogate-Control", value);
        get(path).respond(answer)
    });
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for (path, _, expected) in rows {
        let first = fwd("uri-miss").stored().ttl(*expected);
        gateway.get(path).await.expect(ok("v1").cache_status(first));
        let kept = ok("v1").cache_status(hit().ttl(*expected));
        gateway
            .get(path)
            .await
            .expect(kept.without("Surrogate-Control"));
    }
}

#[tokio::test]
async fn it_may_name_its_reader() {
    lifetimes(&[
        ("/all", "max-age=300", 300),
        ("/shoal", "max-age=300;shoal", 300),
        ("/case", "max-age=300; Shoal", 300),
        ("/other", "max-age=300;other", 100),
        ("/other-and-shoal", "no-store;other, max-age=300;shoal", 300),
    ])
    .await;
}

#[tokio::test]
async fn what_is_not_about_storing_does_not_count() {
    lifetimes(&[
        ("/content-only", "content=\"ESI/1.0\"", 100),
        ("/content-too", "content=\"ESI/1.0\", max-age=300", 300),
        ("/stale-part", "max-age=300+60", 300),
        ("/empty", "", 100),
    ])
    .await;
}
