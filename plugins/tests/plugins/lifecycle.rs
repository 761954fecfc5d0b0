//! Reloads, threads, counters and the breaker.

use crate::world::*;
use shoal_plugins::{BreakerState, HookError, RequestVerdict, limits::BREAKER_FAILURES};
use std::sync::Arc;

#[test]
fn a_reload_starts_with_an_empty_state() {
    let text = "local n, P = 0, {} function P.on_request(req) n += 1
        return shoal.bypass('call ' .. n) end return P";
    let call = |plugin: &shoal_plugins::Plugin| match plugin.on_request(&get("/")).unwrap().verdict
    {
        RequestVerdict::Bypass(reason) => reason,
        other @ (RequestVerdict::Continue | RequestVerdict::Respond(_)) => panic!("{other:?}"),
    };
    let before = load(text);
    assert_eq!(call(&before), "call 1");
    assert_eq!(call(&before), "call 2");
    let after = load(text);
    assert_eq!(call(&after), "call 1");
    assert_eq!(
        call(&before),
        "call 3",
        "requests of the old configuration keep their own"
    );
    assert_eq!(before.source_hash(), after.source_hash());
}

#[test]
fn each_thread_has_its_own_vm() {
    let plugin = Arc::new(on_request("req:header('x')"));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let plugin = Arc::clone(&plugin);
            std::thread::spawn(move || {
                for _ in 0..50 {
                    plugin.on_request(&get("/")).unwrap();
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    let stats = plugin.stats();
    assert_eq!(stats.vms_built, 3);
    assert_eq!((stats.phases[0].calls, stats.phases[0].errors), (150, 0));
    assert!(!stats.phases[0].time.is_zero());
}

#[test]
fn a_plugin_that_keeps_failing_is_left_out() {
    let plugin = on_request("if req:header('bad') then error('boom') end");
    let bad = get("/").with("bad", "1");
    for _ in 1..BREAKER_FAILURES {
        assert!(matches!(
            plugin.on_request(&bad),
            Err(HookError::Script { .. })
        ));
    }
    plugin.on_request(&get("/")).unwrap();
    for _ in 0..BREAKER_FAILURES {
        assert!(matches!(
            plugin.on_request(&bad),
            Err(HookError::Script { .. })
        ));
    }
    let error = plugin.on_request(&get("/")).unwrap_err();
    assert_eq!(error.label(), "breaker-open");
    assert!(
        error
            .to_string()
            .contains("left out after 10 failures in a row"),
        "{error}"
    );
    let stats = plugin.stats();
    assert!(matches!(stats.breaker, BreakerState::Open { .. }));
    assert_eq!((stats.breaker_opened, stats.breaker_refused), (1, 1));
    assert_eq!(stats.phases[0].errors, u64::from(BREAKER_FAILURES) * 2 - 1);
}

#[test]
fn a_script_error_keeps_the_vm_and_a_budget_error_does_not() {
    let plugin = on_request("error('boom')");
    (0..3).for_each(|_| assert!(plugin.on_request(&get("/")).is_err()));
    assert_eq!(plugin.stats().vms_built, 1);
    let plugin = on_request("while true do end");
    (0..3).for_each(|_| assert!(plugin.on_request(&get("/")).is_err()));
    assert_eq!(plugin.stats().vms_built, 3);
}
