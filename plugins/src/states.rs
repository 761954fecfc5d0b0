//! The VMs of this thread, one per plugin, built when first needed.
//!
//! A reload makes new plugins and drops old ones on whichever thread holds them last. Each thread
//! notices at its next call and frees the VMs that have lost their plugin.

use crate::error::HookError;
use crate::script::Bundle;
use crate::vm::Vm;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// Names a loaded plugin for as long as the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct InstanceId(u64);

impl InstanceId {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Whether a VM was there or had to be built.
pub(crate) enum Found {
    Kept(Rc<Vm>),
    Built(Rc<Vm>),
}

/// This thread's VM of a plugin.
pub(crate) fn vm(id: InstanceId, bundle: &Arc<Bundle>) -> Result<Found, HookError> {
    sweep();
    if let Some(vm) = VMS.with_borrow(|vms| vms.get(&id).map(|held| Rc::clone(&held.vm))) {
        return Ok(Found::Kept(vm));
    }
    let vm = Rc::new(Vm::build(bundle)?);
    let held = Held {
        vm: Rc::clone(&vm),
        plugin: Arc::downgrade(bundle),
    };
    VMS.with_borrow_mut(|vms| vms.insert(id, held));
    Ok(Found::Built(vm))
}

/// Throws this thread's VM of a plugin away: its script may be in any state.
pub(crate) fn discard(id: InstanceId) {
    let held = VMS.with_borrow_mut(|vms| vms.remove(&id));
    drop(held);
}

/// Tells all threads that a plugin is gone.
pub(crate) fn plugin_dropped() {
    DROPPED.fetch_add(1, Ordering::Release);
}

/// Frees the VMs without a plugin, if any plugin was dropped since the last look.
fn sweep() {
    let dropped = DROPPED.load(Ordering::Acquire);
    if SEEN.replace(dropped) == dropped {
        return;
    }
    VMS.with_borrow_mut(|vms| vms.retain(|_, held| held.plugin.strong_count() > 0));
}

struct Held {
    vm: Rc<Vm>,
    plugin: Weak<Bundle>,
}

/// Plugins dropped since the process started.
static DROPPED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static VMS: RefCell<HashMap<InstanceId, Held>> = RefCell::default();
    static SEEN: Cell<u64> = const { Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OnError, Source, vm};
    use std::time::Duration;

    fn on_this_thread() -> usize {
        sweep();
        VMS.with_borrow(HashMap::len)
    }

    fn bundle() -> Arc<Bundle> {
        let source = Source {
            name: "p".to_owned(),
            file: "p.lua".into(),
            text: "return { on_request = function() end }".to_owned(),
            config: serde_json::Value::Null,
            cpu: Duration::from_millis(50),
            memory: 8 << 20,
            on_error: OnError::Continue,
        };
        Arc::new(vm::try_out(source).unwrap())
    }

    #[test]
    fn a_dropped_plugin_leaves_no_vm_behind() {
        for _ in 0..3 {
            let (id, bundle) = (InstanceId::next(), bundle());
            assert!(matches!(vm(id, &bundle), Ok(Found::Built(_))));
            assert!(matches!(vm(id, &bundle), Ok(Found::Kept(_))));
            assert_eq!(on_this_thread(), 1);
        }
        assert_eq!(on_this_thread(), 0);
    }

    #[test]
    fn a_discarded_vm_is_freed() {
        let (id, bundle) = (InstanceId::next(), bundle());
        let Ok(Found::Built(held)) = vm(id, &bundle) else {
            panic!("not built")
        };
        let alive = Rc::downgrade(&held);
        discard(id);
        drop(held);
        assert!(alive.upgrade().is_none());
    }
}
