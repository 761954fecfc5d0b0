//! What each hook sees and what it may decide.

use crate::world::*;
use shoal_plugins::{CacheDecision, HeaderEdit, Hooks, KeyOp, RequestDecision, RequestVerdict};
use std::time::Duration;

#[test]
fn a_request_is_read_as_it_came() {
    let request = get("/a/b?id=7&q=caf%C3%A9+noir&id=8&flag")
        .with("accept-language", "de")
        .with("x-many", "1")
        .with("x-many", "2")
        .with("cookie", "tier=gold; theme=dark")
        .with("cookie", "last=a,b");
    let table = [
        (
            "req.method, req.scheme, req.host, req.path",
            "GET https shop.example /a/b",
        ),
        ("req.query_string", "id=7&q=caf%C3%A9+noir&id=8&flag"),
        ("req.client_ip", "192.0.2.7"),
        (
            "req:header('Accept-Language'), req:header('x-none')",
            "de nil",
        ),
        ("req:header('x-many')", "1, 2"),
        (
            "req:query('id'), req:query('q'), req:query('flag'), req:query('no')",
            "7 café noir  nil",
        ),
        (
            "req:cookie('tier'), req:cookie('last'), req:cookie('no')",
            "gold a,b nil",
        ),
        (
            "req:headers()['x-many'], req:headers()['accept-language']",
            "1, 2 de",
        ),
    ];
    for (expression, wanted) in table {
        assert_eq!(eval(expression, &request), wanted, "{expression}");
    }
}

#[test]
fn libraries_compute() {
    let table = [
        (
            r#"shoal.json.encode({ a = { 1, 2.5, "x" }, b = true })"#,
            r#"{"a":[1,2.5,"x"],"b":true}"#,
        ),
        (
            r#"shoal.json.decode('{"a":[1,{"b":null}]}').a[2].b == shoal.json.null"#,
            "true",
        ),
        (
            r#"shoal.base64.encode("foob"), shoal.base64.decode("Zm9vYg")"#,
            "Zm9vYg== foob",
        ),
        (
            r#"#shoal.hash("x"), shoal.hash("x") == shoal.hash("x")"#,
            "32 true",
        ),
        (r#"shoal.re.test("abc123", "[0-9]+$")"#, "true"),
        (r#"shoal.re.match("v12.7", "v(\\d+)\\.(\\d+)")"#, "12 7"),
        (
            r#"shoal.re.match("abc", "b"), shoal.re.match("abc", "x")"#,
            "b",
        ),
        (r#"shoal.re.replace("a1b2", "[0-9]", "_")"#, "a_b_"),
        (
            r#"("a,b"):split(",")[2], ("abc"):find("b"), ("%d"):format(7)"#,
            "b 2 7",
        ),
    ];
    for (expression, wanted) in table {
        assert_eq!(eval(expression, &get("/")), wanted, "{expression}");
    }
}

#[test]
fn on_request_continues_bypasses_or_answers() {
    let decide = |body: &str| on_request(body).on_request(&get("/")).unwrap();
    assert_eq!(decide(""), RequestDecision::default());
    assert_eq!(
        decide("return shoal.bypass('preview')").verdict,
        RequestVerdict::Bypass("preview".to_owned())
    );
    let body = "req:set_header('X-A', ' 1 ') req:remove_header('x-b')
        return shoal.respond{ status = 403, body = 'no', headers = { ['X-C'] = '3', ['x-b'] = '2' } }";
    let decision = decide(body);
    let RequestVerdict::Respond(reply) = decision.verdict else {
        panic!("no answer")
    };
    assert_eq!(
        (reply.status, reply.body.as_slice()),
        (403, b"no".as_slice())
    );
    assert_eq!(
        reply.headers,
        [("x-b".into(), "2".into()), ("x-c".into(), "3".into())]
    );
    assert_eq!(
        decision.headers,
        [
            HeaderEdit::Set {
                name: "x-a".into(),
                value: "1".into()
            },
            HeaderEdit::Remove { name: "x-b".into() }
        ]
    );
}

#[test]
fn cache_key_notes_its_steps_in_order() {
    let plugin = cache_key(
        "key:query_only('id', 'lang') key:query_exclude('utm_*') key:header('Accept-Language')
         key:cookie('tier') key:add(req:cookie('tier') or 'free') key:add(7) key:add(true)",
    );
    assert_eq!(
        plugin.cache_key(&get("/")).unwrap().ops,
        [
            KeyOp::QueryOnly(vec!["id".into(), "lang".into()]),
            KeyOp::QueryExclude(vec!["utm_*".into()]),
            KeyOp::Header("accept-language".into()),
            KeyOp::Cookie("tier".into()),
            KeyOp::Add("free".into()),
            KeyOp::Add("7".into()),
            KeyOp::Add("true".into()),
        ]
    );
}

#[test]
fn on_response_decides_storing() {
    let plugin = on_response(
        "if res.status == 500 then cache:no_store('broken') return end
         cache:ttl('5m') cache:stale_while_revalidate(30) cache:stale_if_error('1h')
         cache:tag('a', 'b') cache:tag('a') cache:tag('lang:' .. res:header('content-language'))
         res:set_header('x-ttl', '300') res:remove_header('set-cookie')",
    );
    let answer = status(200).with("content-language", "de");
    assert_eq!(
        plugin.on_response(&get("/"), &answer).unwrap(),
        CacheDecision {
            ttl: Some(Duration::from_secs(300)),
            stale_while_revalidate: Some(Duration::from_secs(30)),
            stale_if_error: Some(Duration::from_secs(3600)),
            tags: vec!["a".into(), "b".into(), "lang:de".into()],
            no_store: None,
            headers: vec![
                HeaderEdit::Set {
                    name: "x-ttl".into(),
                    value: "300".into()
                },
                HeaderEdit::Remove {
                    name: "set-cookie".into()
                },
            ],
        }
    );
    let refused = plugin.on_response(&get("/"), &status(500)).unwrap();
    assert_eq!(
        refused.no_store.as_deref(),
        Some("broken"),
        "and nothing is left of the call before"
    );
    assert_eq!((refused.ttl, refused.tags.len()), (None, 0));
}

#[test]
fn a_missing_hook_decides_nothing_and_costs_no_vm() {
    let plugin = cache_key("");
    assert_eq!(
        plugin.hooks(),
        Hooks {
            cache_key: true,
            ..Hooks::default()
        }
    );
    assert_eq!(
        plugin.on_request(&get("/")).unwrap(),
        RequestDecision::default()
    );
    assert_eq!(
        plugin.on_response(&get("/"), &status(200)).unwrap(),
        CacheDecision::default()
    );
    assert_eq!(plugin.stats().vms_built, 0);
}

#[test]
fn every_list_has_a_limit() {
    let table = [
        (
            "for i = 1, 100 do cache:tag('t' .. i) end",
            "more than 64 tags",
        ),
        (
            "cache:tag(('x'):rep(300))",
            "a tag is too long: 300, at most 256",
        ),
        ("cache:tag('')", "a tag is empty"),
        ("cache:tag('a\\nb')", "a tag has a control character"),
        (
            "for i = 1, 100 do res:set_header('x', 'y') end",
            "more than 32 header edits",
        ),
        (
            "res:set_header('x', 'a\\r\\nset-cookie: b')",
            "a header value has a control character",
        ),
        (
            "res:set_header('Transfer-Encoding', 'x')",
            "`transfer-encoding` belongs to the connection",
        ),
        ("res:set_header('a b', 'x')", "a header name has only"),
        (
            "cache:no_store(('x'):rep(65))",
            "the reason of cache:no_store is too long",
        ),
        ("cache:ttl('5')", "cache:ttl: expected a duration"),
        ("cache:ttl(-1)", "cache:ttl: a duration is not negative"),
        ("cache:ttl(0/0)", "cache:ttl: a duration is not negative"),
        (
            "cache:ttl(1e12)",
            "cache:ttl: a duration is at most ten years",
        ),
        ("cache:ttl(nil)", "cache:ttl wants a duration, got nil"),
    ];
    for (body, wanted) in table {
        let error = on_response(body)
            .on_response(&get("/"), &status(200))
            .unwrap_err();
        assert!(error.to_string().contains(wanted), "{body}: {error}");
        assert_eq!(error.line(), Some(2), "{body}: {error}");
    }
    let table = [
        (
            "for i = 1, 100 do key:add(i) end",
            "more than 32 steps on the cache key",
        ),
        (
            "for i = 1, 9 do key:add(('x'):rep(1000)) end",
            "the cache key is too long",
        ),
        (
            "key:add(nil)",
            "key:add wants a string, a number or a boolean, got nil",
        ),
        (
            "key:add({})",
            "key:add wants a string, a number or a boolean, got table",
        ),
        ("return 1", "cache_key returns nothing"),
    ];
    for (body, wanted) in table {
        let error = cache_key(body).cache_key(&get("/")).unwrap_err();
        assert!(error.to_string().contains(wanted), "{body}: {error}");
    }
}
