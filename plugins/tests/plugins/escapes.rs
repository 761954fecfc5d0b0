//! A script cannot leave its VM, and one call cannot reach into another.

use crate::world::*;

#[test]
fn nothing_of_the_machine_is_there() {
    let names = "os io debug package require loadstring load loadfile dofile getfenv setfenv \
                 collectgarbage newproxy gcinfo";
    for name in names.split_whitespace() {
        let seen = eval(&format!("{name}, _G.{name}"), &get("/"));
        assert_eq!(seen, "nil nil", "{name}");
    }
}

#[test]
fn what_is_shared_cannot_be_changed() {
    let table = [
        "string.find = function() return 1 end",
        "getmetatable('').__index = function() return 'x' end",
        "getmetatable('').__add = function() return 'x' end",
        "setmetatable(string, {})",
        "setmetatable(_G, { __index = function() return 1 end })",
        "_G.print = 1",
        "rawset(_G, 'tostring', 1)",
        "rawset(string, 'find', 1)",
        "table.insert(string, 1)",
        "table.clear(string)",
        "shoal.bypass = nil",
        "shoal.log.info = nil",
        "shoal.json.null = 1",
        "math.pi = 3",
        "tostring = function() return 'x' end",
        "forgotten_local = 1",
        "_G.leak = 1",
        "req.method = 'POST'",
        "rawset(req, 'method', 'POST')",
        "setmetatable(req, {})",
        "getmetatable(req).__index = 1",
        "coroutine.wrap(function() leak = 1 end)()",
    ];
    for body in table {
        let error = on_request(body).on_request(&get("/")).expect_err(body);
        assert_eq!(error.label(), "script", "{body}: {error}");
        assert_eq!(error.line(), Some(2), "{body}: {error}");
    }
}

#[test]
fn metatables_do_not_open_doors() {
    assert_eq!(eval("type(getmetatable(req))", &get("/")), "boolean");
    assert_eq!(eval("type(getmetatable(shoal))", &get("/")), "nil");
    // A script may read the string library through its metatable, and only that.
    assert_eq!(
        eval("getmetatable('').__index == string", &get("/")),
        "true"
    );
}

#[test]
fn the_configuration_is_read_only() {
    let mut source =
        source("local P = {} function P.on_request(req, conf)\nconf.list[1] = 'x'\nend return P");
    source.config = serde_json::json!({ "list": ["a"] });
    let plugin = shoal_plugins::Plugin::load(source).unwrap();
    let error = plugin.on_request(&get("/")).unwrap_err();
    assert!(error.to_string().contains("readonly"), "{error}");
}

#[test]
fn bytecode_does_not_load() {
    let error = refused("\u{6}\u{3}\u{0}\u{0}");
    assert!(error.message.contains("binary chunk"), "{error}");
}

#[test]
fn plugins_do_not_see_each_other() {
    let first = load(
        "secret = 'x' local P = {} function P.on_request(req) return shoal.bypass(secret) end return P",
    );
    let second = on_request("return shoal.bypass(tostring(secret))");
    first.on_request(&get("/")).unwrap();
    let seen = second.on_request(&get("/")).unwrap();
    assert_eq!(
        seen.verdict,
        shoal_plugins::RequestVerdict::Bypass("nil".to_owned())
    );
}

#[test]
fn a_kept_request_is_an_error_and_never_an_old_or_foreign_one() {
    let plugin = load(
        "local P, kept = {}, nil
         function P.on_request(req)
           local before = kept
           kept = req
           if before then return shoal.bypass(before.path) end
         end
         function P.cache_key(req, key)
           kept.path = 1
         end
         return P",
    );
    plugin.on_request(&get("/first")).unwrap();
    let error = plugin.on_request(&get("/second")).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`req` was kept after its hook ended"),
        "{error}"
    );
    assert_eq!(error.line(), Some(5));

    let writers = load(
        "local P, old = {}, nil
         function P.cache_key(req, key) old = key end
         function P.on_response(req, res, cache)
           old:add('x')
         end
         return P",
    );
    writers.cache_key(&get("/")).unwrap();
    let error = writers.on_response(&get("/"), &status(200)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`key` was kept after its hook ended"),
        "{error}"
    );
}

#[test]
fn a_request_kept_in_a_coroutine_is_an_error_too() {
    let plugin = load(
        "local P, step = {}, nil
         function P.on_request(req)
           step = step or coroutine.wrap(function() while true do coroutine.yield(req.path) end end)
           return shoal.bypass(step())
         end
         return P",
    );
    plugin.on_request(&get("/first")).unwrap();
    assert!(plugin.on_request(&get("/second")).is_err());
}
