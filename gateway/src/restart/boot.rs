//! Which run of the machine this is: after another one, what was written and not synced may be gone.

/// The kernel's own name for it.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// A run of the machine; empty where the system does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Boot(pub(super) Vec<u8>);

impl Boot {
    /// The one in which this process runs.
    pub(super) fn current() -> Self {
        let text = std::fs::read_to_string(BOOT_ID).unwrap_or_default();
        Self(text.trim().as_bytes().to_vec())
    }

    /// Whether both are known to be the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        !self.0.is_empty() && self == other
    }
}
