//! Web cache deception: a victim is lured to a private page under a name that looks like a static
//! file, and the attacker then asks the cache for it.
//!
//! The origin is careless in every story: it answers with the page, and the route has a `ttl` of its
//! own. Which names promise what is tested in `rules`.

use shoal_tests::{Gateway, Origin, fwd, get, ok};

const PAGE: &str = "account of the victim";

/// The victim's page, asked for by any of these paths, is not there for the attacker.
async fn not_kept(paths: &[&str], cache: &str, reason: &str) {
    let page = || ok(PAGE).header("Content-Type", "text/html; charset=utf-8");
    let steps = paths.iter().map(|path| get(path).respond(page()).times(2));
    let origin = Origin::script(steps);
    let gateway = Gateway::with(&origin).route_cache(cache).start().await;
    for path in paths {
        for _ in ["victim", "attacker"] {
            let refused = fwd("uri-miss").not_stored().detail(reason);
            gateway
                .get(path)
                .await
                .expect(ok(PAGE).cache_status(refused));
        }
    }
}

#[tokio::test]
async fn a_page_under_a_made_up_file_name_is_not_kept() {
    let paths = [
        "/account.php/x.css",
        "/account/x.js",
        "/account/x.woff2",
        "/account/a.PNG",
    ];
    not_kept(&paths, "ttl: 1h", "content-type-mismatch").await;
}

#[tokio::test]
async fn a_path_parameter_makes_no_file_of_a_page() {
    // Java's and Ruby's servers cut the path at `;`, on either side of which the name may stand.
    let paths = [
        "/account;x.css",
        "/account;a=b.js",
        "/account/x.css;a",
        "/account/x.css;a=b;c",
    ];
    not_kept(&paths, "ttl: 1h", "content-type-mismatch").await;
}

#[tokio::test]
async fn an_encoded_separator_makes_no_file_of_a_page() {
    // Origins that decode first see `/account`, `/account/x.css` or `/account?x.css`.
    let paths = [
        "/account%2Fx.css",
        "/account%3Bx.css",
        "/account%23x.css",
        "/account%3Fx.css",
        "/account%00x.css",
        "/account%0Ax.css",
        "/account%5Cx.css",
        "/x.css%3Baccount",
        "/x.css%23account",
        "/x.css%00account",
    ];
    not_kept(&paths, "ttl: 1h", "content-type-mismatch").await;
}

#[tokio::test]
async fn a_page_is_not_kept_under_the_rules_of_a_static_folder() {
    // The key says `/static/…`; an origin that decodes and resolves sees `/account`.
    let paths = [
        "/static/..%2Faccount",
        "/static/..%5Caccount",
        "/static/a%2F..%2F..%2Faccount",
        "/static/..;/account",
        "/static/..;x=y/account",
        "/static/..%3B/account",
    ];
    not_kept(&paths, "ttl: 1h", "ambiguous-path").await;
}

#[tokio::test]
async fn other_spellings_of_those_paths_are_not_kept_either() {
    let origin = Origin::script([
        get("/static/..%2Faccount").respond(ok(PAGE)).times(2),
        get("/static/..%5Caccount").respond(ok(PAGE)).times(2),
    ]);
    let gateway = Gateway::with(&origin).route_cache("ttl: 1h").start().await;
    for path in [
        "/static/..%2faccount",
        "/static/%2e%2E%2faccount",
        "/static/.%2e%5caccount",
        "/static/%2e.%5Caccount",
    ] {
        let refused = fwd("uri-miss").not_stored().detail("ambiguous-path");
        gateway
            .get(path)
            .await
            .expect(ok(PAGE).cache_status(refused));
    }
}

#[tokio::test]
async fn plain_dot_segments_are_gone_before_the_route_and_the_origin() {
    // So a static folder's route does not even see them.
    let origin = Origin::script([get("/account")
        .respond(ok(PAGE).cache_control("private"))
        .times(3)]);
    let route =
        "name: static, match: { path: \"/static/*\" }, upstream: origin, cache: { ttl: 1h }";
    let gateway = Gateway::with(&origin).route(route).start().await;
    for path in [
        "/static/../account",
        "/static/%2e%2e/account",
        "/static/./x/../.%2E/account",
    ] {
        let refused = fwd("uri-miss").not_stored().detail("private");
        gateway
            .get(path)
            .await
            .expect(ok(PAGE).cache_status(refused));
    }
}

#[tokio::test]
async fn an_escape_that_is_completed_by_another_does_not_slip_past_a_route() {
    // `%2%65` must not become `%2e`: the route would see a name, and the origin a dot.
    let paths = ["/public/%2%65%2%65/admin/x", "/public/%2%65%2%65%2Fadmin"];
    let origin = Origin::script(paths.map(|path| get(path).respond(ok("odd"))));
    let gateway = Gateway::start(&origin).await;
    for path in paths {
        let came = gateway.get(path).await;
        assert!(came.status == 200 || came.status == 400, "{came:?}");
    }
    for request in origin.requests() {
        assert!(
            !request.target.to_lowercase().contains("%2e"),
            "{}",
            request.target
        );
    }
}

#[tokio::test]
async fn what_a_file_really_is_may_be_kept() {
    // The counterpart: without it the stories above could pass by storing nothing.
    let file = |kind: &str| ok("file").header("Content-Type", kind);
    let origin = Origin::script([
        get("/x.css").respond(file("text/css")),
        get("/x.js;v=2").respond(file("text/javascript")),
        get("/a%2Fb.png").respond(file("image/png")),
        get("/a..b/...").respond(file("text/html")),
    ]);
    let gateway = Gateway::with(&origin).route_cache("ttl: 1h").start().await;
    for path in ["/x.css", "/x.js;v=2", "/a%2fb.png", "/a..b/..."] {
        gateway.get(path).await.expect(ok("file"));
        gateway.get(path).await.expect(ok("file").hit());
    }
}
