//! A plugin can loop or eat memory only within its budget.

use crate::world::*;
use shoal_plugins::{HookError, Plugin};
use std::time::{Duration, Instant};

/// Far above every budget here, far below what each of these scripts would take.
const SOON: Duration = Duration::from_secs(2);

#[track_caller]
fn stopped(body: &str) -> HookError {
    let plugin = on_request(body);
    let started = Instant::now();
    let error = plugin.on_request(&get("/")).expect_err("should be stopped");
    assert!(started.elapsed() < SOON, "{body}: {:?}", started.elapsed());
    // The next call has a VM again.
    assert!(plugin.on_request(&get("/")).is_err());
    error
}

#[test]
fn time_is_bounded_wherever_a_script_loops() {
    let table = [
        "while true do end",
        "local x = 0 for i = 1, 1e12 do x += math.sin(i) end",
        "while true do pcall(function() while true do end end) end",
        "pcall(function() while true do end end)",
        "pcall(function() while true do end end) return shoal.bypass('caught')",
        "xpcall(function() while true do end end, function() while true do end end)",
        "local function f() return pcall(f) end while true do f() end",
        "coroutine.wrap(function() while true do end end)()",
        "local co = coroutine.create(function() while true do end end) coroutine.resume(co)",
        "while true do coroutine.wrap(function() while true do coroutine.yield() end end)() end",
        "local function f(n) if n == 0 then return 1 end return f(n - 1) + f(n - 1) end f(60)",
        "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) \
         while true do pcall(function() return t[1] end) end",
        "table.sort(table.create(1000, 0), function() while true do end end)",
        "string.gsub(('a'):rep(1000), '.', function() while true do end end)",
        "for _ in function() return 1 end do end",
        "string.find(('a'):rep(50000), 'a-a-a-a-a-a-a-b')",
        "string.match(('a'):rep(50000), '(a*)(a*)(a*)(a*)(a*)b')",
        "string.gsub(('('):rep(60000), '%b()', '')",
        "for _ in string.gmatch(('a'):rep(50000), '.-.-.-.-b') do end",
        "while true do ('a'):rep(60000):find(('a'):rep(500) .. 'b', 1, true) end",
        "while true do shoal.re.test(('a'):rep(16000), '(a*)*b') end",
        "while true do req:header('x') end",
        "repeat until false",
    ];
    for body in table {
        let error = stopped(body);
        assert!(
            matches!(error, HookError::CpuBudget { .. }),
            "{body}: {error}"
        );
    }
}

#[test]
fn the_line_that_ran_is_named() {
    let error = stopped("local x = 1\nwhile true do\n  x = x + 1\nend");
    assert!(matches!(error.line(), Some(3 | 4)), "{error}");
    let shown = error.to_string();
    assert!(shown.contains("on_request: plugins/test.lua:"), "{shown}");
    assert!(shown.contains("more than 5ms of CPU time"), "{shown}");
}

#[test]
fn memory_is_bounded() {
    let table = [
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local t = {} while true do t = { t, t } t[3] = table.create(1000, t) end",
        "local s = 'x' while true do s ..= s end",
        "local b = {} for i = 1, 100 do b[i] = buffer.create(1e6) end",
        "buffer.create(1e9)",
        "local t = {} for i = 1, 1e6 do t[i] = string.rep('x', 100000 + i) end",
        "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() end) end",
    ];
    for body in table {
        let error = stopped(body);
        let bounded = matches!(
            error,
            HookError::MemoryBudget { .. } | HookError::CpuBudget { .. }
        );
        assert!(bounded, "{body}: {error}");
    }
    let error = stopped("buffer.create(1e9)");
    assert!(matches!(error, HookError::MemoryBudget { .. }), "{error}");
}

#[test]
fn memory_that_a_script_keeps_ends_with_its_vm() {
    let mut source = source(
        "local kept, P = {}, {} function P.on_request(req)
           for i = 1, 1000 do table.insert(kept, string.rep('x', 1000) .. #kept) end
         end return P",
    );
    source.cpu = Duration::from_secs(1);
    let plugin = Plugin::load(source).unwrap();
    let outcomes: Vec<bool> = (0..40)
        .map(|_| plugin.on_request(&get("/")).is_ok())
        .collect();
    assert!(
        outcomes.contains(&false),
        "8 MiB hold eight calls, not forty"
    );
    let first_failure = outcomes.iter().position(|ok| !ok).unwrap();
    assert!(outcomes[first_failure + 1], "the next VM is empty again");
    assert!(plugin.stats().vms_built >= 2);
}

#[test]
fn deep_recursion_is_an_error() {
    for body in [
        "local function f() return 1 + f() end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__index = t return t.x",
        "local t = {} for i = 1, 300 do t = { t } end shoal.json.encode(t)",
        "local t = {} t.t = t shoal.json.encode(t)",
    ] {
        let error = stopped(body);
        // On a slow machine the recursion may meet its CPU budget before its depth.
        assert!(
            ["script", "cpu-budget"].contains(&error.label()),
            "{body}: {error}"
        );
        assert_eq!(error.line(), Some(2), "{body}: {error}");
    }
}

#[test]
fn long_builtins_are_refused() {
    let table = [
        ("string.rep('x', 1e10)", "rep: the result is too long"),
        ("string.rep('x', '1e10')", "rep: the result is too long"),
        ("('x'):rep(2e6)", "rep: the result is too long"),
        (
            "string.find(('a'):rep(70000), 'a')",
            "find: the subject is too long",
        ),
        (
            "string.find('a', ('a'):rep(600))",
            "find: the pattern is too long",
        ),
        (
            "string.gsub('a', ('a?'):rep(600), '')",
            "gsub: the pattern is too long",
        ),
        (
            "string.format(('x'):rep(5000))",
            "format: the format is too long",
        ),
        ("table.move({}, 1, 1e9, 2)", "move: the range is too long"),
        ("table.create(1e9)", "create: the table is too long"),
        (
            "shoal.re.test(('a'):rep(20000), 'a')",
            "the subject of shoal.re is too long",
        ),
        ("shoal.re.test('a', '((a{50}){50}){50}')", "size limit"),
        (
            "for i = 1, 100 do shoal.re.test('a', 'a' .. i) end",
            "more than 64 patterns",
        ),
        ("shoal.json.decode(('['):rep(1000))", "not JSON"),
    ];
    for (body, wanted) in table {
        let error = stopped(body);
        assert!(error.to_string().contains(wanted), "{body}: {error}");
        assert_eq!(error.line(), Some(2), "{body}: {error}");
    }
}

#[test]
fn a_main_chunk_has_a_budget_too() {
    let error = refused("local P = {}\nwhile true do end\nreturn P");
    assert_eq!(error.line, Some(2));
    assert_eq!(error.message, "more than 50ms of CPU time to load");
    let error = refused("pcall(function() while true do end end) return {}");
    assert_eq!(error.message, "more than 50ms of CPU time to load");
    let error = refused("return { version = buffer.create(1e9) }");
    assert_eq!(error.message, "more than 8388608 bytes of memory to load");
}

#[test]
fn too_little_memory_for_any_vm_is_said_at_load() {
    for memory in [1, 1 << 10, 64 << 10, 256 << 10] {
        let mut source = source("return {}");
        source.memory = memory;
        match Plugin::load(source) {
            Err(error) => assert!(error.message.contains("bytes of memory to load"), "{error}"),
            Ok(_) => assert!(memory >= 64 << 10, "{memory} bytes hold no VM"),
        }
    }
}

#[test]
fn a_plugin_within_its_budget_is_left_alone() {
    let plugin = on_request("local x = 0 for i = 1, 1000 do x += i end");
    for _ in 0..200 {
        plugin.on_request(&get("/")).unwrap();
    }
    assert_eq!(plugin.stats().vms_built, 1);
}
