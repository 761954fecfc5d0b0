//! Errors name file, line and cause, and show nothing of a visitor.

use crate::world::*;
use serde_json::json;
use shoal_plugins::{Phase, Plugin};

#[test]
fn a_syntax_error_shows_the_place() {
    let error = refused("local P = {}\nfunction P.on_request(req\n  return nil\nend\nreturn P\n");
    assert_eq!(
        error.to_string(),
        "plugins/test.lua:3: Expected ')' (to close '(' at line 2), got 'return'\n\
         2 | function P.on_request(req\n\
         3 |   return nil\n  \
           |   ^"
    );
}

#[test]
fn a_failing_main_chunk_shows_the_place() {
    let error = refused("local P = {}\nlocal x = nil\nP.version = x.y\nreturn P");
    assert_eq!(error.line, Some(3), "{error}");
    assert_eq!(error.message, "attempt to index nil with 'y'");
    assert_eq!(
        error.snippet,
        "2 | local x = nil\n3 | P.version = x.y\n  |               ^"
    );
}

#[test]
fn what_is_no_plugin_is_refused_with_a_hint() {
    let table = [
        (
            "return 1",
            Some(1),
            "a plugin returns its table, this one returns number",
        ),
        (
            "local P = {}",
            None,
            "a plugin returns its table, this one returns nil",
        ),
        (
            "local P = {}\nP.on_request = 'x'\nreturn P",
            Some(2),
            "`on_request` is a function, not",
        ),
        (
            "local P = {}\nfunction P.on_reqest() end\nreturn P",
            Some(2),
            "a plugin has no `on_reqest`: did you mean `on_request`?",
        ),
        (
            "return {\n  helper = 1 }",
            Some(2),
            "a plugin has no `helper`: known are on_request,",
        ),
        (
            "return {\n  version = 2 }",
            Some(2),
            "`version` is a string, not a",
        ),
        (
            "return {\n  schema = 2 }",
            Some(2),
            "`schema` is a table of fields",
        ),
        (
            "return {\n  schema = { ttl = 2 } }",
            Some(2),
            "schema.ttl is a table such as",
        ),
        ("error({})", Some(1), "table: "),
        (
            "shoal.bypass('x')",
            Some(1),
            "shoal.bypass works only in on_request; this is load",
        ),
    ];
    for (text, line, message) in table {
        let error = refused(text);
        assert!(error.message.starts_with(message), "{text}: {error}");
        assert_eq!(error.line, line, "{text}: {error}");
    }
}

#[test]
fn a_configuration_that_does_not_fit_is_refused() {
    let text =
        "local P = {}\nP.schema = {\n  ttl = { type = 'duration', default = '5m' },\n}\nreturn P";
    let mut wrong = source(text);
    wrong.config = json!({ "ttl": "soon" });
    let error = Plugin::load(wrong).unwrap_err();
    assert_eq!(error.line, Some(3));
    assert!(
        error
            .message
            .starts_with("config.ttl is a duration such as \"30s\""),
        "{error}"
    );
    let mut unknown = source(text);
    unknown.config = json!({ "tll": "5m" });
    let error = Plugin::load(unknown).unwrap_err();
    assert_eq!(
        error.message,
        "config.tll is not in the schema: did you mean `ttl`?"
    );
}

#[test]
fn a_failing_hook_names_phase_file_and_line() {
    let table = [
        ("error('boom')", "on_request: plugins/test.lua:2: boom"),
        (
            "local x = req.metod",
            "`req` has no field or method `metod`",
        ),
        ("req:heder('x')", "`req` has no field or method `heder`"),
        ("req:header()", "wanted a string, got nil"),
        ("req:header({})", "wanted a string, got table"),
        ("req.header('x')", ""),
        ("string.find()", "missing argument #1"),
        ("shoal.bypass('x')", "made a verdict and did not return it"),
        (
            "return 5",
            "on_request returns nothing, shoal.bypass(..) or shoal.respond{..}",
        ),
        (
            "return shoal.respond{ status = 99 }",
            "the status of shoal.respond is 200 to 599",
        ),
        (
            "return shoal.respond{ staus = 200 }",
            "shoal.respond knows no `staus`",
        ),
        ("error()", ""),
        ("coroutine.yield()", ""),
    ];
    for (body, wanted) in table {
        let error = on_request(body).on_request(&get("/")).unwrap_err();
        assert!(error.to_string().contains(wanted), "{body}: {error}");
        assert_eq!(error.phase(), Phase::OnRequest);
        assert_eq!(error.file(), std::path::Path::new("plugins/test.lua"));
    }
}

#[test]
fn a_function_in_the_wrong_phase_says_so() {
    let error = cache_key("return shoal.bypass('x')")
        .cache_key(&get("/"))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("shoal.bypass works only in on_request; this is cache_key")
    );
    assert_eq!(error.line(), Some(2));
    let error = cache_key("req:set_header('a', 'b')")
        .cache_key(&get("/"))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("req:set_header works only in on_request"),
        "{error}"
    );
    assert_eq!(error.line(), Some(2));
}

#[test]
fn an_error_in_a_called_function_names_its_own_line() {
    let plugin = load(
        "local P = {}\nlocal function ttl(cache)\n  cache:ttl('x')\nend\n\
         function P.on_response(req, res, cache)\n  ttl(cache)\nend\nreturn P",
    );
    let error = plugin.on_response(&get("/"), &status(200)).unwrap_err();
    assert_eq!(error.line(), Some(3), "{error}");
}

#[test]
fn credentials_do_not_reach_a_message() {
    let plugin = on_request("error('bad token ' .. req:header('authorization'))");
    let request = get("/").with("authorization", "Bearer hunter2hunter2");
    let error = plugin.on_request(&request).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    assert!(
        error.to_string().contains("bad token [redacted]"),
        "{error}"
    );
}

#[test]
fn messages_are_one_bounded_line() {
    let error = on_request("error(('x\\n'):rep(5000))")
        .on_request(&get("/"))
        .unwrap_err();
    let first = error.to_string();
    let first = first.lines().next().unwrap();
    assert!(first.len() < 500, "{first}");
}
