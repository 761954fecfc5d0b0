//! Real traces from a folder: numbers of four bytes, packed by `xz`, whose program unpacks them.
//!
//! What is generated is `workloads`.

use std::{path::Path, process::Command};

use crate::workloads::Workload;

/// Requests of a trace that are played.
const REQUESTS: usize = 2_000_000;

type Number = fn([u8; 4]) -> u32;

/// Name, file, and how its numbers are written.
const TRACES: [(&str, &str, Number); 2] = [
    ("web07", "web07.trace.xz", u32::from_be_bytes),
    ("orm-busy", "orm-busy.trace.xz", u32::from_le_bytes),
];

/// The traces that can be read.
pub fn read(folder: &Path) -> impl Iterator<Item = (&'static str, Workload)> {
    TRACES.into_iter().filter_map(move |(name, file, number)| {
        let unpacked = Command::new("xz")
            .arg("-dc")
            .arg(folder.join(file))
            .output();
        let bytes = unpacked
            .ok()
            .filter(|output| output.status.success())?
            .stdout;
        let (words, _rest) = bytes.as_chunks::<4>();
        let keys = words.iter().map(|word| u64::from(number(*word)));
        Some((name, Workload::unsized_of(keys.take(REQUESTS))))
    })
}
